"""The eDISH page and the search for cases rest on the same liver values, whatever their unit and date."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pvtracker.cuts.data import CutData
from pvtracker.signals import laboratory, liver_tables, triggers
from pvtracker.signals.liver import Liver, liver
from pvtracker.signals.liver_values import liver_values
from tests.small_cut import allocated, cut, day, person, treated

MICROMOLES, MILLIGRAMS = ("umol/L", 20.0), ("mg/dL", 1.2)


def measured(
    subject: str, analyte: str, on: dict[str, Any] | str, value: float | None, **said: Any
) -> dict[str, Any]:
    unit, high = {"ALT": ("U/L", 40.0), "ALP": ("U/L", 120.0), "BILI": MICROMOLES}[analyte]
    plain = {
        "subject": subject,
        "source_id": f"{analyte} {value} {on}",
        "analyte": analyte,
        "unit": unit,
        "value": value,
        "high": high,
        "visit": "",
    }
    return plain | (day("taken_on", on) if isinstance(on, str) else on) | said


def pair(subject: str, **of_bilirubin: Any) -> list[dict[str, Any]]:
    """Injury and jaundice on one day, without cholestasis."""
    bilirubin = {"on": "2026-01-15", "value": 50.0, **of_bilirubin}
    return [
        measured(subject, "ALT", "2026-01-15", 200.0),
        measured(subject, "ALP", "2026-01-15", 100.0),
        measured(subject, "BILI", **bilirubin),
    ]


def trial(*rows: dict[str, Any], people: str = "ABC") -> CutData:
    return cut(
        participants=[person(subject) for subject in people],
        exposures=[treated(subject) for subject in people],
        arms=[
            allocated(subject, ("LOW", "PBO")[place % 2]) if subject != "N" else allocated("N", "NOTASSGN")
            for place, subject in enumerate(people)
        ],
        measurements=list(rows),
    )


def on_the_page(data: CutData) -> tuple[Liver, set[str]]:
    lab = laboratory.without_values(data, analysis_arm="planned")
    found = liver(data, lab)
    return found, {str(lab.people["subject"].iloc[row]) for row in found.case_row}


def by_trigger(data: CutData) -> dict[str, str]:
    found = triggers.triggers(data, analysis_arm="planned")
    return {one.subject: one.said for one in found if one.kind == triggers.HYS_LAW}


def test_bilirubin_in_the_unit_of_few_makes_a_case_of_both() -> None:
    others = [measured(subject, "BILI", f"2026-01-{n}", 8.0) for subject in "BC" for n in range(10, 20)]
    unit, high = MILLIGRAMS
    data = trial(*others, *pair("A", value=5.4, unit=unit, high=high))  # 4.5 times the limit
    found, cases = on_the_page(data)
    assert cases == {"A"} == set(by_trigger(data))
    assert found.cases.bilirubin.tolist() == [4.5] and "4.5 × on day 15" in by_trigger(data)["A"]
    (quadrant,) = [one for one in found.peaks.quadrant if one]
    assert quadrant == "Hy’s law quadrant"


@pytest.mark.parametrize("high_test", ["ALT", "BILI"])
def test_a_partial_date_is_a_peak_and_makes_no_pair_for_either(high_test: str) -> None:
    month = day("taken_on", "2026-02-01", "2026-02-28")  # its earliest day is 17 days after the other value
    rows = [row | month if row["analyte"] == high_test else row for row in pair("A")]
    data = trial(*rows)
    found, cases = on_the_page(data)
    assert cases == set() == set(by_trigger(data))
    assert found.peaks.quadrant.tolist() == ["Hy’s law quadrant"] and found.undated == 1
    which = {"ALT": found.peaks.transaminase_day, "BILI": found.peaks.bilirubin_day}
    assert np.isnan(which[high_test]).all()
    assert triggers.liver_left_out(data, laboratory.people_of(data, analysis_arm="planned")) == {
        "unlimited": 0,
        "undated": 1,
    }


def test_the_same_pairs_with_whole_dates_are_cases_of_both() -> None:
    data = trial(*pair("A"), *pair("B", on="2026-01-10"), *pair("C", on="2026-02-14"))
    assert on_the_page(data)[1] == {"A", "C"} == set(by_trigger(data))  # B: bilirubin before the rise


def test_what_makes_no_multiple_is_left_out_and_told() -> None:
    data = trial(
        *pair("A", high=None),
        *pair("B", high=0.0),
        *pair("C", value=0.0),
        measured("C", "BILI", "2025-12-30", 8.0, high=None),  # before first exposure
        measured("C", "BILI", "2026-01-16", 8.0, not_done=True),
        *pair("N", high=None),  # in no arm: not on a page by arm
        people="ABCN",
    )
    found, cases = on_the_page(data)
    assert cases == set() == set(by_trigger(data))
    assert (found.unlimited, found.undated) == (3, 0)
    people = laboratory.people_of(data, analysis_arm="planned")
    left_out = triggers.liver_left_out(data, people)
    assert left_out == {"unlimited": 4, "undated": 0}
    note = triggers.table([], {}, left_out)["note"]
    assert note.endswith("left out: 4 without the upper limit of normal or not above 0.")
    assert "left out:" not in triggers.table([], {})["note"]


def test_a_result_below_a_limit_stands_at_it_and_no_value_is_too_odd() -> None:
    data = trial(
        *pair("A"),
        measured("B", "ALP", "2026-01-15", None, value_text="<60"),
        measured("B", "ALT", "2026-01-15", 1e300, high=1e-300),
        measured("B", "BILI", "2026-01-15", 1e-30),
    )
    people = laboratory.people_of(data, analysis_arm="planned")
    found = liver_values(data, people)
    own = found.values[found.values["subject"] == "B"]
    assert own[["analyte", "times"]].to_numpy().tolist() == [["ALP", 0.5]]
    assert sum(found.unlimited.values()) == 2 and on_the_page(data)[1] == {"A"} == set(by_trigger(data))


def test_who_is_in_no_arm_is_a_case_all_the_same() -> None:
    data = trial(*pair("A"), *pair("N"), people="AN")
    assert set(by_trigger(data)) == {"A", "N"} and on_the_page(data)[1] == {"A"}


def test_one_participant_is_read_as_among_all() -> None:
    """The unit of an analyte is that of the cut, also where the participant has another."""
    others = [measured("B", "BILI", f"2026-01-{n}", 8.0) for n in range(10, 20)]
    unit, high = MILLIGRAMS
    above = measured("B", "ALP", "2026-01-20", None, value_text=">10", unit_text="ukat/L")
    reported = measured("C", "ALP", "2026-01-20", 300.0, value_text="5", unit_text="ukat/L")
    data = trial(*others, *pair("A", value=5.4, unit=unit, high=high), above, reported)
    for subject, codes in (("A", {"ALT", "ALP"}), ("B", {"BILI", "ALP"}), ("C", {"ALP"})):
        options: dict[str, Any] = {"analysis_arm": "planned", "scale": "ctcae-5.0"}
        one, all_ = laboratory.read(data, **options, subject=subject), laboratory.read(data, **options)
        own = all_.values[all_.values["subject"] == subject].reset_index(drop=True)
        assert (
            one.values.astype(object).equals(own.astype(object)) and {a.code for a in one.analytes} == codes
        )


def test_no_case_says_of_how_many_and_nothing_where_nobody_can_be_judged() -> None:
    def told(*rows: dict[str, Any], inference: bool = True) -> str:
        data = trial(*rows)
        lab = laboratory.without_values(data, analysis_arm="planned")
        table = liver_tables.cases_table(lab, liver(data, lab), url=lambda row: "", inference=inference)
        return str(table["empty"])

    alone = measured("A", "ALT", "2026-02-01", 400.0)
    assert told(alone) == liver_tables.NOBODY and "cannot be judged" in liver_tables.NOBODY
    other = measured("A", "BILI", "2026-02-02", 10.0)
    said, hidden = told(alone, other), told(alone, other, inference=False)
    assert said.startswith("None of the 1 participants") and "95.0 %" in said
    assert said.startswith(hidden) and "%" not in hidden
