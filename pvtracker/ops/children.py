"""Child processes of the rooms: each gets the environment of its room and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

from pvtracker.ops.environment import ROOT
from pvtracker.ops.rooms import Home, Installation
from pvtracker.ops.services import processes

# Processes that seal the audit trail, and so get its login.
SEALERS = {"scheduler"}


def run(
    installation: Installation,
    room: str,
    *arguments: str,
    text_in: str | None = None,
    stdout: int | IO[str] | None = None,
    stderr: int | IO[str] | None = None,
    sealer: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run one management command in a room, where the user stands, and wait for it."""
    return subprocess.run(
        command_line(*arguments),
        env=installation.environment(room, sealer=sealer),
        input=text_in,
        stdin=subprocess.DEVNULL if text_in is None else None,
        stdout=stdout,
        stderr=stderr,
        text=True,
    )


def start(installation: Installation, room: str, name: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a long-running process of a room, its output in `logs/<room>-<name>.log`, and remember it."""
    log_path = installation.home.path / "logs" / f"{room}-{name}.log"
    with log_path.open("ab") as log:
        child = subprocess.Popen(
            command_line(*arguments),
            env=installation.environment(room, sealer=arguments[0] in SEALERS),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            umask=0o077,
        )
    _remember(installation.home, child.pid)
    return child


def command_line(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *arguments]


def stop_all(children: list[subprocess.Popen[bytes]], *, patience: float = 15) -> None:
    """End children kindly, all at once, then for certain."""
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    for child in children:
        try:
            child.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def stop_leftovers(home: Home) -> int:
    """End the processes that a killed run of this installation left behind; returns how many there were."""
    found = 0
    for pid in _remembered(home):
        if str(ROOT / "manage.py") in processes.command_line(pid):
            found += 1
            processes.stop(pid, patience=5)
    _file(home).unlink(missing_ok=True)
    return found


def _file(home: Home) -> Path:
    return home.path / "processes.json"


def _remembered(home: Home) -> list[int]:
    try:
        return [int(pid) for pid in json.loads(_file(home).read_text())]
    except (OSError, ValueError):
        return []


def _remember(home: Home, pid: int) -> None:
    _file(home).write_text(json.dumps([*_remembered(home), pid]))
