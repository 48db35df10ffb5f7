"""The life of a signal: every state × every step, and the rule by which it re-opens."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from pvtracker.signals.enums import State, Step
from pvtracker.signals.rules import (
    ENDED,
    TRANSITIONS,
    Basis,
    StepRefused,
    check,
    evidence_returned,
    permitted,
    sentence,
)

# The life in one line, written a second time: from → what leads on.
LIFE = {
    "flagged": "plan>flagged validate>validated dismiss>not_a_signal",
    "validated": "plan>validated confirm>confirmed dismiss>not_a_signal",
    "confirmed": "plan>confirmed assess>assessed dismiss>not_a_signal",
    "assessed": "plan>assessed assess>assessed act>action",
    "action": "plan>action assess>assessed act>action close>closed",
    "not_a_signal": "reopen>flagged",
    "closed": "reopen>flagged",
}
CUT = datetime(2026, 7, 1, 8, tzinfo=UTC)
DECIDED = Basis(date(2026, 6, 30), CUT, 5)


def test_each_step_leads_from_each_state_as_written_here_and_nowhere_else() -> None:
    found = {
        state.value: {
            f"{step.value}>{TRANSITIONS[state][step].value}" for step in Step if permitted(state, step)
        }
        for state in State
    }
    assert found == {state: set(steps.split()) for state, steps in LIFE.items()}


@pytest.mark.parametrize("state", State)
def test_what_is_not_open_is_refused_with_a_sentence_that_says_the_state(state: State) -> None:
    for step in Step:
        if permitted(state, step):
            assert check(state, step) in State
        else:
            with pytest.raises(StepRefused) as refusal:
                check(state, step)
            assert str(refusal.value) == sentence(state, step) and str(refusal.value).endswith(".")
            assert len(str(refusal.value).split()) > 6


def test_every_state_is_reached_and_left_and_nothing_ends_for_ever() -> None:
    reached = {State.FLAGGED}
    for _ in State:
        reached |= {target for state in reached for target in TRANSITIONS[state].values()}
    assert reached == set(State)
    assert all(TRANSITIONS[state] for state in State)
    assert {state for state in State if Step.REOPEN in TRANSITIONS[state]} == ENDED


@pytest.mark.parametrize(
    ("days", "later_by", "participants", "returned"),
    [
        (31, 31, 6, True),
        (0, 1, 6, True),  # frozen anew for the same day: what was entered late counts
        (31, 31, 5, False),  # no participant more
        (31, 31, 4, False),
        (0, 0, 6, False),  # the very cut of the decision
        (31, 0, 6, False),
        (-1, 1, 9, False),  # frozen later, of an earlier day
        (31, -1, 9, False),  # frozen before the decision's cut
    ],
)
def test_evidence_returns_on_a_later_cut_with_more_participants(
    days: int, later_by: int, participants: int, returned: bool
) -> None:
    found = Basis(DECIDED.cut_date + timedelta(days), CUT + timedelta(later_by), participants)
    assert evidence_returned(DECIDED, CUT + timedelta(hours=1), found) is returned


def test_a_decision_that_rested_on_no_run_is_held_against_cuts_frozen_after_it() -> None:
    at = CUT + timedelta(days=1)
    assert evidence_returned(None, at, Basis(date(2026, 6, 30), at + timedelta(seconds=1), 1))
    assert not evidence_returned(None, at, Basis(date(2026, 6, 30), at, 9))
