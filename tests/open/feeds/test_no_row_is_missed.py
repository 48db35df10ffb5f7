"""The feed under concurrent writers: no row missed, none doubled, numbers dense; the naive cursor misses
rows.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import connection, connections

from pvtracker.audit.context import Actor, within
from pvtracker.feeds import actions
from pvtracker.feeds.models import FeedEntry, FeedHead
from pvtracker.studies.actions import StudyEntry, create_study
from tests.isolation_checks import administrator

BY = Actor.process("test")
WRITERS, TRANSACTIONS = 16, 60


def dsn() -> str:
    settings = connection.settings_dict
    return psycopg.conninfo.make_conninfo(
        dbname=settings["NAME"], user=settings["USER"], password=settings["PASSWORD"], host=settings["HOST"]
    )


def write(number: int, study: uuid.UUID, committed: set[uuid.UUID], guard: threading.Lock) -> None:
    """Transactions of random length; some take their transaction id early, some roll back, some use
    savepoints.
    """
    chance = random.Random(number)
    with psycopg.connect(dsn(), autocommit=True) as own:
        for _ in range(TRANSACTIONS):
            event, keep = uuid.UUID(int=chance.getrandbits(128)), chance.random() > 0.1
            own.execute("begin")
            enter(own, study)
            if chance.random() < 0.5:
                own.execute("select pg_current_xact_id()")
                time.sleep(chance.random() * 0.004)
            if chance.random() < 0.3:
                own.execute("savepoint s")
                insert(own, study, uuid.UUID(int=chance.getrandbits(128)))
                own.execute("rollback to savepoint s")
            insert(own, study, event)
            time.sleep(chance.random() * 0.01)
            own.execute("commit" if keep else "rollback")
            if keep:
                with guard:
                    committed.add(event)


def enter(own: psycopg.Connection[tuple[object, ...]], study: uuid.UUID) -> None:
    own.execute("select set_config('pv.study', %s, true)", [str(study)])


def insert(own: psycopg.Connection[tuple[object, ...]], study: uuid.UUID, event: uuid.UUID) -> None:
    own.execute(
        "insert into audit_outbox (study_id, kind, object_id, version, operation, recorded_at, numbered)"
        " values (%s, 'adverse_event', %s, 1, 'created', %s, false)",
        [study, event, datetime.now(UTC)],
    )


def read_naively(study: uuid.UUID, stop: threading.Event, seen: set[uuid.UUID]) -> None:
    """The negative control: a cursor on the auto-increment id."""
    last = 0
    with psycopg.connect(dsn(), autocommit=True) as own:
        while not stop.is_set():
            with own.transaction():
                enter(own, study)
                rows = own.execute(
                    "select id, object_id from audit_outbox where study_id = %s and id > %s order by id",
                    [study, last],
                ).fetchall()
            for identifier, event in rows:
                last = identifier
                seen.add(event)
            time.sleep(0.002)


def give_numbers(study: uuid.UUID, stop: threading.Event, faults: list[str]) -> None:
    """One of several processes that number; each meets the end of its connection now and then."""
    chance = random.Random(1)
    try:
        while not stop.is_set():
            try:
                actions.number(study, most=7)
            except Exception as fault:  # the connection that the test cut
                faults.append(type(fault).__name__)
                connections["default"].close()
            if chance.random() < 0.05:
                connections["default"].close()
    finally:
        connections["default"].close()


def read_by_number(study: uuid.UUID, stop: threading.Event, seen: list[uuid.UUID]) -> None:
    """A consumer: goes on from its last number, and restarts from its stored cursor now and then."""
    last = 0
    with psycopg.connect(dsn(), autocommit=True) as own:
        while True:
            ending = stop.is_set()
            with own.transaction():
                enter(own, study)
                rows = own.execute(
                    "select sequence, event_id from feeds_feedentry where study_id = %s and sequence > %s"
                    " order by sequence limit 50",
                    [study, last],
                ).fetchall()
            for sequence, event in rows:
                assert sequence == last + 1, "a hole: a number was seen before a smaller one"
                last = sequence
                seen.append(event)
            if ending and not rows:
                return


def test_no_row_is_missed_with_concurrent_writers_and_the_naive_cursor_misses_some(committed_db: str) -> None:
    study = create_study(entry=StudyEntry(code="FEED", title="Feed"), by=BY).id
    committed: set[uuid.UUID] = set()
    naive: set[uuid.UUID] = set()
    consumers: list[list[uuid.UUID]] = [[], [], []]
    faults: list[str] = []
    guard, written, numbered = threading.Lock(), threading.Event(), threading.Event()
    writers = [threading.Thread(target=write, args=(n, study, committed, guard)) for n in range(WRITERS)]
    sequencers = [threading.Thread(target=give_numbers, args=(study, written, faults)) for _ in range(2)]
    readers = [threading.Thread(target=read_by_number, args=(study, numbered, seen)) for seen in consumers]
    control = threading.Thread(target=read_naively, args=(study, written, naive))
    for thread in (*readers, control, *sequencers, *writers):
        thread.start()
    with administrator() as own:
        own.autocommit = True
        while any(thread.is_alive() for thread in writers):
            # cut the sequencers' connections, as a kill would
            own.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                " and query like '%%audit_outbox%%' and query like '%%feeds_feedentry%%' and pid <> pg_backend_pid()"
            )
            time.sleep(0.15)
    for thread in writers:
        thread.join()
    written.set()
    for thread in (*sequencers, control):
        thread.join()
    while actions.number(study):
        pass
    numbered.set()
    for thread in readers:
        thread.join()

    assert len(committed) > WRITERS * TRANSACTIONS * 0.7
    for seen in consumers:
        assert len(seen) == len(set(seen)), "delivered twice under two numbers"
        assert set(seen) == committed
    with within(study):
        numbers = list(
            FeedEntry.objects.filter(study_id=study).order_by("sequence").values_list("sequence", flat=True)
        )
        assert numbers == list(range(1, len(committed) + 1))
        assert FeedHead.objects.get(study_id=study).last_sequence == len(committed)
    missed = len(committed - naive)
    assert missed > 0, "the control must miss rows, or this test shows nothing"


@pytest.mark.django_db
def test_numbering_again_gives_nothing_new() -> None:
    study = create_study(entry=StudyEntry(code="FEED", title="Feed"), by=BY)
    with connection.cursor() as cursor:
        for _ in range(3):
            cursor.execute(
                "insert into audit_outbox (study_id, kind, object_id, version, operation, recorded_at, numbered)"
                " values (%s, 'adverse_event', gen_random_uuid(), 1, 'created', now(), false)",
                [study.id],
            )
    assert actions.number(study.id) == 3
    assert actions.number(study.id) == 0
    assert actions.number_all() == 0
