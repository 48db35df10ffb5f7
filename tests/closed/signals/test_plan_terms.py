"""An event of the plan that the latest cut does not have is warned of, with the name most like it, and not refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvtracker.audit.models import AccessRecord
from pvtracker.cuts.models import Cut
from pvtracker.signals import plan_terms, planning
from pvtracker.signals.boundary_settings import PlannedBoundary
from pvtracker.studies.models import Study
from tests.closed.people import client_of, signed_in
from tests.closed.signals.planned import PLAN, planner, sign, write
from tests.closed.signals.test_boundaries import bounded

HERE = "/studies/JOIN/signals/plan/"
NAMES = {
    "PT": {"chills": "Chills", "headache": "Headache"},
    "SOC": {"vascular disorders": "Vascular disorders"},
}


def told(*boundaries: PlannedBoundary) -> list[str]:
    return plan_terms.unlike(replace(PLAN, boundaries=boundaries), NAMES, on="2026-06-30")


def test_a_misspelt_event_is_told_with_what_is_like_it_and_a_known_one_is_not() -> None:
    assert told(bounded(term=" CHILLS"), bounded(term="Headache")) == []
    (said,) = told(bounded(term="chils"), replace(bounded(term="chils"), selection="serious"))
    assert said.startswith(
        "The latest cut, of 2026-06-30, has no preferred term “chils”. Like it: Chills. A boundary counts only"
    )
    (said,) = told(bounded(term="Anaphylactic reaction"))
    assert "Like it" not in said
    (said,) = told(replace(bounded(term="Headache"), level="SOC"))
    assert "has no organ class “Headache”. A boundary" in said, "known, but at another level"
    assert "has no query “Chills”" in told(replace(bounded(term="Chills"), level="query"))[0]


@pytest.mark.django_db
def test_the_plan_and_the_page_to_sign_say_it_and_the_cut_is_opened_once(
    study: Study, joined_cut: Cut
) -> None:
    plan_terms._read.clear()
    author = planner(study)
    write(study, author, boundaries=(bounded(), bounded(term="Hedache")))
    browser = signed_in(author, study)
    said = f"The latest cut, of {joined_cut.date}, has no preferred term “Hedache”. Like it: Headache."
    for page in (HERE, f"{HERE}sign/", HERE):
        text = browser.get(page).text
        assert text.count(said) == 1 and text.count("The latest cut, of") == 1, page
    opened = AccessRecord.objects.filter(object_kind="joined cut", actor=str(author.id))
    assert opened.count() == 1, "once in a process, for no size of an arm was told"
    sign(study, author)
    assert planning.in_use(study).plan.boundaries[1].term == "Hedache", "it is warned of, not refused"


@pytest.mark.django_db
def test_who_writes_a_boundary_is_offered_the_names_of_the_cut(study: Study, joined_cut: Cut) -> None:
    plan_terms._read.clear()
    page = signed_in(planner(study), study).get(f"{HERE}edit/").text
    assert '<option value="Headache" label="Preferred term">' in page
    field = page.split('name="boundaries-0-spelled"')[1].split(">")[0]
    assert 'list="names-of-events"' in field and 'id="names-of-events"' in page
    assert AccessRecord.objects.filter(object_kind="joined cut", reason__contains="names of events").exists()


@pytest.mark.django_db
def test_before_the_first_cut_and_without_a_boundary_nothing_is_said(
    study: Study, joined_cut: Cut, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_terms._read.clear()
    author = planner(study)
    write(study, author)
    assert "The latest cut, of" not in client_of(study, "dsmb_member").get(HERE).text and not plan_terms._read
    write(study, author, boundaries=(bounded(term="Hedache"),))
    monkeypatch.setattr(plan_terms.closed, "latest_joined", lambda study: None)
    assert "has no preferred term" not in client_of(study, "dsmb_chair").get(HERE).text
