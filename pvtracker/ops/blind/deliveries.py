"""A delivery of SDTM files copied with the arms exchanged: the same files, but for the cells that tell the arm.

A transport file is changed in place, cell by cell, so that nothing else of it can differ. Compressed files are written
out plain in both copies, since a compressed size would differ by itself.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pvtracker.formats.sdtm.columns import OPEN_NAMES, is_screened_out
from pvtracker.formats.xpt_layout import layout_of
from pvtracker.ops.blind.canaries import CANARY
from pvtracker.ops.blind.halves import donors

ARM_COLUMN = re.compile(r"(ACT)?ARM(CD)?\Z|ACTARMUD\Z|TRT\d\d[AP]N?\Z")
NOT_CLOSED = {"STUDYID", "DOMAIN", "USUBJID"}
Row = list[Any]


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file as named columns of raw cells, and how it is written again."""

    names: tuple[str, ...]
    rows: tuple[Row, ...]
    write: Callable[[list[Row]], bytes]

    def place(self, name: str) -> int | None:
        return self.names.index(name) if name in self.names else None

    def texts(self, name: str) -> list[str]:
        place = self.place(name)
        return ["" if place is None else _text(row[place]) for row in self.rows]


def copy(folder: Path, target: Path, *, permute: bool, revealing: Sequence[str] = ()) -> None:
    """Copy a delivery into `target`, which is made; with `permute`, everybody gets the arm of another, and the results
    of analytes that tell it (`revealing`).
    """
    target.mkdir(mode=0o700)
    files = {
        path.name.removesuffix(".gz"): _plain(path) for path in sorted(folder.iterdir()) if path.is_file()
    }
    donor = _donors(files) if permute else {}
    for name, content in files.items():
        if donor and (domain := _domain(name)) in ("dm", "ex"):
            content = _permuted(domain, _read(name, content), donor)
        elif donor and revealing and domain[:2] in ("lb", "vs"):
            content = _moved(
                domain[:2], _read(name, content), donor, {one.strip().upper() for one in revealing}
            )
        (target / name).write_bytes(content)


def _plain(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content


def _domain(name: str) -> str:
    return name.partition(".")[0].lower()


def _donors(files: dict[str, bytes]) -> dict[str, str]:
    arms = []
    for name, content in files.items():
        if _domain(name) == "dm" and name.endswith((".xpt", ".csv", ".json")):
            table = _read(name, content)
            code = "ACTARMCD" if "ACTARMCD" in table.names else "ARMCD"
            pairs = zip(table.texts("USUBJID"), table.texts(code), strict=True)
            arms += [(person, arm) for person, arm in pairs if arm and not is_screened_out(arm)]
    return donors(arms)


def _permuted(domain: str, table: Delivered, donor: dict[str, str]) -> bytes:
    """Closed cells of each row from a row of the donor: the first of theirs for the first of one's own, and so on."""
    places = [place for place, name in enumerate(table.names) if _is_closed(domain, name)]
    people = table.texts("USUBJID")
    theirs: dict[str, list[Row]] = defaultdict(list)
    for person, row in zip(people, table.rows, strict=True):
        theirs[person].append(row)
    seen: dict[str, int] = defaultdict(int)
    made = []
    for person, row in zip(people, table.rows, strict=True):
        given = theirs.get(donor.get(person, person)) or [row]
        other = given[seen[person] % len(given)]
        seen[person] += 1
        made.append([other[place] if place in places else cell for place, cell in enumerate(row)])
    drug = table.place("EXTRT")
    if domain == "ex" and drug is not None:
        made = _with_canary(made, drug)
    return table.write(made)


def _moved(domain: str, table: Delivered, donor: dict[str, str], analytes: Collection[str]) -> bytes:
    """The results that tell the arm under the name of who has it now: the cells of all other rows stay as they are."""
    receiver = {theirs: own for own, theirs in donor.items()}
    place, people = table.place("USUBJID"), table.texts("USUBJID")
    if place is None:
        return table.write(list(table.rows))
    named = {person: row[place] for person, row in zip(people, table.rows, strict=True)}
    made = []
    for person, code, row in zip(people, table.texts(f"{domain.upper()}TESTCD"), table.rows, strict=True):
        given = (
            named.get(receiver.get(person, person), row[place]) if code.upper() in analytes else row[place]
        )
        made.append([*row[:place], given, *row[place + 1 :]])
    return table.write(made)


def _is_closed(domain: str, name: str) -> bool:
    return bool(ARM_COLUMN.match(name)) if domain == "dm" else name not in OPEN_NAMES | NOT_CLOSED


def _with_canary(rows: list[Row], place: int) -> list[Row]:
    """Drug names that exist nowhere else, numbered; a name too short for the word stays."""
    numbers = {name: number for number, name in enumerate(sorted({_text(row[place]) for row in rows}), 1)}
    made = []
    for row in rows:
        cell = row[place]
        word: Any = f"{CANARY}{numbers[_text(cell)]}"
        if isinstance(cell, bytes):
            word = word.encode().ljust(len(cell)) if len(word) <= len(cell) else cell
        made.append([*row[:place], word, *row[place + 1 :]])
    return made


def _text(cell: Any) -> str:
    return cell.decode("latin-1").strip() if isinstance(cell, bytes) else str(cell).strip()


# --- the three kinds of file -----------------------------------------------------------------------------------------
def _read(name: str, content: bytes) -> Delivered:
    if name.endswith(".xpt"):
        return _transport(content)
    if name.endswith(".json"):
        return _dataset_json(content)
    return _csv(content)


def _transport(content: bytes) -> Delivered:
    layout = layout_of(content)
    rows = []
    for number in range(layout.row_count):
        start = layout.data_start + number * layout.record_length
        record = content[start : start + layout.record_length]
        rows.append([record[v.position : v.position + v.length] for v in layout.variables])
    order = sorted(range(len(layout.variables)), key=lambda place: layout.variables[place].position)
    end = layout.data_start + layout.row_count * layout.record_length

    def write(changed: list[Row]) -> bytes:
        body = b"".join(row[place] for row in changed for place in order)
        return content[: layout.data_start] + body + content[end:]

    return Delivered(tuple(variable.name for variable in layout.variables), tuple(rows), write)


def _csv(content: bytes) -> Delivered:
    head, *rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))

    def write(changed: list[Row]) -> bytes:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([head, *changed])
        return text.getvalue().encode()

    return Delivered(tuple(head), tuple(rows), write)


def _dataset_json(content: bytes) -> Delivered:
    document = json.loads(content)
    names = tuple(column["name"] for column in document["columns"])

    def write(changed: list[Row]) -> bytes:
        return json.dumps({**document, "rows": changed}).encode()

    table = Delivered(names, tuple(document["rows"]), write)
    return replace(table, names=tuple(str(name) for name in names))
