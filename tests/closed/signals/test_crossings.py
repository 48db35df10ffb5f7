"""A finding whose signal is open crosses its signed boundary: told once, in its life, in alerts and on the overview."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvtracker.accounts.models import Account
from pvtracker.audit.context import within
from pvtracker.cuts.models import Cut
from pvtracker.signals import actions, planning
from pvtracker.signals.actions.raising import PROCESS, raise_signals
from pvtracker.signals.enums import Step
from pvtracker.signals.models import Run, Signal, SignalAlert, SignalStep
from pvtracker.studies.models import Study
from tests.closed.joined import joined_cut, open_storage
from tests.closed.people import client_of, person_of
from tests.closed.signals.planned import planned_study, planner
from tests.closed.signals.runs import later_cut, only_signal, rows, run_on
from tests.closed.signals.test_alerts import at_once
from tests.closed.signals.test_boundaries import bounded, signed
from tests.closed.signals.test_life import take
from tests.closed.signals.test_term import hide

__all__ = ["joined_cut", "open_storage"]
OVERVIEW = "/studies/JOIN/signals/"
FOLLOWED = "/studies/JOIN/followed-signals/"
SAID = "Beyond the boundary that version 1 of the plan set for it (Continuous toxicity"


@pytest.fixture
def author(study: Study) -> Account:
    return planner(study)


@pytest.fixture
def used(study: Study, author: Account) -> planning.InUse:
    return signed(study, author, bounded())


def words(text: str) -> str:
    return " ".join(text.split("<main")[1].split())


def crossing(cut: Cut, used: planning.InUse, *, n_arm: int = 9) -> Run:
    run = run_on(cut, rows(n_arm=n_arm, flagged=False), used=used)
    assert [one["crosses"] for one in run.settings["boundaries"]] == [True]
    return run


@pytest.mark.django_db
def test_an_open_signal_is_told_once_that_its_finding_crossed(
    study: Study, joined_cut: Cut, author: Account, used: planning.InUse
) -> None:
    follower, reader = person_of(study, "statistician"), person_of(study, "dsmb_member")
    run_on(joined_cut, rows(n_arm=2), used=used)  # flagged, and within the boundary
    take(only_signal(), Step.VALIDATE, by=author)
    later = later_cut(joined_cut)
    first = crossing(later, used)
    told = SignalStep.objects.get(what=Step.ADD.value)
    assert (told.state, told.version, told.run, told.role) == ("validated", 3, first, PROCESS.role)
    assert told.reason.startswith(f"{SAID}") and f"on the cut of {later.date}" in told.reason
    assert "9/20 (45.0%) participants of the arm against" in told.reason
    kept = only_signal()
    assert (kept.state, kept.version) == ("validated", 3)
    crossing(later, used)  # the same cut again, one made anew for the same day, and one more
    crossing(later_cut(joined_cut), used, n_arm=12)
    crossing(later_cut(joined_cut, days=62), used, n_arm=12)
    assert SignalStep.objects.count() == 3 and only_signal().version == 3
    alerts = SignalAlert.objects.filter(step=told)
    assert {(one.account, one.kind) for one in alerts} == {(follower, "more"), (author, "more")}
    assert alerts.count() == 2 and not SignalAlert.objects.filter(account=reader).exists()


@pytest.mark.django_db
def test_another_spelling_of_a_term_is_the_same_signal_for_flags_crossings_and_pages(
    study: Study, joined_cut: Cut, author: Account, used: planning.InUse
) -> None:
    """“Headache” flagged, then “HEADACHE ” beyond the boundary, then both in one run: one signal, told twice in all."""
    run_on(joined_cut, rows(n_arm=2), used=used)
    take(only_signal(), Step.VALIDATE, by=author)
    second = run_on(later_cut(joined_cut), rows(n_arm=9, flagged=False, term="HEADACHE "), used=used)
    assert [one["crosses"] for one in second.settings["boundaries"]] == [True]
    assert only_signal().term == "Headache"
    told = SignalStep.objects.get(what=Step.ADD.value)
    assert told.reason.startswith(SAID) and ", which this run spells HEADACHE " in told.reason
    assert told.numbers["n_arm"] == 9
    reader = client_of(study, "dsmb_member")
    page = words(reader.get(f"{FOLLOWED}{only_signal().id}/").text)
    assert "crossed, first in a run on the cut of" in page and "9/20 (45.0%)" in page
    assert words(reader.get(OVERVIEW).text).count(f'href="{FOLLOWED}{only_signal().id}/"') == 1
    listed = words(reader.get(FOLLOWED).text)
    assert "beyond its boundary" in listed and "crossed, first in a run on the cut of" in listed
    hide(reader)
    hidden = words(reader.get(FOLLOWED).text)
    assert "beyond its" not in hidden and "crossed" not in hidden, "it is inference"
    both = [rows(n_arm=9, flagged=False, term="headache"), rows(n_arm=3, adjusted=True, term="headAche")]
    run_on(later_cut(joined_cut, days=62), *both, used=used)
    assert only_signal().version == 3 and SignalStep.objects.count() == 3


@pytest.mark.django_db
def test_what_was_raised_or_reopened_as_beyond_its_boundary_is_not_told_again(
    study: Study, joined_cut: Cut, author: Account, used: planning.InUse
) -> None:
    crossing(joined_cut, used)
    take(only_signal(), Step.DISMISS, by=author)
    take(only_signal(), Step.REOPEN, by=author)
    crossing(later_cut(joined_cut), used)
    assert not SignalStep.objects.filter(what=Step.ADD.value).exists()
    take(only_signal(), Step.DISMISS, by=author)
    crossing(later_cut(joined_cut, days=62), used, n_arm=12)
    back = SignalStep.objects.latest("id")
    assert back.what == Step.REOPEN.value and back.reason.startswith(SAID)
    crossing(later_cut(joined_cut, days=93), used, n_arm=13)
    assert SignalStep.objects.latest("id") == back


@pytest.mark.django_db
def test_a_step_of_a_person_on_a_run_that_crosses_has_told_nobody(
    study: Study, joined_cut: Cut, author: Account, used: planning.InUse
) -> None:
    """It crosses while it is ended and no more participants than at the decision have it, so that nothing is said; a
    person re-opens it on that run; the next run finds it open."""
    run_on(joined_cut, rows(n_arm=9))  # by no boundary
    take(only_signal(), Step.DISMISS, by=author)
    crossing(later_cut(joined_cut), used)
    assert SignalStep.objects.count() == 2
    take(only_signal(), Step.REOPEN, by=author)
    crossing(later_cut(joined_cut, days=62), used)
    assert SignalStep.objects.latest("id").what == Step.ADD.value


@pytest.mark.django_db
def test_it_stands_in_the_life_the_alerts_and_the_overview_unless_inference_is_hidden(
    study: Study, joined_cut: Cut, used: planning.InUse
) -> None:
    run_on(joined_cut, rows(n_arm=2), rows(term="Migraine"), used=used)
    client = client_of(study, "statistician")
    assert "Boundaries of the plan" not in client.get(OVERVIEW).text
    later = later_cut(joined_cut)
    crossing(later, used)
    one = Signal.objects.get(term="Headache")
    here, link = (
        f"{FOLLOWED}{one.id}/",
        f'<a href="{FOLLOWED}{one.id}/">Headache (preferred term, all events)',
    )
    first = "<strong>1 finding is beyond a boundary of the signed plan:</strong>"
    assert f"{first} {link}, Low dose against Placebo</a>." in words(client.get(OVERVIEW).text)
    page = words(client.get(here).text)
    assert f"crossed, first in a run on the cut of {later.date} (Continuous toxicity" in page
    assert "<strong>Boundary crossed</strong>" in page and SAID in page
    assert f"Crossed first on the cut of {later.date}." in page and "The boundary over the looks</a>" in page
    assert "Boundary crossed" in client.get(f"{FOLLOWED}alerts/").text
    other = words(client.get(f"{FOLLOWED}{Signal.objects.get(term='Migraine').id}/").text)
    assert "oundary" not in other
    run_on(later_cut(joined_cut, days=62), rows(n_arm=2, flagged=False), used=used)  # below it again
    told = words(client.get(OVERVIEW).text)
    assert "1 finding was beyond one in an earlier run, and what was crossed stays crossed:</strong>" in told
    assert f"{link}, Low dose against Placebo, first on the cut of {later.date}</a>." in told
    assert first not in told
    hide(client)
    for at in (OVERVIEW, here, f"{FOLLOWED}alerts/"):
        hidden = words(client.get(at).text).replace("interval, flag or boundary", "")
        assert "oundar" not in hidden and "rossed" not in hidden, at
    assert f"The run on the cut of {later.date} counted 9/20 (45.0%) v" in words(client.get(here).text)


@pytest.mark.django_db
def test_each_finding_beyond_is_listed_once_however_it_is_spelled(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    used = signed(study, author, bounded(), bounded(term="Migraine"))
    run_on(joined_cut, rows(n_arm=9, flagged=False, term="HEADACHE"), used=used)
    both = (rows(n_arm=9, flagged=False), rows(n_arm=9, flagged=False, term="Migraine"))
    run_on(later_cut(joined_cut), *both, used=used)
    told = words(client_of(study, "dsmb_member").get(OVERVIEW).text)
    assert "2 findings are beyond a boundary of the signed plan:" in told and "earlier run" not in told
    assert "HEADACHE (" not in told and told.count("Headache (preferred") == 1


def test_of_several_at_once_one_tells(
    committed_db: str, open_storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, account = planned_study(open_storage)
    with within(study.id):
        used = signed(study, account, bounded())
        cut = Cut.objects.get(study=study)
        run_on(cut, rows(n_arm=2), used=used)
        monkeypatch.setattr(actions.runs, "raise_signals", lambda **given: (0, 0))
        made = [crossing(later_cut(cut, days=days), used) for days in (31, 62, 93, 124)]
    at_once(lambda number: raise_signals(run=made[number], by=PROCESS))
    with within(study.id):
        assert SignalStep.objects.filter(what=Step.ADD.value).count() == 1
        assert SignalAlert.objects.filter(kind="more").count() == 1
        assert only_signal().version == 2
