"""What a PDF holds, without a library: its streams unpacked, and the text that its fonts make of them."""

from __future__ import annotations

import contextlib
import re
import zlib

_STREAM = re.compile(rb"stream\r?\n")
_OBJECT = re.compile(rb"(\d+) 0 obj\b")
_FONTS = re.compile(rb"/Font\s*(?:<<(.*?)>>|(\d+) 0 R)", re.DOTALL)
_RESOURCES = re.compile(rb"/Resources\s*(\d+) 0 R")
_CONTENTS = re.compile(rb"/Contents\s*(?:\[([\d\sR]*)\]|(\d+) 0 R)")
_PARENT = re.compile(rb"/Parent\s*(\d+) 0 R")
_USED = re.compile(rb"/(\S+) [-\d.]+ Tf")
_NUMBER = re.compile(rb"(\d+) 0 R")
_REFERENCE = re.compile(rb"/([^\s/<>\[\]()]+)\s+(\d+) 0 R")
_TO_UNICODE = re.compile(rb"/ToUnicode (\d+) 0 R")
_MAP_BLOCK = re.compile(rb"begin(bfchar|bfrange)\s(.*?)\send\1", re.DOTALL)
_HEX = re.compile(rb"<([0-9A-Fa-f]+)>")
_SHOWN = re.compile(
    rb"/(\S+) [-\d.]+ Tf|<([0-9A-Fa-f\s]*)>|\(((?:[^\\()]|\\.|\((?:[^\\()]|\\.)*\))*)\)|\b(ET)\b",
    re.DOTALL,
)
_MARKS = re.compile(rb"<<(?:[^<>]|<[^<>]*>)*>>\s*BDC", re.DOTALL)  # what readers are told beside the glyphs
_TEXT = re.compile(rb"(?:^|\s)BT\s")  # begins a piece of text
# Streams that place nothing on a page: packed objects, metadata and fonts, in which two letters stand by chance.
_NOT_PLACED = re.compile(rb"/ObjStm|/Metadata|/XML\b|/Length1\b|/OpenType|/CIDFontType0C|/Type1C")
_ESCAPE = re.compile(rb"\\(\d{1,3}|\r\n|.)", re.DOTALL)
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


Table = dict[int, str]  # characters by code; empty: as they stand
Fonts = dict[bytes, Table]


def objects(content: bytes) -> dict[int, bytes]:
    """Every object by its number, its stream unpacked and behind its dictionary; those in object streams too."""
    found: dict[int, bytes] = {}
    starts = [(match.start(), match.end(), int(match[1])) for match in _OBJECT.finditer(content)]
    for index, (_, begin, number) in enumerate(starts):
        end = starts[index + 1][0] if index + 1 < len(starts) else len(content)
        found[number] = _unpacked(content[begin:end])
    for whole in list(found.values()):
        if b"/ObjStm" in whole[:400]:
            found |= _inner_objects(whole)
    return found


def _unpacked(piece: bytes) -> bytes:
    start = _STREAM.search(piece)
    if start is None:
        return piece
    head, body = piece[: start.start()], piece[start.end() :]
    if b"FlateDecode" in head:
        with contextlib.suppress(zlib.error):  # an empty stream, or a damaged one, stays as it is
            body = zlib.decompressobj().decompress(body)
    else:
        body = body[: body.rfind(b"endstream")]
    return head + b"\x00stream\x00" + body


def _inner_objects(whole: bytes) -> dict[int, bytes]:
    head, _, body = whole.partition(b"\x00stream\x00")
    first = re.search(rb"/First (\d+)", head)
    if first is None:
        return {}
    offset = int(first[1])
    numbers = [int(word) for word in body[:offset].split() if word.isdigit()]
    places = list(zip(numbers[::2], numbers[1::2], strict=False))
    ends = [place for _, place in places[1:]] + [len(body) - offset]
    return {
        number: body[offset + place : offset + end] for (number, place), end in zip(places, ends, strict=True)
    }


def text_of(content: bytes) -> str:
    """The text of every page and form in the order of the file, one line for each placed piece.

    Text of fonts without a table of characters comes as it stands. What several pages show is read through the fonts
    of each; through every table of the file where its own cannot be told: better read wrong beside than not at all.
    """
    known = objects(content)
    lines: list[str] = []
    users, tables = _users(known), _tables(known)
    for number, whole in sorted(known.items()):
        head, mark, body = whole.partition(b"\x00stream\x00")
        if mark and _TEXT.search(body) and not _NOT_PLACED.search(head) and b"begincmap" not in body:
            for fonts in _readings(body, users.get(number, [head]), known, tables):
                lines += _lines(body, fonts)
    return "\n".join(lines)


