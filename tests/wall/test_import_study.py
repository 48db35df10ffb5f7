"""`import_study` with real children of both rooms: exit codes, the report, and where the arms end up."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pvtracker.ops.commands import import_study
from pvtracker.ops.rooms import Installation
from tests.deliveries import ARM_WORDS, delivery, write
from tests.rooms import query


@pytest.fixture(autouse=True)
def nothing_is_left_in_the_folder_for_temporary_files(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Neither by an import that was stored, nor by one that was refused: halves of a delivery lie there meanwhile."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(folder))  # of the rooms' processes
    monkeypatch.setattr(tempfile, "tempdir", str(folder))  # of the launcher, which runs in this one
    yield
    assert sorted(folder.rglob("*")) == []


def run(rooms: Installation, folder: Path, *options: str) -> int:
    parser = argparse.ArgumentParser()
    import_study.add_arguments(parser)
    return import_study.run(parser.parse_args([str(folder), *options]), rooms)


def report_of(path: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(path.read_text())
    return report


def test_a_delivery_goes_into_both_rooms_under_one_id(
    rooms: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, told = write(tmp_path / "in"), tmp_path / "report.json"
    assert run(rooms, folder, "--study", "BOTH", "--revealing", "GENE", "--json", str(told)) == 0
    report = report_of(told)
    ids = {
        query(rooms, room, "select id from studies_study where code = 'BOTH'")[0][0]
        for room in ("open", "closed")
    }
    assert {str(study_id) for study_id in ids} == {report["study_id"]}
    assert report["domains"]["AE"]["stored"] == 6
    assert report["closed"]["DM"]["stored"] == 4
    assert query(rooms, "closed", "select count(*) from allocation_allocation") == [(4,)]
    kept = [
        query(rooms, room, f"select analyte from {table} order by 1")
        for room, table in (
            ("open", "participants_measurement"),
            ("closed", "allocation_revealingmeasurement"),
        )
    ]
    assert kept == [[("ALT",), ("ALT",)], [("GENE",)]]
    assert not any(word in told.read_text() for word in ARM_WORDS)
    assert "possible-duplicate: 1" in capsys.readouterr().out

    assert run(rooms, folder, "--study", "BOTH", "--json", str(told)) == 0
    again = report_of(told)
    assert all(
        p["stored"] == p["changed"] == 0 for half in ("domains", "closed") for p in again[half].values()
    )
    assert again["study_id"] == report["study_id"]
    assert again["closed"]["LB"]["unchanged"] == 1, "what tells the arm stays declared, named or not"


def test_a_dry_run_leaves_both_rooms_as_they_were(rooms: Installation, tmp_path: Path) -> None:
    assert (
        run(rooms, write(tmp_path / "in"), "--study", "DRY", "--dry-run", "--json", str(tmp_path / "r.json"))
        == 0
    )
    report = report_of(tmp_path / "r.json")
    assert (report["dry_run"], report["domains"]["AE"]["stored"], report["closed"]["DM"]["stored"]) == (
        True,
        6,
        4,
    )
    for room in ("open", "closed"):
        assert query(rooms, room, "select 1 from studies_study where code = 'DRY'") == []


def test_a_damaged_domain_ends_with_exit_1_and_the_others_are_stored(
    rooms: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "in")
    assert run(rooms, folder, "--study", "CUT", "--expect", "EX=5", "--json", str(tmp_path / "r.json")) == 1
    report = report_of(tmp_path / "r.json")
    assert report["domains"]["EX"]["fault"]
    assert report["closed"]["EX"]["fault"]
    assert report["domains"]["AE"]["stored"] == 6
    assert "EX has 4 rows, 5 were expected" in capsys.readouterr().err


def test_without_a_reference_arm_nothing_is_imported(
    rooms: Installation, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = delivery()
    for row in rows["dm"]:
        row["ARM"] = row["ARM"].replace("Dummy placebo", "Dummy")
    folder = write(tmp_path / "in", rows)
    assert run(rooms, folder, "--study", "NOREF") == 1
    assert (
        "Name the reference arm with --reference CODE: DUM (Dummy); ZYX (Zyxoline)" in capfd.readouterr().err
    )
    for room in ("open", "closed"):
        assert query(rooms, room, "select 1 from studies_study where code = 'NOREF'") == []
    assert run(rooms, folder, "--study", "NOREF", "--reference", "DUM") == 0


def test_a_missing_folder_is_a_sentence_and_exit_1(
    rooms: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(rooms, tmp_path / "nowhere", "--study", "NONE") == 1
    assert "There is no folder" in capsys.readouterr().err
