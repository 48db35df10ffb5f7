"""A SAS transport file is read whole or refused; what the file can show to be wrong is found."""

import gzip
from pathlib import Path
from typing import Any

import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvtracker.formats import xpt
from pvtracker.formats.tables import ColumnChoice, StructuralFault
from pvtracker.formats.xpt_layout import layout_of
from tests.pure.formats.files import EVENTS, xpt_bytes


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Six rows, each shorter than the 80-byte records of the format."""
    rows = [{**EVENTS[index % 3], "AESEQ": float(index + 1)} for index in range(6)]
    return xpt_bytes(tmp_path_factory.mktemp("xpt"), rows)


@pytest.fixture(scope="module")
def long_rows(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Nine rows longer than 80 bytes."""
    rows = [{**EVENTS[0], "AESEQ": float(index), "AETERM": "x" * 90 + str(index)} for index in range(9)]
    return xpt_bytes(tmp_path_factory.mktemp("xpt"), rows)


def fault_of(content: bytes) -> StructuralFault:
    with pytest.raises(StructuralFault) as caught:
        xpt.read_table(content)
    return caught.value


def test_a_sound_file_gives_its_rows(tmp_path: Path) -> None:
    table = xpt.read_table(xpt_bytes(tmp_path, EVENTS))
    assert (table.domain, table.name, table.row_count) == ("AE", "AE", 4)
    assert [column.name for column in table.columns] == list(EVENTS[0])
    assert list(table.values["AETERM"]) == [row["AETERM"] for row in EVENTS]
    assert list(table.values["AESEQ"]) == [1.0, 2.0, 1.0, None]
    assert list(table.row_numbers) == [1, 2, 3, 4]


def test_a_packed_file_is_the_same_table_with_the_hash_of_what_was_delivered(sound: bytes) -> None:
    plain, packed = xpt.read_table(sound), xpt.read_table(gzip.compress(sound))
    assert packed.values == plain.values
    assert packed.sha256 != plain.sha256


def test_text_that_is_not_utf_8_is_windows_1252(tmp_path: Path) -> None:
    written = xpt_bytes(tmp_path, [{**EVENTS[0], "AETERM": "Headache'"}])
    table = xpt.read_table(written.replace(b"Headache'", b"Headache\x92"))
    assert list(table.values["AETERM"]) == ["Headache’"]


def test_only_the_chosen_columns_become_values(sound: bytes) -> None:
    table = xpt.read_table(sound, ColumnChoice(only=frozenset({"DOMAIN", "AESEQ"})))
    assert set(table.values) == {"DOMAIN", "AESEQ"}
    assert [column.name for column in table.columns] == ["DOMAIN", "AESEQ"]


@pytest.mark.parametrize("file", ["sound", "long_rows"])
def test_a_file_cut_anywhere_but_between_two_records_is_refused(
    file: str, request: pytest.FixtureRequest
) -> None:
    content: bytes = request.getfixturevalue(file)
    layout = layout_of(content)
    undetectable = 0
    for length in range(len(content)):
        data = length - layout.data_start
        if data >= 0 and data % 80 == 0 and data % layout.record_length == 0:
            assert xpt.read_table(content[:length]).row_count == data // layout.record_length
            undetectable += 1
            continue
        assert fault_of(content[:length]).message.endswith(".")
    assert undetectable < 4


def test_a_file_cut_at_80_bytes_inside_a_record_says_so(long_rows: bytes) -> None:
    fault = fault_of(long_rows[: layout_of(long_rows).data_start + 4 * 80])
    assert fault.rule == "xpt-partial-record"
    assert "partial record" in str(fault)


def test_a_file_cut_inside_80_bytes_says_so(long_rows: bytes) -> None:
    assert fault_of(long_rows[:-13]).rule == "xpt-length"


@pytest.mark.parametrize(
    "garbage", [b"x", b"GARBAGE " * 10, b"\x00" * 80, b"\xff" * 160, b" " * 80, b"\x00" * 4800]
)
def test_bytes_after_the_last_record_are_refused(sound: bytes, long_rows: bytes, garbage: bytes) -> None:
    for content in (sound, long_rows):
        assert fault_of(content + garbage).source_file == ""


def test_text_appended_as_whole_rows_is_refused_by_its_domain(long_rows: bytes) -> None:
    layout = layout_of(long_rows)
    data = long_rows[layout.data_start :].rstrip(b" ")
    whole = data + b"Z" * (layout.record_length * 80 - len(data) % (layout.record_length * 80))
    assert fault_of(long_rows[: layout.data_start] + whole).rule == "mixed-domains"


