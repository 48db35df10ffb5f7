"""Dataset-JSON is read as its standard says; Python's parser alone would be too kind."""

import gzip
import json
from typing import Any

import pytest

from pvtracker.formats import dataset_json, xpt
from pvtracker.formats.tables import StructuralFault
from tests.pure.formats.files import EVENTS, json_bytes, json_document
from tests.shared import shared_path


def document() -> dict[str, Any]:
    return json_document(EVENTS)


def fault_of(content: bytes | dict[str, Any]) -> StructuralFault:
    with pytest.raises(StructuralFault) as caught:
        dataset_json.read_table(content if isinstance(content, bytes) else json_bytes(content))
    return caught.value


def test_a_document_gives_its_rows() -> None:
    table = dataset_json.read_table(gzip.compress(json_bytes(document())))
    assert (table.domain, table.name, table.row_count, table.refused) == ("AE", "AE", 4, ())
    assert list(table.values["AETERM"]) == [row["AETERM"] for row in EVENTS]
    assert list(table.values["AESEQ"]) == [1.0, 2.0, 1.0, None]


def test_version_1_0_is_read_too() -> None:
    new = document()
    items = [
        {"OID": column["itemOID"], "name": column["name"], "label": "x", "type": column["dataType"]}
        for column in new["columns"]
    ]
    group = {"records": 4, "name": "AE", "label": "x", "items": items, "itemData": new["rows"]}
    old = {"datasetJSONVersion": "1.0.0", "clinicalData": {"itemGroupData": {"IG.AE": group}}}
    assert dataset_json.read_table(json_bytes(old)).values == dataset_json.read_table(json_bytes(new)).values
    group["records"] = 5
    assert fault_of(old).rule == "json-record-count"


def test_lines_are_read_like_a_document() -> None:
    head = {key: value for key, value in document().items() if key != "rows"}
    lines = "\n".join(json.dumps(part) for part in [head, *document()["rows"]]) + "\n"
    table = dataset_json.read_lines(lines.encode())
    assert table.values == dataset_json.read_table(json_bytes(document())).values
    cut = lines[: lines.rindex("[")]
    with pytest.raises(StructuralFault, match="declares “4” records and holds 3 rows"):
        dataset_json.read_lines(cut.encode())
    with pytest.raises(StructuralFault, match="line 5"):
        dataset_json.read_lines(lines[:-5].encode())


def test_a_wrong_record_count_is_refused_with_both_counts() -> None:
    fault = fault_of(document() | {"records": 5})
    assert fault.rule == "json-record-count"
    assert "“5”" in fault.message and "4 rows" in fault.message


@pytest.mark.parametrize("records", ["4", 4.0, True, None])
def test_a_record_count_is_a_whole_number(records: object) -> None:
    assert fault_of(document() | {"records": records}).rule == "json-record-count"


def test_a_row_of_another_width_is_refused_with_both_counts() -> None:
    broken = document()
    broken["rows"][2] = broken["rows"][2][:-1]
    fault = fault_of(broken)
    assert fault.rule == "json-column-count"
    assert "Row 3 has 4 cells" in fault.message and "5 columns" in fault.message


@pytest.mark.parametrize("oid", ["IT.AE.AESEQ", "IT.DM.AETERM", "IT.AE.OTHER", "", None, 7])
def test_an_item_oid_of_another_column_is_refused(oid: object) -> None:
    broken = document()
    broken["columns"][3]["itemOID"] = oid
    assert fault_of(broken).rule == "json-item-oid"


def test_an_item_oid_occurs_once() -> None:
    broken = document()
    broken["columns"][2]["itemOID"] = broken["columns"][3]["itemOID"] = "some.local.oid"
    assert fault_of(broken).rule == "json-item-oid"


def test_a_key_twice_is_refused() -> None:
    text = json_bytes(document()).decode().replace('"records": 4', '"records": 5, "records": 4')
    fault = fault_of(text.encode())
    assert fault.rule == "json-key-twice" and "the second time in place 5" in fault.message


