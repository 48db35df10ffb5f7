"""Which code made a number: the version and a digest of the program's own files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

import pvtracker

ROOT = Path(pvtracker.__file__).resolve().parents[1]
# What makes numbers, what else a report's PDF is made of (template, typeface), and the libraries that draw it.
FILES = (
    "requirements.txt",
    "pvtracker/**/*.py",
    "templates/reports/*.typ",
    "pvtracker/web/static/vendor/fonts/*.ttf",
)


@cache
def code_version() -> str:
    """For example ``0.1.0+3f2a91c07d5e``: any change of `FILES` changes the part after the plus sign."""
    return f"{pvtracker.__version__}+{digest(ROOT)[:12]}"


def digest(root: Path) -> str:
    """sha256 over the names and the bytes of the program's files below `root`, in the order of their names."""
    found = sha256()
    for name in sorted(names(root)):
        found.update(name.encode() + b"\0" + (root / name).read_bytes() + b"\0")
    return found.hexdigest()


def names(root: Path) -> Iterator[str]:
    """The files that the digest covers, relative to `root`, with slashes."""
    for pattern in FILES:
        for path in root.glob(pattern):
            yield path.relative_to(root).as_posix()
