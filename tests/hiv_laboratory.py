"""The laboratory of a small HIV trial, from a fixed seed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from pvtracker.signals import laboratory
from tests.small_cut import allocated, cut, day, person, treated

START = date(2026, 1, 1)


def hiv_laboratory(*, participants: int = 16, weeks: Sequence[int] = (4, 8, 12)) -> laboratory.Laboratory:
    """Participants of two arms in turn with viral loads on day 1 and in these weeks."""
    rng = np.random.default_rng(9)
    people = [f"P{number:02}" for number in range(participants)]
    visits = {"Day 1": 0, **{f"Week {week}": 7 * week for week in weeks}}
    rows = [
        {
            "subject": subject,
            "source_id": f"LB-{number}",
            "domain": "LB",
            "analyte": "HIVRNA",
            "name": "Viral load",
            "value_text": "",
            "value": float(round(10 ** rng.normal(4.2 - 0.2 * (place % 2), 0.3))),
            "unit": "copies/mL",
            "visit": visit,
            "not_done": False,
            **day("taken_on", (START + timedelta(days=after)).isoformat()),
        }
        for place, subject in enumerate(people)
        for number, (visit, after) in enumerate(visits.items())
    ]
    data = cut(
        participants=[person(subject) for subject in people],
        exposures=[treated(subject) for subject in people],
        arms=[allocated(subject, ("PBO", "LOW")[place % 2]) for place, subject in enumerate(people)],
        visits=[
            {"subject": people[0], "source_id": f"V-{number}", "name": name, "planned_day": after + 1}
            for number, (name, after) in enumerate(visits.items())
        ],
        measurements=rows,
    )
    return laboratory.read(data, analysis_arm="planned", scale="", analyte="HIVRNA")
