"""Why an action did not write: sentences that a page can show."""

from __future__ import annotations

from pvtracker.events.rules import Finding


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
