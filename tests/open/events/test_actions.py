"""Recording, amending, assessing and voiding events; drafts and data queries."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pvtracker.audit.context import enter_study
from pvtracker.audit.models import Outbox
from pvtracker.events.actions.capture import amend_event, assess_as_sponsor, record_event, void_event
from pvtracker.events.actions.drafts import FIELD_LIMIT, discard_draft, save_draft
from pvtracker.events.actions.errors import EventRefused, VersionConflict
from pvtracker.events.actions.questions import answer_query
from pvtracker.events.models import AdverseEvent, AdverseEventVersion, Assessment, DataQuery, Draft
from tests.open.world import World, make_terms, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(two_sites: World) -> World:
    return two_sites


def amend(
    world: World, event: AdverseEvent, *, version: int = 1, reason: str = "correction", **said: object
) -> AdverseEvent:
    return amend_event(
        event=event,
        version=version,
        details=world.details(**said),
        reason=reason,
        by=world.people["alice"].actor("investigator"),
    )


def test_a_recorded_event_has_its_version_and_its_outbox_row(world: World) -> None:
    event = world.record(onset="2026-03", end="", ongoing=True, outcome="not_recovered")
    stored = AdverseEvent.objects.get(pk=event.pk)
    assert (stored.onset, str(stored.onset_earliest), str(stored.onset_latest)) == (
        "2026-03",
        "2026-03-01",
        "2026-03-31",
    )
    version = AdverseEventVersion.objects.get(event=event)
    assert (version.version, version.operation, version.actor_name) == (1, "created", "Alice")
    assert version.body["onset"] == "2026-03"
    assert version.body["assessments"] == [
        {
            "intervention": "INF",
            "assessor": "investigator",
            "causality": "possible",
            "causality_reported": "",
            "action_taken": "",
            "action_reported": "",
        }
    ]
    notice = Outbox.objects.get(object_id=event.id)
    assert (notice.kind, notice.version, notice.operation, notice.study_id) == (
        "adverse_event",
        1,
        "created",
        world.study.id,
    )


def test_numbers_count_within_the_participant(world: World) -> None:
    numbers = [
        world.record("P1").number,
        world.record("P1", verbatim="Fever").number,
        world.record("P3", by="bob").number,
    ]
    assert numbers == [1, 2, 1]


def test_saving_an_event_costs_at_most_seventeen_queries(world: World) -> None:
    """Two of them look up the study's arms and products, whose names no text may carry into the record."""
    terms = make_terms(world)
    with CaptureQueriesContext(connection) as log:
        record_event(
            participant=world.participants["P1"],
            details=world.details(term=terms["Headache"].id, onset="2026"),
            submission_key=uuid.uuid4(),
            by=world.people["alice"].actor("investigator"),
            account=world.people["alice"],
        )
    assert len(log) <= 17, [entry["sql"][:90] for entry in log]


def test_the_same_form_sent_twice_is_one_event(world: World) -> None:
    key = uuid.uuid4()
    by = world.people["alice"].actor()
    both = [
        record_event(participant=world.participants["P1"], details=world.details(), submission_key=key, by=by)
        for _ in range(2)
    ]
    assert both[0].id == both[1].id == key
    assert AdverseEvent.objects.filter(participant=world.participants["P1"]).count() == 1
    assert AdverseEventVersion.objects.filter(event_id=key).count() == 1


def test_a_form_of_one_participant_cannot_be_sent_for_another(world: World) -> None:
    event = world.record("P1")
    with pytest.raises(EventRefused, match="belongs to another participant"):
        record_event(
            participant=world.participants["P2"],
            details=world.details(),
            submission_key=event.id,
            by=world.people["alice"].actor(),
        )


def test_what_a_rule_refuses_is_not_stored(world: World) -> None:
    with pytest.raises(EventRefused) as refusal:
        world.record(onset="2026-03-07", end="2026-03-05")
    assert [finding.rule for finding in refusal.value.findings] == ["end-not-before-onset"]
    assert not AdverseEvent.objects.filter(study=world.study).exists()


def test_what_a_rule_asks_is_stored_with_a_query(world: World) -> None:
    event = world.record(onset="2026")
    query = DataQuery.objects.get(event=event)
    assert (query.rule, query.field, query.state) == ("partial-onset", "onset", "open")


def test_a_possible_duplicate_is_refused_until_it_is_said_to_be_separate(world: World) -> None:
    first = world.record(verbatim="Café au lait  spot")
    again = world.details(verbatim="CAFE\u0301 AU LAIT SPOT")  # decomposed, other case
    known = {"participant": world.participants["P1"], "details": again, "by": world.people["alice"].actor()}
    with pytest.raises(EventRefused, match=rf"number {first.number} ") as refusal:
        record_event(**known, submission_key=uuid.uuid4())
    assert [finding.rule for finding in refusal.value.findings] == ["possible-duplicate"]
    second = record_event(**known, submission_key=uuid.uuid4(), separate=True)
    assert DataQuery.objects.get(event=second).rule == "possible-duplicate"


