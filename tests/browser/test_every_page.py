"""Every page that a role reaches by its links: accessible, within the width, under the strict policy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from pvtracker.accounts.roles import roles_of
from tests.browser.conftest import settle
from tests.rooms import Trial

SIGN_IN = Callable[..., None]
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],  # every rule is tried; what passes is not described element by element
}
AXE = Axe().axe_script
LINKS = "links => links.map(a => a.getAttribute('href'))"


def shape(path: str) -> str:
    """The path without its ids: pages of one shape come from one template."""
    return "/".join("*" if is_id(part) else part for part in path.split("/"))


def is_id(part: str) -> bool:
    return part.isdigit() or (len(part) == 36 and part.count("-") == 4)


def walk(page: Page, base: str, known: set[str]) -> Iterator[str]:
    """Go to one page of each shape that can be reached by links and is not known yet; yields where the page is."""
    waiting = [page.url.removeprefix(base)]
    known.discard(shape(waiting[0]))  # where a role lands is where its own ways begin
    while waiting:
        path = waiting.pop(0).split("?")[0].split("#")[0]
        if shape(path) in known:
            continue
        known.add(shape(path))
        answer = page.goto(base + path)
        settle(page)
        assert answer is not None and answer.status == 200, f"{path} answered {answer and answer.status}"
        waiting += [h for h in page.eval_on_selector_all("a[href]:not([download])", LINKS) if is_page(h)]
        yield path


def is_page(href: str) -> bool:
    return href.startswith("/") and not href.endswith((".pdf", ".json")) and "/pdf" not in href


def faults_of(page: Page, path: str, room: str) -> list[str]:
    """What is wrong with the page as it stands: accessibility at both widths, width on a phone, room and ribbon."""
    found = []
    page.evaluate(AXE)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        # as tall as the page: the bar of buttons, which stays in sight, covers what a person would scroll to
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": width, "height": max(900, height)})
        violations = page.evaluate("rules => axe.run(rules).then(result => result.violations)", RULES)
        found += [f"{path} at {width}: {v['id']} {v['nodes'][0]['html'][:160]}" for v in violations]
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"{path} at {width}: {over} px too wide"] if over > 0 else []
    text = page.inner_text("body").upper()
    found += [] if room.upper() in text else [f"{path}: the word {room.upper()} is missing"]
    found += [] if "SIMULATED" in text or "/studies/" not in path else [f"{path}: not marked as simulated"]
    return found


@pytest.mark.parametrize("room", ["open", "closed"])
def test_every_page_is_accessible_and_fits(trial: Trial, page: Page, sign_in: SIGN_IN, room: str) -> None:
    known: set[str] = set()
    faults = []
    for role in roles_of(room):
        page.context.clear_cookies()
        sign_in(page, role, room)
        for path in walk(page, trial.urls[room], known):
            faults += faults_of(page, path, room)
    assert len(known) >= {"open": 12, "closed": 6}[room], sorted(known)
    assert not faults, "\n".join(faults)


def test_the_question_why_somebody_looks_is_accessible_and_fits(
    trial: Trial, page: Page, sign_in: SIGN_IN
) -> None:
    """No link leads there: it is asked before the first page by arm."""
    sign_in(page, "dsmb_member")
    path = f"/studies/{trial.study}/purpose/"
    page.goto(trial.urls["closed"] + path)
    faults = faults_of(page, path, "closed")
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("Choose one.").first.wait_for()
    faults += faults_of(page, f"{path} refused", "closed")
    assert not faults, "\n".join(faults)


def test_a_fault_is_found_at_both_widths(trial: Trial, page: Page) -> None:
    """What the tests above rest on: a button without a name and an element that is too wide, on a page as it is."""
    page.goto(f"{trial.urls['open']}/sign-in/")
    assert faults_of(page, "as it is", "open") == []
    page.evaluate(
        """() => {
            const button = document.createElement('button');
            button.style.width = '2000px';
            document.querySelector('main').append(button);
        }"""
    )
    found = faults_of(page, "changed", "open")
    for width in (1280, 390):
        assert [fault for fault in found if fault.startswith(f"changed at {width}: button-name")], found
        assert [fault for fault in found if f"at {width}" in fault and "too wide" in fault], found


def test_the_steps_of_a_signal_are_accessible_and_fit(trial: Trial, page: Page, sign_in: SIGN_IN) -> None:
    """Raised by the run of the trial; a step is opened by keyboard, and keeps what was typed when it is refused."""
    sign_in(page, "statistician", "closed")
    page.goto(f"{trial.urls['closed']}/studies/{trial.study}/followed-signals/")
    page.locator("tbody th a").first.click()
    page.get_by_role("heading", name="Next step").wait_for()
    path = page.url
    summary = page.locator("summary", has_text="Owner and due date")
    summary.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Due on").fill("2020-01-01")
    page.locator("#id_plan_reason").fill("Typed with care.")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("is past").first.wait_for()
    assert page.locator("#id_plan_reason").input_value() == "Typed with care."
    faults = faults_of(page, f"{path} refused", "closed")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    faults += faults_of(page, f"{path} with every step open", "closed")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("role", ["investigator", "study_administrator", "medical_monitor"])
def test_no_page_of_the_open_room_says_who_received_what(
    trial: Trial, page: Page, sign_in: SIGN_IN, role: str
) -> None:
    """The arms' names are protocol and may stand alone; a participant or an event beside one may not."""
    sign_in(page, role)
    for path in walk(page, trial.urls["open"], set()):
        text = page.content()
        assert "OZ1DNA" not in text, path
        for arm in (
            "OZ1",
            "Placebo",
        ):  # report and cut pages print the protocol's arm names, never beside a person
            near = re.findall(rf"[A-Z]{{2}}\d\d-\d\d\d[^<]*<[^>]*>[^<]*\b{arm}\b(?!-DEMO)", text)
            assert not near, f"{path}: {near[:3]}"


@pytest.mark.parametrize("room", ["open", "closed"])
def test_a_report_of_the_other_room_is_no_page(trial: Trial, page: Page, sign_in: SIGN_IN, room: str) -> None:
    other = "closed" if room == "open" else "open"
    sign_in(page, "study_administrator" if other == "open" else "statistician")
    page.goto(f"{trial.urls[other]}/studies/{trial.study}/reports/")
    links = page.eval_on_selector_all("a[href*='/reports/']", LINKS)
    reports = [link for link in links if shape(link) != link]
    assert reports, "the other room should list its report, or this test looks at nothing"
    sign_in(page, "statistician" if room == "closed" else "study_administrator")
    for link in reports:
        answer = page.goto(trial.urls[room] + link)
        assert answer is not None and answer.status == 404


@pytest.mark.parametrize("room", ["open", "closed"])
def test_what_the_policy_forbids_is_counted(trial: Trial, page: Page, room: str) -> None:
    """The counter that fails every other test here does count: an inline style and script are two violations."""
    page.goto(f"{trial.urls[room]}/sign-in/")
    page.evaluate(
        """() => {
            document.body.insertAdjacentHTML('beforeend', '<p style="color: red">x</p>');
            const script = document.createElement('script');
            script.textContent = 'window.ran = true';
            document.body.append(script);
        }"""
    )
    page.wait_for_timeout(200)
    complaints: list[str] = page.complaints  # type: ignore[attr-defined]
    counted = [text for text in complaints if text.startswith("content security policy")]
    assert {text.split()[3] for text in counted} >= {"style-src-attr", "script-src-elem"}
    assert page.evaluate("window.ran") is None
    complaints.clear()
