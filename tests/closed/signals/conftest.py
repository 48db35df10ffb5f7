"""A joined cut to be screened, made once for the tests of a module."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from pvtracker.cuts.models import Cut
from pvtracker.studies.models import Study
from tests.closed.cuts.conftest import closed_storage, silent_broker
from tests.closed.joined import Once

__all__ = ["closed_storage", "joined_cut", "open_storage", "silent_broker", "study"]


@pytest.fixture
def open_storage(joined_once: Once, tmp_path: Path, settings: Any) -> Path:
    """Storage of both rooms in a folder of the test, with the files of the cut in it."""
    shutil.copytree(joined_once.folder, tmp_path, dirs_exist_ok=True)
    settings.OPEN_STORAGE, settings.STORAGE = tmp_path / "open", tmp_path / "closed"
    return tmp_path / "open"


@pytest.fixture
def joined_cut(db: None, joined_once: Once, open_storage: Path) -> Cut:
    return Cut.objects.get(id=joined_once.cut_id)


@pytest.fixture
def study(joined_cut: Cut) -> Study:
    return joined_cut.study
