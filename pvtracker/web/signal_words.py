"""What the fields of signals are called, for `field_words`."""

from __future__ import annotations

_STANDING = {"measure": "action", "owner_id": "owner", "due_on": "due on"}
SIGNALS = {
    "signals_screeningplan": {"content": "what is screened, how and when"},
    "signals_screeningorder": {
        "plan_id": "plan",
        "also": "methods beside those of the plan",
        "departures": "departures from the plan",
        "asked_from": "how it was started",
        "job_id": "job",
        "run_id": "comparison of the arms",
        "asked_by_name": "asked by",
        "asked_at": "asked at",
        "stopped_by_name": "cancelled by",
        "stopped_at": "cancelled at",
    },
    "signals_screeningpiece": {
        "order_id": "screening asked for",
        "place": "place among the pieces",
        "label": "what it computed",
        "rows": "number of rows",
    },
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
        "order_id": "screening asked for",
        "job_id": "job",
        "signal_id": "signal",
        "step_id": "step",
        "raised_at": "raised at",
        "read_at": "read at",
    },
}
