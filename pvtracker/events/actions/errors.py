"""Why an action did not write: sentences that a page can show."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import IntegrityError
from psycopg.errors import UniqueViolation

from pvtracker.events.rules import Finding

OTHERS_FORM = "This form belongs to another participant. Open a new form."


class EventRefused(ValueError):
    """The event cannot be stored as said. `findings` are empty when it is not one field that is wrong."""

    def __init__(self, sentence: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(sentence)
        self.findings = findings


class VersionConflict(ValueError):
    """Someone else changed the event since it was read: nothing was written."""

    def __init__(self, *, read: int, current: int) -> None:
        super().__init__(
            f"The event was changed while you were editing: you read version {read}, it is now version "
            f"{current}. Nothing was saved; compare both and save again."
        )
        self.read = read
        self.current = current


@contextlib.contextmanager
def refusing_a_taken_key() -> Iterator[None]:
    """Around the insert of an event, whose key may be stored at this very moment for another participant."""
    try:
        yield
    except IntegrityError as fault:
        if not isinstance(fault.__cause__, UniqueViolation):
            raise
        raise EventRefused(OTHERS_FORM) from fault
