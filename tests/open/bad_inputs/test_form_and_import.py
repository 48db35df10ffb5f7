"""Bad events, by form and by file: the same rule answers in both, and a file loses nothing that a form would refuse."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from pvtracker.events.actions.capture import void_event
from pvtracker.events.actions.importing import import_events
from pvtracker.events.details import today_at
from pvtracker.events.models import AdverseEvent, DataQuery, Draft
from pvtracker.formats.records import AssessmentRecord, EventRecord
from pvtracker.participants.models import Participant
from pvtracker.studies.models import Study
from tests.open.world import SOMEONE, World, make_terms, make_world

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, slots=True)
class Row:
    """What is typed, and what becomes of it: refused (H), stored and asked about (Q) or stored (S); by which rule."""

    id: str
    typed: dict[str, Any]
    verdict: str
    rules: frozenset[str] = frozenset()
    participant: str = "P1"
    died_on: str = ""
    scale: str = "daids-2.1"


def row(
    id: str, verdict: str, *rules: str, at: str = "P1", died: str = "", scale: str = "", **typed: Any
) -> Row:
    return Row(id, typed, verdict, frozenset(rules), at, died, scale or "daids-2.1")


FATAL = {"serious": "yes", "criteria": ["death"], "outcome": "fatal", "grade": "5", "aware_on": "2026-03-08"}
ROWS = (
    row("BI-001", "H", "date-readable", onset="2026-02-30"),
    row("BI-003", "S", "partial-onset", onset="2026"),
    row("BI-005", "H", "date-readable", onset="2026-13"),
    row("BI-005", "H", "date-readable", onset="2026-00"),
    row("BI-007", "S", "partial-onset", onset="2026-03", end="2026-03-05"),
    row("BI-009", "Q", "onset-before-consent", "related-before-exposure", onset="2026-01-05"),
    row("BI-011", "H", "onset-not-in-future", onset="tomorrow", end="", outcome="unknown"),
    row("BI-013", "S", onset="2026-03-08T02:30", end="2026-03-09"),
    row("BI-015", "Q", "aware-before-onset", aware_on="2026-03-04"),
    row("BI-017", "H", "date-readable", onset="0001-01-01"),
    row("BI-017", "H", "date-readable", onset="1066-10-14"),
    row("BI-017", "H", "date-readable", end="9999-12-31"),
    row("BI-019", "H", "fatal-end-equals-death", died="2026-03-09", **FATAL),
    row("BI-021", "Q", "outcome-with-end", outcome="not_recovered"),
    row("BI-023", "H", "date-readable", onset="10/03/2026"),
    row("BI-023", "H", "date-readable", onset="03-Mar-2026"),
    row("BI-023", "H", "date-readable", onset="20260310"),
    row("BI-023", "H", "date-readable", onset="2026-W11-2"),
    row("BI-023", "H", "date-readable", onset="2026-069"),
    row("BI-027", "H", "date-readable", onset="1773136800000"),
    row("BI-029", "H", "serious-needs-criterion", serious="yes", aware_on="2026-03-06"),
    row(
        "BI-031",
        "H",
        "death-criterion-needs-fatal-outcome",
        "outcome-with-end",
        **(FATAL | {"outcome": "recovering", "grade": "3"}),
    ),
    row("BI-033", "H", "grade-5-needs-fatal-outcome", grade="5"),
    row("BI-035", "Q", "death-needs-fatal-event", died="2026-05-01"),
    row("BI-037", "Q", "grade-beyond-term", verbatim="Alopecia", grade="4", scale="ctcae-5.0"),
    row("BI-039", "Q", "related-but-never-exposed", at="P2"),
    row("BI-043", "Q", "dose-action-on-single-dose", action_Infusion="dose_reduced"),
    row("BI-045", "Q", "unspecific-verbatim", verbatim="see attached"),
    row("BI-045", "Q", "unspecific-verbatim", verbatim="as before"),
    row("BI-045", "Q", "unspecific-verbatim", verbatim="Death"),
    row("BI-047", "H", "possible-duplicate", verbatim="Standing already"),
    row("BI-055", "H", "narrative-length", narrative="n" * 100_001),
    row("BI-063", "S", verbatim="😀" * 400, narrative="😀" * 100_000),
    row("BI-063", "H", "verbatim-length", verbatim="😀" * 401),
    row(
        "BI-065",
        "S",
        verbatim="<script>alert(1)</script>",
        narrative="<img src=x onerror=alert(1)> javascript:x",
    ),
    row("BI-067", "S", verbatim="Robert'); DROP TABLE events_adverseevent;--", narrative="1 OR 1=1"),
    row("BI-071", "Q", "text-held", narrative="got the active vector"),
)


def said(row: Row, study: Study, world: World) -> dict[str, Any]:
    typed = dict(row.typed)
    if typed.get("onset") == "tomorrow":
        typed["onset"] = str(today_at(world.sites["01"]) + timedelta(days=1))
    for name in [key for key in typed if key.startswith("action_")]:
        typed[f"action_{world.interventions[name.removeprefix('action_')].id}"] = typed.pop(name)
    return typed


def prepared(row: Row) -> World:
    world = make_world(severity_scale=row.scale)
    if row.died_on:
        Participant.objects.filter(study=world.study, code=row.participant).update(
            died=True, died_on=row.died_on, died_on_earliest=row.died_on, died_on_latest=row.died_on
        )
    if row.id == "BI-047":
        world.record(verbatim="Standing already")
    return world


def asked(world: World, row: Row) -> set[str]:
    person = Participant.objects.get(study=world.study, code=row.participant)
    found = DataQuery.objects.filter(participant=person).exclude(event__number=1 if row.id == "BI-047" else 0)
    return set(found.values_list("rule", flat=True))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.id}-{sorted(row.typed.items())}"[:60])
def test_the_form_does_as_the_table_says_and_keeps_what_was_typed(row: Row) -> None:
    world = prepared(row)
    typed = said(row, world.study, world)
    client = world.client("alice")
    person = world.participants[row.participant]
    before = AdverseEvent.objects.filter(study=world.study).count()
    answer = client.post(world.url(f"participants/{person.id}/adverse-events/new/"), world.posted(**typed))
    stored = AdverseEvent.objects.filter(study=world.study).count() - before
    if row.verdict == "H":
        assert (answer.status_code, stored) == (200, 0)
        page = answer.content.decode()
        assert "pv-error-summary" in page
        for name in ("verbatim", "onset", "end", "narrative"):
            if name in typed and len(str(typed[name])) < 1000:
                assert str(typed[name]) in page, f"{name} is no longer in its field"
        client.post(world.url(f"participants/{person.id}/draft/"), world.posted(**typed))
        kept = Draft.objects.get(study=world.study).body
        assert all(
            kept[name] == [str(text)[:100_000]] for name, text in typed.items() if isinstance(text, str)
        )
    else:
        assert (answer.status_code, stored) == (302, 1), re.findall(r"<li>.*?</li>", answer.content.decode())[
            :5
        ]
        assert asked(world, row) >= row.rules
        event = AdverseEvent.objects.latest("recorded_at")
        for name in ("verbatim", "onset", "end", "narrative"):
            if name in typed and "text-held" not in row.rules:
                assert getattr(event, name) == typed[name]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.id}-{sorted(row.typed.items())}"[:60])
def test_a_file_stores_the_same_and_asks_by_the_same_rules(row: Row) -> None:
    world = prepared(row)
    typed = said(row, world.study, world)
    tally = import_events(
        study=world.study,
        records=[as_record(row, typed, world)],
        release=None,
        by=SOMEONE,
        source="import:test",
        reason="",
    )
    assert (tally.stored, tally.refused) == (1, ())
    assert asked(world, row) >= row.rules


def as_record(row: Row, typed: dict[str, Any], world: World) -> EventRecord:
    """The same event as a row of AE, after its columns were read."""
    plain: dict[str, Any] = {
        "verbatim": "Headache",
        "onset": "2026-03-05",
        "end": "2026-03-07",
        "grade": "1",
        "serious": "no",
        "criteria": [],
        "outcome": "recovered",
    } | typed
    action = next((text for name, text in typed.items() if name.startswith("action_")), "")
    return EventRecord(
        row=1,
        participant=f"{world.study.code}-{row.participant}",
        source_id="AE-9",
        verbatim=plain["verbatim"],
        lowest_level_term="",
        preferred_term="",
        high_level_term="",
        high_level_group_term="",
        system_organ_class="",
        onset=plain["onset"],
        end=plain["end"],
        ongoing=False,
        phase="",
        grade=int(plain["grade"]),
        severity_reported="",
        serious=plain["serious"] == "yes",
        criteria=tuple(plain["criteria"]),
        outcome=plain["outcome"],
        outcome_reported="",
        aware_on=plain.get("aware_on", ""),
        narrative=plain.get("narrative", ""),
        assessments=(
            AssessmentRecord(
                intervention="Infusion",
                assessor="investigator",
                causality="possible",
                causality_reported="",
                action_taken=action,
            ),
        ),
    )


def test_the_message_of_a_grade_beyond_the_term_names_the_version() -> None:
    """BI-037."""
    world = make_world(severity_scale="ctcae-5.0")
    event = world.record(verbatim="Alopecia", grade=4)
    [query] = DataQuery.objects.filter(event=event, rule="grade-beyond-term")
    assert query.message.startswith("CTCAE 5.0 defines this event up to grade 2; it is recorded as grade 4.")


def test_the_question_about_a_death_ends_with_a_fatal_event_and_comes_back_when_it_is_void() -> None:
    """BI-035; the page of queries lists it."""
    world = prepared(row("BI-035", "Q", died="2026-03-07"))
    by = world.people["alice"].actor("investigator")
    world.participants["P1"] = Participant.objects.select_related("site", "study").get(
        pk=world.participants["P1"].pk
    )
    world.record()

    def standing() -> int:
        return DataQuery.objects.filter(
            study=world.study, rule="death-needs-fatal-event", state="open"
        ).count()

    assert standing() == 1
    assert (
        "recorded as dead, but no adverse event is fatal"
        in world.client("alice").get(world.url("queries/")).content.decode()
    )
    fatal = world.record(
        verbatim="Stroke",
        serious=True,
        criteria=frozenset({"death"}),
        outcome="fatal",
        grade=5,
        aware_on="2026-03-07",
    )
    assert standing() == 0
    void_event(event=fatal, version=1, reason="wrong participant", by=by)
    assert standing() == 1


def test_after_follow_up_an_event_is_stored_and_asked_about() -> None:
    """BI-049: inside the window no question."""
    world = make_world()
    Study.objects.filter(pk=world.study.pk).update(emergent_window_days=30)
    Participant.objects.filter(study=world.study, code="P1").update(
        ended_on="2026-02-20", ended_on_earliest="2026-02-20", ended_on_latest="2026-02-20"
    )
    late = world.record(onset="2026-03-25", end="2026-03-26")
    world.record(onset="2026-03-20", end="2026-03-26")
    rules = DataQuery.objects.filter(rule="onset-after-follow-up")
    assert list(rules.values_list("event_id", flat=True)) == [late.id]


def test_a_participant_of_another_site_is_as_unknown_as_none() -> None:
    """BI-049."""
    world = make_world()
    client = world.client("alice")
    answers = [
        client.post(world.url(f"participants/{person}/adverse-events/new/"), world.posted())
        for person in (world.participants["P3"].id, "00000000-0000-0000-0000-000000000001")
    ]
    assert [a.status_code for a in answers] == [404, 404]
    assert not AdverseEvent.objects.filter(study=world.study).exists()


def test_a_term_comes_with_its_whole_path_or_not_at_all() -> None:
    """BI-051: the form sends one term, never a level of it; a term of another study's dictionary is refused."""
    world, other = make_world(), make_world("OTHER")
    foreign = make_terms(other)["Headache"]
    url = world.url(f"participants/{world.participants['P1'].id}/adverse-events/new/")
    page = world.client("alice").post(url, world.posted(term=str(foreign.id))).content.decode()
    assert "does not stand in a dictionary of this study" in page
    assert not AdverseEvent.objects.filter(study=world.study).exists()


def test_both_normal_forms_of_a_word_are_one_word() -> None:
    """BI-061: stored in NFC, found by either, and a double of each other."""
    world = make_world()
    client = world.client("alice")
    url = world.url(f"participants/{world.participants['P1'].id}/adverse-events/new/")
    client.post(url, world.posted(verbatim="Cafe\u0301 au lait spots"))
    event = AdverseEvent.objects.get(study=world.study)
    assert event.verbatim == "Caf\u00e9 au lait spots"
    for typed in ("caf\u00e9", "cafe\u0301"):
        assert "au lait" in client.get(world.url("adverse-events/"), {"q": typed}).content.decode(), ascii(
            typed
        )
    page = client.post(url, world.posted(verbatim="Caf\u00e9 au lait spots")).content.decode()
    assert "stands already as number 1" in page
