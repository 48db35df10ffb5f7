"""Every address of the open room with hostile values, by those who may enter and those who may not."""

from __future__ import annotations

import pytest
from django.test import Client

from pvtracker.accounts.roles import roles_of
from tests import fuzz
from tests.open.world import make_world

pytestmark = pytest.mark.django_db


def test_no_address_of_the_open_room_answers_with_a_fault() -> None:
    world = make_world()
    event = world.record(onset="2026")
    query = event.queries.first()
    assert query is not None and "study_administrator" in roles_of("open")
    world.person("sara", "study_administrator")
    clients = [world.client("alice"), world.client("mona"), world.client("sara"), Client()]
    for client in clients:
        client.raise_request_exception = False
    ids = [str(event.id), str(query.id), *(str(person.id) for person in world.participants.values())]
    fuzz.check_never_a_fault(clients, code=world.study.code, ids=ids)
