"""What pages say of a signed boundary: of corrected data, where a crossing stays; of a path just below its bound."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pvtracker.accounts.models import Account
from pvtracker.cuts.models import Cut
from pvtracker.signals import boundary_standing, planning
from pvtracker.signals.boundary_settings import PlannedBoundary, design_of
from pvtracker.signals.models import Result, Run, Signal
from pvtracker.studies.models import Study
from tests.closed.people import client_of
from tests.closed.signals.planned import planner, sign, write
from tests.closed.signals.runs import later_cut, rows, run_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def author(study: Study) -> Account:
    return planner(study)


@pytest.fixture
def used(study: Study, author: Account) -> planning.InUse:
    sprt = design_of("maxsprt", {"planned": 60, "alpha": 0.05, "part": 0.5}, fixed_before=True)
    write(study, author, boundaries=(PlannedBoundary("PT", "all", "Headache", sprt),))
    sign(study, author)
    return planning.in_use(study)


def counted(cut: Cut, n_arm: int, n_ref: int, used: planning.InUse) -> tuple[Run, Any]:
    found = [replace(one, n_arm=n_arm, n_ref=n_ref) for one in rows(flagged=False)]
    run = run_on(cut, found, used=used)
    (line,) = run.settings["boundaries"]
    return run, line


def standing(run: Run) -> Any:
    return boundary_standing.standing_of(Result.objects.filter(run=run).earliest("id"))


@pytest.mark.parametrize("days", [31, 0])
def test_a_crossing_stays_on_every_page_after_an_event_was_taken_out(
    study: Study, joined_cut: Cut, used: planning.InUse, days: int
) -> None:
    """10 of 10 cross at 9; then 8 of 9 at a later cut, or at one that was made again on the same date."""
    _, line = counted(joined_cut, 10, 0, used)
    assert line["crosses"] and Signal.objects.count() == 1
    run, line = counted(later_cut(joined_cut, days=days), 8, 1, used)
    assert (line["at"], line["path"], line["bound"], line["crosses"], line["said"]) == (9, 8, 9, False, "")
    said = standing(run)
    assert said.crossed and said.said.endswith(
        f"Crossed first at the look of the cut of {joined_cut.date}: 10 participants of the arm with the event, "
        "crosses at 9. Later data lie below the boundary; what was crossed stays crossed."
    )
    row = Result.objects.filter(run=run).earliest("id")
    page = client_of(study, "dsmb_member").get(f"/studies/JOIN/signals/rows/{row.id}/boundary/")
    assert (
        f"The path is beyond the boundary at 1 look, first on the cut of {joined_cut.date}. Later"
        in page.text
    )
    told = [[cell["text"] for cell in line["cells"]] for line in page.context["looks"]["rows"]]
    assert [tuple(line[-3:]) for line in told][:2] == [("10", "9", "crosses"), ("8", "9", "does not cross")]


def test_an_earlier_cut_that_is_made_again_raises_its_signal(
    study: Study, joined_cut: Cut, used: planning.InUse
) -> None:
    """The cut of the later date had 12 of 15; the earlier one, made after it with what came late, 14 of 16."""
    _, line = counted(later_cut(joined_cut), 12, 3, used)
    assert not line["crosses"] and not Signal.objects.exists()
    run, line = counted(joined_cut, 14, 2, used)
    assert (line["at"], line["path"], line["bound"], line["crosses"]) == (16, 14, 14, True)
    assert Signal.objects.get().term == "Headache"
    assert standing(run).said == (
        f"Last look, cut of {joined_cut.date}: 14 participants of the arm with the event, crosses at 14. "
        f"Crossed first on the cut of {joined_cut.date}."
    )
    third, line = counted(later_cut(joined_cut), 14, 2, used)  # the same counts again are a look of their own
    assert line["crosses"] and f"Crossed first on the cut of {joined_cut.date}." in standing(third).said


def test_a_path_just_below_its_bound_is_not_printed_as_the_bound(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    """21 and 10 of 103 each, all that were planned: z is 1.9595, and 1.95996 crosses."""
    spending = {"measure": "participants", "planned": 206, "alpha": 0.025}
    one = design_of("obrien_fleming", spending, fixed_before=True)
    write(study, author, boundaries=(PlannedBoundary("PT", "all", "Headache", one),))
    sign(study, author)
    found = [replace(row, n_arm=21, N_arm=103, n_ref=10, N_ref=103) for row in rows(flagged=False)]
    run = run_on(joined_cut, found, used=planning.in_use(study))
    assert "z 1.9595, crosses at 1.9600. Not crossed at any look." in standing(run).said
    client, row = client_of(study, "dsmb_member"), Result.objects.filter(run=run).earliest("id")
    for page, table in ((f"rows/{row.id}/boundary/", "looks"), (f"runs/{run.id}/", "bounded")):
        cells = client.get(f"/studies/JOIN/signals/{page}").context[table]["rows"][0]["cells"]
        assert [cell["text"] for cell in cells][-3:-1] == ["1.9595", "1.9600"]


def test_a_run_that_is_no_look_says_which_reason_holds_and_still_that_nobody_had_the_event(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    """A name that no dictionary has is told at every run, not only at the first."""
    given = {"measure": "participants", "planned": 80, "alpha": 0.025}
    spending = design_of("obrien_fleming", given, fixed_before=True)
    write(study, author, boundaries=[PlannedBoundary("PT", "all", "Headake", spending)])
    sign(study, author)
    used = planning.in_use(study)

    def said(days: int, each: int) -> str:
        sizes = [
            {"name": name, "participants": each, "follow_up_years": 10.0} for name in ("Low dose", "Placebo")
        ]
        run = run_on(later_cut(joined_cut, days=days), rows(flagged=False), used=used, arms=sizes)
        (line,) = run.settings["boundaries"]
        return str(line["said"])

    nobody = "Nobody had it; if its name is not the dictionary’s, nobody ever will"
    assert said(1, 20) == nobody
    assert said(2, 20) == f"No more information than at an earlier look. {nobody}"
    assert said(3, 40) == nobody
    assert said(4, 50) == f"After the planned end of this boundary. {nobody}"
    assert said(5, 0).endswith(f". {nobody}") and said(6, 0).startswith("No information for this boundary")
