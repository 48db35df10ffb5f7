"""Grades of laboratory values: against the published thresholds as others typed them, and at every edge."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pvtracker.coding.scales import SCALES
from pvtracker.coding.scales.laboratory import LABORATORY, grades_of, is_graded
from tests.shared import shared_path

DAIDS, CTCAE = "daids-2.1", "ctcae-5.0"
UNITS = {"g/dL": ("g/L", 10.0), "cells/mm3": ("10^9/L", 0.001), "mmol/L": ("mmol/L", 1.0)}
CODES = {
    "K_LOW": "K",
    "K_HIGH": "K",
    "NA_LOW": "SODIUM",
    "NA_HIGH": "SODIUM",
    "TBILI": "BILI",
    "ANC": "NEUT",
    "PLT": "PLAT",
}


def graded(scale: str, analyte: str, unit: str, *values: float, **said: Any) -> list[float]:
    size = len(values)
    given = {name: np.full(size, float(said.pop(name, np.nan))) for name in ("low", "high", "baseline")}
    sex = [said.pop("sex", "")] * size
    assert not said
    return grades_of(scale, analyte, unit, value=np.array(values), sex=sex, **given).tolist()


def test_every_bound_of_the_table_that_others_typed() -> None:
    """A value inside each published band has its grade. Bands are those of the table in the shared standards, whose
    rows name two public transcriptions of the DAIDS table each; lower and upper bound where they belong to the band.
    """
    table = pd.read_csv(shared_path("standards/daids/daids-2.1-adult-lab-thresholds.csv"))
    checked = 0
    for row in table.to_dict("records"):
        analyte = CODES.get(row["parameter"], row["parameter"])
        of_limit = row["basis"] in ("ULN", "baseline")
        unit, factor = ("", 1.0) if of_limit else UNITS.get(row["unit"], ("", 0.0))
        if analyte not in LABORATORY[DAIDS] or factor == 0.0:
            continue
        lower, upper = row["lower"], row["upper"]
        inside = [lower] * (row["lower_op"] == ">=") + [upper] * (row["upper_op"] == "<=")
        if lower == lower and upper == upper:
            inside.append((lower + upper) / 2)
        else:
            inside.append(lower * 1.5 if lower == lower else upper * 0.9)
        sex = {"M": "M", "F": "F"}.get(row["sex"], "")
        limits = {"high": 10.0} if row["basis"] == "ULN" else {"baseline": 10.0} if of_limit else {}
        for value in inside:
            found = graded(DAIDS, analyte, unit, value * (10.0 if of_limit else factor), sex=sex, **limits)
            assert found == [row["grade"]], (row["parameter"], value, found)
            checked += 1
    assert checked > 80


def test_ctcae_bounds_against_its_text() -> None:
    """Multiples of the upper limit, and thresholds in g/L, 10^9/L and mmol/L, as the table's own words say."""
    table = pd.read_csv(shared_path("standards/ctcae/ctcae-5-lab-criteria-text.csv"))
    terms = {
        "Alanine aminotransferase increased": "ALT",
        "Aspartate aminotransferase increased": "AST",
        "Alkaline phosphatase increased": "ALP",
        "GGT increased": "GGT",
        "Blood bilirubin increased": "BILI",
        "CPK increased": "CK",
    }
    checked = 0
    for row in table[table["term"].isin(terms)].to_dict("records"):
        for grade in (1, 2, 3, 4):
            first = re.match(r">(ULN|[0-9.]+)", row[f"grade_{grade}"])
            assert first
            bound = 1.0 if first[1] == "ULN" else float(first[1])
            below, above = graded(CTCAE, terms[row["term"]], "", bound * 10, bound * 10 * 1.001, high=10.0)
            assert (below, above) == (grade - 1, grade)
            checked += 1
    assert checked == 24


@pytest.mark.parametrize(
    ("scale", "analyte", "unit", "value", "said", "grade"),
    [
        (DAIDS, "ALT", "U/L", 12.4, {"high": 10}, 0),
        (DAIDS, "ALT", "U/L", 12.5, {"high": 10}, 1),
        (DAIDS, "BILI", "umol/L", 33.0, {"high": 30}, 1),  # 33 ÷ 30 is 1.1
        (
            DAIDS,
            "CREAT",
            "umol/L",
            70.0,
            {"high": 100, "baseline": 50},
            2,
        ),  # 1.4 × baseline, within the limits
        (DAIDS, "CREAT", "umol/L", 190.0, {"high": 100, "baseline": 180}, 3),  # the worse of both
        (DAIDS, "HGB", "g/L", 100.0, {"sex": "M"}, 1),
        (DAIDS, "HGB", "g/L", 100.0, {"sex": "F"}, 1),
        (DAIDS, "HGB", "g/L", 110.0, {"sex": "M"}, 0),
        (DAIDS, "HGB", "g/L", 106.0, {"sex": "F"}, 0),
        (DAIDS, "HGB", "g/L", 60.0, {}, np.nan),  # the sex decides, and is not known
        (DAIDS, "SODIUM", "mmol/L", 120.0, {}, 4),
        (DAIDS, "CD4", "cells/uL", 20.0, {}, np.nan),  # graded in people without HIV only
        (DAIDS, "ALT", "U/L", 500.0, {}, np.nan),  # no upper limit
        (DAIDS, "WBC", "cells/uL", 1.0, {}, np.nan),  # another unit
        (CTCAE, "ALT", "U/L", 80.0, {"high": 40, "baseline": 60}, 0),  # baseline raised: 1.33 × baseline
        (CTCAE, "ALT", "U/L", 90.0, {"high": 40, "baseline": 60}, 1),
        (CTCAE, "ALT", "U/L", 130.0, {"high": 40, "baseline": 40}, 2),
        (CTCAE, "HGB", "g/L", 70.0, {"low": 130}, 3),
        (CTCAE, "HGB", "g/L", 120.0, {"low": 130}, 1),
        (CTCAE, "K", "mmol/L", 2.4, {"low": 3.5, "high": 5.1}, 4),
        (CTCAE, "K", "mmol/L", 5.2, {"low": 3.5, "high": 5.1}, 1),
        ("mild-moderate-severe", "ALT", "U/L", 500.0, {"high": 10}, np.nan),
    ],
)
def test_a_value_has_its_grade(
    scale: str, analyte: str, unit: str, value: float, said: dict[str, Any], grade: float
) -> None:
    found = graded(scale, analyte, unit, value, **said)
    assert np.array_equal(found, [grade], equal_nan=True)


def test_thresholds_rise_with_the_grade_and_scales_exist() -> None:
    assert LABORATORY.keys() <= SCALES.keys()
    for criteria in LABORATORY.values():
        for one in (criterion for group in criteria.values() for criterion in group):
            steps = one.thresholds()
            bounds = [bound for _, _, bound in steps]
            assert len({sign[0] for _, sign, _ in steps}) == 1
            assert bounds == sorted(bounds, reverse=steps[0][1][0] == "<")
            assert (one.of == "value") == bool(one.units)


def test_what_is_graded() -> None:
    assert is_graded(DAIDS, "HGB", "mmol/L") and not is_graded(DAIDS, "HGB", "%")
    assert is_graded(CTCAE, "HGB", "%")  # below the lower limit of normal, in any unit
    assert not is_graded(DAIDS, "CD4", "cells/uL") and not is_graded("", "ALT", "U/L")
