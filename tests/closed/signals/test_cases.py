"""A single case is raised by a run once, whatever its counts, and shown before the results."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pvtracker.audit.context import within
from pvtracker.cuts.models import Cut
from pvtracker.lib.rounding import share
from pvtracker.signals import actions
from pvtracker.signals.actions import life
from pvtracker.signals.actions.raising import PROCESS, raise_signals
from pvtracker.signals.enums import Step
from pvtracker.signals.models import Result, Run, Signal, SignalAlert, SignalStep
from pvtracker.signals.triggers import Trigger, stated
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY
from tests.closed.people import checked_person, client_of
from tests.closed.signals.runs import later_cut
from tests.closed.signals.test_files import read_xlsx, run_path

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
    follower = checked_person(study, "statistician")
    other = replace(DEATH, kind="special_interest", number=2, named=("Sepsis",))
    run_with(study, DEATH)
    run_with(study, replace(DEATH, term="Stroke"), arm="actual")  # coded anew, and by the other arm
    run_with(study, DEATH, other, cut=later_cut(joined_cut))
    signals = Signal.objects.filter(level="case").order_by("raised_at")
    assert [signal.term for signal in signals] == ["Death: S-1", "Event of special interest: Sepsis"]
    assert {(signal.origin, signal.state, signal.arm) for signal in signals} == {("run", "flagged", "")}
    steps = SignalStep.objects.filter(signal__in=signals)
    assert sorted(step.version for step in steps) == [1, 1]
    first = steps.get(signal=signals[0])
    assert "S-1, Low dose (planned arm). Died on 2026-02-01. Day 32" in first.reason
    alerts = SignalAlert.objects.filter(account=follower, signal__in=signals)
    assert alerts.count() == 2


def test_cases_are_a_file_with_numbers(study: Study, joined_cut: Cut) -> None:
    early = replace(DEATH, subject="S-3", day=-2)
    special = replace(DEATH, kind="special_interest", number=2, named=("Sepsis",))
    run = run_with(study, DEATH, replace(DEATH, subject="S-2", day=None), early, special)
    client = client_of(study, "dsmb_member")
    for line, case in zip(read_xlsx(client, run_path(run), "cases"), (1, 2, 3, 4), strict=True):
        told = line["Participant"], line["Participants"], line["Day, since first exposure"]
        assert told == [("S-1", 1, 32), ("S-2", 1, None), ("S-3", 1, -2), (None, 1, None)][case - 1]
    page = client.get(run_path(run)).text
    assert ">−2<" in page and ">not known<" in page and ">1 participant<" in page


def test_a_case_stands_before_the_results_and_has_a_page(study: Study, joined_cut: Cut) -> None:
    run = run_with(study, DEATH)
    client = client_of(study, "dsmb_member")
    page = client.get(f"/studies/JOIN/signals/runs/{run.id}/").text
    before, after = page.split("Terms, strongest evidence first")
    signal = Signal.objects.get(level="case")
    assert "Single cases" in before and f"/followed-signals/{signal.id}/" in before
    assert "S-1" in before and "Low dose" in before and ">32<" in before and "Died on" not in after
    assert ">1 death</a>: a signal" in client.get("/studies/JOIN/signals/").text
    listed = client.get("/studies/JOIN/followed-signals/").text
    assert "Death: S-1" in listed and "a single case, without a test" in listed
    own = client.get(f"/studies/JOIN/followed-signals/{signal.id}/").text
    assert "Died on 2026-02-01." in own and "A single case needs no test" in own
    assert "each case has its own" in own and "no arm alone" not in own and ">Event<" not in own
    assert ": a single case." in own
    run_with(study, cut=later_cut(joined_cut))
    gone = client.get(f"/studies/JOIN/followed-signals/{signal.id}/").text
    assert "does not hold this case any more" in gone
    assert (
        "No participant died"
        in client.get(f"/studies/JOIN/signals/runs/{Run.objects.latest('made_at').id}/").text
    )


def special(first: int, last: int, named: str = "Skin disorders") -> list[Trigger]:
    """Events first to last, five of each participant."""
    return [
        Trigger(
            "special_interest", f"P-{n // 5:04}", n, "Low dose", "Rash", "2026-02-01", 3, "Rash.", (named,)
        )
        for n in range(first, last + 1)
    ]


def test_a_thousand_events_of_a_term_are_one_signal_that_lists_them_all(
    study: Study, joined_cut: Cut
) -> None:
    follower = checked_person(study, "statistician")
    first = run_with(study, *special(1, 1000))
    raise_signals(run=first, by=PROCESS)
    signal = Signal.objects.get(level="case")
    assert signal.term == "Event of special interest: Skin disorders"
    assert [one.kind for one in SignalAlert.objects.filter(account=follower)] == ["new"]
    [step] = SignalStep.objects.filter(signal=signal)
    assert "1000 events of 201 participants" in step.reason and "And 990 more" in step.reason
    assert ".;" not in step.reason and ".." not in step.reason
    client = client_of(study, "dsmb_member")
    page = client.get(f"/studies/JOIN/signals/runs/{first.id}/")
    assert len(page.context["cases"]["rows"]) == 1 and "1000 events, listed with their signal." in page.text
    own = f"/studies/JOIN/followed-signals/{signal.id}/"
    assert client.get(own).context["page"].paginator.count == 1000
    last = client.get(own, {"page": 34}).context["cases"]["rows"]
    assert [row["cells"][1]["text"] for row in last] == [str(n) for n in range(991, 1001)]
    # a later run holds some no longer, and some that are new
    later = run_with(study, *special(501, 1200), cut=later_cut(joined_cut))
    raise_signals(run=later, by=PROCESS)
    signal.refresh_from_db()
    assert (Signal.objects.filter(level="case").count(), signal.state, signal.version) == (1, "flagged", 2)
    assert [one.kind for one in SignalAlert.objects.filter(account=follower).order_by("raised_at")] == [
        "new",
        "more",
    ]
    further = SignalStep.objects.get(signal=signal, version=2)
    assert further.what == "add" and "200 events of 41 participants" in further.reason
    assert client.get(own).context["page"].paginator.count == 1200
    rows = client.get(own, {"page": 40}).context["cases"]["rows"]
    assert {row["cells"][6]["text"] for row in rows} == {"yes"}
    assert {row["cells"][6]["text"] for row in client.get(own).context["cases"]["rows"]} == {"no"}
    # those that went away are not new when they come back
    run_with(study, *special(1, 1200), cut=later_cut(joined_cut, days=62))
    assert SignalStep.objects.filter(signal=signal).count() == 2


def test_further_events_reopen_an_ended_signal_and_each_term_is_one(study: Study, joined_cut: Cut) -> None:
    follower = checked_person(study, "statistician")
    run_with(study, *special(1, 3), *special(4, 4, named="Lymphoma"))
    signal = Signal.objects.get(term__endswith="Skin disorders")
    assert Signal.objects.filter(level="case").count() == 2
    life.decide(
        signal=signal, version=1, step=Step.DISMISS, reason="Known before.", by=follower.actor("statistician")
    )
    run_with(study, *special(1, 3), cut=later_cut(joined_cut))
    signal.refresh_from_db()
    assert signal.state == "not_a_signal", "the same events are no new evidence"
    run_with(study, *special(1, 5), cut=later_cut(joined_cut, days=62))
    signal.refresh_from_db()
    assert (signal.state, signal.version) == ("flagged", 3)
    assert SignalStep.objects.get(signal=signal, version=3).what == "reopen"
    kinds = [one.kind for one in SignalAlert.objects.filter(account=follower, signal=signal)]
    assert sorted(kinds) == ["new", "reopened"]


def test_a_term_of_special_interest_tells_who_had_it_in_each_arm_and_leads_to_its_page(
    study: Study, joined_cut: Cut
) -> None:
    run = run_with(study)
    row = Result.over_all.filter(run=run, level="PT", selection="all").earliest("id")
    run = run_with(study, *special(1, 5, named=row.term.upper()))
    row = Result.over_all.filter(run=run, level="PT", selection="all", term=row.term).earliest("id")
    counted = f"{share(row.n_arm, row.N_arm)} v {share(row.n_ref, row.N_ref)}"
    client, signal = (
        client_of(study, "dsmb_member"),
        Signal.objects.get(level="case", term__contains="interest"),
    )
    own = client.get(f"/studies/JOIN/followed-signals/{signal.id}/").text
    assert f'<a href="/studies/JOIN/signals/rows/{row.id}/">{counted}</a>' in own
    assert ": 5 cases." in own and "a single case." not in own and ">Event<" in own
    listed = client.get("/studies/JOIN/followed-signals/").text
    assert counted in listed and "5 cases, without a test" in listed
