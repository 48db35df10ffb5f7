"""Standardised queries as MedDRA distributes them: `smq_list.asc`, `smq_content.asc`; `pt.asc`, `llt.asc` for names.

Fields end with `$`. A row of the content names a preferred term (level 4), a lowest level term (5) or a query beneath
(0), with scope 1 broad or 2 narrow, and whether it is active (A). Events are counted from the preferred term upwards,
so a query becomes the names of its preferred terms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

NEEDED = {"smq_list.asc": 9, "smq_content.asc": 9, "pt.asc": 4, "llt.asc": 3}  # file → fields that are read
BENEATH, PREFERRED, LOWEST = "0", "4", "5"
SCOPES = {"narrow": ("2",), "broad": ("1", "2")}  # a broad search has the narrow terms too
NOT_ALGORITHMIC = ("", "N")
LARGEST = 256 * 1024 * 1024  # bytes of one file


class SmqError(ValueError):
    """Files or a query that cannot be used; one sentence says why."""


class Row(NamedTuple):
    term: str
    level: str
    scope: str
    status: str


@dataclass(frozen=True, slots=True)
class Listed:
    code: str
    name: str
    release: str
    status: str
    algorithm: str


@dataclass(frozen=True, slots=True)
class Taken:
    """One query in one scope. `beneath`: names of the queries that it holds; `alone`: lowest level terms whose
    preferred term is not in it, which therefore do not count."""

    name: str
    release: str
    scope: str
    terms: tuple[str, ...]
    beneath: tuple[str, ...]
    alone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Smqs:
    """The queries of one release by code, their rows, and names of terms by code."""

    listed: Mapping[str, Listed]
    rows: Mapping[str, tuple[Row, ...]]
    preferred: Mapping[str, str]
    lowest: Mapping[str, tuple[str, str]]  # name, code of the preferred term

    def take(self, wanted: str, scope: str) -> Taken:
        """A query by code or name with everything beneath it; SmqError for one that no single event can decide."""
        if scope not in SCOPES:
            raise SmqError(f"The scope is {' or '.join(SCOPES)}, not {scope[:40]!r}.")
        first = self._find(wanted)
        within: dict[str, Listed] = {}
        waiting = [first.code]
        while waiting:
            code = waiting.pop()
            if code in within:
                continue
            if code not in self.listed:
                raise SmqError(f"{first.name} holds the query {code}, which smq_list.asc does not list.")
            one = within[code] = self.listed[code]
            if scope == "broad" and one.algorithm.upper() not in NOT_ALGORITHMIC:
                raise SmqError(
                    f"{one.name} is algorithmic ({one.algorithm}): its broad search asks for several terms in one "
                    "participant, which counting events by a list of terms cannot do. Take the narrow scope, or write "
                    "the terms yourself."
                )
            waiting += [row.term for row in self._active(code) if row.level == BENEATH]
        held = [row for code in within for row in self._active(code) if row.scope in SCOPES[scope]]
        codes = {row.term for row in held if row.level == PREFERRED}
        if unnamed := sorted(codes - set(self.preferred)):
            raise SmqError(f"{first.name} holds the preferred term {unnamed[0]}, which pt.asc does not name.")
        if not codes:
            raise SmqError(f"{first.name} holds no active preferred term in the {scope} scope.")
        lowest = [self.lowest.get(row.term, (row.term, "")) for row in held if row.level == LOWEST]
        return Taken(
            name=first.name,
            release=first.release,
            scope=scope,
            terms=tuple(sorted(self.preferred[code] for code in codes)),
            beneath=tuple(sorted(one.name for one in within.values() if one is not first)),
            alone=tuple(sorted({name for name, above in lowest if above not in codes})),
        )

    def _find(self, wanted: str) -> Listed:
        found = [one for one in self.listed.values() if wanted.casefold() in (one.code, one.name.casefold())]
        if not found:
            raise SmqError(
                f"No query is called {wanted[:120]!r}. Give its code or its name as smq_list.asc has it."
            )
        if found[0].status != "A":
            raise SmqError(f"{found[0].name} is inactive in this release.")
        return found[0]

    def _active(self, code: str) -> list[Row]:
        """Its rows that are active, without inactive queries beneath."""
        return [
            row
            for row in self.rows.get(code, ())
            if row.status == "A"
            and not (row.level == BENEATH and row.term in self.listed and self.listed[row.term].status != "A")
        ]


def read(folder: Path) -> Smqs:
    """The four files in a folder, whatever the capitals of their names; SmqError names the file and line."""
    rows: dict[str, list[Row]] = defaultdict(list)
    tables = {name: _fields(folder, name, least) for name, least in NEEDED.items()}
    for code, term, level, scope, _, _, status, *_ in tables["smq_content.asc"]:
        rows[code].append(Row(term, level, scope, status))
    return Smqs(
        listed={
            row[0]: Listed(code=row[0], name=row[1], release=row[6], status=row[7], algorithm=row[8])
            for row in tables["smq_list.asc"]
        },
        rows={code: tuple(held) for code, held in rows.items()},
        preferred={row[0]: row[1] for row in tables["pt.asc"]},
        lowest={row[0]: (row[1], row[2]) for row in tables["llt.asc"]},
    )


def _fields(folder: Path, name: str, least: int) -> list[list[str]]:
    there = {path.name.lower(): path for path in folder.iterdir()} if folder.is_dir() else {}
    if name not in there:
        raise SmqError(f"There is no {name} in {folder}. Give the folder MedAscii of a MedDRA release.")
    try:
        if there[name].stat().st_size > LARGEST:
            raise SmqError(f"{name} is larger than any file of a release.")
        content = there[name].read_bytes()
    except OSError as fault:
        raise SmqError(f"{name} cannot be read.") from fault
    if b"\x00" in content:
        raise SmqError(f"{name} is not text in UTF-8 or Latin-1. Take the file as the release has it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        fields = [field.strip() for field in line.split("$")]
        if len(fields) < least:
            raise SmqError(f"Line {number} of {name} has {len(fields)} fields between $, not {least}.")
        found.append(fields)
    return found
