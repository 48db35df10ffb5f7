"""Two studies at once over five connections, with faults everywhere: nothing of one is seen or written in the other.

Requests go through the middlewares and pages, or through `OneTransaction` with a view that forgets every filter; tasks
go through job rows. Meanwhile connections are cut and views raise after they wrote. The control sets the study for the
session instead of the transaction, and has to show rows of the other study.
"""

from __future__ import annotations

import itertools
import json
import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError, connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from psycopg_pool import PoolTimeout

from pvtracker.accounts.roles import Permission
from pvtracker.audit import context
from pvtracker.audit.context import Actor, acting
from pvtracker.events.models import AdverseEvent
from pvtracker.jobs import actions as jobs
from pvtracker.studies.actions import SiteEntry, put_sites
from pvtracker.studies.models import Membership, Site
from pvtracker.studies.queries import study_for
from pvtracker.web.middleware import OneTransaction
from tests.isolation_checks import administrator
from tests.open.world import World, make_world

STEPS, THREADS, CONNECTIONS = 10_400, 8, 5
CUT = (OperationalError, InterfaceError, PoolTimeout)


class Fault(RuntimeError):
    """What a view or task raises in the middle."""


@dataclass(slots=True)
class Side:
    """One study with somebody who works in it; `word` stands in everything that tells its data."""

    word: str
    world: World
    clients: list[Client]
    sessions: list[Any]

    @property
    def study(self) -> uuid.UUID:
        return self.world.study.id

    @property
    def by(self) -> Actor:
        return self.world.people["alice"].actor("investigator")


@dataclass(slots=True)
class Seen:
    """What came of a run. `written`: code of a site → study and actor of those who were told that it is stored."""

    steps: Counter[str] = field(default_factory=Counter)
    foreign: list[str] = field(default_factory=list)
    written: dict[str, tuple[uuid.UUID, str]] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Step:
    """What one step works with."""

    thread: int
    chance: random.Random
    own: Side
    other: Side
    seen: Seen

    def new_code(self) -> str:
        return f"{self.own.word[0]}{self.chance.getrandbits(60):x}"

    def look(self, rows: list[tuple[Any, str]], where: str) -> None:
        """Rows that were shown without any filter."""
        self.seen.foreign += [f"{where}: {text}" for study, text in rows if study != self.own.study]


def rows() -> list[tuple[Any, str]]:
    """Everything that is shown, as code that forgot to say of which study."""
    with connection.cursor() as cursor:
        cursor.execute(
            "(select study_id, verbatim from events_adverseevent) union all"
            " (select study_id, code from studies_site limit 20)"
        )
        return list(cursor.fetchall())


# --- requests ---------------------------------------------------------------------------------------------------------
def page(step: Step) -> None:
    answer = step.own.clients[step.thread].get(
        step.own.world.url(step.chance.choice(["adverse-events/", "queries/"]))
    )
    text = answer.content.decode()
    assert answer.status_code in (200, 500), answer.status_code  # 500: its connection was cut
    if step.other.word in text:
        step.seen.foreign.append(f"page: {step.other.word}")


def foreign_page(step: Step) -> None:
    answer = step.own.clients[step.thread].get(step.other.world.url("adverse-events/"))
    assert answer.status_code in (404, 500), answer.status_code
    if step.other.word in answer.content.decode():
        step.seen.foreign.append("page of the other study")


def call(step: Step, view: Callable[..., HttpResponse]) -> HttpResponse:
    """A view as the last middleware calls it."""
    request = RequestFactory().get("/")
    request.user, request.session = step.own.world.people["alice"], step.own.sessions[step.thread]
    request.user.__dict__.pop("_memberships", None)
    return OneTransaction(lambda _: HttpResponse()).process_view(request, view, (), {})


def reading(step: Step) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        study_for(request.user, step.own.world.study.code, Permission.READ_PARTICIPANTS)
        found = rows()
        assert found
        return HttpResponse(json.dumps([(str(study), text) for study, text in found]))

    told = json.loads(call(step, view).content)
    step.look([(uuid.UUID(study), text) for study, text in told], "view")