def test_padding_is_no_row_and_a_row_is_no_padding(tmp_path: Path) -> None:
    for count in range(1, 41):
        rows = [{"DOMAIN": "AE", "USUBJID": f"S{index}"} for index in range(10, 10 + count)]
        content = xpt_bytes(tmp_path, rows)
        assert layout_of(content).record_length == 5
        assert xpt.read_table(content).row_count == count


def test_blank_rows_at_the_end_are_not_taken_for_rows(tmp_path: Path) -> None:
    """Sixteen rows of five bytes fill 80 bytes exactly; 80 blanks after them are no padding."""
    content = xpt_bytes(tmp_path, [{"DOMAIN": "AE", "USUBJID": f"S{index}"} for index in range(10, 26)])
    assert xpt.read_table(content).row_count == 16
    assert fault_of(content + b" " * 80).rule == "xpt-trailing-blanks"


@pytest.mark.parametrize(
    ("field", "rule"),
    [(1, "xpt-variable"), (5, "xpt-variable"), (7, "xpt-variable"), (87, "xpt-variable"), (8, "column-name")],
)
def test_the_descriptions_of_the_variables_must_fit_together(sound: bytes, field: int, rule: str) -> None:
    """Type, length, number, position and name of the second variable; each description has 140 bytes."""
    damaged = bytearray(sound)
    damaged[640 + 140 + field] += 0x11
    if field == 8:
        damaged[640 + 140 + field] = ord("?")
    assert fault_of(bytes(damaged)).rule == rule


def test_what_fills_the_header_is_blank(sound: bytes) -> None:
    damaged = bytearray(sound)
    damaged[640 + 5 * 140] = ord("x")  # five descriptions, then blanks to the next 80 bytes
    assert fault_of(bytes(damaged)).rule == "xpt-header"


def test_a_reader_that_gives_other_rows_than_the_length_is_not_believed(
    sound: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Any = pyreadstat.read_xport
    monkeypatch.setattr(pyreadstat, "read_xport", lambda *args, **kwargs: real(*args, row_limit=5, **kwargs))
    fault = fault_of(sound)
    assert fault.rule == "xpt-row-count"
    assert "6 rows" in str(fault) and "reading gives 5" in str(fault)


def test_a_flipped_byte_in_the_header_is_refused_or_changes_no_value(sound: bytes) -> None:
    """Names, labels, formats and dates carry no check of their own; everything else must be noticed."""
    expected = list(xpt.read_table(sound).values.values())
    refused = 0
    for position in range(layout_of(sound).data_start):
        damaged = bytearray(sound)
        damaged[position] ^= 0x01
        try:
            table = xpt.read_table(bytes(damaged))
        except StructuralFault:
            refused += 1
        else:
            assert list(table.values.values()) == expected, f"byte {position}"
    assert refused > 500


@pytest.mark.parametrize("position", [0, 25, 75, 240, 320, 560, 641])
def test_a_flipped_byte_in_a_header_line_is_refused(sound: bytes, position: int) -> None:
    damaged = bytearray(sound)
    damaged[position] ^= 0x04
    assert fault_of(bytes(damaged)).rule in ("xpt-header", "not-xpt", "xpt-variable")


def test_a_control_character_shows_shifted_records(sound: bytes) -> None:
    fault = fault_of(sound.replace(b"Nausea", b"Nau\x00ea", 1))
    assert fault.rule == "xpt-control-character"
    assert "Row 3 has a control character in variable 4" in str(fault)


def test_an_empty_file_is_refused() -> None:
    assert fault_of(b"").rule == "empty-file"


@pytest.mark.parametrize("content", [b"STUDYID,DOMAIN\n", b"{}", b"\x89PNG\r\n\x1a\n", b"x" * 4000])
def test_what_is_no_transport_file_is_refused(content: bytes) -> None:
    assert fault_of(content).rule == "not-xpt"


def test_version_8_is_refused_with_a_remedy(tmp_path: Path) -> None:
    fault = fault_of(xpt_bytes(tmp_path, EVENTS, version=8))
    assert fault.rule == "xpt-version-8"
    assert "version 5" in str(fault)


def test_a_second_dataset_in_the_file_is_refused(sound: bytes) -> None:
    member = sound[240:]  # the library's three lines stand once
    assert fault_of(sound + member).rule == "xpt-members"


def test_a_cut_gzip_file_is_refused(sound: bytes) -> None:
    packed = gzip.compress(sound)
    for length in range(3, len(packed), 7):
        assert fault_of(packed[:length]).rule == "gzip-damaged"
    assert fault_of(packed + b"garbage").rule == "gzip-damaged"


def test_a_file_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(StructuralFault, match=r"ae\.xpt: The file cannot be read"):
        xpt.read_table(tmp_path / "ae.xpt")


@given(content=st.binary(max_size=2000))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with pytest.raises(StructuralFault):
        xpt.read_table(b"HEADER RECORD*******LIBRARY " + content)
