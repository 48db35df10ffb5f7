"""The bytes of a delivered file: read once, unpacked if gzip, hashed as delivered."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from dataclasses import dataclass
from pathlib import Path

from pvtracker.formats.tables import StructuralFault

# A gigabyte is some forty times the largest domain of a large trial; beyond lies a bomb.
LARGEST_UNPACKED = 2**30

_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Source:
    """A file's name, its unpacked content and the sha256 of what was delivered."""

    name: str  # file name without folder; '' for bytes
    stem: str  # without .gz and suffix, upper case: the dataset's name where the file itself tells none
    content: bytes
    sha256: str


def read_source(path_or_bytes: Path | str | bytes) -> Source:
    """Read and, whatever the name says, unpack what begins as gzip does. Raises StructuralFault."""
    if isinstance(path_or_bytes, bytes):
        name, delivered = "", path_or_bytes
    else:
        path = Path(path_or_bytes)
        name = path.name
        try:
            if path.stat().st_size > LARGEST_UNPACKED:
                raise StructuralFault(f"The file has more than {LARGEST_UNPACKED:,} bytes.", rule="too-large")
            delivered = path.read_bytes()
        except OSError as error:
            message = f"The file cannot be read: {error.strerror}."
            raise StructuralFault(message, rule="unreadable", source_file=name) from error
    content = _unpacked(delivered) if delivered.startswith(_GZIP_MAGIC) else delivered
    if not content:
        raise StructuralFault("The file is empty.", rule="empty-file")
    stem = name.lower().removesuffix(".gz").rsplit(".", 1)[0].upper()
    return Source(name=name, stem=stem, content=content, sha256=hashlib.sha256(delivered).hexdigest())


def text_of(content: bytes) -> str:
    """The text of a CSV file: UTF-8 (with or without a mark), else Windows-1252. Raises StructuralFault."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise StructuralFault("The file is UTF-16. Save it as UTF-8.", rule="encoding")
    if b"\x00" in content:
        at = content.index(b"\x00")
        raise StructuralFault(
            f"The file holds a zero byte at position {at + 1}; it is damaged or no text.", rule="zero-byte"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise StructuralFault(
            f"The byte at position {error.start + 1} is neither UTF-8 nor Windows-1252. "
            "Save the file as UTF-8.",
            rule="encoding",
        ) from error


def _unpacked(delivered: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(delivered)) as stream:
            content = stream.read(LARGEST_UNPACKED + 1)
    except (EOFError, OSError, zlib.error) as error:
        message = f"The gzip file is damaged or cut ({error})."
        raise StructuralFault(message, rule="gzip-damaged") from error
    if len(content) > LARGEST_UNPACKED:
        message = f"The file unpacks to more than {LARGEST_UNPACKED:,} bytes."
        raise StructuralFault(message, rule="too-large")
    return content
