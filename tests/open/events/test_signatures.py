"""Signing an adverse event: who, what exactly, when, what it means; and what becomes of it when the event changes."""

from __future__ import annotations

import re
from datetime import timedelta
from unittest import mock

import pytest
from django.db import connection
from django.utils import timezone

from pvtracker.accounts.models import Signature
from pvtracker.accounts.signing.queries import Standing
from pvtracker.audit.models import AccessRecord
from pvtracker.events.actions import capture
from pvtracker.events.models import AdverseEvent
from pvtracker.events.signing import manifestations_of, subject_of
from tests.open.signing import PASSWORD, address, sign, with_passwords
from tests.open.world import World, make_world
from tests.signed import manifestation, shown_hash

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(two_sites: World) -> World:
    return with_passwords(two_sites)


def amend(world: World, event: AdverseEvent, **said: object) -> None:
    capture.amend_event(
        event=event,
        version=AdverseEvent.objects.get(pk=event.pk).version,
        details=world.details(**{"verbatim": "Another headache"} | said),
        reason="typed wrongly",
        by=world.people["carl"].actor("coordinator"),
    )


def read(event: AdverseEvent) -> AdverseEvent:
    return AdverseEvent.objects.select_related("study", "participant__site", "term__release").get(pk=event.pk)


def refusals(event: AdverseEvent) -> list[AccessRecord]:
    """Of this event only: records stay when a test is rolled back."""
    return list(AccessRecord.objects.filter(kind="signature_refused", object_id=str(event.id)).order_by("id"))


def test_a_signature_says_who_when_and_what_it_means_on_the_page_and_in_the_history(world: World) -> None:
    event = world.record()
    alice = world.client("alice")
    before = timezone.now()
    assert sign(world, event, alice).status_code == 302
    made = Signature.objects.get()
    assert before - timedelta(seconds=5) < made.signed_at < timezone.now() + timedelta(seconds=5)
    assert made.sha256 == subject_of(read(event)).sha256
    assert made.components == ["user name", "password"] and made.account == world.people["alice"]
    for tail in ("", "history/"):
        page = " ".join(alice.get(world.url(f"adverse-events/{event.id}/{tail}")).content.decode().split())
        for part in (
            *manifestation(made, role="Investigator", meaning="Responsibility"),
            made.sha256,
            "Version 1",
        ):
            assert part in page, f"{part} is missing from {tail or 'the page'}"
    assert "signed" in alice.get(world.url("adverse-events/")).content.decode()


def test_the_page_shows_every_word_that_is_signed(world: World) -> None:
    event = world.record(verbatim="Stabbing pain", narrative="It began at noon.", grade=2)
    page = world.client("alice").get(address(world, event)).content.decode()
    for word in (
        "Stabbing pain",
        "It began at noon.",
        "2026-03-05",
        "2 Moderate",
        "Infusion"[:3].upper(),
        "Possible",
    ):
        assert word in page, word
    assert subject_of(read(event)).sha256 in page


def test_nobody_signs_before_somebody_made_sure_who_they_are() -> None:
    world = make_world("NEW")
    event = world.record()
    assert world.client("alice").get(address(world, event)).status_code == 403


@pytest.mark.parametrize("name", ["carl", "mona"])
def test_only_an_investigator_of_the_site_signs(world: World, name: str) -> None:
    event = world.record()
    assert world.client(name).get(address(world, event)).status_code == 403
    assert world.client("bob").get(address(world, event)).status_code == 404
    assert not Signature.objects.exists()


def test_an_amendment_voids_the_signature_visibly_and_asks_for_another(world: World) -> None:
    event = world.record()
    alice = world.client("alice")
    sign(world, event, alice)
    to_sign = world.url("adverse-events/?to_sign=1")
    assert "Headache" not in alice.get(to_sign).content.decode()
    amend(world, event)
    page = alice.get(world.url(f"adverse-events/{event.id}/")).content.decode()
    assert re.search(
        r"Signature void since version 2, written by Carl on 20\d\d-\d\d-\d\d at \d\d:\d\d UTC", page
    )
    assert "sign it again" in page
    assert "signature void" in alice.get(world.url("adverse-events/")).content.decode()
    assert "Another headache" in alice.get(to_sign).content.decode()
    assert sign(world, event, alice, username=None).status_code == 302
    assert [m.standing for m in manifestations_of(read(event))] == [Standing.VALID, Standing.VOID]


def test_the_sponsors_opinion_is_a_later_change_too(world: World) -> None:
    event = world.record()
    sign(world, event, world.client("alice"))
    capture.assess_as_sponsor(
        event=event,
        version=1,
        opinions=(world.judged("Infusion", "unlikely"),),
        reason="read",
        by=world.people["mona"].actor("medical_monitor"),
    )
    assert [m.standing for m in manifestations_of(read(event))] == [Standing.VOID]


def test_what_was_changed_after_it_was_shown_is_not_signed(world: World) -> None:
    event = world.record()
    alice = world.client("alice")
    shown = shown_hash(alice.get(address(world, event)))
    amend(world, event)
    answer = sign(world, event, alice, shown=shown)
    page = answer.content.decode()
    assert answer.status_code == 409 and "was changed after this page was shown" in page
    assert "Another headache" in page and shown_hash(answer) != shown
    assert not Signature.objects.exists()
    assert [(r.actor, r.detail) for r in refusals(event)] == [
        (str(world.people["alice"].id), "content changed")
    ]


