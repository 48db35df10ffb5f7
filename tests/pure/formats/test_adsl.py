"""The population flags of ADSL: read alone, and held against the sets by the study's definitions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pvtracker.cuts.delivered_sets import RULE, differences
from pvtracker.cuts.sets import AnalysisSets, sets_of
from pvtracker.formats import READERS, read_domain_files
from pvtracker.formats.adsl import NO_FLAG, delivered_flags, read_adsl
from pvtracker.formats.sdtm import OPEN_COLUMNS, open_records
from pvtracker.formats.sdtm.columns import SET_FLAGS
from pvtracker.formats.tables import Table
from pvtracker.studies.definitions import parse
from tests.pure.formats.files import csv_text, json_bytes, json_document, xpt_bytes
from tests.shared import shared_path
from tests.small_cut import cut, day, manifest, person, treated

ROWS = [
    {"USUBJID": "P1", "TRT01P": "Zyxoline", "TRT01A": "Dummy", "SAFFL": "Y", "ITTFL": "y", "FASFL": "N"},
    {"USUBJID": "P2", "TRT01P": "Dummy", "TRT01A": "Dummy", "SAFFL": "N", "ITTFL": "", "FASFL": "N"},
]


def of_two(**settings: Any) -> AnalysisSets:
    """P1 and P2 treated, P3 not."""
    people = [person(f"P{number}", screen_failure=False) for number in (1, 2, 3)]
    data = cut(participants=people, exposures=[treated("P1"), treated("P2")])
    return sets_of(data, rules=parse(settings))


def asked(found: AnalysisSets, delivered: dict[str, dict[str, str]], *flags: str) -> dict[str, list[str]]:
    asked = differences(found, delivered, flags=flags or tuple(SET_FLAGS))
    assert all(one.rule == RULE for some in asked.values() for one in some)
    return {subject: [f"{one.field}: {one.message}" for one in some] for subject, some in asked.items()}


def test_of_adsl_the_participant_and_the_flags_are_read_and_no_treatment(tmp_path: Path) -> None:
    (tmp_path / "ADSL.csv").write_text(csv_text(ROWS))
    (tmp_path / "adae.csv").write_text(csv_text(ROWS))
    files = read_adsl(tmp_path, READERS)
    (table,) = files
    assert isinstance(table, Table) and set(table.values) == {"USUBJID", "SAFFL", "ITTFL"}
    assert "Zyxoline" not in repr(files) and "Dummy" not in repr(files)
    read = delivered_flags(files)
    assert [(one.participant, one.flags) for one in read.records] == [
        ("P1", {"ITTFL": "Y", "SAFFL": "Y"}),
        ("P2", {"ITTFL": "", "SAFFL": "N"}),
    ]
    assert (read.count.domain, read.count.rows, read.count.records) == ("ADSL", 2, 2)


@pytest.mark.parametrize("declared", ["string", "integer"])
def test_what_is_no_flag_never_leaves_the_reader(tmp_path: Path, declared: str) -> None:
    """No table, record, refusal or fault has a value of a flag's column but Y, N and none: it may name an arm."""
    values = {"P1": "Zyxoline", "P2": "ZY", "P3": " y ", "P4": None, "P5": "N"}
    document = json_document([{"USUBJID": key, "SAFFL": "x"} for key in values], name="ADSL")
    document["rows"] = [list(row) for row in values.items()]
    document["columns"][1] |= {"dataType": declared, "label": "Safety, Zyxoline"}
    (tmp_path / "adsl.json").write_bytes(json_bytes(document))
    files = read_adsl(tmp_path, READERS)
    read = delivered_flags(files)
    assert "ZY" not in f"{files!r} {read!r}".upper()
    if declared == "string":
        flags = [one.flags["SAFFL"] for one in read.records]
        assert flags == [NO_FLAG, NO_FLAG, "Y", "", "N"]
    else:
        said = {row.row: row.message for row in read.refused}
        assert said == dict.fromkeys((1, 2, 3, 5), "SAFFL is not of the type that the file declares.")


def test_a_number_in_a_flag_is_no_flag(tmp_path: Path) -> None:
    rows = [{"USUBJID": f"P{dose}", "SAFFL": float(dose)} for dose in (0, 1, 54)]
    (tmp_path / "adsl.xpt").write_bytes(xpt_bytes(tmp_path.parent, rows, name="ADSL"))
    files = read_adsl(tmp_path, READERS)
    assert [one.flags for one in delivered_flags(files).records] == [{"SAFFL": NO_FLAG}] * 3


