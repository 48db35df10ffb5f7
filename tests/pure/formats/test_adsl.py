"""The population flags of ADSL: read alone, and held against the sets by the study's definitions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pvtracker.cuts.delivered_sets import RULE, differences
from pvtracker.cuts.sets import AnalysisSets, sets_of
from pvtracker.formats import READERS, read_domain_files
from pvtracker.formats.adsl import NO_FLAG, Delivered, delivered_flags, read_adsl
from pvtracker.formats.sdtm import OPEN_COLUMNS, open_records
from pvtracker.formats.sdtm.columns import SET_FLAGS
from pvtracker.formats.sdtm.rows import Collected
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
    asked = differences(found, delivered, flags=flags or tuple(SET_FLAGS)).each
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


def read_text(folder: Path, text: str) -> Collected[Delivered]:
    (folder / "adsl.csv").write_text(text)
    return delivered_flags(read_adsl(folder, READERS))


def test_rows_of_one_participant_are_one_where_they_agree_and_none_where_not(tmp_path: Path) -> None:
    read = read_text(tmp_path, "USUBJID,SAFFL\nP1,Y\nP2,N\nP1,N\nP2,n\nP3,Y\n")
    assert [(one.participant, one.flags["SAFFL"]) for one in read.records] == [("P2", "N"), ("P3", "Y")]
    assert {row.row: (row.rule, row.message) for row in read.refused} == {
        1: (
            "repeated-row",
            "Rows 1 and 3 are of one participant, with different flags: none is taken. Deliver one.",
        ),
        3: (
            "repeated-row",
            "Rows 1 and 3 are of one participant, with different flags: none is taken. Deliver one.",
        ),
        4: ("repeated-row", "The participant of row 2 stands here again, with the same flags."),
    }
    assert (read.count.rows, read.count.records, read.count.refused) == (5, 2, 3)


@pytest.mark.parametrize(
    "text, said",
    [
        ("USUBJID,SAFFL\n", "ADSL has no rows."),
        ("USUBJID,TRT01P\nP1,Zyxoline\n", "ADSL has no population flag."),
        ("USUBJID,SAFFL\nP1,Y,Zyxoline\n", "No row of ADSL can be read; row 1: Line 2 has 3 cells"),
    ],
)
def test_nothing_to_compare_is_a_fault_that_says_what_is_read(tmp_path: Path, text: str, said: str) -> None:
    read = read_text(tmp_path, text)
    (fault,) = read.faults
    assert str(fault).startswith(f"adsl.csv: {said}") and not read.records and not read.refused
    assert "USUBJID and ENRLFL, RANDFL, ITTFL, SAFFL, PPROTFL are read" in str(fault)
    assert "stands" in str(fault) and "Zyxoline" not in str(fault)


def test_an_adsl_that_the_manifest_lists_and_is_missing_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("file,rows,sha256\nadsl.csv,5,\ndm.csv,5,\nadae.csv,5,\n")
    read = delivered_flags(read_adsl(tmp_path, READERS))
    assert [str(fault) for fault in read.faults] == [
        "adsl.csv: The manifest lists this file; it is missing. Deliver it, or take it off the manifest."
    ]
    assert read.faults[0].domain == "ADSL"


def of_many(*failures: int) -> AnalysisSets:
    """60 participants, all treated but the screen failures."""
    people = [person(f"P{n}", screen_failure=n in failures) for n in range(60)]
    return sets_of(
        cut(participants=people, exposures=[treated(f"P{n}") for n in range(60) if n not in failures])
    )


@pytest.mark.parametrize(("other", "one_by_one"), [(6, True), (7, False)])
@pytest.mark.parametrize("value", ["N", NO_FLAG, ""])
def test_where_many_differ_no_participant_is_asked_about(value: str, other: int, one_by_one: bool) -> None:
    """A flag that is Y in one arm only would tell the arm by who is asked about: 10 % of 60 are asked, not more."""
    delivered = {
        f"P{n}": {"RANDFL": value if n < other else "Y", "SAFFL": "Y" if n else "N"} for n in range(60)
    }
    found = differences(of_many(), delivered, flags=("RANDFL", "SAFFL"))
    asked = [(subject, one.field) for subject, some in found.each.items() for one in some]
    assert ("P0", "SAFFL") in asked and len(asked) == 1 + (other if one_by_one else 0)
    assert found.flags == (("RANDFL", "SAFFL") if one_by_one else ("SAFFL",))
    assert len(found.of_study) == (0 if one_by_one else 1)
    for said in found.of_study:
        assert said.startswith(
            "RANDFL and the set “Randomised (intention to treat)” of 60 differ for 7 participants."
        )
        assert "P0" not in said and "P1" not in said


def test_a_few_of_a_small_set_are_asked_about() -> None:
    delivered = {f"P{number}": {"SAFFL": "N"} for number in (1, 2)}
    assert differences(of_two(), delivered, flags=("SAFFL",)).of_study == ()


def test_where_a_row_was_refused_nobody_is_missing() -> None:
    found = differences(of_two(), {"P1": {"SAFFL": "N"}}, flags=("SAFFL",), complete=False)
    assert {subject: len(some) for subject, some in found.each.items()} == {"P1": 1}


@pytest.mark.parametrize("flag", ["Y", "N", None])
def test_whoever_screens_out_is_not_compared_with_the_flag_of_enrolment(flag: str | None) -> None:
    """Sponsors enrol after screening, or before: neither is asked about; another who is not enrolled is."""
    delivered = {f"P{n}": {"ENRLFL": "Y"} for n in range(1, 60)} | {"P2": {"ENRLFL": "N"}}
    if flag:
        delivered |= {"P0": {"ENRLFL": flag}}
    assert [who for who, some in asked(of_many(0), delivered, "ENRLFL").items() if some] == ["P2"]


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
