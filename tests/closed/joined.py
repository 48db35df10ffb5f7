"""A joined cut, for one test or for all tests of a module that share what is made once.

`joined_cut`, `study` and `open_storage` of tests/closed/signals/conftest.py share one cut in a module: each test finds
it as it was made, in a transaction and a copy of the files that are its own. A module whose tests commit, or put cuts
of their own where none is yet, imports from here `open_storage` and `joined_cut` of each test instead.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import override_settings

from pvtracker.cuts import closed
from pvtracker.cuts.models import Cut
from pvtracker.reports.actions import make_report, request_for
from pvtracker.studies.models import Study
from tests.closed.cuts.conftest import open_storage
from tests.closed.cuts.folder import BY, STUDY_ID, allocate, put_cut

__all__ = ["joined_cut", "joined_once", "kept_storage", "open_storage", "receive_joined", "report_once"]


@contextmanager
def kept_storage(folder: Path) -> Iterator[Path]:
    """Storage of both rooms in a folder that outlives a test, and a silent broker; yields the open room's."""
    storage = folder / "open"
    storage.mkdir(exist_ok=True)
    with (
        pytest.MonkeyPatch.context() as patched,
        override_settings(OPEN_STORAGE=storage, STORAGE=folder / "closed"),
    ):
        patched.setattr("pvtracker.celery.app.send_task", lambda name, args: None)
        yield storage


def receive_joined(storage: Path) -> Cut:
    """The cut of the open storage, received again once it is known who is in which arm."""
    folder = put_cut(storage)
    closed.receive_cuts(by=BY)
    allocate(Study.objects.get(id=STUDY_ID))
    closed.receive_cuts(by=BY)
    return Cut.objects.get(id=folder.name)


@pytest.fixture
def joined_cut(open_storage: Path) -> Cut:
    """A joined cut of this test alone."""
    return receive_joined(open_storage)


@dataclass(frozen=True, slots=True)
class Once:
    """What the tests of a module share: the folder of both rooms' files, and the cut's id."""

    folder: Path
    cut_id: uuid.UUID


@pytest.fixture(scope="module")
def joined_once(kept: None, tmp_path_factory: pytest.TempPathFactory) -> Once:
    """A joined cut, made once for the tests of a module."""
    folder = tmp_path_factory.mktemp("joined")
    with kept_storage(folder) as storage:
        return Once(folder, receive_joined(storage).id)


@pytest.fixture(scope="module")
def report_once(joined_once: Once) -> uuid.UUID:
    """The id of a closed report of that cut."""
    study = Study.objects.get(id=STUDY_ID)
    with kept_storage(joined_once.folder):
        return make_report(request=request_for(study=study, audience="closed"), by=BY).id
