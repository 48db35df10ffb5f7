"""Several people write at the same moment: real transactions on real connections."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from pvtracker.audit.context import within
from pvtracker.events.actions.capture import amend_event, record_event
from pvtracker.events.actions.errors import EventRefused, VersionConflict
from pvtracker.events.models import AdverseEvent, AdverseEventVersion
from tests.open.world import World, make_world

WRITERS = 4


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """What each of several writers got, or the exception it met; all begin together."""
    barrier = Barrier(WRITERS)

    def one(number: int) -> Any:
        try:
            barrier.wait(timeout=10)
            return work(number)
        except (EventRefused, VersionConflict) as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(one, range(WRITERS)))


@pytest.fixture
def world(committed_db: str) -> World:
    return make_world()


def test_events_recorded_at_once_get_different_numbers(world: World) -> None:
    by = world.people["alice"].actor()
    at_once(
        lambda number: record_event(
            participant=world.participants["P1"],
            details=world.details(verbatim=f"Event {number}"),
            submission_key=uuid.uuid4(),
            by=by,
        )
    )
    with within(world.study.id):
        numbers = AdverseEvent.objects.order_by("number").values_list("number", flat=True)
        assert list(numbers) == [1, 2, 3, 4]


def test_a_form_sent_several_times_at_once_is_one_event(world: World) -> None:
    key, by = uuid.uuid4(), world.people["alice"].actor()
    got = at_once(
        lambda _: (
            record_event(
                participant=world.participants["P1"], details=world.details(), submission_key=key, by=by
            ).id
        )
    )
    assert got == [key] * WRITERS
    with within(world.study.id):
        assert AdverseEventVersion.objects.filter(event_id=key).count() == 1


def test_the_same_event_typed_by_several_people_at_once_is_stored_once_and_shown_to_the_others(
    world: World,
) -> None:
    by = world.people["alice"].actor()
    got = at_once(
        lambda _: record_event(
            participant=world.participants["P1"], details=world.details(), submission_key=uuid.uuid4(), by=by
        )
    )
    refused = [one for one in got if isinstance(one, EventRefused)]
    assert len(refused) == WRITERS - 1
    assert all("number 1 of this participant" in str(one) for one in refused)
    with within(world.study.id):
        assert AdverseEvent.objects.filter(study=world.study).count() == 1


def test_of_amendments_at_once_exactly_one_is_stored(world: World) -> None:
    event = world.record()
    by = world.people["alice"].actor()

    def amend(number: int) -> AdverseEvent:
        with within(world.study.id):
            return amend_event(
                event=AdverseEvent.objects.get(pk=event.pk),
                version=1,
                details=world.details(narrative=f"told by writer {number}"),
                reason="phone call",
                by=by,
            )

    got = at_once(amend)
    stored = [one for one in got if isinstance(one, AdverseEvent)]
    assert len(stored) == 1
    assert sum(isinstance(one, VersionConflict) for one in got) == WRITERS - 1
    with within(world.study.id):
        current = AdverseEvent.objects.get(pk=event.pk)
    assert (current.version, current.narrative) == (2, stored[0].narrative)


def test_one_key_sent_for_two_participants_at_once_is_one_event_and_a_refusal(world: World) -> None:
    by = world.people["alice"].actor()
    for _ in range(5):  # who locks which participant first is up to chance
        key = uuid.uuid4()
        got = at_once(
            lambda number, key=key: record_event(  # type: ignore[misc]
                participant=world.participants["P1" if number % 2 else "P2"],
                details=world.details(verbatim=f"Event {key}"),
                submission_key=key,
                separate=True,
                by=by,
            )
        )
        with within(world.study.id):
            assert AdverseEventVersion.objects.filter(event_id=key).count() == 1
        refused = [one for one in got if isinstance(one, EventRefused)]
        assert len(refused) == WRITERS // 2
        assert all("another participant" in str(one) for one in refused)
