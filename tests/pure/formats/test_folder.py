"""A delivered folder: domains are found, split files come together, nothing is left out silently."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from pvtracker.formats import READERS, StructuralFault, Table, expect_rows, read_domain_files
from tests.pure.formats.files import EVENTS, csv_text, json_bytes, json_document, xpt_bytes


def write(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def laboratory(*, rows: int) -> str:
    return "DOMAIN,USUBJID\n" + "".join(f"LB,S-{index}\n" for index in range(rows))


def rules(folder: Path, domain: str) -> list[str]:
    return [
        file.rule for file in read_domain_files(folder).domains[domain] if isinstance(file, StructuralFault)
    ]


def test_every_format_is_read_by_its_suffix(tmp_path: Path) -> None:
    head = {key: value for key, value in json_document(EVENTS).items() if key != "rows"}
    lines = "\n".join(json.dumps(part) for part in [head, *json_document(EVENTS)["rows"]])
    contents = {
        ".xpt": xpt_bytes(tmp_path, EVENTS),
        ".json": json_bytes(json_document(EVENTS)),
        ".ndjson": lines.encode(),
        ".csv": csv_text(EVENTS).encode(),
    }
    assert set(contents) == set(READERS)
    for suffix, content in contents.items():
        folder = tmp_path / suffix[1:]
        folder.mkdir()
        write(folder, f"AE{suffix.upper()}", content)
        files = read_domain_files(folder)
        assert files.rows("AE") == 4 and not files.faults() and not files.ignored


def test_split_domains_come_together_by_their_domain_column(tmp_path: Path) -> None:
    write(tmp_path, "lbch.csv", laboratory(rows=3))
    write(tmp_path, "chemistry.csv", laboratory(rows=2))
    write(tmp_path, "lbur.csv", "USUBJID,LBSEQ\nS-1,1\n")
    files = read_domain_files(tmp_path)
    assert files.rows("LB") == 6
    assert [file.source_file for file in files.domains["LB"]] == ["chemistry.csv", "lbch.csv", "lbur.csv"]


def test_what_is_not_read_is_named_with_a_reason(tmp_path: Path) -> None:
    for name in ("suppae.xpt", "ta.xpt", "se.csv", "relrec.json"):
        write(tmp_path, name, b"never opened")
    write(tmp_path, "README.md", "words")
    write(tmp_path, "ii.csv", "DOMAIN,USUBJID\nII,S-1\n")
    write(tmp_path, "notes.csv", "no table")
    write(tmp_path, "dm.csv", "DOMAIN,USUBJID\nDM,S-1\n")
    files = read_domain_files(tmp_path)
    assert set(files.domains) == {"DM"}
    reasons = {ignored.source_file: ignored.reason for ignored in files.ignored}
    assert set(reasons) == {
        "README.md",
        "ii.csv",
        "notes.csv",
        "relrec.json",
        "se.csv",
        "suppae.xpt",
        "ta.xpt",
    }
    assert "II" in reasons["ii.csv"] and "trial design" in reasons["ta.xpt"]
    assert "tell the arm" in reasons["se.csv"]


def test_a_damaged_file_stands_as_a_fault_beside_the_sound_ones(tmp_path: Path) -> None:
    write(tmp_path, "lbch.csv", laboratory(rows=3))
    write(tmp_path, "lbhe.xpt", b"damaged")
    write(tmp_path, "dm.csv", "DOMAIN,USUBJID\nDM,S-1\n")
    files = read_domain_files(tmp_path)
    assert [type(file) for file in files.domains["LB"]] == [Table, StructuralFault]
    assert [str(fault).startswith("lbhe.xpt: ") for fault in files.faults()] == [True]
    assert files.faults()[0].domain == "LB" and files.rows("DM") == 1


def test_one_dataset_in_two_formats_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, "ae.csv", csv_text(EVENTS))
    write(tmp_path, "ae.xpt", xpt_bytes(tmp_path, EVENTS))
    (tmp_path / "written-AE-5.xpt").unlink()
    assert rules(tmp_path, "AE") == ["dataset-twice"]


@pytest.mark.parametrize("form", ["json", "csv"])
@pytest.mark.parametrize(
    ("change", "rule"),
    [({}, None), ({"rows": 3}, "row-count"), ({"rows": 5}, "row-count"), ({"sha256": "0" * 64}, "sha256")],
)
def test_a_manifest_is_checked(tmp_path: Path, form: str, change: dict[str, Any], rule: str | None) -> None:
    content = csv_text(EVENTS).encode()
    write(tmp_path, "ae.csv", content)
    entry = {"file": "ae.csv", "rows": 4, "sha256": hashlib.sha256(content).hexdigest()} | change
    if form == "json":
        write(tmp_path, "manifest.json", json.dumps({"files": [entry]}))
    else:
        write(tmp_path, "manifest.csv", "file,rows,sha256\n" + ",".join(str(cell) for cell in entry.values()))
    assert rules(tmp_path, "AE") == ([] if rule is None else [rule])


def test_a_file_that_the_manifest_lists_and_the_folder_lacks_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, "manifest.csv", "file,rows\nae.csv,4\nlbhe.xpt.gz,7\n")
    write(tmp_path, "ae.csv", csv_text(EVENTS))
    assert rules(tmp_path, "LB") == ["file-missing"]
    assert rules(tmp_path, "AE") == []


@pytest.mark.parametrize(
    "manifest",
    [
        "{",
        "[]",
        '{"files": {}}',
        '{"files": [{"rows": 4}]}',
        '{"files": [{"file": "ae.csv", "rows": "four"}]}',
        '{"files": [{"file": "ae.csv", "rows": -1}]}',
        '{"files": [{"file": "ae.csv", "sha256": "abc"}]}',
        '{"files": [{"file": "ae.csv"}, {"file": "ae.csv"}]}',
    ],
)
def test_an_unreadable_manifest_stops_the_folder(tmp_path: Path, manifest: str) -> None:
    write(tmp_path, "manifest.json", manifest)
    with pytest.raises(StructuralFault, match=r"manifest\.json"):
        read_domain_files(tmp_path)


def test_expected_rows_catch_a_file_cut_between_two_records(tmp_path: Path) -> None:
    write(tmp_path, "ae.csv", csv_text(EVENTS))
    files = read_domain_files(tmp_path)
    assert not expect_rows(files, {"AE": 4}).faults()
    [fault] = expect_rows(files, {"AE": 5}).faults()
    assert (fault.domain, fault.rule) == ("AE", "row-count") and "4 rows, 5 were expected" in str(fault)
    [missing] = expect_rows(files, {"CM": 1}).faults()
    assert missing.domain == "CM"


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StructuralFault, match="There is no folder"):
        read_domain_files(tmp_path / "nowhere")