def test_an_amendment_is_a_new_version_with_a_reason(world: World) -> None:
    event = world.record()
    amended = amend(world, event, grade=3, reason="graded again")
    assert (amended.version, amended.grade) == (2, 3)
    versions = AdverseEventVersion.objects.filter(event=event).order_by("version")
    assert [(v.version, v.operation, v.reason, v.body["grade"]) for v in versions] == [
        (1, "created", "", 1),
        (2, "amended", "graded again", 3),
    ]
    assert list(
        Outbox.objects.filter(object_id=event.id).order_by("version").values_list("version", flat=True)
    ) == [1, 2]


def test_an_amendment_without_a_reason_is_refused(world: World) -> None:
    event = world.record()
    with pytest.raises(EventRefused, match="reason is missing"):
        amend(world, event, grade=3, reason="  ")


def test_saving_without_a_change_makes_no_version(world: World) -> None:
    event = world.record()
    with pytest.raises(EventRefused, match="Nothing was changed"):
        amend(world, event)
    assert AdverseEventVersion.objects.filter(event=event).count() == 1


def test_of_two_amendments_of_one_version_the_second_is_refused(world: World) -> None:
    event = world.record()
    amend(world, event, grade=2)
    with pytest.raises(VersionConflict, match="read version 1, it is now version 2"):
        amend(world, event, outcome="recovered_with_sequelae")
    assert AdverseEvent.objects.get(pk=event.pk).outcome == "recovered"


def test_a_query_closes_when_its_cause_is_gone_and_another_opens(world: World) -> None:
    event = world.record(onset="2026")
    amend(
        world,
        event,
        onset="2026-01-02",
        end="2026-03-07",
        judgements=(world.judged("Infusion", "not_related"),),
    )
    states = dict(DataQuery.objects.filter(event=event).values_list("rule", "state"))
    assert states == {"partial-onset": "closed", "onset-before-consent": "open"}


def test_an_answered_query_is_not_asked_again(world: World) -> None:
    event = world.record(onset="2026")
    query = DataQuery.objects.get(event=event)
    answer_query(query=query, answer="The participant does not remember.", by=world.people["alice"].actor())
    amend(world, event, onset="2026", grade=2)
    assert list(DataQuery.objects.filter(event=event).values_list("state", flat=True)) == ["answered"]


def test_an_empty_answer_is_refused(world: World) -> None:
    world.record(onset="2026")
    with pytest.raises(EventRefused, match="answer is empty"):
        answer_query(
            query=DataQuery.objects.get(study=world.study), answer=" ", by=world.people["alice"].actor()
        )


def test_the_sponsor_adds_an_opinion_and_leaves_the_investigators(world: World) -> None:
    event = world.record()
    assess_as_sponsor(
        event=event,
        version=1,
        opinions=(world.judged("Infusion", "not_related"), world.judged("Mobilisation", "probable")),
        reason="known effect of mobilisation",
        by=world.people["mona"].actor("medical_monitor"),
    )
    rows = set(
        Assessment.objects.filter(event=event).values_list("intervention__code", "assessor", "causality")
    )
    assert rows == {
        ("INF", "investigator", "possible"),
        ("INF", "sponsor", "not_related"),
        ("GCSF", "sponsor", "probable"),
    }
    assert AdverseEvent.objects.get(pk=event.pk).version == 2


def test_an_amendment_keeps_the_sponsors_opinion(world: World) -> None:
    event = world.record()
    sponsor = world.people["mona"].actor("medical_monitor")
    assess_as_sponsor(
        event=event, version=1, opinions=(world.judged("Infusion", "unlikely"),), reason="opinion", by=sponsor
    )
    amend(world, event, version=2, judgements=(world.judged("Infusion", "definite"),))
    rows = dict(Assessment.objects.filter(event=event).values_list("assessor", "causality"))
    assert rows == {"sponsor": "unlikely", "investigator": "definite"}
    said = AdverseEventVersion.objects.get(event=event, version=3).body["assessments"]
    assert [(a["assessor"], a["causality"]) for a in said] == [
        ("investigator", "definite"),
        ("sponsor", "unlikely"),
    ]


def test_a_void_event_stays_with_its_history_and_cannot_be_amended(world: World) -> None:
    event = world.record(onset="2026")
    void_event(event=event, version=1, reason="wrong participant", by=world.people["alice"].actor())
    stored = AdverseEvent.objects.get(pk=event.pk)
    assert (stored.state, stored.version) == ("voided", 2)
    assert Outbox.objects.get(object_id=event.id, version=2).operation == "voided"
    assert DataQuery.objects.get(event=event).state == "closed"
    with pytest.raises(EventRefused, match="event is void"):
        amend(world, event, version=2, grade=4)


