"""Hidden values of a form that were altered: refused, recorded, and nothing changed."""

from __future__ import annotations

import uuid

import pytest

from pvtracker.audit.context import enter_study
from pvtracker.audit.enums import AccessKind
from pvtracker.audit.models import AccessRecord
from pvtracker.events.models import AdverseEvent, Draft
from pvtracker.studies.actions import end_membership
from pvtracker.studies.models import Membership
from tests.open.world import SOMEONE, World, make_world
from tests.people import masked

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def recorded(world: World, detail: str, *, by: str = "alice") -> int:
    return AccessRecord.objects.filter(
        kind=AccessKind.TAMPERING, detail=detail, actor=world.people[by].actor().id, study_id=world.study.id
    ).count()


def amended(world: World, version: str) -> dict[str, str]:
    said = {name: value for name, value in world.posted(grade="3").items() if name != "submission_key"}
    return said | {"version": version, "reason": "a reason"}


def test_a_version_that_never_was_is_answered_412_and_recorded(world: World) -> None:
    event = world.record()
    answer = world.client("alice").post(world.url(f"adverse-events/{event.id}/edit/"), amended(world, "99"))
    assert answer.status_code == 412
    assert "Nothing was saved" in answer.content.decode()
    assert AdverseEvent.objects.get(pk=event.pk).version == 1
    assert recorded(world, "version") == 1


@pytest.mark.parametrize("version", ["0", "-1", "x", "1.5", "", "9" * 30, "1\0"])
def test_a_version_that_is_none_changes_nothing(world: World, version: str) -> None:
    event = world.record()
    answer = world.client("alice").post(
        world.url(f"adverse-events/{event.id}/edit/"), amended(world, version)
    )
    assert answer.status_code in {200, 412}
    assert AdverseEvent.objects.get(pk=event.pk).version == 1


def test_an_older_version_is_a_conflict_and_no_tampering(world: World) -> None:
    event = world.record()
    client = world.client("alice")
    client.post(world.url(f"adverse-events/{event.id}/edit/"), amended(world, "1"))
    answer = client.post(world.url(f"adverse-events/{event.id}/edit/"), amended(world, "1") | {"grade": "2"})
    assert answer.status_code == 200 and "it is now version 2" in answer.content.decode()
    assert recorded(world, "version") == 0


def test_a_form_sent_for_another_participant_is_answered_404_and_recorded(world: World) -> None:
    event = world.record("P1")
    url = world.url(f"participants/{world.participants['P2'].id}/adverse-events/new/")
    answer = world.client("alice").post(url, world.posted(submission_key=str(event.id)))
    assert answer.status_code == 404
    assert AdverseEvent.objects.get(pk=event.pk).participant.code == "P1"
    assert AdverseEvent.objects.filter(study=world.study).count() == 1
    assert recorded(world, "submission_key") == 1


def test_a_key_that_is_taken_in_another_study_is_answered_as_one_taken_in_this(world: World) -> None:
    other = make_world("OTHER")
    url = world.url(f"participants/{world.participants['P2'].id}/adverse-events/new/")
    client, told = world.client("alice"), []
    for key in (world.record("P1").id, other.record().id):
        answer = client.post(url, world.posted(submission_key=str(key)))
        told.append((answer.status_code, masked(answer.content, key)))
    assert told[0] == told[1] and told[0][0] == 404
    enter_study(world.study.id)
    assert recorded(world, "submission_key") == 2


def test_a_draft_for_another_participants_event_is_refused_and_recorded(world: World) -> None:
    event = world.record("P1")
    url = world.url(f"participants/{world.participants['P2'].id}/draft/{event.id}/")
    assert world.client("alice").post(url, world.posted()).status_code == 403
    assert not Draft.objects.filter(study=world.study).exists()
    assert recorded(world, "participant") == 1


def test_the_id_of_another_study_is_as_unknown_as_none(world: World) -> None:
    other = make_world("OTHER")
    foreign = other.record()
    client = world.client("alice")
    for event_id in (foreign.id, uuid.UUID(int=7)):
        for tail in ("", "edit/", "history/", "void/", "opinion/"):
            assert client.get(world.url(f"adverse-events/{event_id}/{tail}")).status_code == 404


def test_a_role_that_ended_between_load_and_save_writes_nothing_and_keeps_the_draft(world: World) -> None:
    client = world.client("carl")
    page = world.url(f"participants/{world.participants['P1'].id}/adverse-events/new/")
    assert client.get(page).status_code == 200
    client.post(
        world.url(f"participants/{world.participants['P1'].id}/draft/"), world.posted(verbatim="Half")
    )
    membership = Membership.objects.get(account=world.people["carl"])
    end_membership(membership=membership, ends_on=membership.starts_on, reason="left", by=SOMEONE)
    assert client.post(page, world.posted()).status_code in {403, 404}
    assert not AdverseEvent.objects.filter(study=world.study).exists()
    assert Draft.objects.get(study=world.study).body["verbatim"] == ["Half"]
