"""The structure of a SAS transport file (version 5), checked byte by byte before anyone reads a value.

The common readers return 28 of 50 rows from a cut file and 62 from one with bytes appended, without an error.
What the file itself can show is checked here; what it cannot (a cut exactly between two records) needs a
count from outside.

Source: SAS, "The Record Layout of a Data Set in SAS Transport (XPORT) Format" (TS-140). All lengths are
bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pvtracker.formats.tables import Kind, StructuralFault, check_names

CARD = 80  # everything is padded to records of 80 bytes
BLANK = 0x20

_MARK = b"HEADER RECORD*******"
_FIXED_TAIL = b"!!!!!!!" + b"0" * 30 + b"  "
_LIBRARY = _MARK + b"LIBRARY HEADER RECORD" + _FIXED_TAIL
_MEMBER = re.compile(
    _MARK.replace(b"*", rb"\*") + rb"MEMBER  HEADER RECORD!!!!!!!0{16}01600000000(140|136)  "
)
_DESCRIPTOR = _MARK + b"DSCRPTR HEADER RECORD" + _FIXED_TAIL
_NAMESTR = re.compile(_MARK.replace(b"*", rb"\*") + rb"NAMESTR HEADER RECORD!!!!!!!0{6}([0-9]{4})0{20}  ")
_OBSERVATIONS = _MARK + b"OBS     HEADER RECORD" + _FIXED_TAIL
_VERSION_8 = (b"LIBV8", b"MEMBV8", b"MEMBERV8", b"DSCPTV8", b"NAMSTV8", b"LABELV8", b"OBSV8")


@dataclass(frozen=True, slots=True)
class Variable:
    """One column: where it lies in the record."""

    name: str
    label: str
    kind: Kind
    length: int
    position: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A sound transport file: one member, whole records, blank padding only."""

    name: str  # dataset name in the member header
    variables: tuple[Variable, ...]
    record_length: int
    data_start: int
    row_count: int
    encoding: str  # utf-8 if the text of all rows is, else cp1252


def layout_of(content: bytes) -> Layout:
    """Check the headers, the variables and the length of a transport file. Raises StructuralFault."""
    name, variables, data_start = _header(content)
    record_length = sum(variable.length for variable in variables)
    data = memoryview(content)[data_start:]
    _check_single_member(content, data_start)
    row_count = _row_count(data, record_length)
    rows = np.frombuffer(data, dtype=np.uint8, count=row_count * record_length)
    encoding = _text_encoding(rows.reshape(row_count, record_length), variables)
    return Layout(name, variables, record_length, data_start, row_count, encoding)


def _header(content: bytes) -> tuple[str, tuple[Variable, ...], int]:
    if any(content[20:28].startswith(mark) for mark in _VERSION_8):
        raise StructuralFault(
            "This is a SAS transport file of version 8. Write it as version 5 (names of at most 8 and text "
            "of at most 200 characters), as Dataset-JSON or as CSV.",
            rule="xpt-version-8",
        )
    if not content.startswith(_MARK + b"LIBRARY "):
        raise StructuralFault(
            "This is no SAS transport file: it does not start with a library header.", rule="not-xpt"
        )
    cards = _Cards(content)
    cards.expect(_LIBRARY, "library header")
    if not cards.next("library description").startswith(b"SAS     SAS     SASLIB  "):
        raise _header_fault("library description", 2)
    cards.next("library dates")
    member = cards.match(_MEMBER, "member header")
    namestr_length = int(member.group(1))
    cards.expect(_DESCRIPTOR, "descriptor header")
    description = cards.next("member description")
    if not (description.startswith(b"SAS     ") and description[16:24] == b"SASDATA "):
        raise _header_fault("member description", cards.number)
    cards.next("member dates")
    count = int(cards.match(_NAMESTR, "variable header").group(1))
    block = cards.block(count * namestr_length, "variable descriptions")
    variables = tuple(
        _variable(block[start : start + namestr_length], index + 1)
        for index, start in enumerate(range(0, count * namestr_length, namestr_length))
    )
    check_names([variable.name for variable in variables])
    _check_positions(variables)
    cards.expect(_OBSERVATIONS, "observation header")
    return _name(description[8:16], "dataset"), variables, cards.offset


