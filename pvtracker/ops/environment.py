"""The Python environment of the project: made on first use from the hashed lock, then re-entered. Stdlib only.

`.venv` carries a mark with the hash of the lock it was installed from; another lock, or an install that was cut short,
means installing again. Inside a container the environment is the image's own: `PVTRACKER_ENVIRONMENT=image` says so.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = {"run": ["requirements.txt"], "test": ["requirements.txt", "tests/requirements.txt"]}
NEEDS_TEST_TOOLS = {"test"}


def enter(argv: list[str]) -> None:
    """Return when this process runs inside a complete environment; otherwise make it and start over inside it."""
    if os.environ.get("PVTRACKER_ENVIRONMENT") == "image":
        return
    kind = "test" if argv[1:2] and argv[1] in NEEDS_TEST_TOOLS else "run"
    if not _complete(kind):
        with _only_one_installer():
            if not _complete(kind):
                _install(kind)
    if Path(sys.prefix).resolve() != VENV.resolve():
        os.execv(PYTHON, [str(PYTHON), *argv])


def _lock_hash(kind: str) -> str:
    digest = hashlib.sha256()
    for name in LOCKS[kind]:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _mark(kind: str) -> Path:
    return VENV / f"pvtracker-{kind}.sha256"


def _complete(kind: str) -> bool:
    """True when the lock of this kind is installed; the test lock contains the run lock."""
    if not PYTHON.exists():
        return False
    kinds = ["run", "test"] if kind == "run" else ["test"]
    return any(_mark(k).exists() and _mark(k).read_text() == _lock_hash(k) for k in kinds)


@contextlib.contextmanager
def _only_one_installer() -> Iterator[None]:
    with (ROOT / "requirements.txt").open("rb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _install(kind: str) -> None:
    started = time.monotonic()
    if not _works():
        _say("making the Python environment in .venv (once)")
        shutil.rmtree(VENV, ignore_errors=True)
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            sys.exit(
                "Python cannot make a virtual environment here. On Debian and Ubuntu one package is missing:\n"
                "    apt-get install -y python3-venv\n" + (made.stderr or made.stdout).strip()
            )
    for stale in ("run", "test"):
        _mark(stale).unlink(missing_ok=True)
    _pip_install([argument for name in LOCKS[kind] for argument in ("-r", str(ROOT / name))])
    _mark(kind).write_text(_lock_hash(kind))
    _say(f"environment ready after {time.monotonic() - started:.0f} s")


def _works() -> bool:
    """False for a half-made environment: its Python does not start or has no pip."""
    if not PYTHON.exists():
        return False
    return subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True).returncode == 0


def _pip_install(requirements: list[str]) -> None:
    command = [str(PYTHON), "-m", "pip", "install", "--require-hashes", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", *requirements]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for above
        tail: list[str] = []
        fetched = 0
        for line in process.stdout:
            tail = [*tail[-30:], line]
            if line.lstrip().startswith(("Downloading", "Using cached")):
                fetched += 1
                if fetched % 10 == 0:
                    _say(f"  {fetched} packages fetched")
            elif line.startswith("Installing collected"):
                _say("  all fetched, unpacking")
    if process.returncode:
        sys.exit("".join(tail) + "\nThe packages of requirements.txt could not be installed; see above.")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
