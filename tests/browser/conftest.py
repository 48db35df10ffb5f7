"""A real browser against both rooms of a simulated trial."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from pvtracker.accounts.roles import ROLES
from pvtracker.ops import demo_codes
from tests.rooms import Trial

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
    # A context that is closed while a form is on its way to the next page may never answer that it is closed (Chromium
    # 156, one time in thirty), and playwright waits for ever.
    for left in context.pages:
        left.goto("about:blank")
    context.close()
    expected = ("status of 4",)  # a refused request is a test's own doing
    assert not [text for text in complaints if not any(word in text for word in expected)]


@pytest.fixture(scope="session")
def keys() -> dict[tuple[str, str], list[Any]]:
    """Cookies of sessions that were opened before, by room and role: a code of an authenticator is good once only."""
    return {}


@pytest.fixture
def sign_in(trial: Trial, keys: dict[tuple[str, str], list[Any]]) -> Callable[..., None]:
    """Sign in as a role of the demo, in the room that the role belongs to (or, held in both, in the room named)."""

    def enter(page: Page, role: str, room: str = "open") -> None:
        room = ROLES[role].room if ROLES[role].room != "both" else room
        if (room, role) in keys:
            page.context.add_cookies(keys[room, role])
        page.goto(f"{trial.urls[room]}/sign-in/")
        if "sign-in" in page.url:
            through_the_door(trial, page, role)
        if "/purpose/" in page.url:  # the closed room asks once why somebody looks
            page.get_by_label("Planned review").check()
            page.get_by_role("button", name="Go on").click()
            page.wait_for_url(lambda url: "/purpose/" not in url)
        keys[room, role] = [cookie for cookie in page.context.cookies() if f"pv_{room}_" in cookie["name"]]

    return enter


def settle(page: Page) -> None:
    """Wait for what a page loads after itself: the figures of a chart, nothing else."""
    if page.locator("[data-chart], [data-chart-url]").count():
        page.wait_for_load_state("networkidle")


def through_the_door(trial: Trial, page: Page, role: str) -> None:
    """Password and, where the person has an authenticator, its code, typed on the page that is open."""
    page.fill("input[name=username]", role)
    page.fill("input[name=password]", trial.people[role].password)
    page.press("input[name=password]", "Enter")
    if trial.people[role].totp:
        page.wait_for_url("**/sign-in/code/**")
        page.fill("input[name=code]", demo_codes.code_now(role, trial.sign_ins))
        page.press("input[name=code]", "Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
