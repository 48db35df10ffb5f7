"""The sealer leaves the machine to a mass of writes, and hurries once that has ended, lasted, or hidden a signature."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator

import psycopg
import pytest

from pvtracker.audit import sealing
from pvtracker.audit.tables import WEIGHTY
from pvtracker.ops.rooms import Installation
from tests.wall.trail import act, ask, connected, make_report, make_study

BOTH = pytest.mark.parametrize("room", ["open", "closed"])
SOME = 60  # entries by one statement: more than a batch has here
MADE = (
    "insert into accounts_account (id, username, full_name, email, person, is_active, created_at, password, reopenable)"
    " select v, 'u' || v, 'New', '', gen_random_uuid(), true, now(), '!', false"
    " from (select gen_random_uuid() as v from generate_series(1, %s)) made"
)


@pytest.fixture
def sealer(
    rooms: Installation, room: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Nothing waits; a batch is small, and a short go is one batch."""
    monkeypatch.setattr(sealing, "BATCH", 50)
    monkeypatch.setattr(sealing, "GO_SECONDS", 0.0)
    monkeypatch.setattr(sealing, "MOST_BATCHES", 1_000)
    with psycopg.connect(rooms.sealer_url(room), autocommit=True) as connection:
        while sealing.seal(connection)[1]:
            pass
        yield connection


def write(rooms: Installation, room: str, times: int) -> None:
    with connected(rooms, room, "login") as own:
        act(own)
        for _ in range(times):
            own.execute(MADE, [SOME])


@BOTH
def test_beside_a_mass_of_writes_a_go_is_short(
    rooms: Installation, room: str, sealer: psycopg.Connection[tuple[object, ...]]
) -> None:
    now = [0.0]
    pace = sealing.Pace(clock=lambda: now[0])
    write(rooms, room, 5)
    assert pace.go(sealer) == SOME and pace.behind == 0.0
    write(rooms, room, 1)
    assert pace.go(sealer) == SOME, "they write on"
    assert pace.go(sealer) == 4 * SOME and pace.behind is None, "nothing new came: the mass has ended"

    write(rooms, room, 5)
    assert pace.go(sealer) == SOME
    now[0] = sealing.PATIENCE - 1
    write(rooms, room, 1)
    assert pace.go(sealer) == SOME
    now[0] = sealing.PATIENCE
    write(rooms, room, 1)
    assert pace.go(sealer) == 5 * SOME and pace.behind is None, "something waited for so long"


@BOTH
def test_a_report_behind_a_mass_of_writes_is_sealed_at_once(
    rooms: Installation, room: str, sealer: psycopg.Connection[tuple[object, ...]]
) -> None:
    study = make_study(rooms, room, f"P-{uuid.uuid4().hex[:6]}")
    pace = sealing.Pace()
    write(rooms, room, 5)
    pace.go(sealer)
    make_report(rooms, room, study)
    write(rooms, room, 1)
    assert sealing.weight_waits(sealer)
    pace.go(sealer)
    assert pace.behind is None and not sealing.weight_waits(sealer)
    assert not ask(rooms, room, "select 1 from audit.waiting")


@BOTH
def test_what_weighs_is_found_by_its_index(
    rooms: Installation, room: str, sealer: psycopg.Connection[tuple[object, ...]]
) -> None:
    """The index names the same tables as the list; another list would read every entry."""
    sealer.execute("set enable_seqscan = off")
    plan = sealer.execute(
        "explain select from audit.entry e where e.table_name = any(%s)", [list(WEIGHTY)]
    ).fetchall()
    assert any("entry_that_weighs" in str(line) for line in plan), plan
    other = sealer.execute(
        "explain select from audit.entry e where e.table_name = any(%s)", [[*WEIGHTY, "another"]]
    ).fetchall()
    assert not any("entry_that_weighs" in str(line) for line in other), other


def test_a_go_is_a_tenth_of_the_time_and_patience_ends_before_the_check_complains() -> None:
    from pvtracker.audit.verify import LATE

    assert math.isclose(sealing.GO_SECONDS / sealing.EVERY_SECONDS, 0.1)
    assert LATE.total_seconds() / 2 >= sealing.PATIENCE and sealing.PATIENCE < sealing.ANCHOR_SECONDS
