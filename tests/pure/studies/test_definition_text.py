"""Lists of a study's definitions as a person writes them: what is shown is read as what it was."""

from __future__ import annotations

import pytest

from pvtracker.studies import definition_text as text
from pvtracker.studies.definition_faults import Fault, placed, told
from pvtracker.studies.definitions import DefinitionError, parse, readable

WITH_COMMAS = [
    "Congenital, familial and genetic disorders",
    "Injury, poisoning and procedural complications",
    "Pregnancy, puerperium and perinatal conditions",
    "Respiratory, thoracic and mediastinal disorders",
]


def test_terms_with_commas_are_read_as_they_were_shown() -> None:
    queries = {"Airways, all": WITH_COMMAS, "One": ["Ratio A/G = low", "Rash"]}
    assert text.terms_of(text.terms_text(WITH_COMMAS)) == (WITH_COMMAS, [])
    assert text.queries_of(text.queries_text(queries), {}) == (queries, [])
    assert text.terms_of("") == ([], []) and text.queries_of("", {}) == ({}, [])


def test_blanks_and_empty_parts_are_no_terms() -> None:
    assert text.terms_of(" Bone  pain \r\n\r\nRash, itching\n").value == ["Bone pain", "Rash, itching"]
    assert text.queries_of("Pain = Bone  pain ;; Headache;\n\n", {}).value == {
        "Pain": ["Bone pain", "Headache"]
    }


def test_a_query_of_many_terms_is_written_by_its_number_and_read_as_the_one_that_stands() -> None:
    """Forty are written out; what a standardised query has is not copied through a page."""
    many = {
        "All": [f"Sign {number}" for number in range(41)],
        "Some": [f"Sign {number}" for number in range(40)],
    }
    written = text.queries_text(many)
    assert written.startswith("All = (as it stands: 41 terms)\nSome = Sign 0; ") and "Sign 40" not in written
    assert text.queries_of(written, many) == (many, [])
    read = text.queries_of("Other = (as it stands: 41 terms)\nPain = Headache", many)
    assert read.value == {"Pain": ["Headache"]}, "the others are read all the same"
    assert told(read.faults).startswith(
        "“Other”: no query of this name stands. Keep its name, or write its terms"
    )


def test_every_line_is_read_and_each_fault_has_its_line_rule_and_remedy() -> None:
    shape = text.SHAPES["phase_windows"]
    read = text.windows_of("ATI = 7\n\nnone\nART = soon\nATI = 9\nFU = none", shape)
    assert read.value == {"ATI": 7, "ART": None, "FU": None}
    assert told(read.faults) == (
        "Line 3, “none”: write each on a line of its own, as PHASE = 7, or PHASE = none. "
        "Line 4, “ART = soon”: write a number of days, or none for no end: PHASE = 7, or PHASE = none. "
        "Line 5, “ATI”: stands twice. Name each once."
    )
    reasons = text.reasons_of("P1\nP2 = left  early\n= no name")
    assert reasons.value == {"P2": "left early"}
    assert told(reasons.faults) == (
        "Line 1, “P1”; line 3, “= no name”: write each on a line of its own, as SUBJECT = reason."
    )


def test_a_fault_found_elsewhere_gets_the_line_on_which_its_name_stands() -> None:
    lines = text.lines_of("Pain = Headache;  Bone  pain\n Low = A, B \nRash")
    found = [Fault("r", "Rash"), Fault("q", "X", of="Low"), Fault("p", "Bone pain"), Fault("n", "B")]
    assert [(one.rule, one.line) for one in placed(found, lines)] == [("p", 1), ("q", 2), ("n", 2), ("r", 3)]
    assert told([Fault("is odd.", "X", of="Low")]) == "“Low”, “X”: is odd."
    assert told([Fault("is odd.", "x" * 70)]) == f"“{'x' * 60}…”: is odd."


def test_ages_are_whole_years_between_commas() -> None:
    assert text.ages_of(text.ages_text([18, 65])) == ([18, 65], [])
    read = text.ages_of("18, old, 6.5,65")
    assert read.value == [18, 65]
    assert told(read.faults) == "“old”; “6.5”: write whole years, separated by commas: 18, 65."


def test_what_can_hold_is_kept_when_something_else_cannot() -> None:
    found, faults = readable(
        {"pools": {"One": ["A"], "Two": ["A", "B"], "Twice": ["A", "A"]}, "baseline": "x"}
    )
    assert found.pools == (("Two", ("A", "B")),) and found.baseline == "onset"
    assert told(faults["pools"]).startswith("“One”: needs two arms at least;")
    assert "“Twice”, “A”: stands twice." in told(faults["pools"])


def test_of_many_faults_the_first_are_told_and_how_many_more() -> None:
    read = text.queries_of("\n".join(str(number) for number in range(100)), {})
    said = told(read.faults)
    assert "line 20, “19”: write" in said and "“20”" not in said and said.endswith("And 80 more such faults.")
    with pytest.raises(DefinitionError) as refusal:
        parse({"not_per_protocol": {f"P{number:03}": "" for number in range(100)}})
    said = refusal.value.faults["not_per_protocol"]
    assert "“P019”" in said and "“P020”" not in said and said.endswith("And 80 more such faults.")
