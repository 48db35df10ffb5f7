"""The committed typeface of reports, and text that it can print.

PDF/A and PDF/UA refuse a character without a glyph, and clinicians paste anything: what the typeface does not
have is printed as its Unicode number, so that no report is refused, or silently different, for a character.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from functools import cache
from pathlib import Path

FAMILY = "IBM Plex Sans"
FOLDER = Path(__file__).resolve().parents[1] / "web" / "static" / "vendor" / "fonts"
STYLES = ("Regular", "Italic", "SemiBold", "Bold")
# Longer unbroken words may be broken anywhere: a table column is narrower than some "words".
LONGEST_WORD = 24
BREAK = "\u200b"


def printable(text: str) -> str:
    """`text` with line feeds only, tabs as spaces, and what cannot be printed as ``[U+202E]``.

    Controls and invisible formatting characters (such as right-to-left override) count as not printable.
    """
    flat = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    if flat.isascii() and flat.isprintable():
        return flat
    return "".join(character if _prints(character) else f"[U+{ord(character):04X}]" for character in flat)


def breakable(text: str) -> str:
    """`text` with chances to break (zero-width spaces) in words longer than LONGEST_WORD."""
    return re.sub(rf"\S{{{LONGEST_WORD + 1},}}", lambda found: _chopped(found.group()), text)


def _chopped(word: str, step: int = 8) -> str:
    return BREAK.join(word[start : start + step] for start in range(0, len(word), step))


def _prints(character: str) -> bool:
    if character == "\n":
        return True
    return unicodedata.category(character) not in ("Cc", "Cf") and ord(character) in glyphs()


@cache
def glyphs() -> frozenset[int]:
    """The code points that every committed style of the typeface has."""
    sets = [code_points((FOLDER / f"IBMPlexSans-{style}.ttf").read_bytes()) for style in STYLES]
    return frozenset.intersection(*sets)


def code_points(font: bytes) -> frozenset[int]:
    """The code points that a TrueType font maps to a glyph (OpenType 1.9, table cmap, formats 4 and 12)."""
    tables = struct.unpack_from(">H", font, 4)[0]
    places = {}
    for index in range(tables):
        tag, _, offset, _ = struct.unpack_from(">4sIII", font, 12 + 16 * index)
        places[tag] = offset
    start = places[b"cmap"]
    found: set[int] = set()
    for index in range(struct.unpack_from(">H", font, start + 2)[0]):
        platform, _, offset = struct.unpack_from(">HHI", font, start + 4 + 8 * index)
        if platform not in (0, 3):
            continue
        kind = struct.unpack_from(">H", font, start + offset)[0]
        if kind == 4:
            found |= _segments(font, start + offset)
        elif kind == 12:
            found |= _groups(font, start + offset)
    return frozenset(found)


def _segments(font: bytes, at: int) -> set[int]:
    count = struct.unpack_from(">H", font, at + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", font, at + 14)
    starts_at = at + 16 + 2 * count
    starts = struct.unpack_from(f">{count}H", font, starts_at)
    shifts = struct.unpack_from(f">{count}h", font, starts_at + 2 * count)
    ranges_at = starts_at + 4 * count
    ranges = struct.unpack_from(f">{count}H", font, ranges_at)
    found = set()
    for index, (first, last) in enumerate(zip(starts, ends, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = (code + shifts[index]) & 0xFFFF
            if ranges[index]:
                place = ranges_at + 2 * index + ranges[index] + 2 * (code - first)
                glyph = struct.unpack_from(">H", font, place)[0]
            if glyph:
                found.add(code)
    return found


def _groups(font: bytes, at: int) -> set[int]:
    count = struct.unpack_from(">I", font, at + 12)[0]
    found: set[int] = set()
    for index in range(count):
        first, last, glyph = struct.unpack_from(">III", font, at + 16 + 12 * index)
        found.update(range(first if glyph else first + 1, last + 1))
    return found
