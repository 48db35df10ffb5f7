"""A single case is raised by a run once, whatever its counts, and shown before the results."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pvtracker.accounts.actions import record_identity_check
from pvtracker.audit.context import within
from pvtracker.cuts.models import Cut
from pvtracker.signals import actions
from pvtracker.signals.models import Run, Signal, SignalAlert, SignalStep
from pvtracker.signals.triggers import Trigger, stated
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY
from tests.closed.people import client_of, person_of
from tests.closed.signals.runs import later_cut

pytestmark = pytest.mark.django_db
DEATH = Trigger("death", "S-1", 0, "Low dose", "Sepsis", "2026-02-01", 32, "Died on 2026-02-01.")


def run_with(study: Study, *cases: Trigger, cut: Cut | None = None, arm: str = "planned") -> Run:
    request = actions.request_for(study=study)
    screened = actions.compute(request, by=BY, progress=lambda *told: None)
    settings: dict[str, Any] = {**screened.settings, "triggers": stated(cases)}
    request = replace(request, cut=cut or request.cut, analysis_arm=arm)
    with within(study.id):
        return actions.save_run(request=request, screened=replace(screened, settings=settings), by=BY)


def test_each_case_is_raised_once_in_all_runs_and_told_once(study: Study, joined_cut: Cut) -> None:
    follower = person_of(study, "statistician")
    record_identity_check(account=follower, how="test", by=BY)
    other = replace(DEATH, kind="special_interest", number=2)
    run_with(study, DEATH)
    run_with(study, replace(DEATH, term="Stroke"), arm="actual")  # coded anew, and by the other arm
    run_with(study, DEATH, other, cut=later_cut(joined_cut))
    signals = Signal.objects.filter(level="case").order_by("raised_at")
    assert [signal.term for signal in signals] == ["Death: S-1", "Event of special interest: S-1, event 2"]
    assert {(signal.origin, signal.state, signal.arm) for signal in signals} == {("run", "flagged", "")}
    steps = SignalStep.objects.filter(signal__in=signals)
    assert sorted(step.version for step in steps) == [1, 1]
    first = steps.get(signal=signals[0])
    assert "S-1, Low dose (planned arm). Died on 2026-02-01. Day 32" in first.reason
    alerts = SignalAlert.objects.filter(account=follower, signal__in=signals)
    assert alerts.count() == 2


def test_a_case_stands_before_the_results_and_has_a_page(study: Study, joined_cut: Cut) -> None:
    run = run_with(study, DEATH)
    client = client_of(study, "dsmb_member")
    page = client.get(f"/studies/JOIN/signals/runs/{run.id}/").text
    before, after = page.split("Terms, strongest evidence first")
    signal = Signal.objects.get(level="case")
    assert "Single cases" in before and f"/followed-signals/{signal.id}/" in before
    assert "S-1" in before and "Low dose" in before and ">32<" in before and "Died on" not in after
    assert "1 single case" in client.get("/studies/JOIN/signals/").text
    listed = client.get("/studies/JOIN/followed-signals/").text
    assert "Death: S-1" in listed and "a single case, without a test" in listed
    own = client.get(f"/studies/JOIN/followed-signals/{signal.id}/").text
    assert "Died on 2026-02-01." in own and "A single case needs no test" in own
    run_with(study, cut=later_cut(joined_cut))
    gone = client.get(f"/studies/JOIN/followed-signals/{signal.id}/").text
    assert "does not hold this case any more" in gone
    assert (
        "No participant died"
        in client.get(f"/studies/JOIN/signals/runs/{Run.objects.latest('made_at').id}/").text
    )
