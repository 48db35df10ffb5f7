"""What a test writes past the actions, it writes under a name too: without an actor the database takes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection, transaction

from pvtracker.audit.context import Actor, acting


@contextmanager
def as_test() -> Iterator[None]:
    """A transaction in which the test itself acts."""
    with transaction.atomic():
        acting(by=Actor.process("test"), reason="test", source="test")
        yield


def by_four(turn: Callable[[int], int], *, turns: int = 8) -> list[int]:
    """What each turn gave: four threads take them, with a connection each and real commits."""

    def take(number: int) -> int:
        try:
            return turn(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(take, range(turns)))
