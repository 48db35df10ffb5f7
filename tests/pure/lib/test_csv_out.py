"""CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import io

import pytest

from pvtracker.lib.csv_out import csv_bytes


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1"])
def test_a_text_that_begins_like_a_formula_is_made_harmless(text: str) -> None:
    (row,) = list(csv.reader(io.StringIO(csv_bytes(["a"], [[text]]).decode("utf-8-sig"), newline="")))[1:]
    assert row == [f"'{text}"]


def test_other_cells_stay_as_they_are() -> None:
    rows = [["Zoë, “two”", -1.5, 'a "quote"\nand a line', "", None]]
    read = list(csv.reader(io.StringIO(csv_bytes(list("abcde"), rows).decode("utf-8-sig"), newline="")))
    assert read == [list("abcde"), ["Zoë, “two”", "-1.5", 'a "quote"\nand a line', "", ""]]
