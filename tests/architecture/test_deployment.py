"""Production settings, as docker/compose.yaml gives them, pass Django's own check without a warning."""

from __future__ import annotations

import base64
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pvtracker.ops.environment import ROOT


@pytest.mark.parametrize("room", ["open", "closed"])
def test_production_settings_pass_the_check_without_a_warning(room: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=production(room, tmp_path),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no issues (0 silenced)" in done.stdout


def test_the_check_would_say_something(tmp_path: Path) -> None:
    """Without HTTPS the same settings do not pass."""
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={**production("open", tmp_path), "PVTRACKER_HTTPS": "0"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "security.W004" in done.stderr


def production(room: str, folder: Path) -> dict[str, str]:
    """The environment of a room's web service, with its secrets in files of our own."""
    told = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())["services"][f"{room}-web"][
        "environment"
    ]
    environment = {"PATH": os.environ["PATH"], "PVTRACKER_ENVIRONMENT": "image"}
    for name, value in told.items():
        environment[name] = re.sub(r"\$\{\w+(:[?-][^}]*)?\}", f"{room}.example.org", str(value))
        if name.endswith("_FILE"):
            place = folder / Path(value).name
            place.write_text(
                base64.b64encode(secrets.token_bytes(48 if "secret_key" in value else 32)).decode()
            )
            environment[name] = str(place)
    return environment
