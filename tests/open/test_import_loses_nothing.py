"""An import stores every event that can be told from another, whatever else of its row cannot be read, and asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pvtracker.audit.context import Actor
from pvtracker.events.actions.capture import amend_event
from pvtracker.events.details import EventDetails, Judgement
from pvtracker.events.models import AdverseEvent, AdverseEventVersion, Assessment, DataQuery
from pvtracker.participants.models import Participant
from pvtracker.studies.models import Site
from tests.deliveries import Rows, delivery
from tests.open.test_import_study import CODE, counts, event, load
from tests.pure.formats.files import csv_text, json_bytes, json_document

pytestmark = pytest.mark.django_db

LONG = "Pain that began in the left arm " * 20
# one flaw per row: the columns, then the rules that ask about it, by field
FLAWS: dict[int, tuple[dict[str, str], set[tuple[str, str]]]] = {
    1: ({"AEOUT": "GONE"}, {("outcome-understood", "outcome")}),
    2: ({"AEACN": "PRAYED"}, {("action-understood", "assessments")}),
    3: ({"AEREL": "WHO KNOWS"}, {("causality-understood", "assessments")}),
    4: ({"AESEV": "AWFUL"}, {("severity-understood", "grade")}),
    5: ({"AESTDTC": "2026-13"}, {("date-readable", "onset")}),
    6: ({"AEENDTC": "5 March"}, {("date-readable", "end")}),
    7: ({"AESER": "perhaps"}, {("serious-understood", "serious")}),
    8: ({"AESER": "U"}, {("serious-given", "serious")}),
    9: ({"AESDTH": "perhaps"}, {("criterion-understood", "criteria")}),
    10: ({"AETERM": ""}, {("verbatim-given", "verbatim")}),
    11: ({"AETERM": LONG}, {("verbatim-length", "verbatim")}),
    12: ({"AESEV": "MILD" * 20}, {("severity-understood", "grade"), ("too-long", "severity_reported")}),
    13: ({"AEOUT": "GONE" * 60}, {("outcome-understood", "outcome"), ("too-long", "outcome_reported")}),
    14: ({"EPOCH": "PERIOD " * 7}, {("too-long", "phase")}),
    15: ({"AEDECOD": "TERM " * 50}, {("too-long", "preferred_term"), ("term-not-in-release", "term")}),
    16: ({"AEACN": "PRAYED" * 40}, {("action-understood", "assessments"), ("too-long", "action_reported")}),
    17: ({"AEREL": "AS IF" * 10}, {("causality-understood", "assessments"), ("too-long", "causality_reported")}),
    18: ({"AESTDTC": "early " * 10}, {("date-readable", "onset"), ("too-long", "onset")}),
}  # fmt: skip


def flawed() -> Rows:
    """An event for each flaw, all of participant S-01; then one without a number and two of the same."""
    words = [f"Symptom {chr(64 + number)}" for number in range(1, 22)]
    plain = {column: "" for changes, _ in FLAWS.values() for column in changes}
    rows = [plain | row(number, words[number - 1]) | changes for number, (changes, _) in FLAWS.items()]
    return [
        *rows,
        plain | row(19, words[18]) | {"AESEQ": ""},
        plain | row(1, words[19]),
        plain | row(20, words[20]) | {"AESEQ": "twenty"},
    ]


def row(number: int, words: str) -> dict[str, Any]:
    return delivery()["ae"][0] | {
        "AESEQ": str(number),
        "AETERM": words,
        "AELLT": words.upper(),
        "AEDECOD": words.upper(),
        "AESTDTC": f"2026-03-{number:02}",
    }


def write(folder: Path, **changed: Rows) -> Path:
    """The small delivery as CSV, where any text may stand in any column."""
    folder.mkdir(exist_ok=True)
    for domain, rows in (delivery() | changed).items():
        (folder / f"{domain}.csv").write_text(csv_text(rows))
    return folder


def asked(**about: Any) -> set[tuple[str, str]]:
    queries = DataQuery.objects.filter(study__code=CODE, state="open", **about)
    return set(queries.values_list("rule", "field"))


def said(**about: Any) -> str:
    return DataQuery.objects.get(study__code=CODE, state="open", **about).message


def test_an_event_is_stored_whatever_is_wrong_with_it_and_each_flaw_is_asked_about(tmp_path: Path) -> None:
    rows = flawed()
    report = load(write(tmp_path / "in", ae=rows))["domains"]["AE"]
    assert report["refused"] == []
    assert (report["read"], report["stored"], report["left_out"]) == (len(rows), len(rows), 0)
    for number, (_, rules) in FLAWS.items():
        assert asked(event=event("S-01", f"AE-{number}")) == rules, number
    assert asked(event=event("S-01", "AE-1-2")) == {("sequence-once", "source_id")}
    unnumbered = AdverseEvent.objects.filter(source_id__startswith="AE-unnumbered-").order_by("onset")
    assert [asked(event=one) for one in unnumbered] == [{("sequence-given", "source_id")}] * 2


def test_what_was_delivered_is_kept_and_quoted(tmp_path: Path) -> None:
    load(write(tmp_path / "in", ae=flawed()))
    gone, prayed = event("S-01", "AE-1"), event("S-01", "AE-2")
    assert (gone.outcome, gone.outcome_reported) == ("", "GONE")
    judged = Assessment.objects.get(event=prayed)
    assert (judged.action_taken, judged.action_reported) == ("", "PRAYED")
    body = AdverseEventVersion.objects.get(event=prayed).body
    assert body["outcome_reported"] == ""
    assert body["assessments"][0]["action_reported"] == "PRAYED"
    assert "outcome was delivered as “GONE”" in said(event=gone)
    assert "action taken with Study treatment was delivered as “PRAYED”" in said(event=prayed)
    undated = event("S-01", "AE-5")
    assert (undated.onset, undated.onset_earliest, undated.onset_latest) == ("", None, None)
    assert "“2026-13”" in said(event=undated)
    assert event("S-01", "AE-10").verbatim == "SYMPTOM J"
    assert event("S-01", "AE-7").serious is None


def test_a_text_that_does_not_fit_stands_whole_in_the_narrative(tmp_path: Path) -> None:
    load(write(tmp_path / "in", ae=flawed()))
    long = event("S-01", "AE-11")
    assert len(long.verbatim) == 400 and long.verbatim.endswith("…")
    assert LONG.strip() in long.narrative
    for number, column in ((12, "AESEV"), (13, "AEOUT"), (15, "AEDECOD"), (16, "AEACN"), (18, "AESTDTC")):
        assert FLAWS[number][0][column].strip() in event("S-01", f"AE-{number}").narrative
    assert event("S-01", "AE-1").narrative == ""


def test_a_second_import_of_a_flawed_folder_changes_nothing(tmp_path: Path) -> None:
    people = delivery()["dm"]
    people[0] |= {"AGE": "abc", "SITEID": ""}
    folder = write(tmp_path / "in", ae=flawed(), dm=people)
    load(folder)
    before = counts()
    again = load(folder)
    assert counts() == before
    for part in again["domains"].values():
        assert (part["unchanged"], part["queries"]) == (part["read"], {})


def test_a_mended_row_closes_its_query(tmp_path: Path) -> None:
    load(write(tmp_path / "in", ae=flawed()))
    rows = flawed()
    rows[0] |= {"AEOUT": "FATAL", "AESER": "Y", "AESDTH": "Y"}
    rows[8] |= {"AESDTH": "N"}
    report = load(write(tmp_path / "later", ae=rows))["domains"]["AE"]
    assert (report["changed"], report["unchanged"]) == (2, len(rows) - 2)
    gone = event("S-01", "AE-1")
    assert (gone.outcome, gone.outcome_reported) == ("fatal", "")
    assert ("outcome-understood", "outcome") not in asked(event=gone)
    assert asked(event=event("S-01", "AE-9")) == set()


def test_a_person_who_amends_another_field_does_not_settle_what_was_delivered_badly(tmp_path: Path) -> None:
    load(write(tmp_path / "in", ae=flawed()))
    amended = amend(event("S-01", "AE-9"), grade=2)
    assert asked(event=amended) == {("criterion-understood", "criteria")}
    amended = amend(amended, serious=True, criteria=frozenset({"hospitalisation"}))
    assert asked(event=amended) == {("aware-given", "aware_on")}
    amended = amend(event("S-01", "AE-2"), grade=2)
    assert asked(event=amended) == {("action-understood", "assessments")}
    assert Assessment.objects.get(event=amended).action_reported == "PRAYED"
    amended = amend(amended, action="withdrawn")
    assert asked(event=amended) == set()
    assert Assessment.objects.get(event=amended).action_reported == ""
    amended = amend(event("S-01", "AE-1"), outcome="not_recovered")
    assert (amended.outcome_reported, asked(event=amended)) == ("", set())


def amend(current: AdverseEvent, *, action: str = "", **changes: Any) -> AdverseEvent:
    """What a form sends: the event as it stands, with changes."""
    judged = Assessment.objects.get(event=current)
    details = EventDetails(
        verbatim=current.verbatim,
        term=current.term_id,
        onset=current.onset,
        end=current.end,
        grade=current.grade,
        serious=current.serious,
        criteria=frozenset(current.criteria),
        outcome=current.outcome,
        narrative=current.narrative,
        judgements=(Judgement(judged.intervention_id, judged.causality, action or judged.action_taken),),
    )
    return amend_event(
        event=current,
        version=current.version,
        details=replace(details, **changes),
        reason="Seen at the site",
        by=Actor.process("test"),
    )


PEOPLE: list[tuple[dict[str, str], str, str, str]] = [
    ({"AGE": "abc"}, "age-readable", "age", "“abc”"),
    ({"AGE": "126"}, "age-readable", "age", "0 to 125"),
    ({"SEX": "X"}, "sex-understood", "sex", "“X”"),
    ({"RFICDTC": "2026-13"}, "date-readable", "consented_on", "“2026-13”"),
    ({"DTHFL": "perhaps"}, "died-understood", "died", "“perhaps”"),
    ({"SITEID": ""}, "site-given", "site", "UNKNOWN"),
    ({"SITEID": "9" * 21}, "too-long", "site", "9" * 21),
    ({"COUNTRY": "UNITED STATES"}, "too-long", "country", "UNITED STATES"),
    ({"RACE": "y" * 61}, "too-long", "race", "y" * 61),
    ({"SUBJID": "z" * 41}, "too-long", "code", "z" * 41),
]


@pytest.mark.parametrize(("changes", "rule", "field", "says"), PEOPLE)
def test_a_participant_is_stored_with_its_events_whatever_is_wrong_in_dm(
    tmp_path: Path, changes: dict[str, str], rule: str, field: str, says: str
) -> None:
    people = [{"RFICDTC": "", "DTHFL": "", "RACE": ""} | person for person in delivery()["dm"]]
    people[0] |= changes
    report = load(write(tmp_path / "in", dm=people))["domains"]
    assert (report["DM"]["stored"], report["DM"]["refused"]) == (5, [])
    assert report["DM"]["queries"] == {rule: 1}
    assert (report["AE"]["stored"], report["AE"]["refused"]) == (6, [])
    assert asked(domain="DM", participant__subject="S-01") == {(rule, field)}
    assert says in said(domain="DM")


def test_a_mended_participant_closes_its_query_and_an_answered_one_is_not_asked_again(tmp_path: Path) -> None:
    people = delivery()["dm"]
    people[0] |= {"AGE": "abc", "SITEID": ""}
    load(write(tmp_path / "in", dm=people))
    assert Site.objects.filter(study__code=CODE, code="UNKNOWN").exists()
    DataQuery.objects.filter(rule="site-given").update(state="answered", answer="Known to the sponsor")
    people[0] |= {"AGE": "61"}
    report = load(write(tmp_path / "later", dm=people))["domains"]["DM"]
    assert (report["changed"], report["queries"]) == (1, {})
    states = DataQuery.objects.filter(study__code=CODE, domain="DM").values_list("rule", "state")
    assert dict(states) == {"age-readable": "closed", "site-given": "answered"}
    assert Participant.objects.get(study__code=CODE, subject="S-01").age == 61


def test_a_json_cell_of_another_type_loses_no_event(tmp_path: Path) -> None:
    folder = write(tmp_path / "in")
    (folder / "ae.csv").unlink()
    broken = json_document(delivery()["ae"])
    column = [entry["name"] for entry in broken["columns"]].index("AESEQ")
    broken["rows"][0][column] = "two"
    (folder / "ae.json").write_bytes(json_bytes(broken))
    report = load(folder)["domains"]["AE"]
    assert (report["stored"], report["refused"]) == (6, [])
    assert report["queries"]["sequence-given"] == 1
