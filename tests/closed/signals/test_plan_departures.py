"""What a plan took for granted and the data do not bear out: shares of arms, and definitions of its first look."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pvtracker.accounts.models import Account
from pvtracker.audit.context import within
from pvtracker.audit.models import AccessRecord
from pvtracker.cuts.models import Cut
from pvtracker.signals import plan_terms, planning
from pvtracker.signals.boundary_settings import PlannedBoundary, design_of
from pvtracker.signals.definition_changes import since_first_look
from pvtracker.signals.models import Result, Run
from pvtracker.studies.definitions import parse
from pvtracker.studies.models import Study
from tests.acting import as_test
from tests.closed.people import client_of, signed_in
from tests.closed.signals.planned import planner, sign, write
from tests.closed.signals.runs import later_cut, rows, run_on
from tests.closed.signals.test_boundaries import bounded, page_of, signed
from tests.closed.signals.test_term import hide

pytestmark = pytest.mark.django_db
OFF = (
    "Low dose has 38/74 (51.4%) of the participants of it and Placebo together, where the plan takes 66.7 %."
)


@pytest.fixture
def author(study: Study) -> Account:
    return planner(study)


def allocated(study: Study, low: float) -> PlannedBoundary:
    numbers = dict.fromkeys(planning.arms_of(study), 1.0) | {"Low dose": low}
    settings = {"planned": 60, "alpha": 0.025, "allocation": numbers}
    return PlannedBoundary("PT", "all", "Headache", design_of("maxsprt", settings, fixed_before=True))


def of_sizes(cut: Cut, used: planning.InUse, low: int, placebo: int) -> Run:
    sizes = {"Low dose": low, "Placebo": placebo}
    arms = [{"name": name, "participants": n, "follow_up_years": 10.0} for name, n in sizes.items()]
    return run_on(cut, rows(flagged=False), used=used, arms=arms)


def test_arms_that_are_not_as_the_plan_allocates_them_are_told_on_run_and_boundary(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    write(study, author, boundaries=(allocated(study, 2.0),))
    sign(study, author)
    used, reader = planning.in_use(study), client_of(study, "dsmb_member")
    run = of_sizes(joined_cut, used, 38, 36)

    def pages(run: Run) -> list[str]:
        row = Result.objects.filter(run=run, term="Headache").earliest("id")
        addresses = (f"runs/{run.id}/", f"rows/{row.id}/boundary/")
        return [reader.get(f"/studies/JOIN/signals/{address}").text for address in addresses]

    for page in pages(run):
        assert (
            OFF in page
            and "its boundary crosses too rarely: with probability" in page
            and "p = 0.009" in page
        )
    hide(reader)
    assert not [page for page in pages(run) if "where the plan takes" in page], (
        "with the boundaries themselves"
    )
    reader.post("/studies/JOIN/signals/inference/", {"shown": "yes", "next": "/"})
    for page in pages(of_sizes(later_cut(joined_cut), used, 45, 29)):
        assert "where the plan takes" not in page, "45 of 74 where 49 are expected is chance"


def test_the_plan_and_the_page_to_sign_tell_it_of_the_latest_cut_and_record_who_read_it(
    study: Study, joined_cut: Cut, author: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_terms._read.clear()
    write(study, author, boundaries=(allocated(study, 2.0),))
    browser, here = signed_in(author, study), "/studies/JOIN/signals/plan/"
    assert "where the plan takes" not in browser.get(here).text, "2 and 2 participants are no evidence"
    known = plan_terms._read[joined_cut.id]
    assert known.sizes["planned"] == {"Low dose": 2, "Placebo": 2, "High dose": 0} | {
        name: 0 for name in planning.arms_of(study) if name not in ("Low dose", "Placebo")
    }
    larger = plan_terms._Known(known.names, {"planned": {"Low dose": 38, "Placebo": 36}}, known.reference)
    monkeypatch.setitem(plan_terms._read, joined_cut.id, larger)
    said = f"In the latest cut, of {joined_cut.date}, counting everyone with an arm: {OFF}"
    for page in (here, f"{here}sign/"):
        assert f"{said} By chance a share so far off has p = 0.009" in browser.get(page).text
    hide(browser)
    for page in (here, f"{here}sign/"):
        hidden = browser.get(page).text
        assert f"{said} At the shares that are, its boundary crosses too rarely. Find out" in hidden
        assert "p = 0.009" not in hidden and "with probability" not in hidden
    told = AccessRecord.objects.filter(actor=str(author.id), reason__contains="sizes of arms")
    assert told.count() == 5, "the cut was opened once, and its sizes were read four times"


def redefined(cut: Cut, days: int, **settings: Any) -> Cut:
    """A later cut, frozen with other definitions."""
    later = later_cut(cut, days=days)
    later.manifest = copy.deepcopy(cut.manifest)
    later.manifest["settings"] |= settings
    with as_test(), within(cut.study_id):
        later.save(update_fields=["manifest"])
    return later


def test_definitions_changed_after_the_first_look_at_a_plan_are_a_departure(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    write(study, author)
    sign(study, author)
    used = planning.in_use(study)

    def run(cut: Cut, **rules: Any) -> Run:
        stated = parse({"analysis_arm": "planned", **rules}).stated()
        return run_on(cut, rows(flagged=False), used=used, rules=stated)

    assert run(joined_cut).settings["departures"] == [], "it is the first look"
    assert run(later_cut(joined_cut)).settings["departures"] == []
    with_window = redefined(joined_cut, 62, emergent_window_days=28)
    changed = run(with_window, emergent_window_days=28)
    (said,) = changed.settings["departures"]
    assert said.startswith(
        "The definition “Window after last exposure” is not that of the first look at version 1 of the plan (was: no "
        f"end; is: 28 days), since the cut of {with_window.date}, frozen on {with_window.made_at:%Y-%m-%d at %H:%M} "
    )
    looks = f"{joined_cut.date}, {Cut.objects.order_by('date')[1].date}"
    assert said.endswith(f" Looks by the other one: cuts of {looks}.")
    page = client_of(study, "dsmb_member").get(f"/studies/JOIN/signals/runs/{changed.id}/").text
    assert "Departs from the plan:</strong> The definition “Window after last exposure”" in page
    queries = redefined(joined_cut, 93, emergent_window_days=28, definitions={"special_interest": ["Chills"]})
    told = since_first_look(used.row, queries)
    assert ["“Window after last exposure”" in told[0], "(was: none; is: Chills)" in told[1]] == [True, True]
    since = [
        f"since the cut of {one.date}, frozen" in said
        for one, said in zip((with_window, queries), told, strict=True)
    ]
    assert since == [True, True], "each since the cut that brought it"
    assert since_first_look(None, queries) == [], "without a signed plan nothing is departed from"
    write(study, author, seed=9)
    sign(study, author)
    assert since_first_look(planning.in_use(study).row, queries) == [], "nobody has looked by the new version"


def test_two_runs_on_one_cut_are_one_look_and_say_the_same_of_when_the_plan_was_signed(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    unlooked = run_on(joined_cut, rows(term="Migraine"), terms={})  # screened neither this term nor its level
    used = signed(study, author, bounded("pocock"))
    pages = [page_of(run_on(joined_cut, rows(flagged=False), used=used), study) for _ in range(2)]
    told = [page.context["signed"].said for page in pages]
    assert told[0] == told[1] and "AFTER the first run of this study" in told[0][0]
    assert f"made on {unlooked.made_at:%Y-%m-%d at %H:%M} UTC" in told[0][0]


def test_a_run_before_and_one_after_the_signature_on_one_cut_say_the_same(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    before = run_on(joined_cut, rows(flagged=False))
    used = signed(study, author, bounded("pocock"))
    after = run_on(joined_cut, rows(flagged=False), used=used)
    (said,), (again,) = (page_of(run, study).context["signed"].said for run in (before, after))
    assert said == again and "AFTER the first of these looks" in said


def test_a_look_whose_definitions_cannot_be_read_stops_no_run(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    write(study, author)
    sign(study, author)
    used = planning.in_use(study)
    run_on(
        joined_cut, rows(flagged=False), used=used, rules={"analysis_arm": "planned", "of_another_release": 3}
    )
    assert run_on(later_cut(joined_cut), rows(flagged=False), used=used).settings["departures"] == []


def test_a_run_reads_the_looks_before_it_when_no_other_can_become_one(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    """Of two runs stored at once the second has to see the first: the study is locked before any look is read."""
    write(study, author, boundaries=(allocated(study, 1.0),))
    sign(study, author)
    used = planning.in_use(study)
    with CaptureQueriesContext(connection) as asked:
        run_on(joined_cut, rows(flagged=False), used=used)
    told = [str(one["sql"]) for one in asked]
    lock = next(
        place for place, sql in enumerate(told) if "FOR NO KEY UPDATE" in sql and "studies_study" in sql
    )
    looks = [
        place for place, sql in enumerate(told) if sql.startswith("SELECT") and 'FROM "signals_run"' in sql
    ]
    assert looks and lock < min(looks)