def reading_without_a_study(step: Step) -> None:
    """People see their own memberships with their sites, and nothing else."""

    def view(request: HttpRequest) -> HttpResponse:
        step.seen.foreign += [
            f"no study: {text}" for text in AdverseEvent.objects.values_list("verbatim", flat=True)
        ]
        step.look(list(Membership.objects.values_list("study_id", "role")), "memberships")
        step.look(list(Site.objects.values_list("study_id", "code")), "sites of memberships")
        return HttpResponse()

    call(step, view)


def writing(step: Step) -> None:
    code, fails = step.new_code(), step.chance.random() < 0.3

    def view(request: HttpRequest) -> HttpResponse:
        study = study_for(request.user, step.own.world.study.code, Permission.READ_PARTICIPANTS)
        put_sites(study=study, sites=[SiteEntry(code)], by=step.own.by)
        if fails and code[-1] < "8":
            raise Fault
        return HttpResponse(status=500 if fails else 200)

    step.seen.undone |= {code} if fails else set()
    call(step, view)
    if not fails:
        step.seen.written[code] = (step.own.study, step.own.by.id)


def writing_into_the_other(step: Step) -> None:
    """A forged key in a form, past every check of ours."""

    def view(request: HttpRequest) -> HttpResponse:
        study_for(request.user, step.own.world.study.code, Permission.READ_PARTICIPANTS)
        Site.objects.create(study_id=step.other.study, code=step.new_code())
        step.seen.foreign.append("a row of the other study was written")
        return HttpResponse()

    with pytest.raises((ProgrammingError, *CUT)):
        call(step, view)


# --- tasks ------------------------------------------------------------------------------------------------------------
def task(step: Step) -> None:
    code, fails = step.new_code(), step.chance.random() < 0.3
    study = step.own.world.study
    job = jobs.enqueue(task="jobs.rehearse", study_id=study.id, parameters={}, by=step.own.by)
    claim = jobs.claim(job.id)
    assert claim is not None
    step.seen.undone |= {code} if fails else set()
    with claim.completing():
        put_sites(study=study, sites=[SiteEntry(code)], by=step.own.by)
        step.look(rows(), "task")
        if fails:
            raise Fault
    step.seen.written[code] = (study.id, step.own.by.id)


def reading_task(step: Step) -> None:
    with context.within(step.own.study):
        step.look(rows(), "reading task")


def forgetful_task(step: Step) -> None:
    """A task that enters no study is shown nothing, whoever had its connection before."""
    with transaction.atomic():
        acting(by=Actor.process("test"), reason="", source="test")
        step.seen.foreign += [f"forgetful task: {text}" for _, text in rows()]


# Of a hundred steps, how many are of each kind. A page is drawn rarely: what it costs, a hundred others cost.
REQUESTS = {
    page: 2,
    foreign_page: 2,
    reading: 18,
    reading_without_a_study: 10,
    writing: 7,
    writing_into_the_other: 9,
}
TASKS = {task: 8, reading_task: 26, forgetful_task: 18}


def run(sides: tuple[Side, Side], *, steps: int, kinds: dict[Callable[[Step], None], int], cut: bool) -> Seen:
    """The steps spread over threads, each connection given back after each step; `cut` ends some at any moment."""
    seen, numbers, ended = Seen(), itertools.count(), threading.Event()
    broken: list[BaseException] = []

    def work(thread: int) -> None:
        chance = random.Random(thread)
        try:
            while next(numbers) < steps and not broken:
                own, other = chance.sample(sides, 2)
                [kind] = chance.choices(list(kinds), kinds.values())
                one(kind, Step(thread, chance, own, other, seen))
        except BaseException as fault:  # told by the main thread
            broken.append(fault)
        finally:
            connections.close_all()

    def one(kind: Callable[[Step], None], step: Step) -> None:
        seen.steps[kind.__name__] += 1
        try:
            kind(step)
        except Fault:
            seen.steps["raised"] += 1
        except CUT:
            seen.steps["cut"] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    cutter = threading.Thread(target=_cut_connections, args=(ended,))
    for thread in (*threads, *([cutter] if cut else [])):
        thread.start()
    for thread in threads:
        thread.join()
    ended.set()
    if cut:
        cutter.join()
    if broken:
        raise broken[0]
    return seen


