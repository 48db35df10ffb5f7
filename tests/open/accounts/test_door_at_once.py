"""A door that several tries come to at the same moment: a form that is sent twice, a colleague at another desk."""

from __future__ import annotations

from threading import Barrier

from django.db import transaction

from pvtracker.accounts import lockout
from pvtracker.accounts.models import Lockout
from tests.acting import by_four

TRIES, ROUNDS = 4, 5


def at_once(right: bool) -> list[int]:
    """Whether the door was shut for each of several tries that begin together, all with the right secret or a wrong."""
    door, together = lockout.door("name", "ann"), Barrier(TRIES)

    def knock(_: int) -> int:
        together.wait(timeout=10)
        with transaction.atomic():
            shut = lockout.is_shut([door])
            if right and not shut:
                lockout.passed(door)
            else:
                lockout.failed([door])
            return shut

    return by_four(knock, turns=TRIES)


def test_who_waits_while_another_passes_is_let_in_too(committed_db: str) -> None:
    for _ in range(ROUNDS):
        with transaction.atomic():
            lockout.failed([lockout.door("name", "ann")])  # a wrong try before: there is a row to take away
        assert at_once(right=True) == [False] * TRIES
    assert not Lockout.objects.exists()


def test_no_wrong_try_is_lost(committed_db: str) -> None:
    assert at_once(right=False) == [False] * TRIES
    assert Lockout.objects.get().failures == TRIES
    assert sum(at_once(right=False)) == TRIES - 1, "the fifth shuts the door for the others"
