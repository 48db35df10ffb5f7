"""A joined cut to be screened."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvtracker.cuts import closed
from pvtracker.cuts.models import Cut
from pvtracker.studies.models import Study
from tests.closed.cuts.conftest import closed_storage, open_storage, silent_broker
from tests.closed.cuts.folder import BY, STUDY_ID, allocate, put_cut

__all__ = ["closed_storage", "joined_cut", "open_storage", "silent_broker", "study"]


@pytest.fixture
def joined_cut(open_storage: Path) -> Cut:
    folder = put_cut(open_storage)
    closed.receive_cuts(by=BY)
    allocate(Study.objects.get(id=STUDY_ID))
    closed.receive_cuts(by=BY)
    return Cut.objects.get(id=folder.name)


@pytest.fixture
def study(joined_cut: Cut) -> Study:
    return joined_cut.study
