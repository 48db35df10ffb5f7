"""The form of an adverse event, posted as a browser without script posts it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from pvtracker.events.models import AdverseEvent, Assessment, DataQuery, Draft
from pvtracker.participants.models import Participant
from pvtracker.studies.actions import end_membership
from pvtracker.studies.models import Membership
from tests.open.world import SOMEONE, World, make_terms

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(two_sites: World) -> World:
    return two_sites


@pytest.fixture
def alice(world: World) -> Client:
    return world.client("alice")


def new_url(world: World, code: str = "P1") -> str:
    return world.url(f"participants/{world.participants[code].id}/adverse-events/new/")


def edit_url(world: World, event: AdverseEvent) -> str:
    return world.url(f"adverse-events/{event.id}/edit/")


def draft_url(world: World, event: AdverseEvent | None = None) -> str:
    return world.url(f"participants/{world.participants['P1'].id}/draft/{f'{event.id}/' if event else ''}")


def amended(world: World, **said: Any) -> dict[str, Any]:
    return {key: value for key, value in world.posted(**said).items() if key != "submission_key"}


def test_the_form_shows_the_scales_definitions_and_every_intervention(world: World, alice: Client) -> None:
    page = alice.get(new_url(world)).content.decode()
    assert "Severe symptoms causing inability to perform usual social &amp; functional activities" in page
    for name in world.interventions:
        assert f"Related to {name}" in page
        assert f"Action taken with {name}" in page


def test_a_plain_post_records_the_event_and_shows_it(world: World, alice: Client) -> None:
    answer = alice.post(new_url(world), world.posted(narrative="After lunch."), follow=True)
    event = AdverseEvent.objects.get(study=world.study)
    assert answer.redirect_chain[0][0] == world.url(f"adverse-events/{event.id}/")
    page = answer.content.decode()
    assert "Adverse event 1 of P1 is recorded." in page
    assert "After lunch." in page
    assert Assessment.objects.get(event=event).causality == "possible"


def test_errors_name_field_rule_and_remedy_and_keep_what_was_typed(world: World, alice: Client) -> None:
    typed = world.posted(
        verbatim="Höhenangst",
        onset="2026-02-30",
        end="soon",
        aware_on="2026-03",
        grade="3",
        serious="yes",
        outcome="recovering",
        narrative="line one\r\nline two",
        ongoing="on",
        **{f"action_{world.interventions['Apheresis'].id}": "interrupted"},
    )
    page = alice.post(new_url(world), typed).content.decode()
    assert not AdverseEvent.objects.filter(study=world.study).exists()
    for sentence in (
        "Onset: The onset cannot be read: “2026-02-30” is not a date: the day must be 01 to 28 in 2026-02.",
        "End: The event is ticked as ongoing and has the end soon.",
        "Criteria, if serious: The event is serious, but no criterion is ticked. Tick each criterion that applies.",
    ):
        assert sentence in page
    for kept in (
        'value="Höhenangst"',
        'value="2026-02-30"',
        'value="soon"',
        'value="2026-03"',
        "line one\r\nline two</textarea>",
        '<option value="recovering" selected>',
        '<option value="interrupted" selected>',
        f'value="{typed["submission_key"]}"',
    ):
        assert kept in page
    assert page.count(" checked") == 3  # grade, serious, ongoing


def test_each_error_in_the_summary_links_to_a_field_that_exists(world: World, alice: Client) -> None:
    page = alice.post(new_url(world), {"submission_key": str(uuid.uuid4())}).content.decode()
    summary = page.split("pv-error-summary")[1].split("</ul>")[0]
    targets = [part.split('"')[0] for part in summary.split('href="#')[1:]]
    assert len(targets) == 5  # what happened, onset, grade, serious, outcome
    for target in targets:
        assert f'id="{target}"' in page


def test_the_form_sent_twice_shows_the_first_event(world: World, alice: Client) -> None:
    posted = world.posted()
    first = alice.post(new_url(world), posted)
    again = alice.post(new_url(world), posted)
    assert first["Location"] == again["Location"]
    assert AdverseEvent.objects.filter(study=world.study).count() == 1


@pytest.mark.parametrize("key", [None, "not-a-key"])
def test_a_form_without_its_key_is_not_saved_but_given_a_new_one(
    world: World, alice: Client, key: str | None
) -> None:
    page = alice.post(new_url(world), world.posted(submission_key=key)).content.decode()
    assert not AdverseEvent.objects.filter(study=world.study).exists()
    assert 'value="Headache"' in page


def test_a_possible_duplicate_is_shown_before_it_is_saved(world: World, alice: Client) -> None:
    first = world.record()
    posted = world.posted(verbatim="HEADACHE")
    page = alice.post(new_url(world), posted).content.decode()
    assert f"stands already as number {first.number} of this participant" in page
    assert "This is a separate event" in page
    assert AdverseEvent.objects.filter(study=world.study).count() == 1
    alice.post(new_url(world), posted | {"separate": "on"})
    second = AdverseEvent.objects.get(study=world.study, number=2)
    assert DataQuery.objects.get(event=second).rule == "possible-duplicate"


def test_the_question_of_a_separate_event_is_not_put_without_need(world: World, alice: Client) -> None:
    assert "This is a separate event" not in alice.get(new_url(world)).content.decode()


def test_a_partial_date_is_stored_as_written_and_asked_about(world: World, alice: Client) -> None:
    page = alice.post(
        new_url(world), world.posted(onset="2026-03", end="2026-03-05"), follow=True
    ).content.decode()
    assert AdverseEvent.objects.get(study=world.study).onset == "2026-03"
    assert "The onset 2026-03 is partial" in page


def test_a_chosen_term_is_stored_and_shown(world: World, alice: Client) -> None:
    term = make_terms(world)["Head pain"]
    page = alice.post(new_url(world), world.posted(term=str(term.id)), follow=True).content.decode()
    assert AdverseEvent.objects.get(study=world.study).term_id == term.id
    assert "Nervous system disorders" in page


@pytest.mark.parametrize("term", ["0", "99999999999999999999999", "x"])
def test_a_term_that_is_none_is_refused_without_failing(world: World, alice: Client, term: str) -> None:
    answer = alice.post(new_url(world), world.posted(term=term))
    assert answer.status_code == 200
    assert not AdverseEvent.objects.filter(study=world.study).exists()


def test_a_coordinator_records_but_does_not_judge(world: World) -> None:
    carl = world.client("carl")
    page = carl.get(new_url(world)).content.decode()
    assert "Relatedness is judged by an investigator" in page
    assert "Related to Infusion" not in page
    carl.post(new_url(world), world.posted(**{f"action_{world.interventions['Infusion'].id}": "none"}))
    assessment = Assessment.objects.get(study=world.study)
    assert (assessment.causality, assessment.action_taken) == ("", "none")
    assert DataQuery.objects.get(study=world.study).rule == "causality-given"


def test_a_coordinators_amendment_leaves_the_judgement(world: World) -> None:
    event = world.record()
    posted = amended(world, version="1", grade="3", reason="graded again")
    posted[f"causality_{world.interventions['Infusion'].id}"] = "definite"
    world.client("carl").post(edit_url(world, event), posted)
    assert AdverseEvent.objects.get(pk=event.pk).grade == 3
    assert Assessment.objects.get(event=event).causality == "possible"


def test_who_may_only_read_gets_no_form(world: World) -> None:
    mona = world.client("mona")
    assert mona.get(new_url(world)).status_code == 403
    assert mona.post(new_url(world), world.posted()).status_code == 403
    assert not AdverseEvent.objects.filter(study=world.study).exists()


# --- amending -----------------------------------------------------------------------------------------------


def test_an_amendment_needs_a_reason_and_keeps_what_was_typed(world: World, alice: Client) -> None:
    event = world.record()
    page = alice.post(
        edit_url(world, event), amended(world, version="1", verbatim="Migraine")
    ).content.decode()
    assert "The reason is missing. Say in a few words why the record is changed." in page
    assert 'value="Migraine"' in page
    assert AdverseEvent.objects.get(pk=event.pk).version == 1


def test_an_amendment_shows_in_the_history_in_words(world: World, alice: Client) -> None:
    event = world.record()
    posted = amended(world, version="1", grade="3", outcome="recovered_with_sequelae", reason="seen again")
    answer = alice.post(edit_url(world, event), posted)
    assert answer.status_code == 302
    page = alice.get(world.url(f"adverse-events/{event.id}/history/")).content.decode()
    for words in (
        "seen again",
        "amended by Alice (Investigator)",
        "1 Mild (DAIDS 2.1)",
        "3 Severe (DAIDS 2.1)",
        "Recovered with sequelae",
    ):
        assert words in page
    assert page.index("Version 2") < page.index("Version 1")


def test_the_second_of_two_editors_sees_both_versions_and_loses_nothing(world: World, alice: Client) -> None:
    event = world.record()
    carl = world.client("carl")
    carl.post(edit_url(world, event), amended(world, version="1", end="2026-03-09", reason="diary"))
    typed = amended(world, version="1", verbatim="Severe headache", reason="asked again")
    page = alice.post(edit_url(world, event), typed).content.decode()
    assert "you read version 1, it is now version 2" in page
    assert "<del><bdi>2026-03-07</bdi></del>" in page and "<ins><bdi>2026-03-09</bdi></ins>" in page
    assert 'value="Severe headache"' in page
    assert AdverseEvent.objects.get(pk=event.pk).verbatim == "Headache"
    assert 'name="version" value="2"' in page
    alice.post(edit_url(world, event), typed | {"version": "2"})
    stored = AdverseEvent.objects.get(pk=event.pk)
    assert (stored.version, stored.verbatim) == (3, "Severe headache")


def test_an_opened_form_shows_the_stored_event(world: World, alice: Client) -> None:
    event = world.record(onset="2026", end="", end_unknown=True)
    page = alice.get(edit_url(world, event)).content.decode()
    assert 'name="onset" value="2026"' in page
    assert 'name="end_unknown" id="id_end_unknown" checked' in page.replace('" aria-describedby=""', '"')
    assert '<option value="possible" selected>' in page


# --- drafts -------------------------------------------------------------------------------------------------


def test_a_draft_survives_a_closed_tab_and_ends_when_it_is_submitted(world: World, alice: Client) -> None:
    typed = world.posted(verbatim="Head", onset="2026-02-30", criteria=["death", "disability"], ongoing="on")
    answer = alice.post(draft_url(world), typed, headers={"X-Requested-With": "draft"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["X-Draft-Saved"].startswith("20")
    page = world.client("alice").get(new_url(world)).content.decode()
    assert "Your draft is loaded" in page
    assert 'value="Head"' in page and 'value="2026-02-30"' in page
    assert page.count(" checked") == 5  # grade, serious, two criteria, ongoing
    assert typed["submission_key"] in page
    assert (
        "Go on with the draft"
        in alice.get(world.url(f"participants/{world.participants['P1'].id}/")).content.decode()
    )
    alice.post(new_url(world), world.posted(submission_key=typed["submission_key"]))
    assert not Draft.objects.filter(study=world.study).exists()


def test_the_draft_button_works_without_script(world: World, alice: Client) -> None:
    answer = alice.post(draft_url(world), world.posted(verbatim="Hea"), follow=True)
    page = answer.content.decode()
    assert "Draft saved at" in page and 'value="Hea"' in page


def test_a_draft_that_was_cut_says_so(world: World, alice: Client) -> None:
    alice.post(draft_url(world), world.posted(narrative="a" * 100_000))
    page = alice.get(new_url(world)).content.decode()
    assert "was cut at 100000 characters" in page
    alice.post(draft_url(world), world.posted(narrative="a" * 99_999))
    assert "was cut" not in alice.get(new_url(world)).content.decode()


def test_a_draft_can_be_discarded(world: World, alice: Client) -> None:
    alice.post(draft_url(world), world.posted())
    alice.post(draft_url(world), {"save": "discard"})
    assert not Draft.objects.filter(study=world.study).exists()


def test_a_draft_typed_into_a_form_that_was_sent_already_becomes_another_event(
    world: World, alice: Client
) -> None:
    posted = world.posted()
    alice.post(new_url(world), posted)
    alice.post(draft_url(world), posted | {"verbatim": "Fever"})  # the browser's back button, then typing
    page = alice.get(new_url(world)).content.decode()
    assert 'value="Fever"' in page
    assert posted["submission_key"] not in page


def test_the_draft_of_an_amendment_is_its_own(world: World, alice: Client) -> None:
    event = world.record()
    alice.post(draft_url(world, event), amended(world, version="1", verbatim="Migraine", reason="half a rea"))
    page = alice.get(edit_url(world, event)).content.decode()
    assert 'value="Migraine"' in page and 'value="half a rea"' in page
    assert "Your draft is loaded" not in alice.get(new_url(world)).content.decode()


def test_nobody_sees_the_draft_of_another_person(world: World, alice: Client) -> None:
    alice.post(draft_url(world), world.posted(verbatim="Only Alice"))
    assert "Only Alice" not in world.client("carl").get(new_url(world)).content.decode()


def test_who_lost_the_role_is_refused_and_the_draft_stays(world: World, alice: Client) -> None:
    alice.post(draft_url(world), world.posted(verbatim="Typed before"))
    membership = Membership.objects.get(account=world.people["alice"])
    end_membership(membership=membership, ends_on=membership.starts_on, reason="left", by=SOMEONE)
    assert alice.post(new_url(world), world.posted()).status_code == 404
    assert alice.post(draft_url(world), world.posted(verbatim="overwritten")).status_code == 404
    assert Draft.objects.get(study=world.study).body["verbatim"] == ["Typed before"]


def test_a_signed_out_save_leads_to_the_sign_in_and_the_draft_stays(world: World, alice: Client) -> None:
    alice.post(draft_url(world), world.posted(verbatim="Typed before"))
    answer = Client().post(new_url(world), world.posted())
    assert answer.status_code == 302 and "/sign-in/" in answer["Location"]
    assert Draft.objects.filter(study=world.study).count() == 1
    assert not AdverseEvent.objects.filter(study=world.study).exists()


def test_a_draft_takes_any_text(world: World, alice: Client) -> None:
    strange = "\x00\u202e<script>\ufeff'\"; DROP"
    answer = alice.post(
        draft_url(world), {"verbatim": strange, "unknown field": "x"}, headers={"X-Requested-With": "draft"}
    )
    assert answer.status_code == 204
    assert Draft.objects.get(study=world.study).body["verbatim"] == [strange.replace("\x00", "")]
    assert alice.get(new_url(world)).status_code == 200


@pytest.mark.parametrize("text", ["nul \x00 inside", "\x1b[31m", "bell \x07"])
def test_control_characters_are_refused_with_a_sentence(world: World, alice: Client, text: str) -> None:
    answer = alice.post(new_url(world), world.posted(verbatim=text, narrative=text))
    assert answer.status_code == 200
    assert answer.content.decode().count("contains control characters") == 4  # summary and field, twice
    assert not Participant.objects.filter(adverse_events__study=world.study).exists()
