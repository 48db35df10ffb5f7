"""What the fields of signals are called, for `field_words`."""

from __future__ import annotations

_STANDING = {"measure": "action", "owner_id": "owner", "due_on": "due on"}
SIGNALS = {
    "signals_signal": {
        "level": "level of the term",
        "term": "term",
        "selection": "events",
        "arm": "arm",
        "reference": "arm of reference",
        "origin": "who raised it first",
        "raised_at": "raised at",
        **_STANDING,
    },
    "signals_signalstep": {
        "signal_id": "signal",
        "what": "what was done",
        "run_id": "comparison of the arms",
        "numbers": "numbers it rested on",
        **_STANDING,
    },
    "signals_signalassessment": {
        "step_id": "step",
        "participants": "participants looked at",
        "narratives": "summary of the narratives",
        "time_course": "time course",
        "literature": "literature",
        "alternatives": "alternative causes",
    },
    "signals_signalalert": {
        "signal_id": "signal",
        "step_id": "step",
        "raised_at": "raised at",
        "read_at": "read at",
    },
}
