"""SDTM rows become records, or are refused with a sentence that names the column and its value."""

from collections.abc import Mapping
from typing import Any

import pytest

from pvtracker.formats import READERS, StructuralFault, Table, csv_table, dataset_json
from pvtracker.formats.records import EventRecord
from pvtracker.formats.sdtm import DOMAINS, OpenRecords, open_records
from tests.pure.formats.files import csv_text, json_bytes, json_document

SUBJECT = {
    "DOMAIN": "DM", "USUBJID": "S-01", "SUBJID": "01", "SITEID": "701", "COUNTRY": "USA", "AGE": "63",
    "AGEU": "YEARS", "SEX": "F", "RFSTDTC": "2026-01-02",
}  # fmt: skip
EVENT = {
    "DOMAIN": "AE", "USUBJID": "S-01", "AESEQ": "1", "AETERM": "Headache", "AESTDTC": "2026-03",
    "AEENDTC": "", "AESER": "N", "AESEV": "MILD", "AETOXGR": "", "AEREL": "", "AEACN": "", "AEOUT": "",
    "AESDTH": "", "AESLIFE": "", "AESHOSP": "", "AESMIE": "", "AESOD": "", "AESCAN": "",
    "AEENRF": "", "AEENRTPT": "",
}  # fmt: skip
OTHERS: Mapping[str, dict[str, str]] = {
    "SV": {"USUBJID": "S-01", "VISITNUM": "1", "SVSTDTC": "2026-01-02"},
    "EX": {"USUBJID": "S-01", "EXSEQ": "1", "EXSTDTC": "2026-01-02"},
    "DS": {"USUBJID": "S-01", "DSSEQ": "1", "DSTERM": "Done", "DSDECOD": "COMPLETED", "DSSTDTC": "2026"},
    "LB": {"USUBJID": "S-01", "LBSEQ": "1", "LBTESTCD": "ALT", "LBDTC": "2026-01-02"},
    "VS": {"USUBJID": "S-01", "VSSEQ": "1", "VSTESTCD": "PULSE", "VSDTC": "2026-01-02"},
    "MH": {"USUBJID": "S-01", "MHSEQ": "1", "MHTERM": "Asthma"},
    "CM": {"USUBJID": "S-01", "CMSEQ": "1", "CMTRT": "Aspirin"},
}


def read(domain: str, rows: list[dict[str, Any]], **options: Any) -> OpenRecords:
    table = csv_table.read_table(csv_text(rows).encode())
    return open_records({domain: [table.at(f"{domain.lower()}.csv")]}, **options)


def event(**changes: str) -> EventRecord:
    records = read("AE", [EVENT | changes])
    assert not records.refused and not records.faults
    return records.events[0]


def refusal(domain: str, row: dict[str, str]) -> tuple[str, str]:
    records = read(domain, [row])
    [refused] = records.refused
    assert (refused.domain, refused.row, refused.source_file) == (domain, 1, f"{domain.lower()}.csv")
    assert records.counts[0].records == 0 and records.counts[0].refused == 1
    return refused.rule, refused.message


def test_every_domain_is_read_with_its_required_columns_alone() -> None:
    rows = {"DM": {"USUBJID": "S-01", "SITEID": "701"}, **OTHERS}
    rows["AE"] = {"USUBJID": "S-01", "AESEQ": "1", "AETERM": "Rash", "AESTDTC": ""}
    assert set(rows) == set(DOMAINS)
    for domain, row in rows.items():
        records = read(domain, [row])
        assert not records.faults and not records.refused
        assert [(count.domain, count.rows, count.records) for count in records.counts] == [(domain, 1, 1)]


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_missing_column_keeps_the_whole_domain_out(domain: str) -> None:
    row = {"DM": SUBJECT, "AE": EVENT, **OTHERS}[domain]
    whole = {name: cell for name, cell in row.items() if name != "USUBJID"} | {"OTHER": "x"}
    records = read(domain, [whole])
    [fault] = records.faults
    assert (fault.domain, fault.rule) == (domain, "column-missing")
    assert domain in str(fault) and "USUBJID" in str(fault)
    assert records.counts[0].records == 0


def test_a_fault_in_one_file_keeps_its_domain_out_and_no_other() -> None:
    damaged = StructuralFault("It is cut.", rule="xpt-length", source_file="lbhe.xpt", domain="LB")
    laboratory = csv_table.read_table(csv_text([OTHERS["LB"]]).encode())
    history = csv_table.read_table(csv_text([OTHERS["MH"]]).encode())
    records = open_records({"LB": [laboratory, damaged], "MH": [history]})
    assert records.measurements == () and len(records.history) == 1
    assert records.faults == (damaged,)


