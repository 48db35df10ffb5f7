"""One row of a domain: cells read strictly, and a domain's rows made into records or refused with reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from pvtracker.formats.numbers import number_from
from pvtracker.formats.tables import Refused, StructuralFault, Table, Values, quoted
from pvtracker.lib.partial_dates import PartialDateError, parse

Record = TypeVar("Record")

OLDEST = 125  # years; what the database takes
_FLAGS = {"Y": True, "YES": True, "N": False, "NO": False, "U": None, "UNKNOWN": None, "": None}
_UNITS_PER_YEAR = {"DAYS": 365.25, "WEEKS": 52.18, "MONTHS": 12.0, "YEARS": 1.0, "": 1.0}


class RowRefusal(Exception):
    """This row is not stored; the message names the column and its value, never another column."""

    def __init__(self, rule: str, column: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.column = column
        self.message = message


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row. A column that the file does not have reads as missing."""

    values: dict[str, Values]
    index: int
    number: int  # 1-based in its file

    def raw(self, name: str) -> str:
        """The text without blanks around it, '' where missing; it may hold what no database takes."""
        column = self.values.get(name)
        if column is None:
            return ""
        cell = column[self.index]
        if cell is None:
            return ""
        if isinstance(cell, float):  # a number where text is usual, for example SUBJID
            return f"{cell:.15g}"
        return cell.strip()

    def text(self, name: str) -> str:
        """The same, where it can be stored."""
        text = self.raw(name)
        if "\x00" in text or not (text.isascii() or _storable(text)):
            raise RowRefusal("character", name, f"{name} holds a character that is no text.")
        return text

    def needed(self, name: str) -> str:
        """The same, where a row without it means nothing."""
        text = self.text(name)
        if not text:
            raise RowRefusal("missing", name, f"{name} is empty. Every row needs it.")
        return text

    def code(self, name: str) -> str:
        return self.text(name).upper()

    def date(self, name: str) -> str:
        """A partial date as delivered, checked to be readable."""
        text = self.text(name)
        try:
            parse(text)
        except PartialDateError as error:
            raise RowRefusal("date", name, f"{name}: {error}") from error
        return text

    def number_of(self, name: str) -> float | None:
        column = self.values.get(name)
        cell = None if column is None else column[self.index]
        if cell is None or isinstance(cell, float):
            return cell
        text = cell.strip()
        if not text:
            return None
        try:
            return number_from(text)
        except ValueError as error:
            message = f"{name} is {quoted(text)}: {error}. Write it like 1.5, or leave it empty."
            raise RowRefusal("number", name, message) from error

    def whole(self, name: str) -> int | None:
        number = self.number_of(name)
        if number is None:
            return None
        if number != int(number):
            raise RowRefusal("whole-number", name, f"{name} is {quoted(number)}, not a whole number.")
        return int(number)

    def flag(self, name: str) -> bool | None:
        """Y, N, or not stated ('' or U)."""
        code = self.code(name)
        if code not in _FLAGS:
            raise RowRefusal("flag", name, f"{name} is {quoted(code)}. Write Y or N, or leave it empty.")
        return _FLAGS[code]

    def source_id(self, domain: str) -> str:
        """The row's name within its participant, from the sequence number: AE-12."""
        name = f"{domain}SEQ"
        sequence = self.whole(name)
        if sequence is None:
            raise RowRefusal("missing", name, f"{name} is empty. Every row needs it.")
        return f"{domain}-{sequence}"

    def age_in_years(self) -> int | None:
        """AGE in completed years, from the unit in AGEU."""
        age, unit = self.number_of("AGE"), self.code("AGEU")
        if age is None:
            return None
        if unit not in _UNITS_PER_YEAR:
            raise RowRefusal("age-unit", "AGEU", f"AGEU is {quoted(unit)}; DAYS, WEEKS, MONTHS or YEARS.")
        years = int(age / _UNITS_PER_YEAR[unit])
        if age < 0 or years > OLDEST:
            raise RowRefusal("age", "AGE", f"AGE is {quoted(age)}; it must be 0 to {OLDEST} years.")
        return years


@dataclass(frozen=True, slots=True)
class DomainCount:
    """`rows == records + refused + left_out`, unless the domain has a fault, when nothing of it is kept."""

    domain: str
    rows: int  # in the readable files
    records: int
    refused: int
    left_out: int  # belong to the other room, or to no arm


@dataclass(frozen=True, slots=True)
class Collected(Generic[Record]):
    """A domain's rows after reading."""

    records: tuple[Record, ...]
    refused: tuple[Refused, ...]
    faults: tuple[StructuralFault, ...]
    count: DomainCount


def collect(
    domain: str,
    files: Iterable[Table | StructuralFault],
    *,
    required: Sequence[str],
    build: Callable[[Row], Record],
    key: Callable[[Record], tuple[str, ...]],
    leave_out: Callable[[Row], bool] | None = None,
) -> Collected[Record]:
    """Make each row a record, or refuse it; two rows with the same `key` are one row too many.

    Any fault of any file, a missing column included, keeps the whole domain out.
    """
    entries = list(files)
    tables = [entry for entry in entries if isinstance(entry, Table)]
    faults = [entry for entry in entries if isinstance(entry, StructuralFault)]
    faults += [fault for table in tables for fault in _missing_columns(domain, table, required)]
    rows = sum(table.row_count for table in tables)
    if faults:
        return Collected((), (), tuple(faults), DomainCount(domain, rows, 0, 0, 0))
    records: list[Record] = []
    refused = [replace(row, domain=domain) for table in tables for row in table.refused]
    left_out = 0
    seen: set[tuple[str, ...]] = set()
    for table in tables:
        for row in _rows(table):
            try:
                if leave_out is not None and leave_out(row):
                    left_out += 1
                    continue
                record = build(row)
                if key(record) in seen:
                    raise RowRefusal("repeated-row", "", f"{' '.join(key(record))} occurs twice in {domain}.")
            except RowRefusal as refusal:
                refused.append(
                    Refused(
                        domain=domain,
                        row=row.number,
                        rule=refusal.rule,
                        message=refusal.message,
                        source_file=table.source_file,
                        column=refusal.column,
                    )
                )
                continue
            seen.add(key(record))
            records.append(record)
    count = DomainCount(domain, rows, len(records), len(refused), left_out)
    return Collected(tuple(records), tuple(refused), (), count)


def _rows(table: Table) -> Iterator[Row]:
    values = dict(table.values)
    for index, number in enumerate(table.row_numbers):
        yield Row(values, index, number)


def _missing_columns(domain: str, table: Table, required: Sequence[str]) -> list[StructuralFault]:
    missing = [name for name in required if name not in table.values]
    if not missing:
        return []
    message = f"{domain} has no column {', '.join(missing)}; nothing of {domain} is stored."
    fault = StructuralFault(message, rule="column-missing")
    return [fault.at(source_file=table.source_file, domain=domain)]


def _storable(text: str) -> bool:
    """Can the text be written as UTF-8; a lone surrogate from JSON cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
