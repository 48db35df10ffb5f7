"""The rules as a table: one change to an event that every rule lets pass, and what is then found."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from pvtracker.events.details import today_at
from pvtracker.events.enums import Outcome
from pvtracker.events.rules import (
    NARRATIVE_LIMIT,
    RULES,
    AssessmentFacts,
    EventFacts,
    ParticipantFacts,
    course,
    dates,
    examine,
    read_date,
    refusals,
    relatedness,
    severity,
    words,
)
from pvtracker.studies.models import Site

PERSON = ParticipantFacts(
    today=date(2026, 6, 15),
    consented_on=read_date("2026-01-10"),
    first_exposure=read_date("2026-02-01"),
    exposed_interventions=frozenset({"Infusion", "Apheresis"}),
)
RELATED = AssessmentFacts(
    intervention="Infusion", assessor="investigator", causality="possible", kind="product"
)
PLAIN = EventFacts(
    participant=PERSON,
    verbatim="Headache",
    scale="daids-2.1",
    onset_text="2026-03-05",
    onset=read_date("2026-03-05"),
    end_text="2026-03-07",
    end=read_date("2026-03-07"),
    grade=2,
    serious=False,
    outcome="recovered",
    assessments=(RELATED,),
)
DATES = {"onset", "end", "aware_on"}
PARTICIPANT = {
    "consented_on",
    "first_exposure",
    "exposed_interventions",
    "died_on",
    "screen_failure",
    "born_not_before",
    "given_once",
    "followed_until",
}


def facts(**changes: Any) -> EventFacts:
    """The plain event with changes; a date is given as its text, facts of the participant by their names."""
    person = {name: changes.pop(name) for name in list(changes) if name in PARTICIPANT}
    for name in ("consented_on", "first_exposure", "died_on"):
        if name in person:
            person[name] = read_date(person[name])
    for name in DATES & set(changes):
        text = changes.pop(name)
        changes[f"{name}_text"], changes[name] = text, read_date(text)
    return replace(PLAIN, participant=replace(PERSON, **person), **changes)


def judged(
    causality: str = "", action: str = "", *, to: str = "Infusion", kind: str = "product"
) -> dict[str, Any]:
    return {"assessments": (AssessmentFacts(to, "investigator", causality, action, kind),)}


SERIOUS = {"serious": True, "criteria": frozenset({"hospitalisation"}), "aware_on": "2026-03-06"}
FATAL: dict[str, Any] = {
    "serious": True,
    "criteria": frozenset({"death"}),
    "outcome": "fatal",
    "grade": 5,
    "aware_on": "2026-03-06",
}

# changes, (rule, field, what a form does) of everything that is found
CASES: list[tuple[dict[str, Any], set[tuple[str, str, str]]]] = [
    ({}, set()),
    # words
    ({"verbatim": ""}, {("verbatim-given", "verbatim", "refuse")}),
    ({"verbatim": "   "}, {("verbatim-given", "verbatim", "refuse")}),
    ({"verbatim": "𝔘" * 400}, set()),
    ({"verbatim": "𝔘" * 401}, {("verbatim-length", "verbatim", "refuse")}),
    ({"verbatim": "head\x00ache"}, {("text-characters", "verbatim", "refuse")}),
    ({"verbatim": "head\nache"}, {("text-characters", "verbatim", "refuse")}),
    ({"verbatim": "\u202eehcadaeh"}, set()),
    ({"narrative": "first\n\tsecond"}, set()),
    ({"narrative": "bell \x07"}, {("text-characters", "narrative", "refuse")}),
    ({"narrative": "é" * NARRATIVE_LIMIT}, set()),
    ({"narrative": "é" * (NARRATIVE_LIMIT + 1)}, {("narrative-length", "narrative", "refuse")}),
    ({"verbatim": "See attached."}, {("unspecific-verbatim", "verbatim", "query")}),
    ({"verbatim": "AS  BEFORE"}, {("unspecific-verbatim", "verbatim", "query")}),
    ({"verbatim": "Death"}, {("unspecific-verbatim", "verbatim", "query")}),
    ({"verbatim": "Death of a pet causing grief"}, set()),
    ({"duplicates": (3, 7)}, {("possible-duplicate", "verbatim", "query")}),
    ({"screen_failure": True}, {("event-of-screen-failure", "verbatim", "query")}),
    # dates that cannot be read, or cannot be
    ({"onset": "2026-02-30"}, {("date-readable", "onset", "refuse")}),
    ({"onset": "2026-13"}, {("date-readable", "onset", "refuse")}),
    ({"end": "2026-00"}, {("date-readable", "end", "refuse")}),
    ({"aware_on": "10/03/2026"}, {("date-readable", "aware_on", "refuse")}),
    ({"onset": "20260310"}, {("date-readable", "onset", "refuse")}),
    ({"onset": "1066-10-14"}, {("date-readable", "onset", "refuse")}),
    ({"end": "9999-12-31"}, {("date-readable", "end", "refuse")}),
    (
        {"onset": "1970", "born_not_before": date(1985, 1, 1)},
        {
            ("date-in-range", "onset", "refuse"),
            ("partial-onset", "onset", "query"),
            ("onset-before-consent", "onset", "query"),
            ("related-before-exposure", "assessments", "query"),
        },
    ),
    (
        {"onset": "2026-06-16", "end": ""} | {"outcome": "unknown"},
        {("onset-not-in-future", "onset", "refuse")},
    ),
    ({"onset": "2026-06-15", "end": "", "outcome": "unknown"}, set()),
    ({"onset": "2026-06", "end": "", "outcome": "unknown"}, {("partial-onset", "onset", "query")}),
    ({"end": "2026-07"}, {("end-not-in-future", "end", "refuse")}),
    ({"aware_on": "2026-06-16"}, {("aware-not-in-future", "aware_on", "refuse")}),
    ({"onset": ""}, {("onset-given", "onset", "refuse")}),
    ({"onset": "", "onset_unknown": True}, {("onset-unknown", "onset", "query")}),
    ({"onset_unknown": True}, {("unknown-with-date", "onset", "refuse")}),
    ({"end_unknown": True}, {("unknown-with-date", "end", "refuse")}),
    # partial dates: only what is certain contradicts
    ({"onset": "2026-03"}, {("partial-onset", "onset", "query")}),
    ({"onset": "2026", "end": "2026-03-05"}, {("partial-onset", "onset", "query")}),
    ({"onset": "2026-03-05", "end": "2026-03"}, set()),
    ({"onset": "2026-03-05", "end": "2026"}, set()),
    ({"onset": "2026-03-05", "end": "2026-03-05"}, set()),
    ({"end": "2026-03-04"}, {("end-not-before-onset", "end", "refuse")}),
    ({"end": "2026-02"}, {("end-not-before-onset", "end", "refuse")}),
    (
        {"onset": "2026-04", "end": "2026-03-31"},
        {("partial-onset", "onset", "query"), ("end-not-before-onset", "end", "refuse")},
    ),
    ({"onset": "2026-01-09", **judged("unlikely")}, {("onset-before-consent", "onset", "query")}),
    ({"onset": "2026-01", **judged("unlikely")}, {("partial-onset", "onset", "query")}),
    ({"aware_on": "2026-03-04"}, {("aware-before-onset", "aware_on", "query")}),
    ({"aware_on": "2026-03"}, set()),
    ({"died_on": "2026-03-04"}, {("onset-after-death", "onset", "query")}),
    ({"died_on": "2026-03"}, set()),
    ({"followed_until": date(2026, 3, 4)}, {("onset-after-follow-up", "onset", "query")}),
    ({"followed_until": date(2026, 3, 5)}, set()),
    # course and outcome
    (
        {"ongoing": True, "outcome": "not_recovered"},
        {("ongoing-with-end", "end", "refuse"), ("outcome-with-end", "outcome", "query")},
    ),
    (
        {"ongoing": True, "end": "", "end_unknown": True, "outcome": "unknown"},
        {("ongoing-with-end", "end", "refuse")},
    ),
    ({"ongoing": True, "end": "", "outcome": "recovering"}, set()),
    ({"ongoing": True, "end": ""}, {("ongoing-with-outcome", "outcome", "refuse")}),
    ({"end": ""}, {("end-given", "end", "refuse")}),
    ({"end": "", "end_unknown": True}, set()),
    ({"end": "", "outcome": "not_recovered"}, set()),
    ({"outcome": ""}, {("outcome-given", "outcome", "refuse")}),
    ({"outcome": "", "outcome_reported": "GONE"}, {("outcome-understood", "outcome", "refuse")}),
    ({"outcome_reported": "HEALED"}, set()),  # a person has chosen
    ({"outcome": "not_recovered"}, {("outcome-with-end", "outcome", "query")}),
    ({"outcome": "recovering"}, {("outcome-with-end", "outcome", "query")}),
    ({"outcome": "recovered_with_sequelae"}, set()),
    # severity and seriousness
    ({"grade": None}, {("grade-given", "grade", "refuse")}),
    ({"grade": None, "severity_reported": "AWFUL"}, {("severity-understood", "grade", "refuse")}),
    ({"grade": 2, "severity_reported": "MODERATE"}, set()),
    ({"grade": 4, "scale": "mild-moderate-severe"}, {("grade-on-scale", "grade", "refuse")}),
    ({"grade": 3, "scale": "mild-moderate-severe"}, set()),
    ({"grade": 4, "scale": "ctcae-5.0"}, {("grade-beyond-term", "grade", "query")}),
    ({"grade": 3, "scale": "ctcae-5.0"}, set()),
    ({"grade": 3, "scale": "ctcae-5.0", "coded": ("Alopecia",)}, {("grade-beyond-term", "grade", "query")}),
    ({"grade": 4, "scale": "ctcae-5.0", "verbatim": "Sepsis"}, set()),
    ({"grade": 4, "scale": "daids-2.1"}, set()),
    ({"scale": "no-such-scale"}, {("grade-on-scale", "grade", "refuse")}),
    ({"serious": None}, {("serious-given", "serious", "refuse")}),
    (SERIOUS, set()),
    (
        {"serious": True},
        {("serious-needs-criterion", "criteria", "refuse"), ("aware-given", "aware_on", "query")},
    ),
    ({**SERIOUS, "aware_on": ""}, {("aware-given", "aware_on", "query")}),
    ({**SERIOUS, "aware_on": "2026"}, set()),
    ({"criteria": frozenset({"disability"})}, {("criterion-needs-serious", "serious", "refuse")}),
    (FATAL, set()),
    ({"outcome": "fatal"}, {("fatal-needs-serious", "serious", "refuse")}),
    (
        {"criteria": frozenset({"death"})},
        {
            ("fatal-needs-serious", "serious", "refuse"),
            ("death-criterion-needs-fatal-outcome", "outcome", "refuse"),
        },
    ),
    ({**SERIOUS, "outcome": "fatal"}, {("fatal-needs-death-criterion", "criteria", "query")}),
    (
        {**FATAL, "outcome": "recovering", "grade": 2, "end": ""},
        {("death-criterion-needs-fatal-outcome", "outcome", "refuse")},
    ),
    ({"grade": 5}, {("grade-5-needs-fatal-outcome", "grade", "refuse")}),
    ({**FATAL, "died_on": "2026-03-07"}, set()),
    ({**FATAL, "died_on": "2026-03"}, set()),
    ({**FATAL, "died_on": "2026-03-08"}, {("fatal-end-equals-death", "end", "refuse")}),
    ({**FATAL, "died_on": "2026-03-06"}, {("fatal-end-equals-death", "end", "refuse")}),
    # relatedness
    ({"assessments": ()}, {("causality-given", "assessments", "query")}),
    ({"assessments": (replace(RELATED, assessor="sponsor"),)}, {("causality-given", "assessments", "query")}),
    (judged("", "none"), {("causality-given", "assessments", "query")}),
    (
        {"assessments": (replace(RELATED, causality="", causality_reported="WHO KNOWS"),)},
        {("causality-understood", "assessments", "query")},
    ),
    ({"assessments": (replace(RELATED, causality_reported="POSSIBLE"),)}, set()),
    (
        {"assessments": (replace(RELATED, action_reported="PRAYED"),)},
        {("action-understood", "assessments", "query")},
    ),
    ({"assessments": (replace(RELATED, action_taken="none", action_reported="PRAYED"),)}, set()),
    (judged("possible", to="Mobilisation"), {("related-but-never-exposed", "assessments", "query")}),
    (judged("unlikely", to="Mobilisation"), set()),
    (judged("possible", to="Background ART", kind="background"), set()),
    ({"onset": "2026-01-20"}, {("related-before-exposure", "assessments", "query")}),
    ({"onset": "2026-01-20", **judged("unlikely")}, set()),
    (
        judged("possible", "dose_reduced", to="Apheresis", kind="procedure"),
        {("dose-action-on-procedure", "assessments", "query")},
    ),
    (judged("possible", "dose_reduced"), set()),
    (
        judged("possible", "dose_reduced") | {"given_once": frozenset({"Infusion"})},
        {("dose-action-on-single-dose", "assessments", "query")},
    ),
    (judged("possible", "interrupted") | {"given_once": frozenset({"Infusion"})}, set()),
    (judged("possible", "interrupted", to="Apheresis", kind="procedure"), set()),
]


@pytest.mark.parametrize(("changes", "expected"), CASES, ids=lambda value: str(value)[:60])
def test_the_rules_find_this_and_nothing_else(
    changes: dict[str, Any], expected: set[tuple[str, str, str]]
) -> None:
    found = examine(facts(**changes))
    assert {(finding.rule, finding.field, finding.form) for finding in found} == expected


def _named_rules() -> set[str]:
    return {finding[0] for _, expected in CASES for finding in expected}


def test_every_rule_is_shown_by_a_case() -> None:
    shown = _named_rules()
    for rule in RULES:
        found = rules_named_in(inspect.getsource(rule))
        assert found, f"{rule.__name__} names no rule id"
        assert found <= shown, f"{rule.__name__} has no case for {found - shown}"


def test_every_rule_that_is_written_is_in_force() -> None:
    written = [
        function
        for module in (course, dates, relatedness, severity, words)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    ]
    assert len(RULES) == len(set(RULES))
    assert set(RULES) == set(written)


def rules_named_in(source: str) -> set[str]:
    """The rule ids that the text of a rule mentions; they are the only hyphenated words in quotes."""
    ids = set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"', source))
    return ids | ({"possible-duplicate"} if "DUPLICATE" in source else set())


def test_a_rule_finds_a_field_at_most_once_whatever_is_wrong() -> None:
    worst = facts(
        verbatim="\x00" * 500,
        onset="nonsense",
        end="later",
        aware_on="2027",
        ongoing=True,
        onset_unknown=True,
        end_unknown=True,
        grade=7,
        criteria=frozenset({"death", "disability"}),
        outcome="recovering",
        narrative="\x01" * (NARRATIVE_LIMIT + 1),
        duplicates=(1,),
        **judged("definite", "dose_reduced", to="Other", kind="procedure"),
    )
    keys = [(finding.rule, finding.field) for finding in examine(worst)]
    assert len(keys) == len(set(keys)) > 12


def test_each_sentence_fits_a_query_and_ends_with_a_remedy() -> None:
    for changes, _ in CASES:
        for finding in examine(facts(**changes)):
            assert finding.message.endswith(".") and finding.remedy.endswith("."), finding
            if finding.rule not in {"unspecific-verbatim", "date-readable"}:
                assert len(finding.sentence) <= 500


def test_refusals_are_those_for_which_a_form_does_not_save() -> None:
    found = examine(facts(onset="2026", grade=None))
    assert [finding.rule for finding in refusals(found)] == ["grade-given"]


@pytest.mark.parametrize(
    ("zone", "today"),
    [("Australia/Sydney", "2026-03-02"), ("America/Los_Angeles", "2026-03-01"), ("UTC", "2026-03-01")],
)
def test_today_is_the_day_at_the_site(zone: str, today: str) -> None:
    now = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
    assert str(today_at(Site(time_zone=zone), now=now)) == today


def test_every_outcome_can_be_stored_by_a_form() -> None:
    """No rule shuts out an outcome for good: each has a course in which nothing is refused."""
    courses: dict[str, dict[str, Any]] = {
        Outcome.RECOVERED: {},
        Outcome.RECOVERED_WITH_SEQUELAE: {},
        Outcome.RECOVERING: {"end": "", "ongoing": True},
        Outcome.NOT_RECOVERED: {"end": "", "ongoing": True},
        Outcome.FATAL: FATAL,
        Outcome.UNKNOWN: {"end": "", "end_unknown": True},
    }
    for outcome in Outcome.values:
        assert not refusals(examine(facts(**{"outcome": outcome} | courses[outcome])))