class _Cards:
    """Takes the header's 80-byte records one after the other and says which one is wrong."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.offset = 0

    @property
    def number(self) -> int:
        return self.offset // CARD

    def block(self, length: int, what: str) -> bytes:
        padded = -(-length // CARD) * CARD
        taken = self.content[self.offset : self.offset + padded]
        if len(taken) < padded:
            raise StructuralFault(f"The file ends inside the {what}.", rule="xpt-header")
        if taken[length:].strip(b" \x00"):
            raise _header_fault(what, self.number + 1)
        self.offset += padded
        return taken[:length]

    def next(self, what: str) -> bytes:
        return self.block(CARD, what)

    def expect(self, card: bytes, what: str) -> None:
        if self.next(what) != card:
            raise _header_fault(what, self.number)

    def match(self, pattern: re.Pattern[bytes], what: str) -> re.Match[bytes]:
        match = pattern.fullmatch(self.next(what))
        if match is None:
            raise _header_fault(what, self.number)
        return match


def _header_fault(what: str, number: int) -> StructuralFault:
    return StructuralFault(
        f"The {what} (80-byte record {number}) is not as the transport format says; the file is damaged.",
        rule="xpt-header",
    )


def _variable(namestr: bytes, number: int) -> Variable:
    """One variable description: type, length, number, name, label and position, big-endian (TS-140)."""

    def whole(start: int, size: int) -> int:
        return int.from_bytes(namestr[start : start + size], "big")

    type_code, length, varnum = whole(0, 2), whole(4, 2), whole(6, 2)
    kind: Kind = "number" if type_code == 1 else "text"
    longest = 8 if kind == "number" else 200
    if type_code not in (1, 2) or varnum != number or not (2 if kind == "number" else 1) <= length <= longest:
        raise StructuralFault(
            f"The description of variable {number} is damaged or outside of version 5 (type {type_code}, "
            f"length {length}, number {varnum}).",
            rule="xpt-variable",
        )
    name = _name(namestr[8:16], f"variable {number}")
    label = namestr[16:56].decode("cp1252", errors="replace").rstrip()
    return Variable(name, label, kind, length, whole(84, 4))


def _name(raw: bytes, what: str) -> str:
    try:
        return raw.decode("ascii").rstrip().upper()
    except UnicodeDecodeError as error:
        raise StructuralFault(f"The name of the {what} is not text.", rule="xpt-variable") from error


def _check_positions(variables: tuple[Variable, ...]) -> None:
    expected = 0
    for place, variable in enumerate(variables, start=1):
        if variable.position != expected:
            raise StructuralFault(
                f"Variable {place} is said to start at byte {variable.position} of the record, the "
                f"lengths before it give {expected}; the header is damaged.",
                rule="xpt-variable",
            )
        expected += variable.length


def _check_single_member(content: bytes, data_start: int) -> None:
    at = content.find(_MARK, data_start)
    while at != -1 and (at - data_start) % CARD:
        at = content.find(_MARK, at + 1)
    if at != -1:
        raise StructuralFault(
            "The file holds more than one dataset. Deliver one file per dataset.", rule="xpt-members"
        )


def _row_count(data: memoryview, record_length: int) -> int:
    """Whole records, given that only blanks that fill the last 80 bytes may follow them."""
    if len(data) % CARD:
        raise StructuralFault(
            f"The file is cut, or bytes were appended: its data are {len(data):,} bytes, "
            f"no multiple of {CARD}.",
            rule="xpt-length",
        )
    rows = len(data) // record_length
    # A short record made of blanks inside the last 80 bytes is padding, not a row.
    while rows and len(data) - (rows - 1) * record_length < CARD and _blank(data, rows - 1, record_length):
        rows -= 1
    left = data[rows * record_length :]
    if bytes(left).strip(b" "):
        raise StructuralFault(
            f"After {rows:,} whole records of {record_length} bytes there is a partial record of "
            f"{len(left)} bytes; the file is cut, or bytes were appended.",
            rule="xpt-partial-record",
        )
    if len(left) >= CARD or (rows and _blank(data, rows - 1, record_length)):
        raise StructuralFault(
            f"The file ends in more blanks than fill its last {CARD} bytes; it is cut inside a record, "
            "or bytes were appended.",
            rule="xpt-trailing-blanks",
        )
    return rows


def _blank(data: memoryview, row: int, record_length: int) -> bool:
    return not bytes(data[row * record_length : (row + 1) * record_length]).strip(b" ")


def _text_encoding(rows: npt.NDArray[np.uint8], variables: tuple[Variable, ...]) -> str:
    """The encoding of all text; a control character shows that records are shifted or damaged."""
    encoding = "utf-8"
    for place, variable in enumerate(variables, start=1):
        if variable.kind == "number":
            continue
        block = rows[:, variable.position : variable.position + variable.length]
        control = (block < BLANK) & (block != 9) & (block != 10) & (block != 13)
        if control.any():
            row = int(np.argmax(control.any(axis=1))) + 1
            raise StructuralFault(
                f"Row {row} has a control character in variable {place}; the records are shifted or damaged.",
                rule="xpt-control-character",
            )
        if (block > 0x7F).any():
            try:
                block.tobytes().decode("utf-8")
            except UnicodeDecodeError:
                encoding = "cp1252"
    return encoding