def test_a_void_event_is_no_duplicate(world: World) -> None:
    event = world.record()
    void_event(event=event, version=1, reason="wrong participant", by=world.people["alice"].actor())
    record_event(
        participant=world.participants["P1"],
        details=world.details(),
        submission_key=uuid.uuid4(),
        by=world.people["alice"].actor(),
    )
    assert not DataQuery.objects.filter(study=world.study, state="open").exists()


def test_a_term_of_another_study_is_refused(world: World) -> None:
    other = make_world("OTHER")
    term = make_terms(other)["Headache"]
    enter_study(world.study.id)
    with pytest.raises(EventRefused, match="dictionary of this study"):
        world.record(term=term.id)


def test_an_intervention_of_another_study_is_refused(world: World) -> None:
    other = make_world("OTHER")
    with pytest.raises(EventRefused, match="does not belong to this study"):
        world.record(judgements=(other.judged("Infusion", "possible"),))


def test_text_is_stored_in_one_normal_form(world: World) -> None:
    event = world.record(verbatim="  Cafe\u0301 spot ", narrative="first\r\nsecond")
    stored = AdverseEvent.objects.get(pk=event.pk)
    assert (stored.verbatim, stored.narrative) == ("Café spot", "first\nsecond")


@pytest.mark.parametrize(
    "text",
    ["Robert'); DROP TABLE events; --", "1 OR 1=1", "<script>alert(1)</script>", "\u202eemit", "𝔘" * 400],
)
def test_strange_but_printable_words_are_stored_as_written(world: World, text: str) -> None:
    event = world.record(verbatim=text)
    assert AdverseEvent.objects.get(pk=event.pk).verbatim == text


def test_a_draft_is_kept_per_person_participant_and_event_and_the_last_one_wins(world: World) -> None:
    event = world.record()
    alice, carl = world.people["alice"], world.people["carl"]
    for account, about, text in (
        (alice, None, "Hea"),
        (alice, None, "Head"),
        (alice, event, "x"),
        (carl, None, "y"),
    ):
        save_draft(
            participant=world.participants["P1"],
            event=about,
            account=account,
            body={"verbatim": [text]},
            by=account.actor(),
        )
    assert Draft.objects.get(account=alice, event=None).body == {"verbatim": ["Head"]}
    assert Draft.objects.filter(study=world.study).count() == 3


def test_a_draft_keeps_any_text_but_nul_and_the_excess(world: World) -> None:
    alice = world.people["alice"]
    draft = save_draft(
        participant=world.participants["P1"],
        event=None,
        account=alice,
        body={"onset": ["2026-02-30\0"], "narrative": ["a" * (FIELD_LIMIT + 5)]},
        by=alice.actor(),
    )
    draft.refresh_from_db()
    assert draft.body["onset"] == ["2026-02-30"]
    assert len(draft.body["narrative"][0]) == FIELD_LIMIT


def test_the_draft_ends_with_the_event_that_it_became_and_others_stay(world: World) -> None:
    alice, carl = world.people["alice"], world.people["carl"]
    for account in (alice, carl):
        save_draft(
            participant=world.participants["P1"], event=None, account=account, body={}, by=account.actor()
        )
    record_event(
        participant=world.participants["P1"],
        details=world.details(),
        submission_key=uuid.uuid4(),
        by=alice.actor(),
        account=alice,
    )
    assert list(Draft.objects.filter(study=world.study).values_list("account_id", flat=True)) == [carl.id]
    discard_draft(participant=world.participants["P1"], event=None, account=carl, by=carl.actor())
    assert not Draft.objects.filter(study=world.study).exists()


def test_amending_a_delivered_grade_forgets_how_it_was_delivered(world: World) -> None:
    event = world.record()
    AdverseEvent.objects.filter(pk=event.pk).update(severity_reported="MILD")
    amend(world, event, grade=2)
    assert AdverseEvent.objects.get(pk=event.pk).severity_reported == ""


def test_other_words_are_to_be_coded_again(world: World) -> None:
    terms = make_terms(world)
    event = world.record(term=terms["Headache"].id)
    kept = amend(world, event, verbatim="HEADACHE", term=terms["Headache"].id)
    assert kept.term_id == terms["Headache"].id
    gone = amend(world, event, version=2, verbatim="Raised temperature", term=terms["Headache"].id)
    assert gone.term_id is None
    chosen = amend(world, event, version=3, verbatim="Raised temperature", term=terms["Fever"].id)
    assert chosen.term_id == terms["Fever"].id
