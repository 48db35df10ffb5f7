"""Every table of the laboratory pages can be written to a file: as many numbers as its columns have fields."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pvtracker.formats.printed import FORMS
from pvtracker.signals import laboratory, laboratory_courses, laboratory_detail, laboratory_model, taking_out
from pvtracker.signals import laboratory_closed_tables as closed_tables
from pvtracker.signals import laboratory_tables as tables
from pvtracker.signals.laboratory_cells import day_cell, figure_cell, interval_cell, value_cell
from tests.hiv_laboratory import hiv_laboratory


@pytest.mark.parametrize("inference", [True, False])
def test_every_table_is_written_in_every_form(inference: bool) -> None:
    lab = hiv_laboratory()
    found = laboratory_detail.detail(lab)
    arms = lab.arms.names
    results = lab.values.assign(
        value=lab.values["value"].where(lab.values.index % 2 == 0), text="NOT DETECTED"
    )
    model = laboratory_model.section(lab, laboratory_model.Weeks(), inference=inference)
    share = laboratory_courses.detected(results, lab, inference=inference)
    assert model and share and found.slopes
    all_tables: list[dict[str, Any]] = [
        *(one.table for one in laboratory_courses.sections(lab, inference=inference)),
        model.table,
        share.table,
        closed_tables.detections_table(results, lab),
        tables.overview_table(lab, laboratory.overview(lab), url=lambda code: "", inference=inference),
        tables.boxes_table(found.boxes, "copies/mL"),
        tables.contrasts_table(found.summary.contrasts, arms[0], inference=inference),
        tables.slopes_table(found.slopes, arms, "copies/mL", log=True, inference=inference),
        tables.outliers_table(lab, found, url=lambda row: "", every=True),
    ]
    for table in all_tables:
        for form in FORMS.values():
            held = taking_out.printed(table, [], {}, values=form.of_values)
            assert form.write(held)
            assert not inference or table["rows"] == [] or len(held.columns) >= len(table["columns"])
        if not inference:
            held = taking_out.printed(table, [], {}, values=True)
            assert not [name for name in held.columns if "95" in name or name in ("p", "Flag")], table[
                "caption"
            ]
    told = taking_out.printed(share.table, [], {}, values=True)
    place = told.columns.index("Arm, %")
    assert told.rows[0][place] == pytest.approx(100 * told.rows[0][place - 2] / told.rows[0][place - 1])  # type: ignore[operator]
    if inference:
        assert told.columns[place + 1 : place + 3] == ("Arm, lower 95 %", "Arm, upper 95 %")


def test_what_does_not_exist_is_no_number() -> None:
    assert figure_cell(float("nan"))["text"] == "–"
    missing = interval_cell(np.nan, np.nan, np.nan, limits=True)
    assert missing["text"] == "–" and len(missing["values"]) == 3
    assert day_cell(np.nan)["values"] == (None,) and day_cell(0.0)["values"] == (1,)
    row = pd.Series({"value": 50.0, "unit": "copies/mL", "below": True, "at_least": False})
    assert value_cell(row.to_dict()) == {
        "text": "<50 copies/mL",
        "numeric": True,
        "values": (50.0, "copies/mL", "below"),
    }
