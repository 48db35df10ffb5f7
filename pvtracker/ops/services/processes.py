"""Looking at, and ending, processes by id on Linux and macOS."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path


def command_line(pid: int) -> str:
    """The command line of a living process, '' when there is none."""
    proc = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self").exists():
        try:
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    found = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True)
    return found.stdout.strip()


def stop(pid: int, *, with_signal: int = signal.SIGTERM, patience: float = 10.0) -> None:
    """Ask a process to end, insist after `patience` seconds."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, with_signal)
    deadline = time.monotonic() + patience
    while command_line(pid):
        if time.monotonic() > deadline:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        time.sleep(0.02)
