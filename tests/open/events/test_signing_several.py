"""Several events signed in one act: every word shown before, one password, a signature for each, all or none."""

from __future__ import annotations

import pytest
from django.test import Client

from pvtracker.accounts.models import Signature
from pvtracker.accounts.signing.queries import Standing
from pvtracker.audit.models import AccessRecord, Outbox
from pvtracker.events.actions.capture import amend_event
from pvtracker.events.models import AdverseEvent
from pvtracker.events.signing import manifestations_of, subject_of
from tests.open.signing import PASSWORD, with_passwords
from tests.open.world import World, make_world
from tests.signed import shown_hash, sign_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return with_passwords(make_world("MANY"))


@pytest.fixture
def events(world: World) -> list[AdverseEvent]:
    said = (
        {"verbatim": "Stabbing pain", "grade": 2},
        {"verbatim": "Fever", "narrative": "It began at noon.", "onset": "2026-03-05T12:00"},
    )
    return [world.record(**words) for words in said]


def url(world: World, events: list[AdverseEvent]) -> str:
    return world.url("adverse-events/sign/") + "?" + "&".join(f"event={event.id}" for event in events)


def sign(world: World, alice: Client, events: list[AdverseEvent], **typed: str) -> int:
    posted = {"meaning": "responsibility", "username": world.people["alice"].username, "password": PASSWORD}
    return sign_at(alice, url(world, events), **(posted | typed)).status_code


def test_each_event_gets_a_signature_over_its_own_hash_and_version(
    world: World, events: list[AdverseEvent]
) -> None:
    alice = world.client("alice")
    offered = alice.get(world.url("adverse-events/sign/")).content.decode()
    assert "2 wait for your signature" in offered and offered.count(" checked>") == 2
    assert "onset 2026-03-05 12:00" in offered
    none = alice.get(world.url("adverse-events/sign/?chosen=")).content.decode()
    assert "No event was chosen" in none and " checked>" not in none
    page = alice.get(url(world, events)).content.decode()
    for word in ("Stabbing pain", "It began at noon.", "2 Moderate", *(subject_of(e).sha256 for e in events)):
        assert word in page, word
    assert sign(world, alice, events) == 302
    made = list(Signature.objects.order_by("signed_at"))
    assert {(s.object_id, s.version, s.sha256) for s in made} == {
        (e.id, 1, subject_of(e).sha256) for e in events
    }
    assert len({s.series for s in made}) == 1 and Outbox.objects.filter(operation="signed").count() == 2
    assert [m.standing for e in events for m in manifestations_of(e)] == [Standing.VALID] * 2
    assert "Nothing waits for your signature" in alice.get(world.url("adverse-events/sign/")).content.decode()


def test_one_changed_meanwhile_and_none_is_signed(world: World, events: list[AdverseEvent]) -> None:
    alice, first = world.client("alice"), events[0]
    shown = shown_hash(alice.get(url(world, events)))
    by = world.people["carl"].actor("coordinator")
    amend_event(event=first, version=1, details=world.details(verbatim="Ache"), reason="asked", by=by)
    assert sign(world, alice, events, shown=shown) == 409
    assert not Signature.objects.exists()
    assert AccessRecord.objects.filter(kind="signature_refused", detail="content changed").count() == 1
    assert "Ache" in alice.get(url(world, events)).content.decode()


def test_one_that_may_not_be_signed_and_none_is(world: World, events: list[AdverseEvent]) -> None:
    alice, asked = world.client("alice"), world.record(onset="2026")
    offered = alice.get(world.url("adverse-events/sign/")).content.decode()
    assert "2 wait for your signature" in offered and str(asked.id) not in offered
    answer = sign_at(
        alice,
        url(world, [*events, asked]),
        meaning="responsibility",
        username=world.people["alice"].username,
        password=PASSWORD,
    )
    assert answer.status_code == 409 and "None of them was signed." in answer.content.decode()
    assert not Signature.objects.exists()


def test_a_wrong_password_signs_nothing_and_others_find_no_such_page(
    world: World, events: list[AdverseEvent]
) -> None:
    assert sign(world, world.client("alice"), events, password="wrong") == 422
    for name in ("carl", "mona"):
        assert world.client(name).get(url(world, events)).status_code == 404
    assert world.client("bob").get(url(world, events)).status_code == 404, "another site's investigator"
    assert world.client("alice").get(world.url("adverse-events/sign/?event=none")).status_code == 404
    assert not Signature.objects.exists()