def _cut_connections(ended: threading.Event) -> None:
    chance = random.Random(7)
    with administrator() as own:
        own.autocommit = True
        while not ended.wait(0.1):
            pids = own.execute(
                "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
                " and backend_type = 'client backend'"
            ).fetchall()
            if pids:
                own.execute("select pg_terminate_backend(%s)", chance.choice(pids))


# --- the tests --------------------------------------------------------------------------------------------------------
@pytest.fixture
def sides(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Side, Side]]:
    monkeypatch.setattr("pvtracker.celery.app.send_task", lambda name, args: None)
    jobs.known_tasks()  # a process imports its tasks once; eight threads at once would meet half of them
    made = tuple(_side(word) for word in ("alphaword", "betaword"))
    connections.close_all()
    known = connection.settings_dict
    monkeypatch.setitem(known, "CONN_MAX_AGE", 0)
    pool = {"min_size": CONNECTIONS, "max_size": CONNECTIONS, "timeout": 30}
    monkeypatch.setitem(known, "OPTIONS", {**known["OPTIONS"], "pool": pool})
    yield made  # type: ignore[misc]  # two of them
    connections.close_all()
    connection.close_pool()


def _side(word: str) -> Side:
    world = make_world(word[:5].upper())
    for number in range(4):
        world.record(verbatim=f"{word} {number}")
    clients = [world.client("alice") for _ in range(THREADS)]
    for client in clients:
        client.raise_request_exception = False
    return Side(word, world, clients, [client.session for client in clients])


def test_ten_thousand_requests_and_tasks_of_two_studies_share_five_connections(
    sides: tuple[Side, Side],
) -> None:
    seen = run(sides, steps=STEPS, kinds=REQUESTS | TASKS, cut=True)
    steps = sum(seen.steps[kind.__name__] for kind in REQUESTS | TASKS)
    assert steps >= 10_000
    assert seen.foreign == []
    assert seen.steps["raised"] > 100 and seen.steps["cut"] > 10, seen.steps
    assert min(seen.steps[kind.__name__] for kind in REQUESTS | TASKS) > 100, seen.steps
    with administrator() as own:
        stored = dict(own.execute("select code, study_id from studies_site where code !~ '^0'").fetchall())
        trail = own.execute(
            "select new ->> 'code', study_id, actor from audit.entry where table_name = 'studies_site'"
            " and operation = 'insert' and new ->> 'code' !~ '^0'"
        ).fetchall()
    studies = {side.word[0]: side.study for side in sides}
    assert {code for code, study in stored.items() if studies[code[0]] != study} == set(), (
        "in the wrong study"
    )
    assert seen.written.keys() <= stored.keys() and len(seen.written) > 500, (
        "what was told as stored is there"
    )
    assert not seen.undone & stored.keys(), "what was rolled back is not"
    actors = {side.word[0]: side.by.id for side in sides}
    assert {code for code, _, _ in trail} == stored.keys()
    assert [row for row in trail if (row[1], row[2]) != (studies[row[0][0]], actors[row[0][0]])] == []


def test_a_setting_of_the_session_would_show_rows_of_the_other_study(
    sides: tuple[Side, Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same steps, but the study outlives its transaction."""

    def enter(study: str) -> str:
        with connection.cursor() as cursor:
            cursor.execute("select set_config('pv.study', %s, false)", [study])
        return ""

    monkeypatch.setattr(context, "_enter", enter)
    seen = run(sides, steps=400, kinds={reading_task: 1, forgetful_task: 1}, cut=False)
    assert len(seen.foreign) > 50, "the control must show foreign rows, or the test above shows nothing"


def test_the_pool_holds_five_connections(sides: tuple[Side, Side]) -> None:
    run(sides, steps=50, kinds={reading_task: 1}, cut=False)
    with administrator() as own:
        found = own.execute(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            " and backend_type = 'client backend'"
        ).fetchone()
    assert found == (CONNECTIONS,)
