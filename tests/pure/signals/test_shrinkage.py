"""The shrinkage picture: the term alone by hand, the model's mean from its row, and what is left out."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import vl_convert

from pvtracker.signals.rows import ResultRow
from pvtracker.signals.shrinkage import OTHERS, log_odds_ratio, shrinkage

ROW = ResultRow(
    *("PT", "Rash", "all", "OZ1", "Placebo", 6, 38, 2, 36, 7, 2, 60.0, 60.0, 68.8, 65.9, "berry_berry"),
    *(1.5, 0.8, 3.0, None, None, 0.9, False, "", "actual"),
)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((6, 38, 2, 36), math.log(6 * 34 / (32 * 2))),
        ((6, 38, 0, 36), math.log(6.5 * 36.5 / (32.5 * 0.5))),
        ((38, 38, 36, 36), math.log(38.5 * 0.5 / (0.5 * 36.5))),
        ((0, 0, 1, 36), None),
    ],
)
def test_the_term_alone(counts: tuple[int, int, int, int], expected: float | None) -> None:
    n_arm, N_arm, n_ref, N_ref = counts
    found = log_odds_ratio(replace(ROW, n_arm=n_arm, N_arm=N_arm, n_ref=n_ref, N_ref=N_ref))
    assert found == (None if expected is None else pytest.approx(expected))


def test_both_numbers_in_picture_and_table_by_organ_class() -> None:
    rows = [ROW, *(replace(ROW, term=f"Term {n}", estimate=1 + n / 10) for n in range(7))]
    rows.append(replace(ROW, term="Without", estimate=None))
    classes = {"Rash": "Skin", **{f"Term {n}": f"Class {n}" for n in range(7)}}
    found = shrinkage(rows, classes)
    points = found["spec"]["layer"][1]["data"]["values"]
    told = {point["term"]: (point["raw"], point["mean"]) for point in points}
    assert told["Rash"] == (
        pytest.approx(math.log(204 / 64), abs=1e-4),
        pytest.approx(math.log(1.5), abs=1e-4),
    )
    assert "Without" not in told and len(told) == 8
    assert {point["group"] for point in points} == {"Skin", "Class 0", "Class 1", "Class 2", OTHERS}
    lines = [[cell["text"] for cell in row["cells"]] for row in found["table"]["rows"]]
    assert ["Rash", "Skin", "6/38 (15.8%)", "2/36 (5.6%)", "1.16", "0.41"] in lines and len(lines) == 8
    assert "Log odds ratio" in vl_convert.vegalite_to_svg(
        {**found["spec"], "width": 400}, allowed_base_urls=[]
    )


def test_nothing_is_drawn_of_nothing() -> None:
    assert shrinkage([replace(ROW, estimate=None)], {})["spec"] is None
