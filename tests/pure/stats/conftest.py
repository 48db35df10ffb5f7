"""What was compared with others' figures is kept for the page of validation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvtracker.ops.validation import FOLDER
from tests.pure.stats.against import Against


@pytest.fixture(scope="session")
def against() -> Iterator[Against]:
    """See `tests.pure.stats.against.Against`."""
    compared = Against()
    yield compared
    if home := os.environ.get("PVTRACKER_TEST_HOME"):
        compared.write(Path(home) / FOLDER)
