"""What is watched, held against every cut, once; who is told, once; the numbers are those of the open report."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pvtracker.accounts.models import Notice
from pvtracker.audit.context import acting
from pvtracker.cuts import derive
from pvtracker.cuts.models import Cut
from pvtracker.cuts.open import load_cut
from pvtracker.cuts.wording import USUAL
from pvtracker.jobs import actions as jobs
from pvtracker.jobs.models import Job
from pvtracker.monitoring import actions, queries
from pvtracker.monitoring.enums import Level, Selection, Standing
from pvtracker.monitoring.models import EarlyWarning, Expectation, Look, WatchedTerm
from pvtracker.monitoring.rules import Expected, WatchRefused
from pvtracker.monitoring.tables import expected_of
from pvtracker.stats import blinded_rate, incidence_rate_exact
from tests.open.monitoring.conftest import freeze_now, watch, work
from tests.open.world import SOMEONE, World


def again(world: World, latest: Expectation, **said: Any) -> Expectation:
    """Another version of what is expected."""
    return actions.expect(
        watched=latest.watched,
        expected=replace(expected_of(latest), **said),
        version=latest.version,
        by=world.people["mona"].actor("medical_monitor"),
    )


def test_the_numbers_are_the_open_reports_and_the_statistics_own(world: World) -> None:
    watch(world, warn_posterior=0.7)
    cut = freeze_now(world)
    work(world)
    look = Look.objects.get()
    data = load_cut(cut)
    people = derive.analysis_set(data, analysis_arm="")
    events = derive.emergent_events(data, people)
    terms = derive.count_terms(people, events, level="PT", selections=["all"], arms=1)[0]
    place = terms.terms.index("Headache")
    assert (
        (look.participants, look.events) == (terms.participants[place, 0], terms.events[place, 0]) == (2, 2)
    )
    assert look.treated == len(people) == 2
    assert look.person_years == terms.person_years[place, 0]
    pooled = incidence_rate_exact(look.participants, look.person_years)
    assert (look.rate, look.rate_low, look.rate_high) == (
        pooled.estimate[0],
        pooled.low[0],
        pooled.high[0],
    )
    told = blinded_rate(look.participants, look.person_years, 0.1, background_years=50.0)
    assert (look.p_exceeds, look.p_margin) == (told.p_exceeds[0], told.p_margin[0])
    assert look.warns and look.needed is not None and look.needed <= 2 and look.problem == ""
    assert look.definitions["counting"] == USUAL["counting"]
    assert "serious" not in look.definitions and "all" in look.definitions


@pytest.mark.parametrize(
    ("level", "name", "members", "counted"),
    [
        (Level.PT, "hEADACHE", (), 2),
        (Level.SOC, "Nervous system disorders", (), 2),
        (Level.SET, "Pain", ("Headache", "bone pain"), 2),
        (Level.PT, "Migraine", (), 0),
    ],
)
def test_a_name_counts_at_its_level_whatever_its_capitals(
    world: World, level: Level, name: str, members: tuple[str, ...], counted: int
) -> None:
    watch(world, name, level, members=members)
    cut = freeze_now(world)
    work(world)
    look = Look.objects.get()
    assert look.participants == counted
    if not counted:
        people = derive.analysis_set(load_cut(cut), analysis_arm="")
        assert look.person_years == pytest.approx(people["follow_up_years"].sum())
        assert not look.warns and look.rate == 0


def test_what_is_not_coded_counts_nowhere_and_is_told(world: World) -> None:
    world.record(verbatim="Something else", onset="2026-03-20", end="2026-03-21")
    watch(world)
    freeze_now(world)
    work(world)
    assert (Look.objects.get().participants, Look.objects.get().not_coded) == (2, 1)
    shown = world.client("sam").get(reverse("pooled_rates", args=["MON"])).content.decode()
    assert "1 event of this cut has no term yet and counts nowhere" in shown


def test_every_cut_and_version_is_looked_at_once_however_often_the_bell_rings(world: World) -> None:
    first = freeze_now(world, date(2026, 3, 1))
    made = watch(world)
    cut = freeze_now(world)
    assert [job.parameters for job in work(world)] == [
        {"cut": str(first.id)},
        {"expectation": str(made.id)},
        {"cut": str(cut.id)},
    ]
    assert {look.cut_id for look in Look.objects.all()} == {first.id, cut.id}
    before = {look.id for look in Look.objects.all()}
    job = Job.objects.filter(task="monitoring.look").latest("created_at")
    again(world, made, rate=0.2, reason="better known")
    work(world)
    assert Look.objects.count() == 4 and before < {look.id for look in Look.objects.all()}
    Job.objects.filter(id=job.id).update(state="queued")
    assert [one.result["looks"] for one in work(world)] == [0]
    assert Look.objects.count() == 4


def test_two_at_once_store_and_tell_once(world: World) -> None:
    """Both have counted before either stores: the second finds the pair of cut and version taken."""
    made = watch(world)
    cut = freeze_now(world)
    both = [actions.look_at(cut=cut, expectations=[made]) for _ in range(2)]
    stored = [actions.keep(study=world.study, looks=looks, by=SOMEONE) for looks in both]
    assert stored == [1, 0]
    assert Look.objects.count() == 1 and EarlyWarning.objects.count() == 1


def test_the_medical_monitor_is_told_when_it_begins_and_not_while_it_goes_on(
    world: World, settings: Any
) -> None:
    settings.MAIL = True
    mona = world.people["mona"]
    type(mona).objects.filter(id=mona.id).update(email="mona@example.org")
    made = watch(world, rate=20.0)  # two participants are fewer than expected
    freeze_now(world, date(2026, 3, 10))
    work(world)
    assert [look.warns for look in Look.objects.all()] == [False] and not EarlyWarning.objects.exists()
    rarer = again(world, made, rate=0.1, reason="a registry says so")
    work(world)
    (warning,) = EarlyWarning.objects.all()
    assert warning.account == mona and warning.look.expectation == rarer
    assert Notice.objects.filter(account=mona).count() == 1 and not mail.outbox
    freeze_now(world)
    work(world)
    assert Look.objects.filter(warns=True).count() == 2 and EarlyWarning.objects.count() == 1


def test_what_earlier_cuts_would_have_shown_is_told_once_and_for_the_latest(world: World) -> None:
    """A term that is watched later is held against the cuts of before; nobody was told then, so they are now."""
    for day in (date(2026, 3, 8), date(2026, 3, 9)):
        freeze_now(world, day)
    latest = freeze_now(world)
    watch(world)
    work(world)
    assert Look.objects.filter(warns=True).count() == 3
    (warning,) = EarlyWarning.objects.all()
    assert warning.look.cut_id == latest.id


def test_it_is_told_anew_when_it_had_ceased(world: World) -> None:
    made = watch(world)
    freeze_now(world, date(2026, 3, 10))
    work(world)
    calmer = again(world, made, rate=20.0, reason="commoner than we thought")
    work(world)
    assert EarlyWarning.objects.count() == 1
    again(world, calmer, rate=0.1, reason="it was rare after all")
    work(world)
    assert EarlyWarning.objects.count() == 2


def test_a_job_that_is_killed_keeps_what_it_had_and_goes_on_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease is kept while a cut is computed; each cut is stored before the next; the end tells once."""
    first, latest = freeze_now(world, date(2026, 3, 10)), freeze_now(world)
    watch(world)
    whole, held = actions.look_at, []

    @contextlib.contextmanager
    def kept(self: jobs.Claim) -> Iterator[None]:
        held.append(True)
        yield
        held.pop()

    def dies_at_the_latest(*, cut: Cut, expectations: list[Expectation]) -> list[Look]:
        assert held, "nobody renews the lease"
        if cut == latest:
            raise RuntimeError
        return whole(cut=cut, expectations=expectations)

    monkeypatch.setattr(jobs.Claim, "kept", kept)
    monkeypatch.setattr(actions, "look_at", dies_at_the_latest)
    job = Job.objects.filter(task="monitoring.look").latest("created_at")
    jobs.run(str(job.id), actions.look_job)
    job.refresh_from_db()
    assert job.state == "queued" and [look.cut for look in Look.objects.all()] == [first]
    assert Look.objects.get().warns and not EarlyWarning.objects.exists()
    monkeypatch.setattr(actions, "look_at", whole)
    jobs.run(str(job.id), actions.look_job)
    job.refresh_from_db()
    assert (job.state, job.result["looks"], Look.objects.count()) == ("done", 1, 2)
    (warning,) = EarlyWarning.objects.all()
    assert warning.look.cut == latest, "the earlier cut warned too, but nobody was told of it"


