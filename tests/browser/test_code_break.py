"""A code break in a real browser: asked for, shown, told, countersigned; every page accessible and within the width."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from pvtracker.ops import demo_codes
from tests.browser.test_every_page import faults_of
from tests.rooms import Trial, shell

SIGN_IN = Callable[..., None]
SUBJECTS = """
from pvtracker.allocation.models import BlockPlace
from pvtracker.audit.context import within
from pvtracker.studies.queries import study_id_of, study_of
study = study_of(study_id_of({code!r}))
with within(study.id):
    places = BlockPlace.objects.filter(study=study).order_by('block__number', 'position')
    print('subjects', *places.values_list('subject', flat=True))
"""


@pytest.fixture(scope="module")
def subjects(trial: Trial) -> list[str]:
    """The simulated participants in the order in which blocks were filled."""
    told = shell(trial.installation, "closed", SUBJECTS.format(code=trial.study)).stdout
    return next(line.split()[1:] for line in told.splitlines() if line.startswith("subjects "))


def confirm(trial: Trial, page: Page, role: str, step: str, button: str) -> None:
    """Password, and the authenticator's next code where it is asked for."""
    page.fill(f"input[name={step}-password]", trial.people[role].password)
    if page.locator(f"input[name={step}-code]").count():
        page.fill(f"input[name={step}-code]", demo_codes.code_now(role, trial.sign_ins))
    page.get_by_role("button", name=button, exact=True).click()


def ask(page: Page, register: str, subject: str) -> None:
    page.goto(f"{register}new/")
    page.fill("input[name=subject]", subject)
    page.get_by_label("Treatment of the participant depends on it").check()
    page.fill("textarea[name=reason]", "Seizures after the infusion")
    page.get_by_label("Yes: the arm is shown at once").check()
    page.fill("input[name=recipient_name]", "The treating physician")
    page.fill("input[name=recipient_role]", "physician of the participant")
    page.fill("textarea[name=expected_use]", "Decide about the antiviral")
    page.get_by_role("button", name="Ask for the code break").click()
    if page.get_by_text("Others could become deducible").count():
        page.get_by_label("I have read this").check()
        page.get_by_role("button", name="Ask for the code break").click()
    expect(page.locator("h1")).to_contain_text(f"participant {subject}")


def test_a_code_break_from_the_request_to_the_countersignature(
    trial: Trial, page: Page, sign_in: SIGN_IN, subjects: list[str]
) -> None:
    register = f"{trial.urls['closed']}/studies/{trial.study}/code-breaks/"
    faults: list[str] = []

    def look(name: str) -> None:
        faults.extend(faults_of(page, f"/studies/{trial.study}/code-breaks/ {name}", "closed"))
        page.set_viewport_size({"width": 1280, "height": 900})

    sign_in(page, "code_break_officer")
    assert page.url == register
    look("empty register")
    page.goto(f"{register}new/")
    look("request")
    page.get_by_role("button", name="Ask for the code break").click()
    expect(page.get_by_role("alert")).to_be_focused()
    look("request refused")

    ask(page, register, subjects[0])
    look("before the arm was shown")
    confirm(trial, page, "code_break_officer", "show", "Show the arm")
    expect(page.locator("h1")).to_have_text("The arm you asked for")
    assert page.get_by_text("OZ1", exact=True).or_(page.get_by_text("Placebo", exact=True)).count()
    look("the arm")
    page.get_by_role("link", name="Record who was told").click()
    page.fill("input[name=told-at]", "2026-01-05 10:30")
    page.fill("input[name=told-how]", "by telephone")
    page.get_by_role("button", name="Record who was told").click()
    expect(page.locator("main")).to_contain_text("2026-01-05 10:30 UTC, by telephone")
    look("told")
    address = page.url

    page.context.clear_cookies()
    sign_in(page, "dsmb_chair")
    page.goto(register)
    look("register")
    page.goto(address)
    expect(page.locator("main")).not_to_contain_text("Placebo")
    page.get_by_role("radio", name="Countersign").check()
    page.fill("textarea[name=opinion-note]", "The infusion could explain it")
    look("countersigning")
    confirm(trial, page, "dsmb_chair", "opinion", "Record the answer")
    expect(page.locator("main")).to_contain_text("Countersigned by")
    for field, words in (
        ("effect", "One physician knows"),
        ("measures", "None"),
        ("analysis", "As randomised"),
    ):
        page.fill(f"textarea[name=impact-{field}]", words)
    page.get_by_role("button", name="Record the assessment").click()
    expect(page.locator("main")).to_contain_text("One physician knows")
    look("assessed")
    assert not faults, "\n".join(faults)
