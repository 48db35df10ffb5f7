"""A study in the open room with one frozen cut; its files go to a folder of the test."""

from __future__ import annotations

import uuid
from copy import deepcopy

import pytest

from pvtracker.cuts import freeze
from pvtracker.cuts.actions import no_progress, register_cut
from pvtracker.cuts.models import Cut
from tests.open.cuts.conftest import CUT_DATE, make_study, storage
from tests.open.world import SOMEONE, World

__all__ = ["cut", "freeze_now", "storage", "world", "world_once"]


@pytest.fixture(scope="module")
def world_once(kept: None) -> World:
    made = make_study("REP")
    made.person("ada", "study_administrator")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("pvtracker.celery.app.send_task", lambda name, args: None)
        made.record()
    return made


@pytest.fixture
def world(db: None, world_once: World, storage: object, monkeypatch: pytest.MonkeyPatch) -> World:
    """Made once for the tests of a module; each has objects and a transaction of its own."""
    monkeypatch.setattr("pvtracker.celery.app.send_task", lambda name, args: None)
    return deepcopy(world_once)


def freeze_now(world: World) -> Cut:
    stated = freeze.write_cut(study=world.study, cut_id=uuid.uuid4(), cut_date=CUT_DATE, progress=no_progress)
    return register_cut(study=world.study, manifest=stated, by=SOMEONE)


@pytest.fixture
def cut(world: World) -> Cut:
    return freeze_now(world)
