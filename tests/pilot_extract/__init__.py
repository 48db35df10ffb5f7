"""The CDISC pilot in brief (see the README beside it), for a clone that has no shared data beside it."""

from __future__ import annotations

import csv
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

HERE = Path(__file__).resolve().parent
Rows = list[dict[str, Any]]


def read(name: str) -> list[dict[str, str]]:
    with (HERE / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def spread(name: str, text: str) -> dict[str, Any]:
    """The three columns of a date of which day or month may be missing."""
    if not text:
        return {name: "", f"{name}_earliest": None, f"{name}_latest": None}
    whole = pd.Period(text, freq={4: "Y", 7: "M", 10: "D"}[len(text)])
    return {
        name: text,
        f"{name}_earliest": whole.start_time.date(),
        f"{name}_latest": whole.end_time.date(),
    }


@cache
def arms() -> dict[str, str]:
    """Participants and the code of the arm that they were randomised to: PBO, LOW or HIGH (`small_cut.ARMS`)."""
    return {one["subject"]: one["arm"] for one in read("people")}


def rows() -> dict[str, Rows]:
    """The rows of a cut by dataset, without the arms; each participant's doses are one exposure."""
    terms, people = read("terms"), read("people")
    return {
        "participants": [
            {
                "subject": one["subject"],
                "screen_failure": False,
                "died": False,
                **spread("started_on", one["started"]),
                **spread("ended_on", one["ended"]),
                "last_contact": date.fromisoformat(one["last_contact"]),
            }
            for one in people
        ],
        "exposures": [
            {
                "subject": one["subject"],
                "source_id": "EX-1",
                "intervention": "DRUG",
                **spread("start", one["first_dose"]),
                **spread("end", one["last_dose"]),
            }
            for one in people
        ],
        "adverse_events": [
            {
                "subject": one["subject"],
                "number": int(one["number"]),
                "preferred_term": terms[int(one["term"])]["term"],
                "system_organ_class": terms[int(one["term"])]["organ_class"],
                **spread("onset", one["onset"]),
                "grade": int(one["grade"]) if one["grade"] else None,
                "serious": one["serious"] == "y",
                "criteria": "",
                "state": "submitted",
                "version": 1,
            }
            for one in read("events")
        ],
    }
