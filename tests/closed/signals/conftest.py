"""A joined cut to be screened."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvtracker.cuts.models import Cut
from pvtracker.studies.models import Study
from tests.closed.cuts.conftest import closed_storage, open_storage, silent_broker
from tests.closed.joined import receive_joined

__all__ = ["closed_storage", "joined_cut", "open_storage", "silent_broker", "study"]


@pytest.fixture
def joined_cut(open_storage: Path) -> Cut:
    return receive_joined(open_storage)


@pytest.fixture
def study(joined_cut: Cut) -> Study:
    return joined_cut.study
