"""Storage of both rooms in a folder of the test; the broker is silent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def open_storage(tmp_path: Path, settings: Any) -> Path:
    settings.OPEN_STORAGE = tmp_path / "open"
    settings.STORAGE = tmp_path / "closed"
    settings.OPEN_STORAGE.mkdir()
    return tmp_path / "open"


@pytest.fixture
def closed_storage(open_storage: Path) -> Path:
    return open_storage.parent / "closed"


@pytest.fixture(autouse=True)
def silent_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pvtracker.celery.app.send_task", lambda name, args: None)
