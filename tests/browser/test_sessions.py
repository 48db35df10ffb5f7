"""The door and the session's clock in a real browser: keyboard, passkey, phone, and text that no ending loses."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import APIResponse, Page, Route, expect

from pvtracker.ops import demo_codes
from tests.browser.conftest import through_the_door
from tests.browser.test_capture import open_form
from tests.rooms import Trial, query, wait_for

SignIn = Callable[[Page, str], None]
BY_ARM = "Latest run"  # heads a table by arm
PHONE = {"width": 390, "height": 844}
AGED = "update accounts_opensession set used_at = used_at - interval '1 hour' where ended_at is null"


@pytest.fixture
def study_url(trial: Trial, open_url: str) -> str:
    return f"{open_url}/studies/{trial.study}/"


def forgive(page: Page) -> None:
    """What the console says of refused requests is this test's own doing."""
    words = ("Failed to fetch", "status of 4", "net::ERR")
    kept = [text for text in page.complaints if not any(word in text for word in words)]  # type: ignore[attr-defined]
    page.complaints[:] = kept  # type: ignore[attr-defined]


def sign_in_here(trial: Trial, page: Page, role: str) -> None:
    """In the dialog that has opened over the page."""
    dialog = page.locator("#session-sign-in")
    expect(dialog.locator("input[name=username]")).to_be_visible()
    dialog.locator("input[name=username]").fill(role)
    dialog.locator("input[name=password]").fill(trial.people[role].password)
    page.keyboard.press("Enter")
    if trial.people[role].totp:
        expect(dialog.locator("input[name=code]")).to_be_visible()
        dialog.locator("input[name=code]").fill(demo_codes.code_now(role, trial.sign_ins))
        page.keyboard.press("Enter")
    expect(dialog).not_to_be_visible()


def test_an_ended_session_is_opened_again_in_the_page_and_no_letter_is_lost(
    trial: Trial, page: Page, sign_in: SignIn, study_url: str
) -> None:
    sign_in(page, "investigator")
    open_form(page, study_url, place=2)
    query(trial.installation, "open", AGED)
    page.locator("#id_verbatim").fill("Typed after the session ended")
    page.locator("#id_onset").focus()
    sign_in_here(trial, page, "investigator")
    expect(page.locator("#id_verbatim")).to_have_value("Typed after the session ended")
    expect(page.locator("[data-draft-status]")).to_contain_text("Draft saved")
    page.reload()
    expect(page.locator("#id_verbatim")).to_have_value("Typed after the session ended")
    page.get_by_role("button", name="Discard the draft").click()
    expect(page.locator("#id_verbatim")).to_have_value("")
    forgive(page)


def test_who_needs_a_second_factor_is_asked_for_it_in_the_dialog_too(
    trial: Trial, page: Page, sign_in: SignIn, study_url: str
) -> None:
    """Password, then a code, in the page; what was typed there is saved with it."""
    sign_in(page, "study_administrator")
    page.goto(f"{study_url}people/propose/")
    page.locator("#id_reason").fill("Typed before the session ended")
    query(trial.installation, "open", AGED)
    page.evaluate("document.dispatchEvent(new CustomEvent('pv:signed-out'))")  # makes the page ask the server
    sign_in_here(trial, page, "study_administrator")
    expect(page.locator("#id_reason")).to_have_value("Typed before the session ended")
    proved = "select second_factor from accounts_opensession where ended_at is null order by started_at desc limit 1"
    assert query(trial.installation, "open", proved) == [(True,)]
    page.get_by_role("button", name="Give").first.click()
    expect(page.locator("#id_reason")).to_have_value("Typed before the session ended")
    expect(page.locator("h1")).to_have_text("Give a role")
    forgive(page)


