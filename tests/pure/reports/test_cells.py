"""How raw cells become text: the whole truth table, and the alignment of a column."""

import pytest

from pvtracker.reports.blocks import Cell, CellKind, Column
from pvtracker.reports.cells import CellError, cell_text, column_parts


def column(kind: CellKind, digits: int = 1) -> Column:
    return Column(key="x", label="OZ1", kind=kind, digits=digits)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("text", "Nausea", "Nausea"),
        ("text", "", "—"),
        ("text", 7, "7"),
        ("text", None, "—"),
        ("count", 0, "0"),
        ("count", 1191, "1,191"),
        ("count", None, "—"),
        ("n_of", [12, 38], "12/38 (31.6%)"),
        ("n_of", [0, 38], "0/38 (0.0%)"),
        ("n_of", [38, 38], "38/38 (100.0%)"),
        ("n_of", [1, 8], "1/8"),
        ("n_of", [1, 9], "1/9"),
        ("n_of", [1, 10], "1/10 (10.0%)"),
        ("n_of", [0, 0], "0/0"),
        ("n_of", [None, 38], "—"),
        ("n_of", [1, 16], "1/16 (6.3%)"),
        ("n_of", [1, 4000], "1/4,000 (<0.1%)"),
        ("n_of", None, "—"),
        ("number", 2.25, "2.3"),
        ("number", -2.25, "−2.3"),
        ("number", -0.01, "0.0"),
        ("number", None, "—"),
        ("interval", [5.26, -2.1, 12.94], "5.3 [−2.1, 12.9]"),
        ("interval", [0.0, None, 7.6], "0.0 [—, 7.6]"),
        ("interval", [None, 1.58, None], "∞ [1.6, ∞]"),  # nobody in the reference
        ("interval", [None, 0.0, None], "— [0.0, ∞]"),  # nobody in either
        ("interval", [2.0, 1.0, None], "2.0 [1.0, ∞]"),
        ("interval", [2.0, None, None], "2.0 [—, —]"),
        ("interval", [None, None, None], "—"),
        ("p", 0.0456, "0.046"),
        ("p", 0.0005, "<0.001"),
        ("p", 0.00099, "<0.001"),
        ("p", 0.001, "0.001"),
        ("p", 0.9996, ">0.999"),
        ("p", 1.0, "1.000"),
        ("p", 1 - 1e-12, "1.000"),
        ("p", 0.0, "<0.001"),
        ("p", None, "—"),
    ],
)
def test_a_raw_cell_prints_as_its_kind_says(kind: CellKind, value: Cell, text: str) -> None:
    assert cell_text(column(kind), value) == text


def test_the_digits_of_a_column_are_kept() -> None:
    assert cell_text(column("number", digits=3), 2.0) == "2.000"
    assert cell_text(column("interval", digits=0), [2.5, 1.4, 3.5]) == "3 [1, 4]"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("n_of", [3, 2]),  # events counted as participants
        ("n_of", [-1, 2]),
        ("n_of", [1.5, 2]),
        ("n_of", [1, 2, 3]),
        ("n_of", 3),
        ("interval", [1.0, 2.0]),
        ("interval", "1 to 2"),
        ("count", "12"),
        ("count", 1.5),
        ("count", True),
        ("number", [1.0]),
        ("text", [1, 2]),
    ],
)
def test_a_value_of_another_kind_is_refused_with_the_columns_name(kind: CellKind, value: Cell) -> None:
    with pytest.raises(CellError, match="OZ1"):
        cell_text(column(kind), value)


def test_a_p_value_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        cell_text(column("p"), 1.2)


def widths(kind: CellKind, values: list[Cell]) -> list[list[int]]:
    return [[part.pad + len(part.text) for part in parts] for parts in column_parts(column(kind), values)]


def test_slashes_and_brackets_of_a_column_stand_under_one_another() -> None:
    shares = widths("n_of", [[1, 38], [12, 38], [38, 38], [1, 4]])
    assert len({tuple(cell) for cell in shares}) == 1
    intervals = widths("interval", [[5.3, -2.1, 12.9], [-15.3, -22.1, -1.0], [0.0, None, 7.6]])
    assert len({tuple(cell) for cell in intervals}) == 1


def test_a_missing_interval_needs_no_padding() -> None:
    assert widths("interval", [[5.3, -2.1, 12.9], None])[1] == [1]
