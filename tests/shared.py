"""Where the shared trial data lie, for tests that read them; such tests are skipped where it is absent."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def shared_path(relative: str) -> Path:
    """Path of a file or folder in the shared data beside the project; skips the test, with the reason, if absent."""
    path = ROOT.parent / "shared" / relative
    if not path.exists():
        pytest.skip(f"shared data not beside the project: {relative}")
    return path