@pytest.mark.parametrize("said", [{"rate": 20.0}, {"in_force": False}, {"rate": 0.11}])
def test_nobody_is_told_of_an_expectation_that_is_no_longer_in_force(
    world: World, said: dict[str, Any]
) -> None:
    """It is changed or ended between counting and storing. What is in force then is told for itself."""
    made = watch(world)
    cut = freeze_now(world)
    counted = actions.look_at(cut=cut, expectations=[made])
    assert counted[0].warns
    later = again(world, made, reason="changed meanwhile", **said)
    assert actions.keep(study=world.study, looks=counted, by=SOMEONE) == 1
    assert Look.objects.get().expectation == made and not EarlyWarning.objects.exists()
    work(world)
    told = [warning.look.expectation for warning in EarlyWarning.objects.all()]
    assert told == ([later] if said == {"rate": 0.11} else [])


def test_storing_and_changing_wait_for_each_other(world: World) -> None:
    """Each takes the lock of the watched term before it reads or writes anything of it."""
    made = watch(world)
    cut = freeze_now(world)
    counted = actions.look_at(cut=cut, expectations=[made])
    acts: list[Callable[[], object]] = [
        lambda: actions.keep(study=world.study, looks=counted, by=SOMEONE),
        lambda: again(world, made, rate=0.2, reason="other"),
    ]
    for act in acts:
        with CaptureQueriesContext(connection) as asked:
            act()
        said = [one["sql"] for one in asked.captured_queries]
        place = {
            word: next(i for i, sql in enumerate(said) if word in sql)
            for word in (f"pg_advisory_xact_lock({actions.LOCK}, ", "monitoring_")
        }
        lock, touched = place.values()
        assert lock < touched and str(made.watched_id) in said[lock]


