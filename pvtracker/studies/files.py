"""Tables of a page as files: `?format=csv&what=results` of the page's own address, in both rooms."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from pvtracker.formats.printed import FORMS, Printed
from pvtracker.studies.models import Study

KEY = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)
WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class Asked:
    """A format, and the key of a table or picture of the page."""

    format: str
    what: str


@dataclass(frozen=True, slots=True)
class Source:
    """What a file is made from: `key` and the words of its name, what it says that it rests on, the definitions."""

    key: str
    name: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    definitions: Mapping[str, Any]


def asked(request: HttpRequest, *, pictures: Sequence[str] = ()) -> Asked | None:
    """What is to be taken out; None where the page is to be shown; Http404 for a format, or what can be no key, and for
    a key without a format. `pictures`: formats besides those of tables."""
    named, what = request.GET.get("format", ""), request.GET.get("what", "")
    if not (named or what):
        return None
    if named not in (*FORMS, *pictures) or not KEY.fullmatch(what):
        raise Http404("No such file.")
    return Asked(named, what)


def table_file(
    source: Source, out: Asked, tables: Mapping[str, dict[str, Any] | None], facts: Sequence[tuple[str, str]]
) -> HttpResponse:
    """The table that was asked for; Http404 where the page has none of that key."""
    table = tables.get(out.what)
    if table is None:
        raise Http404("No such table.")
    form = FORMS[out.format]
    held = printed(table, facts, source.definitions, values=form.of_values)
    return answer(source, out, form.write(held), form.media_type)


def study_fact(study: Study) -> tuple[str, str]:
    """Of which study, and whether anybody took part in it."""
    return "Study", f"{study.code}{', SIMULATED DATA' if study.simulated else ''}"


def printed(
    table: dict[str, Any], facts: Sequence[tuple[str, str]], defined: Mapping[str, Any], *, values: bool
) -> Printed:
    """A table of a page (the shape of `components/table.html`) as it is written to a file: in texts as they stand
    there, or with its numbers as `values` in columns of their own (`signals/cells.py`). A warning has its column."""
    warned = any(row.get("warning") for row in table["rows"])
    columns = table["columns"]
    labels = [label for column in columns for label in _fields(column, values=values)]
    numeric = [bool(column.get("numeric")) for column in columns for _ in _fields(column, values=values)]
    rows = []
    for row in table["rows"]:
        held = [
            value
            for column, cell in zip(columns, row["cells"], strict=True)
            for value in (cell["values"] if values and column.get("fields") else (str(cell["text"]),))
        ]
        rows.append((*held, *([row.get("warning") or ""] if warned else [])))
    if warned:
        labels, numeric = [*labels, WARNING], [*numeric, False]
    notes = [table["note"]] if table.get("note") else []
    notes += [] if table["rows"] else [table["empty"]]
    definitions = [(str(name), str(text)) for name, text in defined.items()]
    return Printed(
        title=table["caption"],
        columns=tuple(labels),
        numeric=tuple(numeric),
        rows=tuple(rows),
        notes=tuple(notes),
        facts=(*facts, *definitions),
    )


def _fields(column: dict[str, Any], *, values: bool) -> tuple[str, ...]:
    fields: tuple[str, ...] = column.get("fields", ())
    return fields if values and fields else (column["label"],)


def answer(source: Source, out: Asked, content: bytes, media_type: str) -> HttpResponse:
    """The file under a name of its words."""
    words = "-".join((*source.name, source.key, out.what))
    name = re.sub(r"[^A-Za-z0-9-]+", "-", words)[:100]
    return HttpResponse(
        content,
        content_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}.{out.format}"'},
    )
