"""What a test writes past the actions, it writes under a name too: without an actor the database takes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from pvtracker.audit.context import Actor, acting


@contextmanager
def as_test() -> Iterator[None]:
    """A transaction in which the test itself acts."""
    with transaction.atomic():
        acting(by=Actor.process("test"), reason="test", source="test")
        yield