def test_a_file_that_is_twice_there_or_names_nobody_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "adsl.csv").write_text(csv_text([{"SAFFL": "Y", "TRT01P": "Zyxoline"}]))
    read = delivered_flags(read_adsl(tmp_path, READERS))
    assert [str(fault) for fault in read.faults] == [
        "adsl.csv: ADSL has no column USUBJID; nothing of ADSL is stored."
    ]
    (tmp_path / "adsl.xpt").write_bytes(b"cut off")
    read = delivered_flags(read_adsl(tmp_path, READERS))
    said = [str(fault) for fault in read.faults]
    assert len(said) == 3 and any("deliver it once" in one for one in said) and not read.records
    again = tmp_path / "again"
    again.mkdir()
    (again / "adsl.csv").write_text(csv_text([ROWS[0], ROWS[0]]))
    read = delivered_flags(read_adsl(again, READERS))
    assert len(read.records) == 1 and [row.rule for row in read.refused] == ["repeated-row"]


def test_what_both_say_alike_is_not_asked() -> None:
    both = {"P1": {"SAFFL": "Y"}, "P2": {"SAFFL": "Y"}, "P3": {"SAFFL": "N"}}
    assert asked(of_two(), both, "SAFFL") == {"P1": [], "P2": [], "P3": []}


def test_each_difference_is_a_question_with_both_sides_and_our_reason() -> None:
    delivered = {"P1": {"SAFFL": "N", "PPROTFL": "Y"}, "P3": {"SAFFL": "Y", "PPROTFL": "MAYBE"}}
    found = asked(of_two(not_per_protocol={"P1": "wrong age"}), delivered, "SAFFL", "PPROTFL")
    remedy = " Correct the data, the definitions or the list of exclusions, or answer why it is so."
    inside = "by the definitions of the study the participant is in the set"
    outside = "by the definitions of the study the participant is not in the set"
    assert found == {
        "P1": [
            f"SAFFL: SAFFL is N in ADSL; {inside} “Treated (safety)”.{remedy}",
            f"PPROTFL: PPROTFL is Y in ADSL; {outside} “Per protocol”: wrong age.{remedy}",
        ],
        "P2": [
            f"SAFFL: ADSL does not have this participant, who has thus no SAFFL; {inside} “Treated (safety)”.{remedy}",
            f"PPROTFL: ADSL does not have this participant, who has thus no PPROTFL; {inside} “Per protocol”.{remedy}",
        ],
        "P3": [
            f"SAFFL: SAFFL is Y in ADSL; {outside} “Treated (safety)”: no exposure to a study intervention other than "
            f"background treatment.{remedy}",
            f"PPROTFL: PPROTFL is neither Y nor N in ADSL.{remedy}",
        ],
    }
    assert all(len(said) <= 500 for some in found.values() for said in some), "a query keeps 500 characters"


def test_the_pilots_flags_are_ours() -> None:
    """254 of 306 randomised and treated, by ADSL and by DM and EX alike; one changed flag is one question."""
    folder = shared_path("data/cdisc-pilot")
    records = open_records(
        read_domain_files(folder / "sdtm", domains=("DM", "EX"), choice=OPEN_COLUMNS).domains
    )
    people = [
        person(one.participant, screen_failure=one.screen_failure, site=one.site)
        for one in records.participants
    ]
    given = [
        treated(one.participant, source_id=one.source_id, **day("start", one.start)) for one in records.exposures
        if len(one.start) == 10
    ]  # fmt: skip
    found = sets_of(cut(participants=people, exposures=given, stated=manifest()))
    read = delivered_flags(read_adsl(folder / "adam", READERS))
    delivered = {one.participant: dict(one.flags) for one in read.records}
    assert {flag for flags in delivered.values() for flag in flags} == {"ITTFL", "SAFFL"}
    assert {name: int(size[0]) for name, size in found.sizes.items()} == {
        "enrolled": 306,
        "randomised": 254,
        "treated": 254,
        "per-protocol": 254,
    }
    assert not any(asked(found, delivered, "ITTFL", "SAFFL").values())
    delivered[read.records[0].participant]["SAFFL"] = "N"
    assert sum(map(len, asked(found, delivered, "ITTFL", "SAFFL").values())) == 1