def test_a_bad_row_is_refused_alone_and_counts_add_up() -> None:
    rows = [EVENT | {"AESEQ": str(index)} for index in range(1, 6)]
    rows[1]["AESTDTC"] = "2026-02-30"
    rows[3]["AESEQ"] = "3"
    records = read("AE", rows)
    assert [event.source_id for event in records.events] == ["AE-1", "AE-3", "AE-5"]
    assert [(row.row, row.rule) for row in records.refused] == [(2, "date"), (4, "repeated-row")]
    [count] = records.counts
    assert (count.rows, count.records, count.refused, count.left_out) == (5, 3, 2, 0)


def test_a_ragged_row_counts_among_the_refused() -> None:
    table = csv_table.read_table(b"USUBJID,MHSEQ,MHTERM\nS-01,1,Asthma\nS-01,2\n").at("mh.csv")
    records = open_records({"MH": [table]})
    assert [(row.domain, row.row, row.rule) for row in records.refused] == [("MH", 2, "ragged-row")]
    assert records.counts[0].rows == 2


@pytest.mark.parametrize(
    ("domain", "changes", "rule", "says"),
    [
        ("DM", {"USUBJID": ""}, "missing", "USUBJID is empty"),
        ("DM", {"AGE": "abc"}, "number", "AGE is “abc”"),
        ("DM", {"AGE": "1,5"}, "number", "AGE is “1,5”"),
        ("DM", {"AGE": "-1"}, "age", "AGE is “-1.0”"),
        ("DM", {"AGE": "131"}, "age", "0 to 130"),
        ("DM", {"AGEU": "MOONS"}, "age-unit", "AGEU is “MOONS”"),
        ("DM", {"SEX": "X"}, "term", "SEX is “X”"),
        ("DM", {"RFSTDTC": "02JAN2026"}, "date", "RFSTDTC: “02JAN2026” is not a date"),
        ("AE", {"AESTDTC": "2026---05"}, "date", "left out from the right"),
        ("AE", {"AESEQ": ""}, "missing", "AESEQ is empty"),
        ("AE", {"AESEQ": "1.5"}, "whole-number", "AESEQ is “1.5”"),
        ("AE", {"AETERM": "  "}, "missing", "AETERM is empty"),
        ("AE", {"AESER": "maybe"}, "flag", "AESER is “MAYBE”"),
        ("AE", {"AEOUT": "GONE"}, "term", "AEOUT is “GONE”"),
        ("AE", {"AEACN": "PRAYED"}, "term", "AEACN is “PRAYED”"),
    ],
)
def test_a_value_that_cannot_be_read_is_refused(
    domain: str, changes: dict[str, str], rule: str, says: str
) -> None:
    found, message = refusal(domain, (SUBJECT if domain == "DM" else EVENT) | changes)
    assert found == rule
    assert says in message


def test_a_message_shows_no_other_column() -> None:
    row = EVENT | {"AESTDTC": "soon", "AETERM": "Got the active vector"}
    _, message = refusal("AE", row)
    assert "vector" not in message and "S-01" not in message


def test_text_that_no_database_takes_is_refused() -> None:
    for text in ("\x00", "\ud800"):
        broken = json_document([{"USUBJID": "S-01", "MHSEQ": 1.0, "MHTERM": f"Asth{text}ma"}], name="MH")
        records = open_records({"MH": [dataset_json.read_table(json_bytes(broken))]})
        assert [row.rule for row in records.refused] == ["character"]


@pytest.mark.parametrize(
    ("reported", "key"),
    [
        ("NONE", "not_related"), ("N", "not_related"), ("Not Related", "not_related"), ("REMOTE", "unlikely"),
        ("UNLIKELY", "unlikely"), ("POSSIBLE", "possible"), ("Y", "possible"), ("PROBABLE", "probable"),
        ("DEFINITE", "definite"), ("RELATED", "definite"), ("WHO KNOWS", ""),
    ],
)  # fmt: skip
def test_causality_is_normalised_and_its_words_are_kept(reported: str, key: str) -> None:
    [assessment] = event(AEREL=reported).assessments
    assert (assessment.causality, assessment.causality_reported) == (key, reported)
    assert (assessment.assessor, assessment.intervention) == ("investigator", "Study treatment")


def test_an_event_without_judgement_has_no_assessment() -> None:
    assert event().assessments == ()


@pytest.mark.parametrize(
    ("changes", "grade", "reported"),
    [
        ({"AESEV": "MILD"}, 1, "MILD"),
        ({"AESEV": "Moderate"}, 2, "Moderate"),
        ({"AESEV": "SEVERE"}, 3, "SEVERE"),
        ({"AESEV": "LIFE THREATENING"}, 4, "LIFE THREATENING"),
        ({"AESEV": "FATAL"}, 5, "FATAL"),
        ({"AESEV": "MILD", "AETOXGR": "4"}, 4, "4"),
        ({"AESEV": "MILD", "AETOXGR": "GRADE 3"}, 3, "GRADE 3"),
        ({"AESEV": "MILD", "AETOXGR": "6"}, None, "6"),
        ({"AESEV": "AWFUL"}, None, "AWFUL"),
        ({"AESEV": ""}, None, ""),
    ],
)
def test_severity_becomes_a_grade_and_the_toxicity_grade_wins(
    changes: dict[str, str], grade: int | None, reported: str
) -> None:
    found = event(**changes)
    assert (found.grade, found.severity_reported) == (grade, reported)


