"""T2, the canary search: words that exist in the closed half only, looked for in everything of the open room.

Searched are the bytes as they are and whatever they unpack to (gzip, zlib, ZIP and spreadsheets, PDF streams and their
text, Parquet, base64 of any of these), each for every canary as plain text, in both byte orders of UTF-16, in
hexadecimal, in base64 at each of its three alignments, percent-encoded, and backwards.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from pvtracker.ops.blind import scratch
from pvtracker.ops.blind.artefacts import Artefact, body_of
from pvtracker.ops.blind.readable import parts_of
from pvtracker.ops.rooms import Installation

CANARY = "Zq7Kanari"  # begins every planted text; no file of ours and no word contains it
SEED = 918273645
DOSE = 73519.25
PLANTED = {"planted text": CANARY, "seed": str(SEED), "dose": str(DOSE)}
# Ids that both rooms hold: they came from the open room with the cut, or are the study's own.
_SHARED_IDS = """
    select column_name, table_name from information_schema.columns
    where table_schema = 'public' and data_type = 'uuid' order by 2, 1
"""
CLOSED_ID = "id of a closed row"
PERSON = "name of a person of the closed room"
_UUID = re.compile(rb"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{40,}={0,2}")
_PACKED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"PK\x03\x04", b"%PDF", b"PAR1")


@dataclass(frozen=True, slots=True)
class Hit:
    """A canary found: which one, in which form, where, and what stands around it."""

    canary: str
    form: str
    place: str
    around: str


def forms_of(text: str) -> dict[str, bytes]:
    """Every form in which a canary is looked for, by the form's name."""
    plain = text.encode()
    found = {
        "plain": plain,
        "lower case": text.lower().encode(),
        "upper case": text.upper().encode(),
        "utf-16 little-endian": text.encode("utf-16-le"),
        "utf-16 big-endian": text.encode("utf-16-be"),
        "hexadecimal": plain.hex().encode(),
        "hexadecimal, upper case": plain.hex().upper().encode(),
        "percent-encoded": b"".join(b"%%%02X" % byte for byte in plain),
        "backwards": plain[::-1],
    }
    for shift in range(3):
        found[f"base64, alignment {shift}"] = _inner_base64(plain, shift)
    return found


def _inner_base64(plain: bytes, shift: int) -> bytes:
    """The characters of a base64 text that depend on the canary alone when `shift` bytes stand before it."""
    coded = base64.b64encode(b"\0" * shift + plain)
    first = -(-shift * 8 // 6)
    last = (shift + len(plain)) * 8 // 6
    return coded[first:last]


def search(
    artefacts: Iterable[Artefact],
    canaries: Mapping[str, str],
    *,
    ids: Collection[str] = (),
    people: Collection[str] = (),
) -> Iterator[Hit]:
    """Every hit in the artefacts and in what they unpack to; every id of `ids` (32 digits, no dashes) and every name of
    `people`, which are looked for as they are.
    """
    needles = [
        (name, form, needle) for name, text in canaries.items() for form, needle in forms_of(text).items()
    ]
    closed_ids = frozenset(ids)
    named_people = re.compile(b"|".join(re.escape(name.encode()) for name in sorted(people)) or rb"(?!)")
    for artefact in artefacts:
        named = f"{artefact.kind}: {artefact.place}"
        yield from _search_part(named, artefact.place.encode(), needles, closed_ids)
        for place, content in _parts(named, artefact):
            yield from _search_part(place, content, needles, closed_ids)
            for match in named_people.finditer(content):
                yield Hit(PERSON, "plain", place, _around(content, match.start(), len(match[0])))


def _parts(named: str, artefact: Artefact) -> Iterator[tuple[str, bytes]]:
    yield from parts_of(named, artefact.content)
    if artefact.kind == "page":
        yield from parts_of(f"{named} › body", body_of(artefact), depth=1)
    for match in _BASE64.finditer(artefact.content):
        plain = _decoded(match[0])
        if plain.startswith(_PACKED):
            yield from parts_of(f"{named} › base64", plain, depth=1)


def _decoded(coded: bytes) -> bytes:
    """The bytes that a base64 text means; empty for a text that only looks like one."""
    text = coded.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        return b""


def _search_part(
    place: str, content: bytes, needles: list[tuple[str, str, bytes]], ids: frozenset[str]
) -> Iterator[Hit]:
    for name, form, needle in needles:
        start = content.find(needle)
        if start >= 0:
            yield Hit(name, form, place, _around(content, start, len(needle)))
    if ids:
        for match in _UUID.finditer(content):
            if match[0].replace(b"-", b"").lower().decode() in ids:
                yield Hit(CLOSED_ID, "plain", place, _around(content, match.start(), len(match[0])))


def _around(content: bytes, start: int, length: int) -> str:
    return content[max(0, start - 60) : start + length + 60].decode(errors="replace").replace("\n", "⏎")


def closed_ids(installation: Installation) -> frozenset[str]:
    """Ids of rows of the closed database that the open database does not know: each would tell of closed work."""
    return _ids(scratch.database_url(installation, "closed")) - _ids(
        scratch.database_url(installation, "open")
    )


def closed_people(installation: Installation) -> frozenset[str]:
    """Names of the people of the closed room whom the open one does not know: who is unblinded is not told there."""
    statement = "select full_name from accounts_account where full_name <> ''"
    found = []
    for room in ("closed", "open"):
        with psycopg.connect(scratch.database_url(installation, room), autocommit=True) as connection:
            found.append({str(name) for (name,) in connection.execute(statement)})
    return frozenset(found[0] - found[1])


def _ids(url: str) -> frozenset[str]:
    found: set[str] = set()
    with psycopg.connect(url, autocommit=True) as connection:
        for column, table in connection.execute(_SHARED_IDS).fetchall():
            named = sql.Identifier(str(column)), sql.Identifier("public", str(table))
            rows = connection.execute(sql.SQL("select {} from {}").format(*named)).fetchall()
            found |= {value.hex for (value,) in rows if isinstance(value, uuid.UUID)}
    return frozenset(found)


def closed_secrets(installation: Installation) -> dict[str, str]:
    """Passwords and keys of the closed room and of the administrator."""
    known = installation.home.secrets()
    return {name: value for name, value in known.items() if not name.startswith("open_")}
