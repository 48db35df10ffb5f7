"""What a closed report tells of its look: the plan, departures and boundaries, as the first planned run keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pvtracker.cuts.models import Cut
from pvtracker.reports import actions, queries
from pvtracker.reports.frozen import rows as rows_of
from pvtracker.reports.models import ReportRecord
from pvtracker.signals import actions as screenings
from pvtracker.signals import planning
from pvtracker.signals.boundary_settings import PlannedBoundary, design_of
from pvtracker.signals.models import Run
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY
from tests.closed.signals.conftest import closed_storage, joined_cut, open_storage, silent_broker, study
from tests.closed.signals.planned import planner, sign, write
from tests.closed.signals.runs import rows, run_on

__all__ = ["closed_storage", "joined_cut", "open_storage", "silent_broker", "study"]
pytestmark = pytest.mark.django_db
TOXICITY = design_of("toxicity", {"planned": 40, "alpha": 0.1, "risk": 0.1}, fixed_before=True)


def report(study: Study) -> ReportRecord:
    return actions.make_report(request=actions.request_for(study=study, audience="closed"), by=BY)


def told(record: ReportRecord, table: str) -> list[dict[str, Any]]:
    content = queries.content_of(record)
    return [row for row in rows_of(content) if (row["section"], row["table"]) == ("monitoring", table)]


def planned(study: Study) -> Callable[..., Run]:
    write(study, planner(study), boundaries=(PlannedBoundary("PT", "all", "Headache", TOXICITY),))
    sign(study, planner(study))
    used = planning.in_use(study)
    return lambda cut, n: run_on(cut, rows(n_arm=n, flagged=False), used=used)


def test_the_report_tells_of_the_first_planned_run_and_of_no_later_one(study: Study, joined_cut: Cut) -> None:
    before = report(study)
    assert before.look == "" and "No screening run of this cut" in str(queries.content_of(before))
    by_hand = run_on(joined_cut, rows(n_arm=1))
    unplanned = report(study)
    assert unplanned.look == str(by_hand.id)
    said = str(queries.content_of(unplanned))
    assert "there was nothing to keep to" in said and "so that no event has a boundary" in said
    assert "keeps to its plan" not in said and "The plan names no event" not in said
    run = planned(study)
    look = run(joined_cut, 9)
    record = report(study)
    assert record.look == str(look.id) and len({record.id, before.id}) == 2
    facts = {row["what"]: row["said"] for row in told(record, "plan")}
    assert facts["Plan"].startswith("Version 1 of the plan by ") and "AFTER the first run" in facts["Plan"]
    (line,) = told(record, "boundaries")
    assert (line["event"], line["arm"]) == ("Headache (preferred term, all events)", "Low dose")
    assert (line["path"], line["counted_in"]) == ("9", "participants of the arm with the event")
    assert int(line["bound"]) <= 9 and line["says"] == "Crossed"
    run(joined_cut, 2)
    again = report(study)
    assert (again.id, again.content_sha256) == (record.id, record.content_sha256)


def test_a_boundary_that_is_not_crossed_says_so_and_a_run_by_its_plan_too(
    study: Study, joined_cut: Cut
) -> None:
    planned(study)(joined_cut, 2)
    record = report(study)
    (line,) = told(record, "boundaries")
    assert line["says"] == "Not crossed at this look" and int(line["bound"]) > 2
    assert "The run keeps to its plan." in str(queries.content_of(record))


def test_departures_stand_in_the_report(study: Study, joined_cut: Cut) -> None:
    write(study, planner(study))
    sign(study, planner(study))
    request = replace(screenings.request_for(study=study, also=["boschloo"]), cut=joined_cut)
    screenings.run_screening(request=request, by=BY, progress=actions.no_progress)
    said = str(queries.content_of(report(study)))
    assert "Departs from the plan: With methods that the plan does not have: " in said
    assert "The run keeps to its plan." not in said


def test_arms_that_are_not_as_the_plan_allocates_them_are_told_in_the_report(
    study: Study, joined_cut: Cut
) -> None:
    numbers = dict.fromkeys(planning.arms_of(study), 1.0) | {"Low dose": 2.0}
    given = {"planned": 60, "alpha": 0.025, "allocation": numbers}
    one = PlannedBoundary("PT", "all", "Headache", design_of("maxsprt", given, fixed_before=True))
    write(study, planner(study), boundaries=(one,))
    sign(study, planner(study))
    sizes = {"Low dose": 38, "Placebo": 36}
    arms = [{"name": name, "participants": n, "follow_up_years": 10.0} for name, n in sizes.items()]
    run_on(joined_cut, rows(flagged=False), used=planning.in_use(study), arms=arms)
    assert "Low dose has 38/74 (51.4%) of the participants" in str(queries.content_of(report(study)))


def test_a_report_by_the_other_arm_says_where_the_boundaries_are_judged(
    study: Study, joined_cut: Cut
) -> None:
    planned(study)
    request = replace(screenings.request_for(study=study, analysis_arm="actual"), cut=joined_cut)
    screenings.run_screening(request=request, by=BY, progress=actions.no_progress)
    asked = actions.request_for(study=study, audience="closed", analysis_arm="actual")
    said = str(queries.content_of(actions.make_report(request=asked, by=BY)))
    assert "judged in runs by the planned arm; this one went by the actual arm" in said
    assert "The plan names no event with a boundary." not in said


def test_a_run_by_the_other_arm_is_no_look_of_this_report(study: Study, joined_cut: Cut) -> None:
    planned(study)(joined_cut, 2)
    request = actions.request_for(study=study, audience="closed", analysis_arm="actual")
    assert request.look == ""
