"""Every address of the open room with hostile values, by those who may enter and those who may not."""

from __future__ import annotations

import pytest

from tests import fuzz
from tests.architecture.asking import Browser
from tests.open.world import make_world
from tests.people import make_ready

pytestmark = pytest.mark.django_db


def test_no_address_of_the_open_room_answers_with_a_fault() -> None:
    world = make_world()
    event = world.record(onset="2026")
    query = event.queries.first()
    assert query is not None
    world.person("sara", "study_administrator")
    browsers = [Browser(make_ready(world.people[name])) for name in ("alice", "mona", "sara")]
    ids = [str(event.id), str(query.id), *(str(person.id) for person in world.participants.values())]
    fuzz.check_never_a_fault([*browsers, Browser()], code=world.study.code, ids=ids)
