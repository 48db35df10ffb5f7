"""A study with frozen cuts and a term that is watched."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from pvtracker.audit.context import within
from pvtracker.coding.models import Term
from pvtracker.cuts import freeze
from pvtracker.cuts.actions import no_progress, register_cut
from pvtracker.cuts.models import Cut
from pvtracker.jobs import actions as jobs
from pvtracker.jobs.models import Job
from pvtracker.monitoring import actions
from pvtracker.monitoring.enums import Level, Selection
from pvtracker.monitoring.models import Expectation
from pvtracker.monitoring.rules import Expected
from tests.open.cuts.conftest import CUT_DATE, make_study, storage
from tests.open.world import SOMEONE, World
from tests.people import make_ready

__all__ = ["Expected", "freeze_now", "storage", "watch", "work", "world", "world_once"]


@pytest.fixture(scope="module")
def world_once(kept: None) -> World:
    made = make_study("MON")
    made.person("ada", "study_administrator")
    made.person("sam", "sponsor_viewer")
    for person in ("ada", "sam", "mona", "alice"):
        make_ready(made.people[person])
    with within(made.study.id), pytest.MonkeyPatch.context() as patched:
        patched.setattr("pvtracker.celery.app.send_task", lambda name, args: None)
        coded = Term.objects.get(lowest_level_term="Headache").id
        made.record(term=coded)
        made.record("P3", by="bob", term=coded)
    return made


@pytest.fixture
def world(db: None, world_once: World, storage: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Made once for the tests of a module; each has objects and a transaction of its own."""
    monkeypatch.setattr("pvtracker.celery.app.send_task", lambda name, args: None)
    made = deepcopy(world_once)
    with within(made.study.id):
        yield made


def freeze_now(world: World, day: date = CUT_DATE) -> Cut:
    stated = freeze.write_cut(study=world.study, cut_id=uuid.uuid4(), cut_date=day, progress=no_progress)
    return register_cut(study=world.study, manifest=stated, by=SOMEONE)


def watch(world: World, name: str = "Headache", level: Level = Level.PT, **said: Any) -> Expectation:
    """Both participants of the study have a headache within weeks: with these numbers that warns."""
    plain: dict[str, Any] = {
        "rate": 0.1,
        "years": 50.0,
        "based_on": "A registry",
        "reason": "test",
        "warn_predictive": 0.05,
    }
    return actions.watch(
        study=world.study,
        level=level,
        name=name,
        selection=Selection.ALL,
        expected=Expected(**(plain | said)),
        by=world.people["mona"].actor("medical_monitor"),
    )


def work(world: World) -> list[Job]:
    """Do the looks that are queued, as a worker does."""
    queued = list(Job.objects.filter(task="monitoring.look", state="queued").order_by("created_at"))
    for job in queued:
        jobs.run(str(job.id), actions.look_job)
        job.refresh_from_db()
        assert job.state == "done", job.error
    return queued