@pytest.mark.parametrize(
    ("changed", "value"),
    [("name", "Zyxoline 54"), ("name", 7), ("itemOID", "IT.AE.ZyxolineB"), ("dataType", "Zyxoline")],
)
def test_a_fault_of_a_column_names_its_place_and_quotes_nothing(changed: str, value: object) -> None:
    """What is not read may be named after a treatment."""
    broken = document()
    broken["columns"][3] = {
        "itemOID": "x",
        "name": "Zyxoline",
        "label": "x",
        "dataType": "string",
        changed: value,
    }
    fault = fault_of(broken)
    assert "column 4" in fault.message.lower() and "Zyx" not in fault.message
    twice = document()
    twice["columns"][3]["name"] = twice["columns"][2]["name"]
    twice["columns"][3]["itemOID"] = "x"
    assert "Columns 3 and 4 have the same name." in fault_of(twice).message


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
def test_what_is_no_number_is_refused(number: str) -> None:
    text = json_bytes(document()).decode().replace("2.0", number)
    assert fault_of(text.encode()).rule == "json-number"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "empty-file"),
        (b"null", "json-structure"),
        (b"[]", "json-structure"),
        (b"{", "not-json"),
        (b"[" * 100_000, "not-json"),
        (b"{}", "json-version"),
        (b'{"datasetJSONVersion": "2.0.0"}', "json-version"),
        (b'{"datasetJSONVersion": "1.1.0"}', "json-structure"),
        (b'{"datasetJSONVersion": "1.0.0"}', "json-structure"),
        (b'{"datasetJSONVersion": "\xff"}', "encoding"),
    ],
)
def test_a_damaged_document_is_refused(content: bytes, rule: str) -> None:
    assert fault_of(content).rule == rule


def test_every_cut_of_a_document_is_refused() -> None:
    content = json_bytes(document())
    for length in range(len(content)):
        fault_of(content[:length])


@pytest.mark.parametrize(
    ("column", "cell"), [(2, "abc"), (2, True), (2, "1_000"), (2, "1,5"), (3, 5), (3, ["x"]), (0, False)]
)
def test_a_cell_of_another_type_refuses_its_row_alone(column: int, cell: object) -> None:
    broken = json_document(EVENTS, name="CM")
    broken["rows"][1][column] = cell
    table = dataset_json.read_table(json_bytes(broken))
    assert [(row.row, row.rule) for row in table.refused] == [(2, "json-type")]
    assert list(table.row_numbers) == [1, 3, 4] and table.row_count == 4
    assert list(EVENTS[0])[column] == table.refused[0].column


@pytest.mark.parametrize(
    ("column", "cell", "kept"),
    [(2, "abc", "abc"), (2, True, "true"), (3, 5, "5"), (3, ["x"], '["x"]'), (2, 10**400, "1" + "0" * 400)],
)
def test_a_cell_of_another_type_refuses_no_event(column: int, cell: object, kept: str) -> None:
    broken = document()
    broken["rows"][1][column] = cell
    table = dataset_json.read_table(json_bytes(broken))
    assert table.refused == () and list(table.row_numbers) == [1, 2, 3, 4]
    assert table.values[list(EVENTS[0])[column]][1] == kept


def test_an_identifier_of_another_type_refuses_its_row() -> None:
    broken = document()
    broken["rows"][1][1] = True
    table = dataset_json.read_table(json_bytes(broken))
    assert [(row.row, row.rule, row.column) for row in table.refused] == [(2, "json-type", "USUBJID")]


def test_a_decimal_may_be_written_as_text() -> None:
    decimal = document()
    decimal["columns"][2] |= {"dataType": "decimal", "targetDataType": "decimal"}
    decimal["rows"][0][2] = "0.1"
    assert dataset_json.read_table(json_bytes(decimal)).values["AESEQ"][0] == 0.1


@pytest.mark.parametrize("name", ["ae", "dd", "dm", "ds"])
def test_the_standards_samples_equal_their_transport_files(name: str) -> None:
    samples = shared_path("standards/dataset-json/samples")
    ours, other = dataset_json.read_table(samples / f"{name}.json"), xpt.read_table(samples / f"{name}.xpt")
    assert ours.values == other.values
    assert ours.row_count == other.row_count > 0


def test_the_standards_sample_lines_equal_the_document() -> None:
    samples = shared_path("standards/dataset-json/samples")
    lines, whole = (
        dataset_json.read_lines(samples / "ae.ndjson"),
        dataset_json.read_table(samples / "ae.json"),
    )
    assert lines.values == whole.values
