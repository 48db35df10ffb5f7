"""Laboratory values against first exposure, one rule at a time, on cuts small enough to see through."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pvtracker.cuts import derive, laboratory
from pvtracker.cuts.data import CutData
from tests.small_cut import allocated, cut, day, person, treated

EXPOSED = "2026-01-10"


def measured(on: dict[str, Any] | str, value: float | None, number: int = 1, **said: Any) -> dict[str, Any]:
    plain = {
        "subject": "P1",
        "source_id": f"LB-{number}",
        "domain": "LB",
        "category": "CHEMISTRY",
        "analyte": "ALT",
        "name": "Alanine aminotransferase",
        "value_text": "" if value is None else f"{value:g}",
        "value": value,
        "unit": "U/L",
        "low": 5.0,
        "high": 40.0,
        "visit": "",
        "not_done": False,
    }
    return plain | (day("taken_on", on) if isinstance(on, str) else on) | said


def one_person(*rows: dict[str, Any], **said: Any) -> CutData:
    return cut(
        participants=[person("P1")], exposures=[treated("P1", EXPOSED)], measurements=list(rows), **said
    )


def values(data: CutData, **said: Any) -> pd.DataFrame:
    return laboratory.values(data, derive.analysis_set(data), **said)


def test_the_last_day_on_or_before_first_exposure_is_baseline() -> None:
    days = ["2026-01-02", "2026-01-09", EXPOSED, "2026-01-11"]
    frame = values(one_person(*(measured(one, 10.0 + n, n) for n, one in enumerate(days))))
    assert frame["when"].tolist() == ["before", "before", "before", "after"]
    assert frame["is_baseline"].tolist() == [False, False, True, False]
    assert frame["day"].tolist() == [-8, -1, 0, 1]
    assert laboratory.baselines(frame)["value"].tolist() == [12.0]


def test_several_values_of_the_baseline_s_day_are_averaged() -> None:
    frame = values(one_person(measured("2026-01-09", 10.0, 1), measured("2026-01-09", 20.0, 2)))
    assert frame["is_baseline"].all() and laboratory.baselines(frame)["value"].tolist() == [15.0]


@pytest.mark.parametrize(
    ("on", "when", "known"),
    [
        (day("taken_on", "2026-01-01", "2026-01-31"), "", False),  # either side
        (day("taken_on", "2025-12-01", "2025-12-31"), "before", False),
        (day("taken_on", "2026-02-01", "2026-02-28"), "after", True),  # the first possible day
        (day("taken_on", ""), "", False),
    ],
)
def test_a_partial_date_is_before_or_after_only_where_it_certainly_is(
    on: dict[str, Any], when: str, known: bool
) -> None:
    frame = values(one_person(measured(on, 10.0)))
    assert frame["when"].tolist() == [when] and frame["day"].notna().tolist() == [known]


def test_a_result_below_a_limit_stands_at_it_and_takes_the_unit() -> None:
    below = measured("2026-01-20", None, 2, value_text=" <7.5", unit="")
    frame = values(one_person(measured("2026-01-15", 9.0, 1), below))
    assert frame["value"].tolist() == [9.0, 7.5] and frame["below"].tolist() == [False, True]
    assert frame["unit"].tolist() == ["U/L", "U/L"]


@pytest.mark.parametrize("text", [">5000", " > 5000 ", "≥5000", "≥ 5000.0", ">=5000"])
def test_a_result_above_a_limit_stands_at_it_and_is_marked(text: str) -> None:
    above = measured("2026-01-20", None, 2, value_text=text, unit="")
    frame = values(one_person(measured("2026-01-15", 9.0, 1), above))
    assert frame["value"].tolist() == [9.0, 5000.0] and frame["at_least"].tolist() == [False, True]
    assert not frame["below"].any() and frame["unit"].tolist() == ["U/L", "U/L"]


def test_a_limit_in_another_unit_is_converted_as_the_values_were() -> None:
    """Bilirubin reported in mg/dL, delivered in µmol/L: a limit of 20 mg/dL is 342 µmol/L, with or without a unit."""
    shown = {"analyte": "BILI", "unit": "umol/L", "unit_text": "mg/dL"}
    rows = [
        measured("2026-01-15", 17.1, 1, **shown, value_text="1"),
        measured("2026-01-16", 34.2, 2, **shown, value_text="2.0"),
        measured("2026-01-17", None, 3, **shown, value_text=">20"),
        measured("2026-01-18", None, 4, **shown | {"unit": ""}, value_text=">30"),
    ]
    frame = values(one_person(*rows))
    assert frame["value"].tolist() == pytest.approx([17.1, 34.2, 342.0, 513.0])
    assert frame["at_least"].tolist() == [False, False, True, True] and set(frame["unit"]) == {"umol/L"}


def test_a_limit_in_another_unit_without_values_to_go_by_is_left_out_and_counted() -> None:
    """No value was reported in mg/dL, or those that were do not tell one factor."""
    plain = {"analyte": "BILI", "unit": "umol/L", "unit_text": "umol/L"}
    other = plain | {"unit_text": "mg/dL"}
    lone = [
        measured("2026-01-15", 17.0, 1, **plain),
        measured("2026-01-17", None, 3, **other, value_text=">20"),
        measured("2026-01-18", None, 4, **other | {"unit": ""}, value_text="<1"),
    ]
    data = one_person(*lone)
    assert values(data)["value"].tolist() == [17.0]
    assert laboratory.without_number(data, "BILI") == 1 and laboratory.left_out(data, "BILI") == 1
    at_odds = [measured("2026-01-1" + n, 10.0 * int(n), int(n), **other, value_text="1") for n in "56789"]
    assert laboratory.without_number(one_person(*lone[1:2], *at_odds), "BILI") == 1


def test_every_other_result_without_a_number_is_counted() -> None:
    texts = ("haemolysed", ">high", "> 1,000", "5-10", "+++", "", "  ", "<7", ">9")
    rows = [measured("2026-01-20", None, n, value_text=text) for n, text in enumerate(texts)]
    rows.append(measured("2026-01-20", None, 20, analyte="AST", value_text="lost"))
    rows.append(measured("2026-01-20", None, 21, value_text="not taken", not_done=True))
    data = one_person(*rows)
    assert laboratory.without_number(data, "ALT") == 5
    assert laboratory.without_number(data, "ALT", "AST") == laboratory.without_number(data) == 6
    assert values(data)["value"].tolist() == [7.0, 9.0]


def test_values_in_another_unit_and_what_was_not_done_are_left_out() -> None:
    data = one_person(
        measured("2026-01-15", 9.0, 1),
        measured("2026-01-16", 9.1, 2),
        measured("2026-01-17", 0.15, 3, unit="ukat/L"),
        measured("2026-01-18", 5.0, 4, not_done=True),
        measured("2026-01-19", None, 5, value_text="haemolysed"),
    )
    assert values(data)["value"].tolist() == [9.0, 9.1]
    assert laboratory.left_out(data, "ALT") == 1
    assert values(data, texts=True)["text"].tolist() == ["9", "9.1", "haemolysed"]
    assert values(data, analyte="AST").empty and laboratory.left_out(data, "AST") == 0


def test_weeks_are_those_of_planned_visits() -> None:
    visits = [
        {"subject": "P1", "source_id": f"V-{n}", "name": name, "planned_day": planned}
        for n, (name, planned) in enumerate(
            (("Screening", -7), ("Day 1", 1), ("Month 1", 29), ("Extra", None))
        )
    ]
    rows = [
        measured("2026-01-20", 9.0, n, visit=name)
        for n, name in enumerate(("Screening", "Day 1", "Month 1", "Extra", "Week 12"))
    ]
    extra = {"subject": "P1", "source_id": "V-9", "name": "Week 12", "planned_day": None}
    weeks = values(one_person(*rows, visits=[*visits, extra]))["week"].tolist()
    assert weeks[:3] == [-1, 0, 4] and np.isnan(weeks[3]) and weeks[4] == 12


def test_only_the_treated_with_an_arm_are_there() -> None:
    data = cut(
        participants=[person("P1"), person("P2"), person("P3")],
        exposures=[treated("P1", EXPOSED), treated("P2", EXPOSED)],
        arms=[allocated("P1", "LOW"), allocated("P2", "ODD"), allocated("P3", "LOW")],
        measurements=[measured("2026-01-20", 9.0, subject=subject) for subject in ("P1", "P2", "P3")],
    )
    frame = laboratory.values(data, derive.analysis_set(data, analysis_arm="planned"))
    assert frame["subject"].tolist() == ["P1"] and frame["arm"].tolist() == [1]


def test_what_tells_the_arm_comes_from_the_closed_room_and_stands_last() -> None:
    closed = [
        {
            "subject": "P1",
            "source_id": f"LB-{n}",
            "analyte": "GENE",
            "name": "Gene",
            "value_text": text,
            "value": value,
            "unit": "copies",
            "visit": "",
            "taken_on": on,
        }
        for n, (text, value, on) in enumerate((("12", 12.0, "2026-01-15"), ("NOT DETECTED", None, "2026-02")))
    ]
    data = one_person(measured("2026-01-15", 9.0), revealing_measurements=closed)
    assert [(one.code, one.closed) for one in laboratory.analytes(data)] == [("ALT", False), ("GENE", True)]
    frame = values(data)
    assert frame["closed"].tolist() == [False, True] and frame["day"].tolist() == [5, 5]
    shown = values(data, analyte="GENE", texts=True)
    assert shown["text"].tolist() == ["12", "NOT DETECTED"] and shown["when"].tolist() == ["after", "after"]


def test_a_cut_without_values() -> None:
    data = one_person()
    assert values(data).empty and laboratory.analytes(data) == []
    assert list(values(data).columns) == laboratory.COLUMNS