def test_a_cleared_browser_can_sign_in_in_the_page_too(
    trial: Trial, page: Page, sign_in: SignIn, study_url: str
) -> None:
    sign_in(page, "investigator")
    open_form(page, study_url, place=2)
    page.context.clear_cookies()
    page.locator("#id_verbatim").fill("Typed without a cookie")
    page.locator("#id_onset").focus()
    sign_in_here(trial, page, "investigator")
    expect(page.locator("[data-draft-status]")).to_contain_text("Draft saved")
    expect(page.locator("#id_verbatim")).to_have_value("Typed without a cookie")
    page.reload()
    page.get_by_role("button", name="Discard the draft").click()
    expect(page.locator("#id_verbatim")).to_have_value("")
    forgive(page)


def test_a_draft_that_was_refused_while_somebody_signed_in_is_sent_again_at_once(
    trial: Trial, page: Page, sign_in: SignIn, study_url: str
) -> None:
    """It left before the session was open again, its refusal comes after; the next one would wait ten seconds."""
    held: list[tuple[Route, APIResponse]] = []
    sign_in(page, "investigator")
    open_form(page, study_url, place=2)
    query(trial.installation, "open", AGED)
    page.locator("#id_verbatim").fill("Typed after the session ended")
    page.locator("#id_onset").focus()
    expect(page.locator("#session-sign-in input[name=username]")).to_be_visible()
    draft = page.locator("form[data-draft-url]").get_attribute("data-draft-url")
    page.route(f"**{draft}", lambda route: held.append((route, route.fetch())), times=1)
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    sign_in_here(trial, page, "investigator")
    [(route, refused)] = held
    assert refused.status == 401
    route.fulfill(response=refused)
    expect(page.locator("[data-draft-status]")).to_contain_text("Draft saved")
    page.reload()
    expect(page.locator("#id_verbatim")).to_have_value("Typed after the session ended")
    page.get_by_role("button", name="Discard the draft").click()
    expect(page.locator("#id_verbatim")).to_have_value("")
    forgive(page)


def test_somebody_else_who_signs_in_there_gets_nothing_of_the_page(
    trial: Trial, page: Page, sign_in: SignIn, study_url: str
) -> None:
    sign_in(page, "investigator")
    open_form(page, study_url, place=2)
    query(trial.installation, "open", AGED)
    page.locator("#id_verbatim").fill("Typed by the investigator")
    page.locator("#id_onset").focus()
    dialog = page.locator("#session-sign-in")
    dialog.locator("input[name=username]").fill("coordinator")
    dialog.locator("input[name=password]").fill(trial.people["coordinator"].password)
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("typed by somebody else")
    expect(dialog).to_be_visible()
    drafts = query(
        trial.installation, "open", "select count(*) from audit_accessrecord where kind = 'sign_in'"
    )
    assert drafts
    forgive(page)


def test_without_script_what_was_sent_is_carried_through_the_sign_in(
    trial: Trial, page: Page, sign_in: SignIn, study_url: str
) -> None:
    sign_in(page, "investigator")
    open_form(page, study_url, place=4)
    browser = page.context.browser
    assert browser is not None
    plain = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    form = plain.new_page()
    form.goto(page.url)
    form.locator("#id_verbatim").fill("Sent too late\nin two lines")
    form.locator("#id_onset").fill("2026-02-30")
    query(trial.installation, "open", AGED)
    form.get_by_role("button", name="Save adverse event").click()
    expect(form.locator("main")).to_contain_text("What you typed is kept")
    through_the_door_without_script(trial, form, "investigator")
    expect(form.locator("h1")).to_have_text("You are signed in again")
    form.get_by_role("button", name="Send it now").click()
    expect(form.locator("#id_verbatim")).to_have_value(re.compile("Sent too late"))
    expect(form.locator("#id_onset")).to_have_value("2026-02-30")
    plain.close()


def through_the_door_without_script(trial: Trial, page: Page, role: str) -> None:
    page.fill("input[name=username]", role)
    page.fill("input[name=password]", trial.people[role].password)
    page.press("input[name=password]", "Enter")


