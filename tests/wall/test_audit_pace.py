"""The sealer leaves the machine to a mass of writes, and hurries once that has ended, lasted, or hidden a signature."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

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


class Anchors:
    """The file of anchors, in memory, which may fail."""

    BadAnchor = ValueError

    def __init__(self, seq: int) -> None:
        self.written, self.full = [SimpleNamespace(seq=seq)], False

    def path_of(self, folder: Path) -> Path:
        return folder

    def read(self, path: Path) -> list[SimpleNamespace]:
        return self.written

    def write(self, *, seq: int, digest: bytes, at: object, folder: Path) -> None:
        if self.full:
            raise OSError("no space left")
        self.written.append(SimpleNamespace(seq=seq))


@pytest.fixture
def anchors(sealer: psycopg.Connection[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch) -> Anchors:
    """The chain is anchored to its end."""
    found = sealer.execute("select seq from audit.head").fetchone()
    made = Anchors(int(str(found[0])) if found else 0)
    monkeypatch.setattr(sealing, "anchors", made)
    return made


@BOTH
def test_a_report_whose_anchor_failed_is_anchored_at_the_next_go(
    rooms: Installation, room: str, anchors: Anchors, tmp_path: Path
) -> None:
    own = sealing.Sealer(url=rooms.sealer_url(room), folder=tmp_path, clock=lambda: 0.0)
    own.step()
    make_report(rooms, room, make_study(rooms, room, f"A-{uuid.uuid4().hex[:6]}"))
    anchors.full = True
    with pytest.raises(OSError, match="no space"):
        own.step()
    anchors.full = False
    own.step()
    assert len(anchors.written) == 2
    own.step()
    assert len(anchors.written) == 2, "and once"
    own.close()


@BOTH
def test_a_report_that_was_sealed_before_the_connection_broke_is_anchored(
    rooms: Installation, room: str, anchors: Anchors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = sealing.Sealer(url=rooms.sealer_url(room), folder=tmp_path, clock=lambda: 0.0)
    own.step()
    make_report(rooms, room, make_study(rooms, room, f"B-{uuid.uuid4().hex[:6]}"))

    def broken(connection: object) -> None:
        raise psycopg.OperationalError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(sealing, "_head", broken)
        with pytest.raises(psycopg.OperationalError):
            own.step()
    assert len(anchors.written) == 1 and not ask(rooms, room, "select 1 from audit.waiting")
    own.step()
    assert len(anchors.written) == 2
    own.close()


@BOTH
def test_a_restart_does_not_begin_the_quarter_of_an_hour_anew(
    rooms: Installation, room: str, anchors: Anchors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "ANCHOR_SECONDS", 1.0)
    make_study(rooms, room, f"C-{uuid.uuid4().hex[:6]}")
    for pause, written in ((0.0, 1), (1.1, 2)):
        time.sleep(pause)
        own = sealing.Sealer(url=rooms.sealer_url(room), folder=tmp_path, clock=lambda: 0.0)
        own.step()
        own.close()
        assert len(anchors.written) == written


def test_a_go_is_a_tenth_of_the_time_and_patience_ends_before_the_check_complains() -> None:
    from pvtracker.audit.verify import LATE

    assert math.isclose(sealing.GO_SECONDS / sealing.EVERY_SECONDS, 0.1)
    assert LATE.total_seconds() / 2 >= sealing.PATIENCE and sealing.PATIENCE < sealing.ANCHOR_SECONDS
