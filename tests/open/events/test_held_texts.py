"""Free text that may tell an arm: the event is stored at once, the text is read by nobody until it is released."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
from django.db import connection
from django.forms import CharField, Form
from django.test import Client

from pvtracker.accounts import system_forms
from pvtracker.accounts.free_text import FreeTextField
from pvtracker.accounts.system_forms import IdentityForm
from pvtracker.audit.context import within
from pvtracker.audit.enums import AccessKind
from pvtracker.audit.models import AccessRecord, Outbox
from pvtracker.cuts import forms as cut_forms
from pvtracker.events import coding_views, held_views
from pvtracker.events import forms as event_forms
from pvtracker.events.actions.capture import amend_event, void_event
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.actions.held import release_text
from pvtracker.events.actions.locks import lock_event
from pvtracker.events.holding import lexicon_of
from pvtracker.events.models import AdverseEvent, AdverseEventVersion, DataQuery, EventLock, HeldText
from pvtracker.feeds.actions import number
from pvtracker.feeds.queries import page_after
from pvtracker.participants.holding import HELD
from pvtracker.reports import forms as report_forms
from pvtracker.studies import forms as study_forms
from pvtracker.studies.actions import ArmEntry, put_arms
from pvtracker.studies.definition_form import DefinitionsForm
from pvtracker.studies.definitions import DEFAULTS
from pvtracker.studies.models import MembershipRequest, Study
from tests.deliveries import delivery, write
from tests.open.signing import sign, with_passwords
from tests.open.test_import_study import event as imported
from tests.open.test_import_study import load
from tests.open.world import SOMEONE, World, make_world

pytestmark = pytest.mark.django_db
TELLS = "Two days after the active vector, the Zyxoline infusion."


@pytest.fixture
def world(two_sites: World) -> World:
    put_arms(
        study=two_sites.study,
        arms=[ArmEntry("ZYX", "Zyxoline", False), ArmEntry("PBO", "Placebo", True)],
        by=SOMEONE,
    )
    two_sites.person("sara", "study_administrator")
    return two_sites


def everything_a_blinded_person_gets(world: World, event: AdverseEvent) -> str:
    """The pages, the versions and the feed."""
    texts = []
    for name in ("alice", "carl", "mona"):
        client = world.client(name)
        for tail in (
            f"adverse-events/{event.id}/",
            f"adverse-events/{event.id}/history/",
            "adverse-events/",
            "adverse-events/?q=Zyxoline",
            "queries/",
            f"participants/{event.participant_id}/",
        ):
            texts.append(client.get(world.url(tail)).content.decode())
    texts.append(world.client("alice").get(world.url(f"adverse-events/{event.id}/edit/")).content.decode())
    texts += [json.dumps(v.body) for v in AdverseEventVersion.objects.filter(event=event)]
    texts += [q.message for q in DataQuery.objects.filter(study=world.study)]
    number(world.study.id)
    texts += page_after(world.study.id, 0).entries
    return "\n".join(texts)


def test_the_event_is_stored_and_the_text_is_nowhere_but_in_its_place(world: World) -> None:
    answer = world.client("alice").post(
        world.url(f"participants/{world.participants['P1'].id}/adverse-events/new/"),
        world.posted(verbatim="Fever after Zyxoline", narrative=TELLS),
    )
    assert answer.status_code == 302
    event = AdverseEvent.objects.get(study=world.study)
    assert (event.verbatim, event.narrative, event.grade) == (HELD, HELD, 1)
    assert set(HeldText.objects.filter(event=event).values_list("field", "text")) == {
        ("verbatim", "Fever after Zyxoline"),
        ("narrative", TELLS),
    }
    assert Outbox.objects.filter(object_id=event.id).exists()
    told = (
        everything_a_blinded_person_gets(world, event)
        .replace("q=Zyxoline", "")
        .replace('value="Zyxoline"', "")
    )
    assert "Zyxoline" not in told and "active vector" not in told
    assert "may tell who received what and is held for review" in told
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name from audit.entry where event = %s and coalesce(new::text, '') ilike '%%zyxoline%%'",
            [str(event.id)],
        )
        assert not cursor.fetchall(), "blinded people read the trail too"
    attempts = AccessRecord.objects.filter(kind=AccessKind.ARM_WORD, object_id=str(event.id))
    assert {(a.detail, a.actor) for a in attempts} == {
        ("verbatim", world.people["alice"].actor().id),
        ("narrative", world.people["alice"].actor().id),
    }


def test_an_imported_text_is_held_and_the_same_file_changes_nothing(tmp_path: Path) -> None:
    rows = delivery()
    rows["ae"][0] |= {"AETERM": "Rash after dummy placebo", "AESEV": "ZYX SEVERE"}
    folder = write(tmp_path / "in", rows)
    load(folder)
    event = imported("S-01", "AE-2")
    assert (event.verbatim, event.severity_reported) == (HELD, HELD)
    assert {t.text for t in HeldText.objects.filter(event=event)} == {
        "Rash after dummy placebo",
        "ZYX SEVERE",
    }
    assert DataQuery.objects.filter(event=event, rule="text-held").count() == 2
    assert not DataQuery.objects.filter(event=event, message__icontains="zyx").exists()
    load(folder)
    assert AdverseEvent.objects.get(pk=event.pk).version == 1


def test_a_released_text_goes_back_as_a_new_version(world: World) -> None:
    event = world.record(narrative=TELLS)
    sara = world.client("sara")
    listed = sara.get(world.url("held-texts/")).content.decode()
    assert "Read and decide" in listed and "Zyxoline" not in listed
    held = HeldText.objects.get(event=event)
    page = world.url(f"held-texts/{held.id}/")
    assert TELLS in sara.get(page).content.decode()
    assert AccessRecord.objects.filter(object_kind="held_text", object_id=str(held.id)).count() == 1
    answer = sara.post(
        page, {"text": "Two days after the infusion.", "reason": "what told an arm is taken out"}
    )
    assert answer.status_code == 302
    event = AdverseEvent.objects.get(pk=event.pk)
    assert (event.narrative, event.version) == ("Two days after the infusion.", 2)
    assert AdverseEventVersion.objects.get(event=event, version=2).reason == "what told an arm is taken out"
    assert not DataQuery.objects.filter(event=event, rule="text-held", state="open").exists()
    assert HeldText.objects.get(pk=held.pk).text == TELLS, "what was written is kept"
    assert sara.get(page).status_code == 404


@pytest.mark.parametrize("name", ["alice", "carl", "mona", "bob"])
def test_who_may_not_release_finds_no_held_text(world: World, name: str) -> None:
    held = HeldText.objects.get(event=world.record(narrative=TELLS))
    client = world.client(name)
    for tail in ("held-texts/", f"held-texts/{held.id}/"):
        assert client.get(world.url(tail)).status_code == 404
        assert client.post(world.url(tail), {"text": "x", "reason": "x"}).status_code in {404, 405}


def test_nobody_releases_what_they_wrote(world: World) -> None:
    held = HeldText.objects.get(event=world.record(narrative=TELLS))
    with pytest.raises(EventRefused, match="Ask another person"):
        release_text(held=held, text="x", reason="y", by=world.people["alice"].actor())


def test_a_text_written_anew_ends_the_holding(world: World) -> None:
    event = world.record(narrative=TELLS)
    by = world.people["alice"].actor("investigator")
    amend_event(event=event, version=1, details=world.details(narrative=HELD, grade=2), reason="grade", by=by)
    assert HeldText.objects.get(event=event).state == "held", "another field was changed"
    assert DataQuery.objects.filter(event=event, rule="text-held", state="open").count() == 1
    amend_event(
        event=event, version=2, details=world.details(narrative="Was on placebo."), reason="more", by=by
    )
    assert sorted(HeldText.objects.filter(event=event).values_list("state", flat=True)) == [
        "held",
        "rewritten",
    ]
    amend_event(
        event=event, version=3, details=world.details(narrative="Two days later."), reason="less", by=by
    )
    assert set(HeldText.objects.filter(event=event).values_list("state", flat=True)) == {"rewritten"}
    assert AdverseEvent.objects.get(pk=event.pk).narrative == "Two days later."
    assert not DataQuery.objects.filter(event=event, rule="text-held", state="open").exists()


def test_a_reason_or_an_answer_that_tells_an_arm_is_refused(world: World) -> None:
    event = world.record(onset="2026")
    by = world.people["alice"].actor("investigator")
    with pytest.raises(EventRefused, match="may tell who received what"):
        amend_event(event=event, version=1, details=world.details(grade=3), reason="got placebo", by=by)
    with pytest.raises(EventRefused, match="may tell who received what"):
        void_event(event=event, version=1, reason="unblinded by mistake", by=by)
    query = DataQuery.objects.filter(event=event)[0]
    page = world.client("alice").post(
        world.url(f"queries/{query.id}/answer/"), {"answer": "he had Zyxoline"}, follow=True
    )
    assert "may tell who received what" in page.content.decode()
    assert DataQuery.objects.get(pk=query.pk).answer == ""
    assert AdverseEvent.objects.get(pk=event.pk).version == 1


def test_a_reason_on_any_page_names_no_arm_and_what_was_typed_stays(world: World) -> None:
    """One of each layer: a lock, a membership, the account pages; the walker below holds every other form."""
    event = world.record()
    with_passwords(world)
    sign(world, event, world.client("alice"))
    sara, told = world.client("sara"), {"reason": "he got Zyxoline"}
    page = sara.post(world.url(f"adverse-events/{event.id}/lock/"), told)
    assert "may tell who received what (zyxoline)" in page.content.decode()
    assert 'value="he got Zyxoline"' in page.content.decode() and not EventLock.objects.exists()
    with pytest.raises(EventRefused, match="may tell who received what"):
        lock_event(
            event=event, reason="he got Zyxoline", by=world.people["sara"].actor("study_administrator")
        )
    asked = {"username": world.people["carl"].username, "role": "auditor_open", "starts_on": "2026-01-01"}
    page = sara.post(world.url("people/propose/"), {**asked, "reason": "for the placebo arm"})
    assert "may tell who received what" in page.content.decode()
    assert not MembershipRequest.objects.exists()
    with within(None):
        assert "placebo" in str(IdentityForm({"how": "was given placebo"}).errors)
        assert not IdentityForm({"how": "passport seen"}).errors


def test_every_free_text_of_a_form_is_examined() -> None:
    """A new text field of a form is of the examined kind, or named here with the place that looks at it."""
    elsewhere = {
        "EventForm.verbatim": "held", "EventForm.narrative": "held", "ReleaseForm.text": "read by a person",
        "ReleaseForm.reason": "release_text", "TermForm.reason": "code_event",
    }  # fmt: skip
    free = {"reason", "comment", "narrative", "verbatim", "answer", "text", "how", "title", "note", "summary"}
    modules = (event_forms, held_views, coding_views, study_forms, system_forms, cut_forms, report_forms)
    kinds = {
        k for module in modules for k in vars(module).values() if isinstance(k, type) and issubclass(k, Form)
    }
    found = {
        f"{kind.__name__}.{name}"
        for kind in kinds
        for name, field in kind.base_fields.items()
        if isinstance(field, CharField) and name in free and not isinstance(field, FreeTextField)
    }
    assert found == set(elsewhere)
    settings = DefinitionsForm(study=Study(), now=DEFAULTS).fields  # made from the settings, all of them text
    plain = {k for k, f in settings.items() if isinstance(f, CharField) and not isinstance(f, FreeTextField)}
    assert plain == {"intervention_windows", "exposed_to", "age_groups"}, "codes of the protocol, and numbers"


def test_product_names_are_declared_on_a_page_and_stand_nowhere_else(world: World) -> None:
    world.person("ada", "auditor_open")
    sara, page = world.client("sara"), world.url("held-texts/names/")
    assert not lexicon_of(world.study).found("after RZ-2 cells")
    refused = sara.post(page, {"names": "RZ2\n\nQuellimab", "reason": ""})
    assert refused.status_code == 422 and "Quellimab" in refused.content.decode(), "what was typed stays"
    assert (
        sara.post(page, {"names": "RZ2\n\nQuellimab", "reason": "as the placebo is named"}).status_code == 422
    )
    assert sara.post(page, {"names": "RZ2\n\nQuellimab", "reason": "protocol 3.0"}).status_code == 302
    assert lexicon_of(world.study).found("after RZ-2 cells") == ("rz 2",)
    assert not lexicon_of(make_world("OTHER").study).found("after RZ-2 cells")
    assert "RZ2" in sara.get(page).content.decode()
    event = world.record(narrative="Two days after quelimab.")
    assert event.narrative == HELD
    told = world.client("ada").get(world.url("history/?kind=events_armword")).content.decode()
    assert "protocol 3.0" in told and "name (not repeated here)" in told
    exported = world.client("ada").get(world.url("history/?format=csv")).content.decode()
    assert not any(name in told + exported for name in ("RZ2", "Quellimab"))
    for name in ("alice", "mona", "ada"):
        assert world.client(name).get(page).status_code == 404
    assert sara.post(page, {"names": "RZ2", "reason": "protocol 4.0"}).status_code == 302
    assert not lexicon_of(world.study).found("quellimab")


def test_a_typed_text_is_never_lost_when_nothing_else_changed(world: World, client: Client) -> None:
    event = world.record(narrative=TELLS)
    by = world.people["alice"].actor("investigator")
    amend_event(event=event, version=1, details=world.details(narrative=TELLS + " More."), reason="m", by=by)
    assert HeldText.objects.get(event=event, state="held").text == TELLS + " More."
    assert isinstance(event.id, uuid.UUID)
