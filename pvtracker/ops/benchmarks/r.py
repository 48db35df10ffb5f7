"""Peers in R: a package counts as there where `Rscript` loads it; R_LIBS says where else it looks."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def version(package: str) -> str | None:
    """The installed version, None without R or without the package."""
    program = shutil.which("Rscript")
    if program is None:
        return None
    script = f'suppressMessages(library({package})); cat(as.character(packageVersion("{package}")))'
    found = subprocess.run([program, "-e", script], capture_output=True, text=True)
    return None if found.returncode else found.stdout.strip()


def run(script: str, folder: Path) -> None:
    """In the folder, where it reads and leaves files; CalledProcessError holds what R said."""
    subprocess.run(["Rscript", "-e", script], cwd=folder, check=True, capture_output=True, text=True)
