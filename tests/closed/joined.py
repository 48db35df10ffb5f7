"""A joined cut, for one test or for all tests of a module that share what is made once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.test import override_settings

from pvtracker.cuts import closed
from pvtracker.cuts.models import Cut
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY, STUDY_ID, allocate, put_cut


@contextmanager
def kept_storage(folder: Path) -> Iterator[Path]:
    """Storage of both rooms in a folder that outlives a test, and a silent broker; yields the open room's."""
    open_storage = folder / "open"
    open_storage.mkdir()
    with (
        pytest.MonkeyPatch.context() as patched,
        override_settings(OPEN_STORAGE=open_storage, STORAGE=folder / "closed"),
    ):
        patched.setattr("pvtracker.celery.app.send_task", lambda name, args: None)
        yield open_storage


def receive_joined(open_storage: Path) -> Cut:
    """The cut of the open storage, received again once it is known who is in which arm."""
    folder = put_cut(open_storage)
    closed.receive_cuts(by=BY)
    allocate(Study.objects.get(id=STUDY_ID))
    closed.receive_cuts(by=BY)
    return Cut.objects.get(id=folder.name)
