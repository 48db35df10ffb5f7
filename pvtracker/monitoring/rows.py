"""A look as a plain row: what `monitor_pooled --json` writes."""

from __future__ import annotations

from typing import Any

from pvtracker.monitoring.models import Look

COUNTED = ("treated", "participants", "events", "not_coded", "person_years")
COMPUTED = (
    *(
        "rate",
        "rate_low",
        "rate_high",
        "expected",
        "p_exceeds",
        "treated_rate",
        "treated_low",
        "treated_high",
    ),
    *("ratio", "p_margin", "needed", "false_warning", "chance", "warns", "problem"),
)
EXPECTED = (
    *("version", "rate", "years", "ratio_active", "ratio_reference", "margin"),
    *("warn_posterior", "warn_predictive", "members", "based_on"),
)


def to_row(look: Look) -> dict[str, Any]:
    """What was counted and what came of it; what it was held against; the rules and the code that it rests on."""
    watched = look.expectation.watched
    return {
        "level": watched.level,
        "term": watched.name,
        "selection": watched.selection,
        "cut": str(look.cut_id),
        "cut_date": str(look.cut.date),
        "cut_sha256": look.cut.sha256,
        **{name: getattr(look, name) for name in (*COUNTED, *COMPUTED)},
        "expectation": {name: getattr(look.expectation, name) for name in EXPECTED},
        "definitions": look.definitions,
        "code_version": look.code_version,
    }