def test_the_end_is_announced_and_one_key_stays(
    trial: Trial, page: Page, sign_in: SignIn, study_url: str
) -> None:
    sign_in(page, "investigator")
    page.goto(f"{study_url}participants/")
    soon = "update accounts_opensession set used_at = now() - interval '19 minutes' where ended_at is null"
    query(trial.installation, "open", soon)
    page.evaluate("document.dispatchEvent(new CustomEvent('pv:signed-out'))")  # makes the page ask the server
    warning = page.get_by_role("dialog", name="Your session is about to end")
    expect(warning).to_be_visible()
    expect(warning.get_by_role("button", name="Stay signed in")).to_be_focused()
    page.keyboard.press("Enter")
    expect(warning).not_to_be_visible()
    left = "select extract(epoch from now() - max(used_at)) from accounts_opensession where ended_at is null"
    wait_for(
        lambda: float(str(query(trial.installation, "open", left)[0][0])) < 30,
        seconds=10,
        saying="the session was not prolonged",
    )


@pytest.mark.parametrize("width", [1280, 390])
def test_signing_in_by_keyboard_alone_and_every_page_of_the_door_is_accessible(
    trial: Trial, page: Page, closed_url: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    faults: list[str] = []

    def look() -> None:
        faults.extend(
            f"{page.url}: {v['id']} {v['nodes'][0]['html'][:120]}"
            for v in Axe().run(page).response["violations"]
        )
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            faults.append(f"{page.url}: too wide")

    page.goto(f"{closed_url}/sign-in/")
    look()
    for _ in range(20):
        if page.evaluate("document.activeElement.name ?? ''") == "username":
            break
        page.keyboard.press("Tab")
    page.keyboard.type("dsmb_member")
    page.keyboard.press("Tab")
    page.keyboard.type(trial.people["dsmb_member"].password)
    page.keyboard.press("Enter")
    expect(page.locator("input[name=code]")).to_be_focused()
    look()
    page.keyboard.type(demo_codes.code_now("dsmb_member", trial.sign_ins))
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    for path in (
        "/account/",
        "/account/password/",
        "/account/authenticator/remove/",
        "/account/passkeys/add/",
    ):
        page.goto(closed_url + path)
        look()
    assert not faults, "\n".join(faults)
    if width == PHONE["width"]:
        nothing_by_arm_stays_in_the_browser(trial, page, closed_url)


def nothing_by_arm_stays_in_the_browser(trial: Trial, page: Page, closed_url: str) -> None:
    """L11: whoever comes to the same browser after a board member has signed out goes back and finds no arm."""
    signals = f"{closed_url}/studies/{trial.study}/signals/"
    page.goto(signals)
    if "/purpose/" in page.url:
        page.get_by_label("Planned review").check()
        page.get_by_role("button", name="Go on").click()
        page.wait_for_url(signals)
    expect(page.locator("main")).to_contain_text(BY_ARM)
    used = {one["value"] for one in page.context.cookies() if one["name"].endswith("_session")}
    assert used
    page.goto(f"{closed_url}/account/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/**")
    for _ in range(2):
        page.go_back()
        expect(page.locator("input[name=username]")).to_be_visible()
        assert BY_ARM not in page.content()
    kept = page.evaluate(
        "async () => ({local: Object.keys(localStorage), session: {...sessionStorage},"
        " caches: await caches.keys(), databases: (await indexedDB.databases()).map(one => one.name)})"
    )
    here = kept["session"].pop("htmx-current-path-for-history", "/sign-in/")  # of the page that is open now
    assert here.startswith("/sign-in/")
    assert set(kept.pop("local")) <= {"pvtracker-theme"} and not any(kept.values()), kept
    assert not {one["value"] for one in page.context.cookies()} & used


def test_a_passkey_is_added_and_opens_the_door_alone(trial: Trial, page: Page, closed_url: str) -> None:
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    page.goto(f"{closed_url}/sign-in/")
    through_the_door(trial, page, "auditor_closed")
    page.goto(f"{closed_url}/account/passkeys/add/")
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url(lambda url: "passkeys" not in url)
    page.goto(f"{closed_url}/account/")
    expect(page.locator("main")).to_contain_text("Passkey 1")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/**")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "sign-in" not in url)
    page.goto(f"{closed_url}/account/")
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
