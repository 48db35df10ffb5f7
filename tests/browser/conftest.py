"""A real browser against both rooms of a simulated trial."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from pvtracker.accounts.roles import ROLES
from tests.rooms import Trial, trial

__all__ = ["trial"]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# Every violation of the policy, also one that the console would not print, counts as a complaint.
VIOLATIONS = """document.addEventListener("securitypolicyviolation",
    e => window.pvViolation(`${e.effectiveDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`))"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("PVTRACKER_TEST_BROWSER")
    if not path:
        pytest.skip("no Chromium here, and none could be installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def open_url(trial: Trial) -> str:
    return trial.urls["open"]


@pytest.fixture(scope="session")
def closed_url(trial: Trial) -> str:
    return trial.urls["closed"]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page, nobody signed in; anything the console complains of fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    page.expose_function("pvViolation", lambda told: complaints.append(f"content security policy: {told}"))
    page.add_init_script(VIOLATIONS)
    page.complaints = complaints  # type: ignore[attr-defined]
    yield page
    context.close()
    expected = ("status of 4",)  # a refused request is a test's own doing
    assert not [text for text in complaints if not any(word in text for word in expected)]


@pytest.fixture
def sign_in(trial: Trial) -> Callable[..., None]:
    """Sign in as a role of the demo, in the room that the role belongs to (or, held in both, in the room named)."""

    def enter(page: Page, role: str, room: str = "open") -> None:
        room = ROLES[role].room if ROLES[role].room != "both" else room
        page.goto(f"{trial.urls[room]}/sign-in/")
        page.fill("input[name=username]", role)
        page.fill("input[name=password]", trial.passwords[role])
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "sign-in" not in url)
        if "/purpose/" in page.url:  # the closed room asks once why somebody looks
            page.get_by_label("Planned review").check()
            page.get_by_role("button", name="Go on").click()
            page.wait_for_url(lambda url: "/purpose/" not in url)

    return enter
