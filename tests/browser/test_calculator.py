"""The calculator by the keyboard alone, on a phone too."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from pvtracker.stats import fisher
from tests.browser.test_every_page import faults_of
from tests.rooms import Trial


def test_a_result_is_reached_by_keys_and_an_error_keeps_what_was_typed(
    trial: Trial, page: Page, sign_in: Callable[..., None]
) -> None:
    sign_in(page, "dsmb_member")
    page.goto(f"{trial.urls['closed']}/calculator/")
    page.get_by_role("combobox").focus()
    page.keyboard.type("Fisher’s exact")  # a list goes to what is typed
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="n_arm", exact=True).focus()
    for text in ("7,x", "38", "0", "36"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    assert page.get_by_role("textbox", name="n_arm", exact=True).input_value() == "7,x"
    faults = faults_of(page, "/calculator/ refused", "closed")
    page.get_by_role("link", name="n_arm:").press("Enter")
    page.keyboard.press("End")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Result").wait_for()
    assert f"{fisher(7, 38, 0, 36).p[0]:.8g}" in page.inner_text("main")
    assert page.evaluate("document.activeElement.contains(document.querySelector('#result-title'))")
    page.get_by_text("All digits, as JSON").press("Enter")
    faults += faults_of(page, "/calculator/ computed", "closed")
    page.get_by_role("link", name="Methods page:").press("Enter")
    page.get_by_role("heading", name="Fisher").first.wait_for()
    faults += faults_of(page, "/calculator/methods/?page=fisher.md", "closed")
    assert not faults, "\n".join(faults)
