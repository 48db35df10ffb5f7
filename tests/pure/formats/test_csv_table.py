"""A CSV file is read strictly: quotes, rows, names and characters are right or it is refused."""

import gzip
from pathlib import Path

import pytest

from pvtracker.formats import csv_table
from pvtracker.formats.tables import ColumnChoice, StructuralFault
from tests.pure.formats.files import EVENTS, csv_text

HEADER = "DOMAIN,USUBJID,AETERM\n"


def fault_of(content: bytes) -> StructuralFault:
    with pytest.raises(StructuralFault) as caught:
        csv_table.read_table(content)
    return caught.value


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_in_the_header(delimiter: str) -> None:
    table = csv_table.read_table(csv_text(EVENTS, delimiter).encode())
    assert (table.domain, table.row_count, table.refused) == ("AE", 4, ())
    assert list(table.values["AETERM"]) == [row["AETERM"] for row in EVENTS]
    assert list(table.values["AESEQ"]) == ["1.0", "2.0", "1.0", ""]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_text_is_utf_8_or_windows_1252(encoding: str) -> None:
    table = csv_table.read_table(csv_text(EVENTS).encode(encoding))
    assert table.values["AETERM"][1] == "Céphalée – sévère"
    assert "DOMAIN" in table.values


def test_a_packed_file_is_read_and_named_after_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ae.csv.gz"
    path.write_bytes(gzip.compress(csv_text(EVENTS).encode()))
    table = csv_table.read_table(path)
    assert (table.name, table.source_file, table.row_count) == ("AE", "ae.csv.gz", 4)


def test_a_ragged_row_is_refused_alone_with_its_line() -> None:
    text = HEADER + 'AE,S-01,"two\nlines"\nAE,S-02\nAE,S-03,Rash,extra\n\nAE,S-04,Nausea\n'
    table = csv_table.read_table(text.encode())
    assert list(table.values["USUBJID"]) == ["S-01", "S-04"]
    assert list(table.row_numbers) == [1, 4]
    assert [(row.row, row.rule) for row in table.refused] == [(2, "ragged-row"), (3, "ragged-row")]
    assert "Line 4 has 2 cells, the header has 3" in table.refused[0].message
    assert "Line 5 has 4 cells" in table.refused[1].message
    assert table.row_count == 4


def test_an_unclosed_quote_in_row_2_of_10000_is_refused() -> None:
    rows = [f"AE,S-{index},Headache" for index in range(10_000)]
    rows[1] = 'AE,S-1,"Headache'
    fault = fault_of((HEADER + "\n".join(rows)).encode())
    assert fault.rule == "csv-cell" and "a quote before it was opened and not closed" in fault.message


@pytest.mark.parametrize("cell", ['"Head"ache', '"Head" ache', '"unclosed'])
def test_a_misplaced_quote_is_refused(cell: str) -> None:
    assert fault_of(f"{HEADER}AE,S-01,{cell}\nAE,S-02,Rash\n".encode()).rule == "csv-quotes"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "empty-file"),
        (b"DOMAIN,USUBJID\nAE,S\x00-01\n", "zero-byte"),
        (b"DOMAIN,USUBJID\nAE,\x81\n", "encoding"),
        ("DOMAIN,USUBJID\nAE,S-01\n".encode("utf-16"), "encoding"),
        (b"one column\nAE\n", "csv-header"),
        (b"AE,S-01,Headache\nAE,S-02,Rash\n", "column-name"),
        (b"DOMAIN,USUBJID,USUBJID\nAE,S-01,S-01\n", "column-twice"),
        (b"DOMAIN,,USUBJID\nAE,x,S-01\n", "column-name"),
        (b"DOMAIN,USUBJID\nAE,S-01\nDM,S-02\n", "mixed-domains"),
        (b"DOMAIN,AETERM\nAE," + b"x" * 200_000 + b"\n", "csv-cell"),
    ],
)
def test_a_damaged_file_is_refused(content: bytes, rule: str) -> None:
    assert fault_of(content).rule == rule


def test_only_the_chosen_columns_are_kept() -> None:
    choice = ColumnChoice(only=frozenset({"USUBJID"}))
    table = csv_table.read_table((HEADER + "AE,S-01,Rash\n").encode(), choice)
    assert table.values == {"USUBJID": ["S-01"]}


def test_a_cell_that_is_too_long_is_told_with_the_limit_and_the_remedy() -> None:
    fault = fault_of(f"{HEADER}AE,S-01,{'x' * 1_000_000}\n".encode())
    assert fault.message.startswith(
        "A cell at or before line 2 has more than 131,072 characters, the most that is read. Shorten it;"
    )


@pytest.mark.parametrize(
    ("first_line", "said"),
    [
        ("S-01,Zyxoline 54,Y", "Column 1 has no name that can be read"),
        ("S1,Zyxoline,Zyxoline", "Columns 2 and 3 have the same name."),
        ("S1,Zyxoline mg,Y", "Column 2 has no name that can be read"),
    ],
)
def test_a_fault_of_the_header_names_places_and_quotes_no_cell(first_line: str, said: str) -> None:
    """Without a header the first row is taken for one, and its cells may tell an arm."""
    fault = fault_of(f"{first_line}\nS2,Dummy,Y\n".encode())
    assert fault.message.startswith(said) and "Is the first line the header?" in fault.message
    assert "zyx" not in fault.message.lower()
