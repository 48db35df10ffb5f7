"""The life of a signal as a table: which step is open from which state, and when a signal re-opens by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from pvtracker.signals.enums import State, Step

# From a state, by a step, to a state. What is not here is refused. Owner and due date change in every open state.
TRANSITIONS: dict[State, dict[Step, State]] = {
    State.FLAGGED: {
        Step.PLAN: State.FLAGGED,
        Step.VALIDATE: State.VALIDATED,
        Step.DISMISS: State.NOT_A_SIGNAL,
    },
    State.VALIDATED: {
        Step.PLAN: State.VALIDATED,
        Step.CONFIRM: State.CONFIRMED,
        Step.DISMISS: State.NOT_A_SIGNAL,
    },
    State.CONFIRMED: {
        Step.PLAN: State.CONFIRMED,
        Step.ASSESS: State.ASSESSED,
        Step.DISMISS: State.NOT_A_SIGNAL,
    },
    State.ASSESSED: {
        Step.PLAN: State.ASSESSED,
        Step.ASSESS: State.ASSESSED,
        Step.ACT: State.ACTION,
    },
    State.ACTION: {
        Step.PLAN: State.ACTION,
        Step.ASSESS: State.ASSESSED,
        Step.ACT: State.ACTION,
        Step.CLOSE: State.CLOSED,
    },
    State.NOT_A_SIGNAL: {Step.REOPEN: State.FLAGGED},
    State.CLOSED: {Step.REOPEN: State.FLAGGED},
}
ENDED = frozenset({State.NOT_A_SIGNAL, State.CLOSED})
DECISIONS = frozenset({Step.DISMISS, Step.CLOSE})  # what a later run is held against
REASON_LIMIT = 2000  # characters
REFUSED: dict[tuple[State, Step], str] = {
    (State.FLAGGED, Step.CONFIRM): "It is not validated yet. Validate it, then confirm it.",
    (State.FLAGGED, Step.ASSESS): "It is not validated and confirmed yet; that comes before the assessment.",
    (State.VALIDATED, Step.ASSESS): "It is not confirmed yet. Confirm it, then assess it.",
    (
        State.ASSESSED,
        Step.CLOSE,
    ): "No action is decided yet. Decide on one, which may be none, then close it.",
    (State.ASSESSED, Step.DISMISS): "It is assessed. Decide on no action and close it; the assessment stays.",
    (
        State.ACTION,
        Step.DISMISS,
    ): "An action is decided. Assess it again, or close it; what was decided stays.",
}
REOPENING = (
    "A signal that was closed or found to be none re-opens by itself when a run on a later cut raises the same finding "
    "again and more participants of the arm have the event than at the decision. Later: frozen after the cut that the "
    "decision rested on, with a cut-off date that is not before it."
)


class StepRefused(ValueError):
    """The step is not taken; the text is a sentence for the page."""


class Changed(StepRefused):
    """Somebody else took a step after this person read the signal."""


def permitted(state: State, step: Step) -> bool:
    """Is the step open from this state?"""
    return step in TRANSITIONS[state]


def check(state: State, step: Step) -> State:
    """The state that the step leads to; `StepRefused` with the reason when it is not open."""
    if not permitted(state, step):
        raise StepRefused(sentence(state, step))
    return TRANSITIONS[state][step]


def sentence(state: State, step: Step) -> str:
    """Why the step is not open from this state."""
    if (state, step) in REFUSED:
        return REFUSED[state, step]
    if state is State.FLAGGED:
        return f"It is raised and not validated, from where the step “{step.label.lower()}” does not lead on."
    if state in ENDED:
        return f"It stands as “{state.label.lower()}”. Re-open it with a reason, then go on."
    return (
        f"It stands as “{state.label.lower()}”, from where the step “{step.label.lower()}” does not lead on."
    )


@dataclass(frozen=True, slots=True)
class Basis:
    """What a decision or a run rests on: a cut and the participants of the arm with the event."""

    cut_date: date
    cut_made_at: datetime
    participants: int


def evidence_returned(decided: Basis | None, decided_at: datetime, found: Basis) -> bool:
    """The rule of `REOPENING`. A decision that rested on no run is held against cuts frozen after it."""
    if decided is None:
        return found.cut_made_at > decided_at
    return (
        found.cut_made_at > decided.cut_made_at
        and found.cut_date >= decided.cut_date
        and found.participants > decided.participants
    )