def _readings(body: bytes, users: list[bytes], known: dict[int, bytes], tables: list[Table]) -> list[Fonts]:
    """The fonts to read a stream through, each once."""
    named = set(_USED.findall(body))
    found: list[Fonts] = []
    for user in users:
        own = _fonts_of(user, known)
        untold = named - set(own)
        for table in tables if untold else [Table()]:
            fonts = {name: table if name in untold else own[name] for name in named}
            if fonts not in found:
                found.append(fonts)
    return found


def _tables(known: dict[int, bytes]) -> list[Table]:
    """Every table of characters in the file; none for text as it stands."""
    return [Table(), *(_characters(whole) for whole in known.values() if b"begincmap" in whole)]


def _users(known: dict[int, bytes]) -> dict[int, list[bytes]]:
    """The pages that show it, by the number of a stream; a form stands for itself."""
    users: dict[int, list[bytes]] = {}
    for whole in known.values():
        for several, one in _CONTENTS.findall(whole.partition(b"\x00stream\x00")[0]):
            listed = several or known.get(int(one or 0), b"").partition(b"\x00stream\x00")[0]
            streams = _NUMBER.findall(listed) if several or listed.lstrip().startswith(b"[") else one.split()
            for number in map(int, streams):
                users.setdefault(number, []).append(whole)
    return users


def _fonts_of(user: bytes, known: dict[int, bytes]) -> Fonts:
    """Characters by code, by the name under which a page or form uses the font: each has names of its own. A page
    without resources has those of the group of pages that it is in."""
    passed: set[bytes] = set()
    while b"/Resources" not in user and (above := _PARENT.search(user)) and above[1] not in passed:
        passed.add(above[1])
        user = known.get(int(above[1]), b"")
    link = _RESOURCES.search(user)
    resources = known.get(int(link[1]), b"") if link else user
    maps: Fonts = {}
    for inline, number in _FONTS.findall(resources):
        for name, font in _REFERENCE.findall(inline or known.get(int(number or 0), b"")):
            table = _TO_UNICODE.search(known.get(int(font), b""))
            if name not in maps:
                maps[name] = _characters(known.get(int(table[1]), b"")) if table else Table()
    return maps


def _characters(whole: bytes) -> dict[int, str]:
    table: dict[int, str] = {}
    for kind, block in _MAP_BLOCK.findall(whole):
        values = _HEX.findall(block)
        if kind == b"bfchar":
            for code, text in zip(values[::2], values[1::2], strict=False):
                table[int(code, 16)] = _utf16(text)
        else:
            for first, last, text in zip(values[::3], values[1::3], values[2::3], strict=False):
                start = int(text, 16)
                for step in range(int(last, 16) - int(first, 16) + 1):
                    table[int(first, 16) + step] = chr(start + step)
    return table


def _utf16(digits: bytes) -> str:
    return bytes.fromhex(digits.decode()).decode("utf-16-be", errors="replace")


def _lines(body: bytes, maps: dict[bytes, dict[int, str]]) -> list[str]:
    lines, line = [], ""
    table: dict[int, str] = {}
    for match in _SHOWN.finditer(_MARKS.sub(b" ", body)):
        font, digits, literal, end = match.groups()
        if font is not None:
            table = maps.get(font, {})
        elif digits is not None:
            line += _decoded(bytes.fromhex(b"".join(digits.split()).decode()), table)
        elif literal is not None:
            line += _decoded(_ESCAPE.sub(_plain, literal), table)
        elif end is not None and line:
            lines.append(line)
            line = ""
    return [*lines, line] if line else lines


def _plain(match: re.Match[bytes]) -> bytes:
    escaped = match[1]
    if escaped.isdigit():
        return bytes([int(escaped, 8) & 255])
    return _NAMED.get(escaped, b"" if escaped in (b"\n", b"\r\n") else escaped)


def _decoded(raw: bytes, table: dict[int, str]) -> str:
    if not table:
        return raw.decode("latin-1")
    pairs = zip(raw[::2], raw[1::2], strict=False)
    return "".join(table.get(256 * high + low, "\N{REPLACEMENT CHARACTER}") for high, low in pairs)
