"""What every reader gives: a table of named columns, or the fault that made the file unreadable.

A *structural fault* concerns the file (cut, damaged, a column missing): nothing of its domain is stored. A
*refused* row concerns one row: the others are stored. Messages name the column and its own value, never
another column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["text", "number"]
Values = Sequence[str] | Sequence[float | None]

LONGEST_QUOTE = 40

_NO_VALUE = "A value of the row cannot be read."


class StructuralFault(Exception):
    """The file cannot be trusted as a whole; `str()` is a sentence for the person who delivered it."""

    def __init__(self, message: str, *, rule: str, source_file: str = "", domain: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.rule = rule
        self.source_file = source_file
        self.domain = domain

    def __str__(self) -> str:
        return f"{self.source_file}: {self.message}" if self.source_file else self.message

    def at(self, *, source_file: str, domain: str) -> StructuralFault:
        """The same fault with the file and the domain where it was met."""
        return StructuralFault(self.message, rule=self.rule, source_file=source_file, domain=domain)


@dataclass(frozen=True, slots=True)
class Refused:
    """One row that is not stored, and why."""

    domain: str
    row: int  # 1-based, without the header; the record number in the file
    rule: str
    message: str
    source_file: str = ""
    column: str = ""  # whose value the message quotes, if it does


@dataclass(frozen=True, slots=True)
class Column:
    """A column as its file describes it."""

    name: str  # upper case
    label: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Flag:
    """A yes/no column made from columns that themselves are not kept, for example: is it a screen failure."""

    name: str
    columns: tuple[str, ...]
    test: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """Which columns of a file are made into values; the others stay bytes that are thrown away.

    `only` None means all. A flag's source columns are read, tested and let go inside `columns_from`.
    """

    only: frozenset[str] | None = None
    flags: tuple[Flag, ...] = ()

    def keeps(self, name: str) -> bool:
        return self.only is None or name in self.only

    def reads(self, name: str) -> bool:
        return self.keeps(name) or any(name in flag.columns for flag in self.flags)


ALL_COLUMNS = ColumnChoice()


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one file, column by column.

    `values[name]` has one entry per readable row: text ('' where missing) or number (None where missing).
    `row_numbers` says which row of the file each entry is; rows in `refused` could not be read at all, so
    `row_count == len(row_numbers) + len(refused)`. `sha256` is of the file as delivered, packed or not.
    """

    domain: str
    name: str
    columns: tuple[Column, ...]
    values: Mapping[str, Values]
    row_numbers: Sequence[int]
    row_count: int
    source_file: str
    sha256: str
    refused: tuple[Refused, ...] = ()

    def at(self, source_file: str) -> Table:
        refused = tuple(replace(row, source_file=source_file, domain=self.domain) for row in self.refused)
        return replace(self, source_file=source_file, refused=refused)


def table_from(
    *,
    name: str,
    columns: Iterable[Column],
    values: Mapping[str, Values],
    row_numbers: Sequence[int],
    sha256: str,
    source_file: str,
    choice: ColumnChoice,
    refused: tuple[Refused, ...] = (),
) -> Table:
    """The table of what `choice` lets through; `values` holds the columns that it `reads`.

    The domain is what the DOMAIN column says in every row, else the first two letters of `name`.
    """
    flags = {flag.name: _flag_values(flag, values, len(row_numbers)) for flag in choice.flags}
    made = {flag: found for flag, found in flags.items() if found is not None}
    kept_columns = [column for column in columns if choice.keeps(column.name)]
    flag_columns = [Column(flag, "", "text") for flag in made]
    return Table(
        domain=_domain(name, values.get("DOMAIN"), row_numbers),
        name=name,
        columns=(*kept_columns, *flag_columns),
        values={column.name: values[column.name] for column in kept_columns} | made,
        row_numbers=row_numbers,
        row_count=len(row_numbers) + len(refused),
        source_file=source_file,
        sha256=sha256,
        refused=refused,
    )


def narrowed(table: Table, choice: ColumnChoice) -> Table:
    """The same table with what `choice` lets through only; a message about another column loses its value."""
    flags = {flag.name: _flag_values(flag, table.values, len(table.row_numbers)) for flag in choice.flags}
    made = {name: found for name, found in flags.items() if found is not None}
    kept = [column for column in table.columns if choice.keeps(column.name) and column.name not in made]
    return replace(
        table,
        columns=(*kept, *(Column(name, "", "text") for name in made)),
        values={column.name: table.values[column.name] for column in kept} | made,
        refused=tuple(
            row if not row.column or choice.keeps(row.column) else replace(row, column="", message=_NO_VALUE)
            for row in table.refused
        ),
    )


def quoted(value: object) -> str:
    """A value inside a message, cut where it is long."""
    text = str(value)
    return f"“{text}”" if len(text) <= LONGEST_QUOTE else f"“{text[:LONGEST_QUOTE]}…”"


def check_names(names: Sequence[str]) -> None:
    """Refuse a file whose columns have no name, or one name twice. By their places: without a header the names are
    cells of a row, and a column that is not read may be named after a treatment."""
    if not names:
        raise StructuralFault("The file has no columns.", rule="no-columns")
    for position, name in enumerate(names, start=1):
        if not (name.isascii() and name.isidentifier() and len(name) <= 32):
            raise StructuralFault(
                f"Column {position} has no name that can be read; a name has 1 to 32 letters, digits and "
                "underscores and starts with a letter. Is the first line the header?",
                rule="column-name",
            )
    for position, name in enumerate(names, start=1):
        first = names.index(name) + 1
        if first < position:
            raise StructuralFault(
                f"Columns {first} and {position} have the same name. Leave one out, or name it otherwise. Is the first "
                "line the header?",
                rule="column-twice",
            )


def _flag_values(flag: Flag, values: Mapping[str, Values], rows: int) -> list[str] | None:
    sources = [values[name] for name in flag.columns if name in values]
    if not sources:
        return None
    return ["Y" if any(flag.test(str(source[i])) for source in sources) else "N" for i in range(rows)]


def _domain(name: str, said: Values | None, row_numbers: Sequence[int]) -> str:
    if not said:
        return name[:2].upper()
    domain = str(said[0]).strip().upper()
    for row, value in zip(row_numbers, said, strict=True):
        if str(value).strip().upper() != domain:
            raise StructuralFault(
                f"Row {row} says DOMAIN {quoted(value)}, the first row {quoted(said[0])}; "
                "a file holds one domain.",
                rule="mixed-domains",
            )
    return domain or name[:2].upper()
