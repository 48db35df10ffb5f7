"""Any bytes as text that can be compared and searched: what they unpack to, part by part."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from pvtracker.ops.blind import pdf_text

BROKEN = (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile, NotImplementedError)
DEEPEST = 4  # packings inside packings


def parts_of(name: str, content: bytes, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """The content itself and everything packed in it, each under a name that says where."""
    yield name, content
    if depth >= DEEPEST:
        return
    try:
        unpacked = list(_unpacked(content))
    except BROKEN:
        return  # random bytes may begin like a packing; as they stand they were searched
    for inner, plain in unpacked:
        yield from parts_of(f"{name} › {inner}", plain, depth + 1)


def _unpacked(content: bytes) -> Iterator[tuple[str, bytes]]:
    if content.startswith(b"%PDF"):
        for number, whole in sorted(pdf_text.objects(content).items()):
            yield f"object {number}", whole
        yield "text", pdf_text.text_of(content).encode()
    elif content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            listed = [
                (i.filename, i.date_time, i.comment.decode(errors="replace")) for i in archive.infolist()
            ]
            yield "list", json.dumps(listed).encode()
            for name in archive.namelist():
                yield name, archive.read(name)
    elif content.startswith(b"PAR1"):
        yield "rows", parquet_text(content).encode()
    elif content.startswith(b"\x1f\x8b"):
        yield "gzip", gzip.decompress(content)
    elif content[:1] == b"\x78" and content[1:2] in b"\x01\x5e\x9c\xda":
        try:
            yield "zlib", zlib.decompress(content)
        except zlib.error:
            return


def text_of(content: bytes) -> str:
    """One text for comparing: unpacked where it is packed, as it stands where it is text, else in base64.

    Sizes are part of it, but for PDF and Parquet, which pack random ids into a few bytes more or less.
    """
    if content.startswith(b"%PDF"):
        known = pdf_text.objects(content)
        heads = [whole.split(b"\x00stream\x00")[0] for whole in known.values() if b"/Title" in whole]
        shown = b"\n".join(head for head in heads if len(head) < 2000).decode("latin-1")
        return f"pdf of {len(known)} objects\n{shown}\n{pdf_text.text_of(content)}"
    if content.startswith(b"PAR1"):
        return parquet_text(content)
    if content.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        return "\n".join(f"{name}: {text_of(inner)}" for name, inner in _unpacked(content))
    try:
        return content.decode()
    except UnicodeDecodeError:
        return f"{len(content)} bytes: {base64.b64encode(content).decode()}"


def parquet_text(content: bytes) -> str:
    """Schema, what the file says of itself, row groups, and every row in its order."""
    import pyarrow.parquet as pq  # heavy; most runs of a command need it not

    file = pq.ParquetFile(io.BytesIO(content))
    metadata: Any = file.metadata
    head = {
        "columns": [str(field) for field in file.schema_arrow],
        "said": {str(key): str(value) for key, value in (metadata.metadata or {}).items()},
        "row groups": [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)],
        "written by": metadata.created_by,
    }
    rows = (json.dumps(row, default=str, ensure_ascii=False) for row in file.read().to_pylist())
    return "\n".join([json.dumps(head, ensure_ascii=False), *rows])
