"""SDTM rows become records, or are refused with a sentence that names the column and its value."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pvtracker.formats import READERS, StructuralFault, Table, csv_table, dataset_json
from pvtracker.formats.records import EventRecord
from pvtracker.formats.sdtm import DOMAINS, OpenRecords, open_records
from pvtracker.lib.content_hash import content_hash
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
    rows = [OTHERS["MH"] | {"MHSEQ": str(index), "MHSTDTC": "2025"} for index in range(1, 6)]
    rows[1]["MHSTDTC"] = "2026-02-30"
    rows[3]["MHSEQ"] = "3"
    records = read("MH", rows)
    assert [row.source_id for row in records.history] == ["MH-1", "MH-3", "MH-5"]
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
        ("DM", {"USUBJID": "S-\x00"}, "character", "USUBJID holds a character"),
        ("AE", {"USUBJID": ""}, "missing", "USUBJID is empty"),
        ("AE", {"AETERM": "  "}, "missing", "AETERM is empty, and no coded term"),
        ("MH", {"MHSEQ": ""}, "missing", "MHSEQ is empty"),
        ("MH", {"MHSEQ": "1.5"}, "whole-number", "MHSEQ is “1.5”"),
        ("MH", {"MHTERM": "  "}, "missing", "MHTERM is empty"),
        ("LB", {"LBDTC": "2026---05"}, "date", "left out from the right"),
        ("LB", {"LBSTRESN": "1,5"}, "number", "LBSTRESN is “1,5”"),
    ],
)
def test_a_row_that_names_nothing_or_of_another_domain_is_refused(
    domain: str, changes: dict[str, str], rule: str, says: str
) -> None:
    whole = {"DM": SUBJECT, "AE": EVENT, **OTHERS}[domain]
    columns = {"LBSTRESN": "", "MHSTDTC": ""} if domain in OTHERS else {}
    if "\x00" in "".join(changes.values()):
        broken = json_document([whole | changes], name=domain)
        [refused] = open_records({domain: [dataset_json.read_table(json_bytes(broken))]}).refused
        assert (refused.rule, says in refused.message) == (rule, True)
        return
    found, message = refusal(domain, whole | columns | changes)
    assert found == rule
    assert says in message


@pytest.mark.parametrize(
    ("changes", "rule", "field", "says", "kept"),
    [
        ({"AGE": "abc"}, "age-readable", "age", "AGE is “abc”", None),
        ({"AGE": "1,5"}, "age-readable", "age", "AGE is “1,5”", None),
        ({"AGE": "-1"}, "age-readable", "age", "AGE is “-1.0”", None),
        ({"AGE": "126"}, "age-readable", "age", "0 to 125", None),
        ({"AGEU": "MOONS"}, "age-readable", "age", "AGEU is “MOONS”", None),
        ({"SEX": "X"}, "sex-understood", "sex", "SEX is “X”", "U"),
        ({"RFSTDTC": "02JAN2026"}, "date-readable", "started_on", "“02JAN2026” is not a date", ""),
        ({"RFICDTC": "2026-13"}, "date-readable", "consented_on", "month must be 01 to 12", ""),
        ({"DTHDTC": "soon"}, "date-readable", "died_on", "“soon”", ""),
        ({"DTHFL": "maybe"}, "died-understood", "died", "DTHFL is “maybe”", False),
        ({"SITEID": " "}, "site-given", "site", "SITEID is empty", "UNKNOWN"),
    ],
)
def test_a_participant_is_kept_whatever_cannot_be_read(
    changes: dict[str, str], rule: str, field: str, says: str, kept: object
) -> None:
    records = read("DM", [SUBJECT | changes])
    [person] = records.participants
    assert records.refused == () and records.counts[0].records == 1
    assert getattr(person, field) == kept
    [problem] = person.problems
    assert (problem.rule, problem.field) == (rule, field)
    assert says in problem.message and problem.message.endswith(".")


@pytest.mark.parametrize(
    ("changes", "rule", "field", "says"),
    [
        ({"AESEQ": ""}, "sequence-given", "source_id", "AESEQ is empty"),
        ({"AESEQ": "1.5"}, "sequence-given", "source_id", "AESEQ is “1.5”"),
        ({"AESEQ": "9" * 16}, "sequence-given", "source_id", "no whole number"),
        ({"AETERM": " ", "AEDECOD": "HEADACHE"}, "verbatim-given", "verbatim", "AEDECOD stands in its place"),
        ({"AETERM": "\x07", "AEBODSYS": "NERVES"}, "verbatim-given", "verbatim", "AEBODSYS stands"),
        ({"AESER": "maybe"}, "serious-understood", "serious", "AESER is “maybe”"),
        ({"AESDTH": "?", "AESHOSP": "perhaps"}, "criterion-understood", "criteria", "AESDTH is “?”"),
        ({"AESDTH": "?", "AESHOSP": "perhaps"}, "criterion-understood", "criteria", "AESHOSP is “perhaps”"),
    ],
)
def test_an_event_is_kept_whatever_cannot_be_read(
    changes: dict[str, str], rule: str, field: str, says: str
) -> None:
    [problem] = event(**changes).problems
    assert (problem.rule, problem.field) == (rule, field)
    assert says in problem.message and problem.message.endswith(".")


def test_unknown_words_of_an_event_stay_as_delivered() -> None:
    found = event(AEOUT="Gone", AEACN="Prayed", AEREL="Who knows", AESEV="Awful")
    [judged] = found.assessments
    assert (found.outcome, found.outcome_reported) == ("", "Gone")
    assert (judged.action_taken, judged.action_reported) == ("", "Prayed")
    assert (judged.causality, judged.causality_reported) == ("", "Who knows")
    assert (found.grade, found.severity_reported) == (None, "Awful")
    known = event(AEOUT="FATAL", AEACN="DRUG WITHDRAWN")
    assert (known.outcome, known.outcome_reported) == ("fatal", "")
    assert [(a.action_taken, a.action_reported) for a in known.assessments] == [("withdrawn", "")]


def test_a_date_of_an_event_stays_as_delivered_for_the_rules_to_question() -> None:
    found = event(AESTDTC="2026-13", AEENDTC="5 March")
    assert (found.onset, found.end, found.problems) == ("2026-13", "5 March", ())


def test_a_repeated_sequence_number_is_a_second_event() -> None:
    rows = [EVENT, EVENT | {"AETERM": "Rash"}, EVENT | {"AETERM": "Cough"}, EVENT | {"USUBJID": "S-02"}]
    records = read("AE", rows)
    assert [(e.participant, e.source_id) for e in records.events] == [
        ("S-01", "AE-1"), ("S-01", "AE-1-2"), ("S-01", "AE-1-3"), ("S-02", "AE-1"),
    ]  # fmt: skip
    assert [[problem.rule for problem in e.problems] for e in records.events] == [
        [], ["sequence-once"], ["sequence-once"], [],
    ]  # fmt: skip
    [count] = records.counts
    assert (count.rows, count.records, count.refused) == (4, 4, 0)


def test_an_event_without_a_number_is_found_again_wherever_it_stands() -> None:
    plain = EVENT | {"AESEQ": ""}
    rows = [plain, plain | {"AETERM": "Rash"}, plain | {"AETERM": "Cough"}]
    names = {e.verbatim: e.source_id for e in read("AE", rows).events}
    assert len(set(names.values())) == 3
    assert {e.verbatim: e.source_id for e in read("AE", rows[:0:-1]).events}.items() < names.items()


def test_text_that_no_database_takes_is_left_out_of_an_event_and_asked_about() -> None:
    for text in ("\x00", "\ud800"):
        row: dict[str, Any] = EVENT | {"AETERM": f"Head{text}ache", "AEOUT": f"GO{text}NE"}
        table = dataset_json.read_table(json_bytes(json_document([row], name="AE")))
        records = open_records({"AE": [table]})
        [found] = records.events
        assert (found.verbatim, found.outcome_reported) == ("Headache", "GONE")
        assert [(p.rule, p.field) for p in found.problems] == [
            ("text-characters", "verbatim"), ("text-characters", "outcome"),
        ]  # fmt: skip


def test_only_what_was_delivered_makes_a_problem_another_content() -> None:
    [found] = read("DM", [SUBJECT | {"AGE": "abc"}]).participants
    [problem] = found.problems
    reworded = replace(found, problems=(replace(problem, message="Other words."),))
    other = replace(found, problems=(replace(problem, value="abd"),))
    assert content_hash(found) == content_hash(reworded) != content_hash(other)


def test_a_message_shows_no_other_column() -> None:
    row = OTHERS["MH"] | {"MHSTDTC": "soon", "MHTERM": "Got the active vector"}
    _, message = refusal("MH", row)
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
        ({"AESEV": "MILD", "AETOXGR": "6"}, None, "6; MILD"),
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
    assert (event(AESER="Yes").serious, event(AESER="NO").serious) == (True, False)


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
