"""What a laboratory page tells of fences, of boxes that are many, and with which sign."""

from __future__ import annotations

import numpy as np
import pytest

from pvtracker.signals import laboratory_charts
from pvtracker.signals.laboratory_cells import day_cell, figure_cell, interval_cell
from pvtracker.signals.laboratory_detail import Box
from pvtracker.signals.laboratory_tables import fences_text
from pvtracker.stats import outliers


def test_fences_say_on_which_scale_they_were_computed_and_their_unit() -> None:
    """Logarithms 0, 0.1, … 0.7: quartiles 0.175 and 0.525, fences three times 0.35 beyond."""
    told = fences_text(outliers(10.0 ** (np.arange(8) / 10), log_scale=True), "copies/mL")
    ends = "0.1334 copies/mL and 37.58 copies/mL"
    assert told == f"computed on logarithms (log₁₀ −0.875 and 1.575) and transformed back: {ends}"
    plain = fences_text(outliers(np.arange(1.0, 10.0)), "g/L")
    assert plain == "computed on the values as they were measured: −9 g/L and 19 g/L"
    assert fences_text(outliers([1.0, 2.0]), "") == "which do not exist"


@pytest.mark.parametrize(("weeks", "arms", "least"), [(2, 2, 130), (20, 2, 670), (20, 4, 1030)])
def test_a_picture_of_many_weeks_is_as_wide_as_its_boxes_need(weeks: int, arms: int, least: int) -> None:
    names = [f"Arm {place}" for place in range(arms)]
    found = [Box(week - 1, name, 9, 1.0, 2.0, 3.0, 4.0, 5.0) for week in range(weeks) for name in names]
    spec = laboratory_charts.boxes(found, arms=names, reference=names[0], title="x", limits=[], log=True)
    assert spec["usermeta"] == {"leastWidth": least}
    shown = [value["week"] for value in spec["data"]["values"]]
    assert shown[0] == "−1" and spec["layer"][0]["encoding"]["x"]["sort"][0] == "−1"


def test_the_page_has_one_minus_sign_and_a_file_has_the_number() -> None:
    assert day_cell(-1.0) == {"text": "−1", "numeric": True, "values": (-1,)}
    assert day_cell(0.0)["values"] == (1,) and day_cell(np.nan)["values"] == (None,)
    assert figure_cell(-2.5) == {"text": "−2.5", "numeric": True, "values": (-2.5,)}
    assert interval_cell(-1.0, -2.0, 3.0, limits=True)["text"] == "−1 [−2, 3]"
