"""The words for the life of a signal (GVP module IX, CIOMS VIII). No table is known here: the open room's documentation
is written from these words."""

from __future__ import annotations

from django.db.models import TextChoices

PROCESS_ROLE = "process"  # of a step that a run took by itself


class State(TextChoices):
    """Where a signal stands."""

    FLAGGED = "flagged", "Flagged"
    VALIDATED = "validated", "Validated"
    NOT_A_SIGNAL = "not_a_signal", "Not a signal"
    CONFIRMED = "confirmed", "Confirmed"
    ASSESSED = "assessed", "Assessed"
    ACTION = "action", "Action decided"
    CLOSED = "closed", "Closed"


class Step(TextChoices):
    """What is done with a signal. `RAISE` is how it begins; `ADD` is a run's own: more events of special interest, or a
    signed boundary that the finding crossed."""

    RAISE = "raise", "Raised"
    PLAN = "plan", "Owner and due date set"
    VALIDATE = "validate", "Validated"
    DISMISS = "dismiss", "Found to be no signal"
    CONFIRM = "confirm", "Confirmed"
    ASSESS = "assess", "Assessed"
    ACT = "act", "Action decided"
    CLOSE = "close", "Closed"
    REOPEN = "reopen", "Re-opened"
    ADD = "add", "Further cases"


class Measure(TextChoices):
    """What is done about an assessed signal."""

    NONE = "none", "No action"
    MONITOR = "monitor", "Monitor more closely"
    PROTOCOL = "protocol", "Change the protocol"
    BOARD = "board", "Inform the board now"
    IND = "ind", "IND safety report, 21 CFR 312.32(c)(1)(i)(C)"


class Origin(TextChoices):
    """Who raised it first."""

    RUN = "run", "Raised by a screening run"
    HAND = "hand", "Raised by a person"


class AlertKind(TextChoices):
    """What somebody is told of."""

    NEW = "new", "New signal"
    REOPENED = "reopened", "Re-opened"
    OVERDUE = "overdue", "Overdue"
    BOARD = "board", "The board is to be informed"
    MORE = "more", "Further cases"
    FAILED = "failed", "A screening failed"


class OrderState(TextChoices):
    """Where a screening that was asked for stands. Waiting, running and failed are told by its job."""

    OPEN = "open", "Open"
    CANCELLED = "cancelled", "Cancelled"
    DONE = "done", "Done"


class AskedFrom(TextChoices):
    """How a screening came to be asked for."""

    HAND = "hand", "Started by hand"
    COMMAND = "command", "Started by a command"
    SCHEDULE = "schedule", "Started by the plan"
