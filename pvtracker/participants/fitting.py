"""A delivered participant with texts that can be stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pvtracker.formats.records import UNKNOWN_SITE, ParticipantRecord, Problem
from pvtracker.participants.models import Participant

LONGEST_SITE = 20  # characters of SITEID


def fitted(record: ParticipantRecord) -> ParticipantRecord:
    """The record with every text short enough to be stored and a problem for each that was not, as delivered.

    A country is a code and is left out when it is too long; a site that does not fit becomes the unknown one.
    The identifier of the participant stays as it is.
    """
    instead = {"country": "", "site": UNKNOWN_SITE}
    limits = {"site": LONGEST_SITE} | {
        name: getattr(Participant._meta.get_field(name), "max_length", None)
        for name in ("code", "country", "race", "ethnicity")
    }
    changes: dict[str, Any] = {}
    problems = list(record.problems)
    for name, limit in limits.items():
        text = getattr(record, name)
        if limit is None or len(text) <= limit:
            continue
        changes[name] = instead.get(name, text[: limit - 1].rstrip() + "…")
        stored = f"“{changes[name]}”" if changes[name] else "unknown"
        message = (
            f"The {name} “{text[:300]}” has {len(text):,} characters; at most {limit} fit. It is stored as {stored}. "
            "Deliver a shorter one."
        )
        problems.append(Problem("too-long", name, message, text))
    return replace(record, **changes, problems=tuple(problems)) if changes else record
