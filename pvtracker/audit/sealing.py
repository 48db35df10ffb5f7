"""Sealing: committed entries get dense numbers and become links of the chain; from time to time the head is anchored.

It is done by a login of its own, which only the scheduler and `verify_audit` are given. Two sealers at once do no harm:
the database lets one at a time add links.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from pvtracker.audit import anchors
from pvtracker.audit.tables import WEIGHTY

BATCH = 5_000
MOST_BATCHES = 20  # in one go, so that the other steps of the scheduler get their turn
ANCHOR_SECONDS = 15 * 60.0


@dataclass(slots=True)
class Sealer:
    """Seals what waits and anchors when it is due; call `step` every few seconds."""

    url: str
    folder: Path
    clock: Callable[[], float] = time.monotonic
    _connection: psycopg.Connection[tuple[Any, ...]] | None = field(default=None, init=False)
    _anchored: int | None = field(default=None, init=False)
    _due: float = field(default=0.0, init=False)

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
        before = _head(connection)[0]
        sealed = seal(connection)
        if self._anchored is None:
            self._anchored = max((anchor.seq for anchor in _known(self.folder)), default=0)
            self._due = self.clock() + ANCHOR_SECONDS
        if (sealed and weighs(connection, after=before)) or self.clock() >= self._due:
            self._due = self.clock() + ANCHOR_SECONDS
            self._anchored = anchor(connection, folder=self.folder, anchored=self._anchored)
        return sealed


def seal(connection: psycopg.Connection[tuple[Any, ...]]) -> int:
    """Add the committed entries to the chain, at most so many that it takes seconds; returns how many."""
    total = 0
    for _ in range(MOST_BATCHES):
        [sealed] = connection.execute("select audit.seal(%s)", [BATCH]).fetchone() or [0]
        total += sealed
        if sealed < BATCH:
            break
    return total


def weighs(connection: psycopg.Connection[tuple[Any, ...]], *, after: int) -> bool:
    """Is a signature or a report among the links after this number?"""
    found = connection.execute(
        "select exists(select from audit.link l join audit.entry e on e.id = l.entry_id"
        " where l.seq > %s and e.table_name = any(%s))",
        [after, list(WEIGHTY)],
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


def _known(folder: Path) -> list[anchors.Anchor]:
    """What was anchored before this process started; a file that cannot be believed is `verify_audit`'s to tell."""
    try:
        return anchors.read(anchors.path_of(folder))
    except anchors.BadAnchor:
        return []