def test_a_cut_that_cannot_be_read_keeps_the_others_not_waiting(world: World, storage: Any) -> None:
    broken, whole = freeze_now(world, date(2026, 3, 8)), freeze_now(world)
    file = storage / str(broken.id) / "adverse_events.parquet"
    file.chmod(0o600)
    file.write_bytes(b"altered")
    watch(world)
    done = work(world)
    assert [look.cut_id for look in Look.objects.all()] == [whole.id]
    assert done[-1].result["unreadable"] == [str(broken.id)]


def test_ended_watching_looks_no_more_and_can_begin_again(world: World) -> None:
    made = watch(world)
    ended = again(world, made, in_force=False, reason="enough is known")
    cut = freeze_now(world)
    work(world)
    assert not Look.objects.exists()
    assert [one.standing for one in queries.watches(world.study, cut)] == [Standing.STOPPED]
    again(world, ended, in_force=True, reason="a new paper")
    work(world)
    assert Look.objects.count() == 1


def test_without_follow_up_nothing_is_said(world: World) -> None:
    watch(world)
    freeze_now(world, date(2026, 1, 20))  # nobody is treated yet
    work(world)
    look = Look.objects.get()
    assert (look.person_years, look.rate, look.warns) == (0, None, False)
    assert look.problem == "No follow-up yet: nothing can be said."


