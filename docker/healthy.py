"""Health of a container: `healthy.py web|worker|scheduler`. Exit 0 when it does its work, 1 with a sentence."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from pathlib import Path

STALE_SECONDS = 60


def web() -> str:
    """The page `/health/` answers, which needs the database; asked by the name that the proxy uses."""
    host = os.environ.get("PVTRACKER_ALLOWED_HOSTS", "localhost").split(",")[0].strip()
    connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=10)
    try:
        connection.request("GET", "/health/", headers={"Host": host})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as fault:
        return f"/health/ does not answer: {fault}"
    return "" if status == 200 else f"/health/ answers {status}."


def worker() -> str:
    """The worker of this container answers through the broker."""
    name = f"{os.environ['PVTRACKER_ROOM']}@{os.uname().nodename}"
    command = [sys.executable, "-m", "celery", "--app=pvtracker.celery", "--quiet", "inspect", "ping"]
    done = subprocess.run([*command, f"--destination={name}", "--timeout=10"], capture_output=True, text=True)
    return "" if done.returncode == 0 else f"The worker {name} does not answer the broker."


def scheduler() -> str:
    """The scheduler went round not long ago."""
    beat = Path(os.environ["PVTRACKER_HEARTBEAT"])
    if not beat.exists():
        return "The scheduler has not gone round yet."
    age = time.time() - beat.stat().st_mtime
    return "" if age < STALE_SECONDS else f"The scheduler went round {age:.0f} s ago."


CHECKS = {"web": web, "worker": worker, "scheduler": scheduler}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in CHECKS:
        sys.exit(f"usage: healthy.py {'|'.join(CHECKS)}")
    sys.exit(CHECKS[sys.argv[1]]() or 0)
