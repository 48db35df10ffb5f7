"""Values at a limit, without a number, or without a logarithm: counted or left out, and told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pvtracker.cuts import derive
from pvtracker.cuts import laboratory as rules
from pvtracker.signals import (
    laboratory,
    laboratory_cells,
    laboratory_courses,
    laboratory_detail,
    laboratory_model,
    liver,
    liver_tables,
)
from pvtracker.signals import laboratory_closed_tables as closed_tables
from pvtracker.signals.laboratory import Laboratory
from tests.small_cut import allocated, cut, day, person, treated

PEOPLE = ("A", "B", "C", "D")
VISITS = {"Day 1": ("2026-01-01", 1), "Week 4": ("2026-01-29", 29), "Week 8": ("2026-02-26", 57)}


def measured(subject: str, analyte: str, visit: str, result: float | str, **said: Any) -> dict[str, Any]:
    plain = {
        "subject": subject,
        "source_id": f"{analyte}-{visit}",
        "domain": "LB",
        "analyte": analyte,
        "name": analyte,
        "value_text": str(result),
        "value": None if isinstance(result, str) else result,
        "unit": "",
        "high": None,
        "visit": visit,
        "not_done": False,
        **day("taken_on", VISITS[visit][0]),
    }
    return plain | said


def data_of(*rows: dict[str, Any], **said: Any) -> Any:
    return cut(
        participants=[person(subject) for subject in PEOPLE],
        exposures=[treated(subject) for subject in PEOPLE],
        arms=[allocated(subject, ("PBO", "LOW")[place % 2]) for place, subject in enumerate(PEOPLE)],
        visits=[
            {"subject": "A", "source_id": f"V-{name}", "name": name, "planned_day": planned}
            for name, (_, planned) in VISITS.items()
        ],
        measurements=list(rows),
        **said,
    )


def read(data: Any, analyte: str = "") -> Laboratory:
    return laboratory.read(data, analysis_arm="planned", scale="daids-2.1", analyte=analyte)


def liver_data(*rows: dict[str, Any]) -> Any:
    return data_of(*(row | {"unit": "U/L", "high": 40.0, "low": 5.0} for row in rows))


def test_a_case_of_hy_s_law_beyond_the_method_s_range_is_found_and_in_every_denominator() -> None:
    data = liver_data(
        *(measured(one, "ALT", "Day 1", 20.0) for one in "AB"),
        measured("B", "ALT", "Week 4", ">5000"),
        measured("B", "BILI", "Week 4", ">=400"),
        measured("A", "ALT", "Week 4", 30.0),
    )
    lab = read(data)
    found = liver.liver(data, lab)
    assert [lab.people["subject"].iloc[row] for row in found.case_row] == ["B"] and found.at_least == 2
    assert found.peaks.transaminase.max() == 125.0
    alt = lab.of("ALT")
    detail = laboratory_detail.detail(alt)
    counted = {one.kind: one for one in detail.summary.counted}
    assert counted[laboratory.NEW_HIGH].n.tolist()[:2] == [0, 1]
    assert counted[laboratory.NEW_HIGH].N.tolist()[:2] == [1, 1]
    assert counted[laboratory.GRADE_3].n.tolist()[:2] == [0, 1]
    assert detail.shift is not None
    shifted = (detail.shift.baseline == "normal") & (detail.shift.worst == "high")
    assert detail.shift.participants[shifted].sum() == 1
    (row,) = alt.values[alt.values["at_least"]].to_dict("records")
    assert laboratory_cells.value_text(row) == "≥5000 U/L"


def test_both_peaks_without_a_case_may_come_from_the_order_or_from_unknown_days() -> None:
    unknown = day("taken_on", "2026-02-01", "2026-02-28")
    data = liver_data(
        measured("A", "BILI", "Week 4", 400.0),
        measured("A", "ALT", "Week 8", 400.0),
        measured("B", "BILI", "Week 8", 400.0, **unknown),
        measured("B", "ALT", "Week 4", 400.0, **day("taken_on", "2026-02-10")),
    )
    lab = read(data)
    table = liver_tables.peaks_table(lab, liver.liver(data, lab), url=lambda row: "", no_case=True)
    assert [row["cells"][0]["text"] for row in table["rows"]] == ["A", "B"]
    assert "bilirubin rose before ALT or AST" in table["note"] and "not wholly known" in table["note"]


def closed(subject: str, text: str, value: float | None = None) -> dict[str, Any]:
    return {
        "subject": subject,
        "source_id": "LB-9",
        "analyte": "GENE",
        "name": "Gene",
        "value_text": text,
        "value": value,
        "unit": "copies",
        "visit": "Week 4",
        "taken_on": "2026-01-29",
    }


def test_a_result_below_a_limit_is_not_detected() -> None:
    results = [closed("A", "<50"), closed("B", "80", 80.0), closed("C", "NOT DETECTED"), closed("D", "<50")]
    data = data_of(revealing_measurements=results)
    lab = read(data, "GENE")
    shown = rules.values(data, derive.analysis_set(data, analysis_arm="planned"), analyte="GENE", texts=True)
    section = laboratory_courses.detected(shown, lab, inference=False)
    assert section is not None
    (row,) = ([cell["text"] for cell in row["cells"]] for row in section.table["rows"])
    assert row == ["4", "Low dose", "1/2 (50.0%)", "0/2 (0.0%)"]
    rows = [
        [cell["text"] for cell in row["cells"]] for row in closed_tables.detections_table(shown, lab)["rows"]
    ]
    assert rows == [
        ["4", "Placebo", "0/2 (0.0%)", "–", "–", "–", "<50, NOT DETECTED"],
        ["4", "Low dose", "1/2 (50.0%)", "80", "80", "80", "<50"],
    ]
    listed = closed_tables.closed_table(laboratory.overview(lab), url=lambda code: "")
    assert [cell["text"] for cell in listed["rows"][0]["cells"]][3:] == ["1", "1"]


@pytest.fixture(scope="module")
def loads() -> tuple[Laboratory, Laboratory]:
    """Viral loads of two arms; the second with a zero at baseline and one at week 8 besides."""
    rng = np.random.default_rng(4)
    rows = [
        measured(one, "HIVRNA", visit, float(round(10 ** rng.normal(4.0, 0.4))), source_id=f"{one}{visit}")
        for one in PEOPLE
        for visit in VISITS
    ]
    zeros = [measured("A", "HIVRNA", "Week 8", 0.0, source_id="Z1")]
    zeros.append(measured("B", "HIVRNA", "Day 1", 0.0, source_id="Z2"))
    return read(data_of(*rows), "HIVRNA"), read(data_of(*rows, *zeros), "HIVRNA")


def test_a_zero_leaves_a_viral_load_on_logarithms(loads: tuple[Laboratory, Laboratory]) -> None:
    plain, zero = loads
    pd.testing.assert_frame_equal(laboratory_courses.weekly(plain), laboratory_courses.weekly(zero))
    without, found = (laboratory_detail.detail(lab) for lab in loads)
    assert found.log and (without.off_scale, found.off_scale) == (0, 2)
    assert found.boxes == without.boxes
    assert (found.fences.low, found.fences.high) == (without.fences.low, without.fences.high)
    assert found.fences.low > 0
    assert found.slopes is not None and without.slopes is not None
    assert found.slopes.mean.tolist() == without.slopes.mean.tolist()
    told = {one.key: one.table for one in every_section(zero)}
    same = {one.key: one.table for one in every_section(plain)}
    assert set(told) == {"means", "areas", "model"}
    for key, table in told.items():
        assert table["rows"] == same[key]["rows"] and table["caption"] == same[key]["caption"]
        assert "2 values that are not above 0" in table["note"] and "not above 0" not in same[key]["note"]


def every_section(lab: Laboratory) -> list[laboratory_courses.Section]:
    model = laboratory_model.section(lab, laboratory_model.Weeks(), inference=True)
    assert model is not None
    return [*laboratory_courses.sections(lab, inference=True), model]


def test_the_area_says_that_its_days_are_planned_weeks(loads: tuple[Laboratory, Laboratory]) -> None:
    (areas,) = [one for one in laboratory_courses.sections(loads[0], inference=True) if one.key == "areas"]
    assert "at the planned week of its visit, not at its actual day" in areas.table["note"]
    assert "those at unplanned visits are left out" in areas.table["note"]
