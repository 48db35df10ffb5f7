"""Tables as files: read back by programs that are not ours, run by none, and the same bytes each time."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from xml.etree import ElementTree

import openpyxl
import pytest

from pvtracker.formats.printed import FORMS, Printed

HOSTILE = (
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    " =1",
    "_x003D_1",
    "{\\rtf1}",
    "a\x0bb\u202ec\uffff",
)
TABLE = Printed(
    title="Rash & “hives” <PT>",
    columns=("Term", "n/N", "Difference", "p"),
    numeric=(False, True, True, True),
    rows=(
        ("Éruption cutanée 発疹 😀", "6/38 (15.8%)", "-3.2 [-10.1, 4.0]", "0.050"),
        ("Plain", "12", "-3.20", "<0.001"),
        *((text, "", "", "–") for text in HOSTILE),
    ),
    notes=("n: participants.",),
    facts=(("Run", "1234"), ("Cut sha256", "ab" * 32)),
)  # fmt: skip


def sheets(content: bytes) -> dict[str, list[list[object]]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(content))
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_table_gives_the_same_bytes(form: str) -> None:
    assert FORMS[form].write(TABLE) == FORMS[form].write(TABLE)
    assert FORMS[form].write(TABLE) != FORMS[form].write(Printed("x", ("a",), (False,), (("b",),)))


def test_csv_holds_the_table_first_and_runs_nothing() -> None:
    read = list(csv.reader(io.StringIO(FORMS["csv"].write(TABLE).decode("utf-8-sig"))))
    assert read[0] == list(TABLE.columns)
    assert read[1] == ["Éruption cutanée 発疹 😀", "6/38 (15.8%)", "−3.2 [−10.1, 4.0]", "0.050"]
    assert read[2] == ["Plain", "12", "-3.20", "<0.001"]  # a number stays one, with its digits
    for row, text in zip(read[3:], HOSTILE, strict=False):
        assert row[0] == (f"'{text}" if text.strip(" ")[0] in "=+-@\t" else text)
    assert read[-2:] == [["Run", "1234"], ["Cut sha256", "ab" * 32]]


def test_a_spreadsheet_holds_texts_as_texts_and_numbers_as_numbers() -> None:
    book = sheets(FORMS["xlsx"].write(TABLE))
    table = book["Table"]
    assert table[0] == list(TABLE.columns)
    assert table[1] == ["Éruption cutanée 発疹 😀", "6/38 (15.8%)", "−3.2 [−10.1, 4.0]", 0.05]
    assert table[2] == ["Plain", 12, -3.2, "<0.001"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sheet = openpyxl.load_workbook(io.BytesIO(FORMS["xlsx"].write(TABLE)))["Table"]
    types = {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert types <= {"s", "n", "inlineStr"}, "no formula"
    assert [row[0] for row in table[3:6]] == list(HOSTILE[:3])
    assert table[3 + HOSTILE.index("_x003D_1")][0] in (
        "_x003D_1",
        "_x005F_x003D_1",
    )  # openpyxl reads no escape
    assert ["Cut sha256", "ab" * 32] in [row[:2] for row in book["About"]]


def test_a_spreadsheet_says_neither_when_nor_by_whom_it_was_made() -> None:
    with zipfile.ZipFile(io.BytesIO(FORMS["xlsx"].write(TABLE))) as package:
        assert package.testzip() is None
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [name for name in package.namelist() if name.startswith("docProps")]
        assert b">_x005F_x003D_1<" in package.read("xl/worksheets/sheet1.xml"), "an escape is no escape"
        for name in package.namelist():
            ElementTree.fromstring(package.read(name))  # noqa: S314 - our own file: well-formed, hostile text and all


def test_rich_text_is_balanced_ascii_and_holds_every_text() -> None:
    content = FORMS["rtf"].write(TABLE).decode("ascii")
    bare = re.sub(r"\\[\\{}]", "", content)
    depth = 0
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0 and bare.rstrip().endswith("}")
    assert content.count("\\row") == 1 + len(TABLE.rows) and content.count("\\trhdr") == 1
    assert content.count("\\cell") - content.count("\\cellx") == 4 * (1 + len(TABLE.rows))

    def character(found: re.Match[str]) -> str:
        return (int(found[1]) % 65536).to_bytes(2, "little").decode("utf-16-le", "surrogatepass")

    read = re.sub(r"\\u(-?\d+)\?", character, content).encode("utf-16", "surrogatepass").decode("utf-16")
    assert "Éruption cutanée 発疹 😀" in read and "−3.2 [−10.1, 4.0]" in read and "\\{\\\\rtf1\\}" in read
    assert "a[U+000B]b[U+202E]c[U+FFFF]" in read and "ab" * 32 in read


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="must have 2 cells"):
        Printed("x", ("a", "b"), (False, False), (("1",),))
