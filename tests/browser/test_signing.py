"""Signing an adverse event in a real browser, by keyboard alone, and the pages around locks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.rooms import Trial

SignIn = Callable[[Page, str], None]
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def study_url(trial: Trial, open_url: str) -> str:
    return f"{open_url}/studies/{trial.study}/"


def tab_to(page: Page, name: str) -> None:
    """Tab until the control of this name has the focus."""
    for _ in range(40):
        if page.evaluate("document.activeElement.name ?? ''") == name:
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{name} cannot be reached with the Tab key")


def faults_of(page: Page) -> list[tuple[str, str]]:
    page.wait_for_load_state("networkidle")
    found = Axe().run(page).response["violations"]
    return [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in found]


def without_a_query(page: Page, study_url: str) -> str:
    """The address of an event that nobody signed and about which nothing is asked."""
    page.goto(f"{study_url}adverse-events/?to_sign=1")
    row = page.locator("tbody tr").filter(has_text="submitted").first
    address = row.locator("td.pv-words a").get_attribute("href")
    assert address is not None
    return study_url.split("/studies/")[0] + address


def test_an_event_is_signed_by_keyboard_alone(
    page: Page, sign_in: SignIn, study_url: str, trial: Trial
) -> None:
    page.set_viewport_size(PHONE)
    sign_in(page, "investigator")
    address = without_a_query(page, study_url)
    page.goto(f"{address}sign/")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert not faults_of(page)
    tab_to(page, "meaning")
    page.keyboard.press("Space")
    tab_to(page, "username")
    page.keyboard.type("investigator")
    tab_to(page, "password")
    page.keyboard.type("not my password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("is not right")
    tab_to(page, "password")
    page.keyboard.type(trial.people["investigator"].password)
    page.keyboard.press("Enter")
    expect(page.locator(".pv-messages")).to_contain_text("Signed by")
    signatures = page.locator("section", has_text="Signatures").last
    expect(signatures).to_contain_text("UTC")
    expect(signatures).to_contain_text("Responsibility")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert not faults_of(page)


def test_the_pages_of_locks_fit_a_phone_and_have_no_accessibility_fault(
    page: Page, sign_in: SignIn, study_url: str
) -> None:
    page.set_viewport_size(PHONE)
    sign_in(page, "study_administrator")
    page.goto(f"{study_url}adverse-events/")
    event = page.locator("tbody td.pv-words a").first.get_attribute("href")
    assert event is not None
    own = study_url.split("/studies/")[0] + event
    for address in (f"{study_url}locks/", f"{own}lock/", f"{own}unlock/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
        assert not faults_of(page), address
