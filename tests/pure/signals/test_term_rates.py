"""Rates on the page of a term: within each period day by day, and of repeated events."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from pvtracker import stats
from pvtracker.cuts.periods import OUTSIDE
from pvtracker.signals.numerators import Emergent
from pvtracker.signals.term_rates import hazards, periods_table, repeated, repeated_table
from tests.pure.signals.test_periods import given, of_phases
from tests.small_cut import allocated, day, event, person

HEADACHE: dict[str, str] = {
    "level": "PT",
    "selection": "all",
    "term": "Headache",
    "arm": "Low dose",
    "reference": "Placebo",
}
PROCEDURES = (("2026-01-01", 1), ("2026-02-20", 3))  # a phase that comes twice
INTERRUPTION = ("2026-02-01", "2026-02-10")
PHASED = {"phase_windows": {"PROCEDURE": 6, "INTERRUPTION": 3}}


def trial(phases: dict[str, Any] = PHASED) -> tuple[Emergent, dict[str, list[str]]]:
    rng = np.random.default_rng(3)
    subjects = [f"{arm}{number:02}" for arm in "AB" for number in range(15)]
    happened = {
        subject: sorted(
            f"2026-{1 + int(at) // 28:02}-{1 + int(at) % 28:02}"
            for at in rng.choice(84, size=int(rng.choice([0, 1, 1, 2, 4])), replace=False)
        )
        for subject in subjects
    }
    happened["A00"] = [""]  # of unknown day only
    data = of_phases(
        phases,
        participants=[person(subject) for subject in subjects],
        exposures=[
            one
            for subject in subjects
            for one in (
                *(given(subject, "PROCEDURE", start, number=number) for start, number in PROCEDURES),
                given(subject, "INTERRUPTION", *INTERRUPTION, number=2),
            )
        ],
        arms=[allocated(subject, "LOW" if subject[0] == "A" else "PBO") for subject in subjects],
        adverse_events=[
            event(subject, number, day("onset", on))
            for subject, days in happened.items()
            for number, on in enumerate(days, start=1)
        ],
    )
    return Emergent.of(data, analysis_arm="planned"), happened


def period_on(on: date) -> str:
    """From the windows: six days after each procedure, three after the interruption."""
    for first, last in (("2026-01-01", "2026-01-07"), ("2026-02-20", "2026-02-26")):
        if date.fromisoformat(first) <= on <= date.fromisoformat(last):
            return "PROCEDURE"
    inside = date(2026, 2, 1) <= on <= date(2026, 2, 13)
    return "INTERRUPTION" if inside else OUTSIDE


def test_first_events_and_years_of_each_period_are_those_day_by_day() -> None:
    of, happened = trial()
    found = hazards(of, **HEADACHE)
    assert found and found.names == ("INTERRUPTION", "PROCEDURE", OUTSIDE) and found.undated == 1
    assert "phase: INTERRUPTION, to 3 days after its end; PROCEDURE, to 6 days after its end." in found.rule
    for side, letter in enumerate("AB"):
        days = dict.fromkeys(found.names, 0)
        events = dict.fromkeys(found.names, 0)
        entered: dict[str, set[str]] = {name: set() for name in found.names}
        for subject in (one for one in happened if one[0] == letter):
            first = next((on for on in happened[subject] if on), "2026-03-31")
            last = date.fromisoformat(first)
            for ordinal in range(date(2026, 1, 1).toordinal(), last.toordinal() + 1):
                name = period_on(date.fromordinal(ordinal))
                days[name] += 1
                entered[name].add(subject)
            if any(happened[subject]):
                events[period_on(last)] += 1
        assert found.years[side].tolist() == pytest.approx([n / 365.25 for n in days.values()])
        assert found.events[side].tolist() == list(events.values()) and sum(events.values()) > 5
        assert found.entered[side].tolist() == [len(one) for one in entered.values()]


def test_where_each_period_comes_once_it_is_the_calculator_s() -> None:
    of, happened = trial({"phase_windows": {"INTERRUPTION": 3}})
    found = hazards(of, **HEADACHE)
    assert found and found.names == ("INTERRUPTION", OUTSIDE)
    first = [next((on for on in days if on), "") for days in happened.values()]
    start, end = date(2026, 1, 1), date(2026, 3, 31)
    # an event on day d is at d + 1, the end of that day; a period begins just after the day before it
    time = [(date.fromisoformat(on) - start).days + 1 if on else (end - start).days + 1 for on in first]
    said = stats.hazard_by_period(
        np.array(time, dtype=float),
        np.array([int(bool(on)) for on in first]),
        np.array([int(subject[0] == "A") for subject in happened]),
        np.array([0.0, 31 + 1e-9, 44 + 1e-9]),
        period=["before", "INTERRUPTION", "after"],
        units_per_year=365.25,
    )
    assert found.events[0][0] == said.events_arm[1] and found.events[1][0] == said.events_ref[1]
    assert found.years[0][0] == pytest.approx(said.years_arm[1], rel=1e-6)
    table = periods_table(found, "Low dose", "Placebo", inference=True)
    cells = table["rows"][0]["cells"]
    assert cells[4]["values"] == pytest.approx(
        [100 * said.rate_arm[1], 100 * said.low_arm[1], 100 * said.high_arm[1]], rel=1e-6
    )
    assert cells[5]["values"] == pytest.approx([said.ratio[1], said.low[1], said.high[1]], rel=1e-6)
    assert cells[6]["values"][0] == pytest.approx(said.p[1])
    reference = table["rows"][1]["cells"]
    assert reference[4]["values"] == pytest.approx(
        [100 * said.rate_ref[1], 100 * said.low_ref[1], 100 * said.high_ref[1]], rel=1e-6
    )
    assert reference[5]["values"] == (None, None, None) and reference[1]["text"] == "Placebo"


def test_repeated_events_are_compared_by_the_negative_binomial_model() -> None:
    of, happened = trial()
    numbers = repeated(of, **HEADACHE)
    assert numbers
    events, years, in_arm = numbers
    for side, letter in ((1, "A"), (0, "B")):
        assert sorted(events[in_arm == side]) == sorted(
            len(on) for who, on in happened.items() if who[0] == letter
        )
    assert years == pytest.approx(np.full(30, 90 / 365.25))
    said = stats.rate_ratio_negative_binomial(
        [len(on) for on in happened.values()],
        np.full(30, 90 / 365.25),
        [int(who[0] == "A") for who in happened],
    )
    cells = repeated_table(*numbers, "Low dose", "Placebo", inference=True)["rows"][0]["cells"]
    assert cells[4]["values"] == pytest.approx([said.ratio, said.low, said.high], rel=1e-6)
    assert cells[5]["values"][0] == pytest.approx(said.p)
    assert cells[3]["values"][0] == pytest.approx(100 * said.rate_arm)
    more = sum(len(on) > 1 for who, on in happened.items() if who[0] == "A")
    assert cells[1]["values"][0] == more > 1


def test_without_phases_or_repeated_events_there_is_nothing_to_tell() -> None:
    of, _ = trial({})
    assert hazards(of, **HEADACHE) is None
    assert repeated(of, **{**HEADACHE, "term": "Cough"}) is None


def test_hidden_there_are_rates_and_ratios_alone() -> None:
    of, _ = trial()
    found, numbers = hazards(of, **HEADACHE), repeated(of, **HEADACHE)
    assert found and numbers
    for inferred in (True, False):
        tables = (
            periods_table(found, "Low dose", "Placebo", inference=inferred),
            repeated_table(*numbers, "Low dose", "Placebo", inference=inferred),
        )
        for table in tables:
            fields = [name for one in table["columns"] for name in one.get("fields", ())]
            text = (
                f"{fields} {table['note']} {[cell['text'] for row in table['rows'] for cell in row['cells']]}"
            )
            told = [word for word in ("95 %", "'p'", "imits", "ispersion", "[1", "adjusted") if word in text]
            assert bool(told) == inferred and "rate ratio" in text.lower()
            for row in table["rows"]:
                assert len(row["cells"]) == len(table["columns"])
