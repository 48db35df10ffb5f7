"""Capturing an adverse event in a real browser: by keyboard alone, on a phone, and across a closed tab."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import settle
from tests.rooms import Trial

SignIn = Callable[[Page, str], None]
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def study_url(trial: Trial, open_url: str) -> str:
    return f"{open_url}/studies/{trial.study}/"


def open_participant(page: Page, study_url: str, place: int = 0) -> str:
    """Go to the page of the participant at this place of the list, among those who were given something."""
    page.goto(f"{study_url}participants/?sort=-events")
    page.locator("tbody th a").nth(place).click()
    page.wait_for_url("**/participants/*-*/")
    return page.url


def open_form(page: Page, study_url: str, place: int = 0) -> None:
    """Open the empty form of a new event."""
    address = open_participant(page, study_url, place)
    page.goto(f"{address}adverse-events/new/")
    discard = page.get_by_role("button", name="Discard the draft")
    if discard.count():
        discard.click()


class Keyboard:
    """Keys only, counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.strokes = 0

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.strokes += len(text)

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(key)
        self.strokes += times

    def tab_to(self, name: str) -> None:
        """Tab until the field of this name has the focus."""
        for _ in range(30):
            if self.page.evaluate("document.activeElement.name ?? ''") == name:
                return
            self.press("Tab")
        pytest.fail(f"{name} cannot be reached with the Tab key")


def test_a_non_serious_event_is_recorded_by_keyboard_alone(
    page: Page, sign_in: SignIn, study_url: str
) -> None:
    sign_in(page, "investigator")
    open_form(page, study_url)
    onset = str(datetime.now(UTC).date() - timedelta(days=3))  # long after every simulated event
    keys = Keyboard(page)
    expect(page.locator("#id_verbatim")).to_be_focused()
    keys.type("headac")
    expect(page.get_by_role("option").first).to_be_visible()
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(page.locator("[data-coded-term]")).to_contain_text("Coded as")
    keys.tab_to("onset")
    keys.type(onset)
    keys.tab_to("end")
    keys.type(onset)
    keys.tab_to("grade")
    keys.press("Space")
    keys.tab_to("serious")
    keys.press("ArrowRight")
    keys.tab_to("outcome")
    keys.type("Rec")
    keys.tab_to("narrative")
    keys.press("Tab")
    keys.press("Enter")
    expect(page.locator(".pv-messages")).to_contain_text("is recorded")
    expect(page.locator("main")).to_contain_text("1 mild")
    expect(page.locator("main")).to_contain_text("not serious")
    assert (
        keys.strokes < 100
    )  # at an unhurried two keys a second, with time to think, well under three minutes


def test_a_draft_survives_a_closed_tab(page: Page, sign_in: SignIn, study_url: str) -> None:
    sign_in(page, "investigator")
    open_form(page, study_url, place=1)
    address = page.url
    page.locator("#id_verbatim").fill("Half a sente")
    page.locator("#id_onset").fill("2026-02-30")
    page.get_by_label("Is life-threatening").check()
    expect(page.locator("[data-draft-status]")).to_contain_text("Draft saved")
    context = page.context
    page.close()
    again = context.new_page()
    again.goto(address)
    expect(again.locator("main")).to_contain_text("Your draft is loaded")
    expect(again.locator("#id_verbatim")).to_have_value("Half a sente")
    expect(again.locator("#id_onset")).to_have_value("2026-02-30")
    expect(again.get_by_label("Is life-threatening")).to_be_checked()
    again.get_by_role("button", name="Discard the draft").click()
    expect(again.locator("#id_verbatim")).to_have_value("")


def test_an_error_is_named_linked_and_nothing_is_lost(page: Page, sign_in: SignIn, study_url: str) -> None:
    sign_in(page, "investigator")
    open_form(page, study_url, place=3)
    page.locator("#id_verbatim").fill("Nausea")
    page.locator("#id_onset").fill("2026-02-30")
    page.get_by_role("button", name="Save adverse event").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name=re.compile("Onset")).click()
    expect(page.locator("#id_onset")).to_be_focused()
    expect(page.locator("#id_onset")).to_have_value("2026-02-30")
    expect(page.locator("#id_verbatim")).to_have_value("Nausea")


def test_the_form_works_without_script(page: Page, sign_in: SignIn, study_url: str) -> None:
    sign_in(page, "investigator")
    address = open_participant(page, study_url, place=4)
    browser = page.context.browser
    assert browser is not None
    plain = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    form = plain.new_page()
    form.goto(f"{address}adverse-events/new/")
    words = f"Dry mouth at {datetime.now(UTC):%H:%M:%S}"
    form.locator("#id_verbatim").fill(words)
    form.locator("#id_onset_unknown").check()
    form.get_by_role("button", name="Save draft").click()
    expect(form.locator("#id_verbatim")).to_have_value(words)
    form.get_by_label("1 Mild").check()
    form.get_by_label("No", exact=True).check()
    form.locator("#id_outcome").select_option("unknown")
    form.get_by_role("button", name="Save adverse event").click()
    expect(form.locator("h1")).to_have_text(words)
    plain.close()


def pages_of(page: Page, study_url: str) -> list[str]:
    """Every kind of page of the capture, with data on it."""
    person = open_participant(page, study_url)
    event = page.locator("table tbody td a").first.get_attribute("href")
    assert event is not None
    own = study_url.split("/studies/")[0] + event
    return [
        f"{study_url}participants/",
        person,
        f"{person}adverse-events/new/",
        own,
        f"{own}edit/",
        f"{own}history/",
        f"{own}void/",
        f"{own}sign/",
        f"{study_url}adverse-events/?to_sign=1",
        f"{study_url}adverse-events/",
        f"{study_url}queries/?state=all",
    ]


def test_no_page_scrolls_sideways_on_a_phone(page: Page, sign_in: SignIn, study_url: str) -> None:
    page.set_viewport_size(PHONE)
    sign_in(page, "investigator")
    for address in pages_of(page, study_url):
        page.goto(address)
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_an_accessibility_fault(page: Page, sign_in: SignIn, study_url: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    sign_in(page, "investigator")
    faults = []
    for address in pages_of(page, study_url):
        page.goto(address)
        settle(page)
        found = Axe().run(page).response["violations"]
        faults += [(address, fault["id"], fault["nodes"][0]["html"][:200]) for fault in found]
    assert not faults
