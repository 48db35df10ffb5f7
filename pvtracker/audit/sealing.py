"""Sealing: committed entries get dense numbers and become links of the chain; from time to time the head is anchored.

It is done by a login of its own, which only the scheduler and `verify_audit` are given. Two sealers at once do no harm:
the database lets one at a time add links.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from pvtracker.audit import anchors
from pvtracker.audit.tables import WEIGHTY

BATCH = 5_000
EVERY_SECONDS = 2.0  # from one go of the scheduler to the next
GO_SECONDS = 0.1 * EVERY_SECONDS  # after a mass of writes: sealing waits for the writers, not they for it
PATIENCE = 5 * 60.0  # seconds of waiting entries before a go is long; less than between two anchors
MOST_BATCHES = 20  # in a long go, so that the other steps of the scheduler get their turn
ANCHOR_SECONDS = 15 * 60.0


@dataclass(slots=True)
class Pace:
    """How long the sealer works at a time.

    A tenth of one core beside a mass of writes, because those writers need the rest; all it can once the mass has
    ended, once something waited for `PATIENCE`, and where a signature or a report waits for its anchor.
    """

    clock: Callable[[], float] = time.monotonic
    newest: int = field(default=0, init=False)  # row of `audit.waiting` that the last go saw
    behind: float | None = field(default=None, init=False)  # since when goes leave entries to the next

    def go(self, connection: psycopg.Connection[tuple[Any, ...]]) -> int:
        """Seal for as long as it is this go's to take; returns how many entries."""
        came = self._came(connection)
        hurry = self.behind is not None and (
            came < BATCH or self.clock() - self.behind >= PATIENCE or weight_waits(connection)
        )
        sealed, more = seal(connection, seconds=math.inf if hurry else GO_SECONDS)
        if not more:
            self.behind = None
        elif self.behind is None:
            self.behind = self.clock()
        return sealed

    def _came(self, connection: psycopg.Connection[tuple[Any, ...]]) -> int:
        """How many entries are new since the last go."""
        found = connection.execute(
            "select coalesce(sum(amount), 0)::bigint, coalesce(max(id), %s) from audit.waiting where id > %s",
            [self.newest, self.newest],
        ).fetchone()
        came, self.newest = found or (0, self.newest)
        return int(came)


@dataclass(slots=True)
class Sealer:
    """Seals what waits and anchors when it is due; call `step` every `EVERY_SECONDS`."""

    url: str
    folder: Path
    clock: Callable[[], float] = time.monotonic
    pace: Pace = field(default_factory=Pace)
    _connection: psycopg.Connection[tuple[Any, ...]] | None = field(default=None, init=False)
    _anchored: int | None = field(default=None, init=False)  # link of the last anchor
    _due: float = field(default=0.0, init=False)
    _searched: int = field(default=0, init=False)  # up to this link it is known whether something weighs
    _owed: bool = field(default=False, init=False)  # something that weighs has no anchor yet

    def step(self) -> int:
        """Seal what is committed; returns how many entries. Anchors at once what weighs, else every 15 minutes."""
        try:
            return self._step()
        except psycopg.Error:
            self.close()  # the next step tries a new connection
            raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _step(self) -> int:
        if self._connection is None:
            self._connection = psycopg.connect(self.url, autocommit=True, application_name="pvtracker-sealer")
        connection = self._connection
        sealed = self.pace.go(connection)
        if self._anchored is None:
            self._anchored = self._searched = max((anchor.seq for anchor in _known(self.folder)), default=0)
            self._due = self.clock() + ANCHOR_SECONDS - _age(connection, self._anchored + 1)
        head = int(_head(connection)[0])
        if head > self._searched:
            self._owed = self._owed or weighs(connection, after=self._searched)
            self._searched = head
        if self._owed or self.clock() >= self._due:
            self._anchored = anchor(connection, folder=self.folder, anchored=self._anchored)
            self._due, self._owed = self.clock() + ANCHOR_SECONDS, False
        return sealed


def seal(connection: psycopg.Connection[tuple[Any, ...]], *, seconds: float = math.inf) -> tuple[int, bool]:
    """Add committed entries to the chain for about so long, and at most `MOST_BATCHES`.

    Returns how many, and whether more may wait.
    """
    total, begun = 0, time.monotonic()
    for _ in range(MOST_BATCHES):
        [sealed] = connection.execute("select audit.seal(%s)", [BATCH]).fetchone() or [0]
        total += sealed
        if sealed < BATCH:
            return total, False
        if time.monotonic() - begun >= seconds:
            break
    return total, True


def weighs(connection: psycopg.Connection[tuple[Any, ...]], *, after: int) -> bool:
    """Is a signature or a report among the links after this number?"""
    found = connection.execute(
        "select exists(select from audit.link l join audit.entry e on e.id = l.entry_id"
        " where l.seq > %s and e.table_name = any(%s))",
        [after, list(WEIGHTY)],
    ).fetchone()
    return bool(found and found[0])


def weight_waits(connection: psycopg.Connection[tuple[Any, ...]]) -> bool:
    """Is a signature or a report among the entries behind the last link? An index of such entries answers."""
    found = connection.execute(
        "select exists(select from audit.entry e where e.table_name = any(%s)"
        " and e.id > coalesce((select max(l.entry_id) from audit.link l), 0))",
        [list(WEIGHTY)],
    ).fetchone()
    return bool(found and found[0])


def anchor(connection: psycopg.Connection[tuple[Any, ...]], *, folder: Path, anchored: int) -> int:
    """Write the head of the chain outside, if it moved since link `anchored`; returns the link that is anchored now."""
    found = _head(connection)
    seq, digest, at = int(found[0]), found[1], found[2]
    if seq > anchored:
        anchors.write(seq=seq, digest=digest, at=at, folder=folder)
    return seq


def _head(connection: psycopg.Connection[tuple[Any, ...]]) -> tuple[Any, ...]:
    found = connection.execute("select seq, hash, clock_timestamp() from audit.head").fetchone()
    if found is None:
        raise psycopg.DataError("The chain has no head; verify_audit says more.")
    return found


def _age(connection: psycopg.Connection[tuple[Any, ...]], seq: int) -> float:
    """Seconds since a link was made; 0 where it is yet to come. So a restart does not begin the wait anew."""
    found = connection.execute(
        "select extract(epoch from clock_timestamp() - sealed_at)::float8 from audit.link where seq = %s",
        [seq],
    ).fetchone()
    return float(found[0]) if found else 0.0


def _known(folder: Path) -> list[anchors.Anchor]:
    """What was anchored before this process started; a file that cannot be believed is `verify_audit`'s to tell."""
    try:
        return anchors.read(anchors.path_of(folder))
    except anchors.BadAnchor:
        return []
