"""Which code made a number: the version and a digest of the program's own files."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

import pvtracker

PACKAGE = Path(pvtracker.__file__).resolve().parent


@cache
def code_version() -> str:
    """For example ``0.1.0+3f2a91c07d5e``: any change of a Python file changes the part after the plus sign."""
    digest = sha256()
    for path in sorted(PACKAGE.rglob("*.py"), key=lambda path: path.relative_to(PACKAGE).as_posix()):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{pvtracker.__version__}+{digest.hexdigest()[:12]}"