@pytest.mark.parametrize(
    ("reported", "key"),
    [
        ("RECOVERED/RESOLVED", "recovered"), ("RECOVERING/RESOLVING", "recovering"), ("FATAL", "fatal"),
        ("NOT RECOVERED/NOT RESOLVED", "not_recovered"), ("UNKNOWN", "unknown"), ("", ""),
        ("RECOVERED/RESOLVED WITH SEQUELAE", "recovered_with_sequelae"),
    ],
)  # fmt: skip
def test_outcome_is_normalised(reported: str, key: str) -> None:
    assert event(AEOUT=reported).outcome == key


@pytest.mark.parametrize(
    ("reported", "key"),
    [
        ("DOSE NOT CHANGED", "none"), ("DOSE REDUCED", "dose_reduced"), ("DOSE INCREASED", "dose_increased"),
        ("DRUG INTERRUPTED", "interrupted"), ("DRUG WITHDRAWN", "withdrawn"), ("UNKNOWN", "unknown"),
        ("NOT APPLICABLE", "not_applicable"),
    ],
)  # fmt: skip
def test_action_taken_is_normalised(reported: str, key: str) -> None:
    assert [assessment.action_taken for assessment in event(AEACN=reported).assessments] == [key]


def test_seriousness_criteria_are_a_set_in_a_fixed_order() -> None:
    found = event(AESER="Y", AECAN="N", AESCAN="Y", AESOD="Y", AESDTH="Y", AESHOSP="Y", AESLIFE="N")
    assert found.criteria == ("death", "hospitalisation", "medically_important")
    assert found.serious is True
    assert event(AESER="").serious is None


def test_a_fatal_event_marked_not_serious_is_kept_as_delivered() -> None:
    found = event(AESER="N", AESDTH="Y", AEOUT="FATAL")
    assert (found.serious, found.criteria, found.outcome) == (False, ("death",), "fatal")


def test_a_missing_end_alone_is_not_ongoing() -> None:
    assert event(AEENDTC="").ongoing is False
    assert event(AEENRF="ONGOING").ongoing is True
    assert event(AEENRTPT="AFTER").ongoing is True
    assert event(AEENRF="BEFORE").ongoing is False


@pytest.mark.parametrize(
    ("age", "unit", "years"),
    [("63", "YEARS", 63), ("63.9", "", 63), ("30", "MONTHS", 2), ("700", "DAYS", 1), ("", "YEARS", None)],
)
def test_age_is_in_completed_years(age: str, unit: str, years: int | None) -> None:
    assert read("DM", [SUBJECT | {"AGE": age, "AGEU": unit}]).participants[0].age == years


def test_two_visits_of_one_number_are_two_visits() -> None:
    visits = [OTHERS["SV"], OTHERS["SV"] | {"SVSTDTC": "2026-01-03"}, OTHERS["SV"] | {"VISITNUM": "3.5"}]
    assert [visit.source_id for visit in read("SV", visits).visits] == ["SV-1", "SV-1-2", "SV-3.5"]


def test_revealing_analytes_are_left_out_before_anything_of_them_is_read() -> None:
    secret = OTHERS["LB"] | {"LBSEQ": "2", "LBTESTCD": "vcn", "LBDTC": "unreadable"}
    records = read("LB", [OTHERS["LB"], secret], revealing_analytes=frozenset({"VCN"}))
    assert [record.analyte for record in records.measurements] == ["ALT"]
    assert records.refused == ()
    [count] = records.counts
    assert (count.rows, count.records, count.left_out) == (2, 1, 1)


def test_a_number_and_its_text_read_alike_in_every_format() -> None:
    from_csv = csv_table.read_table(csv_text([OTHERS["LB"] | {"LBSTRESN": "38.0"}]).encode())
    row = OTHERS["LB"] | {"LBSEQ": 1.0, "LBSTRESN": 38.0}
    from_json = dataset_json.read_table(json_bytes(json_document([row], name="LB")))
    assert len(READERS) > 1
    assert open_records({"LB": [from_csv]}).measurements == open_records({"LB": [from_json]}).measurements


def test_a_table_is_not_changed_by_reading_it() -> None:
    table: Table = csv_table.read_table(csv_text([EVENT]).encode())
    before = dict(table.values)
    open_records({"AE": [table]})
    assert table.values == before