def test_later_signatures_of_a_sitting_ask_for_the_password_only(world: World) -> None:
    first, second = world.record(), world.record(verbatim="Fever")
    alice = world.client("alice")
    assert 'name="username"' in alice.get(address(world, first)).content.decode()
    sign(world, first, alice)
    assert 'name="username"' not in alice.get(address(world, second)).content.decode()
    assert sign(world, second, alice, username=None, password="").status_code == 422
    assert sign(world, second, alice, username=None).status_code == 302
    one, two = Signature.objects.order_by("signed_at")
    assert (one.series, one.session) == (two.series, two.session)
    assert two.components == ["password"]


@pytest.mark.parametrize("how", ["signed in anew", "a quarter of an hour later", "another session"])
def test_every_part_is_asked_again_once_the_sitting_is_broken(world: World, how: str) -> None:
    first, second = world.record(), world.record(verbatim="Fever")
    alice = world.client("alice")
    sign(world, first, alice)
    later = timezone.now() + timedelta(minutes=16)
    if how == "signed in anew":
        alice.force_login(world.people["alice"])
    if how == "another session":
        alice = world.client("alice")
    with mock.patch(
        "pvtracker.accounts.signing.series.timezone.now",
        return_value=later if how == "a quarter of an hour later" else timezone.now(),
    ):
        assert sign(world, second, alice, username=None).status_code == 422
        assert 'name="username"' in alice.get(address(world, second)).content.decode()
        assert sign(world, second, alice).status_code == 302
    one, two = Signature.objects.order_by("signed_at")
    assert one.series != two.series and two.components == ["user name", "password"]


def test_another_persons_name_and_password_sign_nothing(world: World) -> None:
    world.person("dora", "investigator", "01")
    with_passwords(world)
    world.people["dora"].set_password("doras own password")
    world.people["dora"].save()
    event = world.record()
    alice = world.client("alice")
    dora = world.people["dora"].username
    for typed in (
        {"username": dora, "password": "doras own password"},
        {"username": dora},
        {"password": "doras own password"},
    ):
        answer = sign(world, event, alice, **typed)
        assert answer.status_code == 422 and "is not right" in answer.content.decode()
    assert not Signature.objects.exists()
    assert {r.actor for r in refusals(event)} == {str(world.people["alice"].id)} and len(refusals(event)) == 3


def test_five_wrong_tries_end_the_session(world: World) -> None:
    event = world.record()
    alice = world.client("alice")
    answers = [sign(world, event, alice, password="wrong") for _ in range(5)]
    assert [a.status_code for a in answers] == [422, 422, 422, 422, 302]
    assert "/sign-in/" in answers[-1]["Location"]
    assert alice.get(address(world, event)).status_code == 302
    assert not Signature.objects.exists() and len(refusals(event)) == 5


def test_the_same_meaning_is_signed_once(world: World) -> None:
    event = world.record()
    alice = world.client("alice")
    sign(world, event, alice)
    assert sign(world, event, alice, username=None).status_code == 409
    assert sign(world, event, alice, username=None, meaning="authorship").status_code == 302
    assert Signature.objects.count() == 2


def test_an_event_with_open_queries_is_not_signed(world: World) -> None:
    event = world.record(onset="2026")
    answer = sign(world, event, world.client("alice"))
    assert answer.status_code == 409 and "open queries" in answer.content.decode()
    assert not Signature.objects.exists()


def test_a_signature_copied_to_another_event_does_not_verify(world: World) -> None:
    event, other = world.record(), world.record()
    sign(world, event, world.client("alice"))
    made = Signature.objects.get()
    Signature.objects.create(
        study_id=made.study_id,
        kind=made.kind,
        object_id=other.id,
        version=made.version,
        sha256=made.sha256,
        meaning=made.meaning,
        account=made.account,
        printed_name=made.printed_name,
        role=made.role,
        session=made.session,
        series=made.series,
        components=made.components,
    )
    assert [m.standing for m in manifestations_of(read(other))] == [Standing.ALTERED]
    page = world.client("alice").get(world.url(f"adverse-events/{other.id}/")).content.decode()
    assert "does not fit the record" in page


@pytest.mark.parametrize(
    "statement",
    [
        "update events_adverseevent set grade = 1 where id = %s",
        "update events_adverseevent set narrative = 'Nothing happened.' where id = %s",
        "update events_assessment set causality = 'not_related' where event_id = %s",
    ],
)
def test_a_record_altered_behind_our_back_no_longer_fits_its_signature(world: World, statement: str) -> None:
    event = world.record(grade=2)
    sign(world, event, world.client("alice"))
    assert [m.standing for m in manifestations_of(read(event))] == [Standing.VALID]
    with connection.cursor() as cursor:
        cursor.execute(statement, [event.id])
    assert [m.standing for m in manifestations_of(read(event))] == [Standing.ALTERED]


def test_a_field_that_the_program_learned_later_leaves_signatures_valid(world: World) -> None:
    event = world.record()
    sign(world, event, world.client("alice"))
    with mock.patch("pvtracker.events.signing.body_of", lambda e, a: _body_with_more(e, a)):
        assert [m.standing for m in manifestations_of(read(event))] == [Standing.VALID]


def _body_with_more(event: AdverseEvent, assessments: object) -> dict[str, object]:
    from pvtracker.events.snapshots import body_of

    body = body_of(event, assessments)  # type: ignore[arg-type]
    return {
        **body,
        "learned_later": "x",
        "assessments": [{**one, "learned_later": "y"} for one in body["assessments"]],
    }


def test_the_password_is_in_no_record(world: World) -> None:
    event = world.record()
    alice = world.client("alice")
    sign(world, event, alice, password="a wrong secret")
    sign(world, event, alice)
    everything = str([*Signature.objects.values(), *AccessRecord.objects.values()])
    assert PASSWORD not in everything and "a wrong secret" not in everything
