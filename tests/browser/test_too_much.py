"""A text of ten megabytes pasted into the narrative: told before it is sent, kept in part, refused as a whole."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.test_capture import SignIn, open_form, study_url

__all__ = ["study_url"]
PASTE = (
    "n => { const f = document.getElementById('id_narrative'); f.value = '😀'.repeat(n / 4);"
    " f.dispatchEvent(new Event('input', {bubbles: true})); }"
)


def test_a_pasted_book_is_told_kept_in_part_and_refused(page: Page, sign_in: SignIn, study_url: str) -> None:
    sign_in(page, "investigator")
    open_form(page, study_url, place=2)
    form = page.url
    page.fill("#id_verbatim", "Headache")
    page.evaluate(PASTE, 10_000_000)
    expect(page.locator("[data-counter-for=id_narrative]")).to_have_text(
        "2400000 characters too many (limit 100000)"
    )
    expect(page.locator("[data-draft-status]")).to_contain_text(
        "only the first 100,000 characters", timeout=15_000
    )
    with page.expect_navigation(timeout=30_000) as sent:
        page.click("form#event-form button.btn-primary")
    assert sent.value is not None and sent.value.status == 413
    expect(page.locator("main")).to_contain_text("are kept as a draft")
    page.goto(form)
    expect(page.locator("main")).to_contain_text("Its longest text was cut at 100000 characters")
    assert page.evaluate("[...document.getElementById('id_narrative').value].length") == 100_000
    page.get_by_role("button", name="Discard the draft").click()