def test_what_was_written_stays(world: World) -> None:
    watch(world)
    freeze_now(world)
    work(world)
    for table in ("watchedterm", "expectation", "look"):
        for statement in ("update {} set study_id = study_id", "delete from {}"):
            with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
                acting(by=SOMEONE, reason="", source="test")
                cursor.execute(statement.format(f"monitoring_{table}"))


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"rate": 0.0}, "rate"),
        ({"rate": float("nan")}, "rate"),
        ({"years": 0.0}, "years"),
        ({"ratio_active": 0.0}, "ratio"),
        ({"ratio_reference": 101.0}, "ratio"),
        ({"margin": 0.5}, "margin"),
        ({"warn_posterior": 1.0}, "warn_posterior"),
        ({"warn_predictive": 0.0}, "warn_predictive"),
        ({"members": ("Headache",)}, "terms"),
        ({"based_on": " "}, "based_on"),
        ({"reason": "x" * 1001}, "reason"),
    ],
)
def test_what_cannot_be_expected_is_refused(world: World, said: dict[str, Any], field: str) -> None:
    with pytest.raises(WatchRefused) as refused:
        watch(world, **said)
    assert refused.value.field == field
    assert not Expectation.objects.exists()


def test_what_is_watched_already_or_was_changed_meanwhile_is_refused(world: World) -> None:
    made = watch(world)
    with pytest.raises(WatchRefused, match="watched already"):
        watch(world, "HEADACHE")
    with pytest.raises(WatchRefused, match="at least one term"):
        watch(world, "Pain", Level.SET)
    again(world, made, reason="first")
    with pytest.raises(WatchRefused, match="meanwhile"):
        again(world, made, reason="second")
    assert Expectation.objects.count() == 2


@pytest.mark.parametrize("name", ["Headache", "HEADACHE"])
def test_the_second_of_two_submits_at_once_is_refused_in_words(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looked before the first was stored: only the constraint sees it, in whatever capitals."""
    watch(world)
    monkeypatch.setattr(queries, "is_watched", lambda *named: False)
    with pytest.raises(WatchRefused, match="watched already") as refused:
        watch(world, name)
    assert refused.value.field == "name"
    assert WatchedTerm.objects.count() == Expectation.objects.count() == 1
    watch(world, name, Level.SOC)
    assert WatchedTerm.objects.count() == 2


def test_the_command_says_what_the_pages_say_and_looks_once(
    world: World, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="no data cut"):
        call_command("monitor_pooled", "MON")
    freeze_now(world, date(2026, 3, 10))
    cut = freeze_now(world)
    with pytest.raises(CommandError, match="Nothing is watched in study MON"):
        call_command("monitor_pooled", "MON")
    watch(world, warn_posterior=0.7)
    path = tmp_path / "rows.json"
    call_command("monitor_pooled", "MON", "--json", str(path))
    said = capsys.readouterr().out
    assert "EARLY WARNING" in said and str(cut.sha256) in said and "Headache (PT, all)" in said
    (row,) = json.loads(path.read_text())
    work(world)
    look = Look.objects.get(cut=cut)
    assert Look.objects.count() == 2 and EarlyWarning.objects.count() == 1
    assert row["participants"] == look.participants and row["p_margin"] == look.p_margin
    assert row["expectation"]["years"] == 50.0 and row["cut_sha256"] == cut.sha256
    assert not any("arm" in name for name in row), "no name of a column speaks of an arm"
    with pytest.raises(CommandError, match="no cut 0000"):
        call_command("monitor_pooled", "MON", "--cut", "00000000-0000-0000-0000-000000000001")


def test_rows_do_not_depend_on_when_they_were_made(world: World) -> None:
    made = watch(world)
    cut = freeze_now(world)
    twice = [actions.look_at(cut=cut, expectations=[made])[0] for _ in range(2)]
    from pvtracker.monitoring.rows import to_row

    assert to_row(twice[0]) == to_row(twice[1])
    assert asdict(Expected(rate=1, years=1, based_on="a", reason="b"))["in_force"] is True
    assert set(Selection.values) == set(derive.SELECTIONS)
    assert set(Level.values) == {*derive.LEVELS, "set"}
