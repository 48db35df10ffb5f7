"""Tables and pictures of the signal pages as files: `?format=csv&what=results` of the page's own address.

The file holds what the page would show to this person: inference that is hidden there is not in it. Taking out is
recorded as an export before anything is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from pvtracker.accounts.roles import Permission
from pvtracker.audit.enums import AccessKind
from pvtracker.formats.printed import FORMS, Printed
from pvtracker.lib.drawing import draw
from pvtracker.signals.inference import HIDDEN, is_shown
from pvtracker.signals.labels import ARM_LABELS
from pvtracker.signals.models import Run
from pvtracker.signals.tables import definitions_of
from pvtracker.studies.looking import look
from pvtracker.studies.models import Study

SVG = "svg"
KEY = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)
# How a picture is drawn: a Vega-Lite specification, or a function of title and lines; None where there is none.
Drawing = dict[str, Any] | Callable[[str, list[str]], bytes] | None
WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class Asked:
    """A format, and the key of a table or picture of the page."""

    format: str
    what: str


def asked(request: HttpRequest) -> Asked | None:
    """What is to be taken out; None where the page is to be shown; Http404 for a format, or what can be no key, and for
    a key without a format."""
    named, what = request.GET.get("format", ""), request.GET.get("what", "")
    if not (named or what):
        return None
    if named not in (*FORMS, SVG) or not KEY.fullmatch(what):
        raise Http404("No such file.")
    return Asked(named, what)


def looked(
    request: HttpRequest, study: Study, *, object_kind: str, object_id: str = "", detail: str = ""
) -> HttpResponse | None:
    """Record the look, or that something is taken out; what `look` returns."""
    out = asked(request)
    said = detail if out is None else f"{out.format.upper()} of {out.what}; {detail}"
    return look(
        request,
        study,
        Permission.READ_SIGNALS,
        object_kind=object_kind,
        object_id=object_id,
        detail=said[:300],
        kind=AccessKind.LOOK if out is None else AccessKind.EXPORT,
    )


@dataclass(frozen=True, slots=True)
class Source:
    """What a file is made from: `key` and the words of its name, what it says that it rests on, the definitions."""

    key: str
    name: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    definitions: Mapping[str, Any]


def of_run(run: Run, *, inference: bool) -> Source:
    """A run."""
    return Source(
        run.id.hex[:8],
        (run.study.code, "closed", str(run.cut.date)),
        (
            *room_facts(run.study),
            ("Run", str(run.id)),
            ("Cut-off date", str(run.cut.date)),
            ("Cut sha256", run.cut.sha256),
            ("Result sha256", run.sha256),
            ("Analysis arm", ARM_LABELS.get(run.analysis_arm, run.analysis_arm)),
            ("Code version", run.code_version),
        ),
        definitions_of(run, inference=inference),
    )


def room_facts(study: Study) -> list[tuple[str, str]]:
    """What every file of the closed room says first."""
    return [
        ("Study", f"{study.code}{', SIMULATED DATA' if study.simulated else ''}"),
        ("Room", "CLOSED: data by arm, for unblinded readers only"),
    ]


def file_of(
    request: HttpRequest,
    of: Run | Source,
    *,
    tables: Mapping[str, dict[str, Any] | None],
    pictures: Mapping[str, tuple[str, Drawing]] | None = None,
    about: Sequence[tuple[str, str]] = (),
) -> HttpResponse | None:
    """The file that was asked for; None where none was; Http404 where the page has no such table or picture.

    `pictures`: title and drawing. `about`: what the rows are of, besides the run.
    """
    out = asked(request)
    if out is None:
        return None
    shown = is_shown(request)
    source = of_run(of, inference=shown) if isinstance(of, Run) else of
    facts = [*about, *source.facts]
    if not shown:
        facts.append(("Inference", HIDDEN))
    if out.format == SVG:
        title, drawing = (pictures or {}).get(out.what, ("", None))
        if not drawing:
            raise Http404("No such picture.")
        lines = [f"{label}: {value}" for label, value in facts if len(value) <= 100]
        drawn = drawing(title, lines) if callable(drawing) else draw(drawing, title=title, lines=lines)
        return _answer(source, out, drawn, "image/svg+xml")
    table = tables.get(out.what)
    if table is None:
        raise Http404("No such table.")
    form = FORMS[out.format]
    held = printed(table, facts, source.definitions, values=form.of_values)
    return _answer(source, out, form.write(held), form.media_type)


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


def _answer(source: Source, out: Asked, content: bytes, media_type: str) -> HttpResponse:
    words = "-".join((*source.name, source.key, out.what))
    name = re.sub(r"[^A-Za-z0-9-]+", "-", words)[:100]
    return HttpResponse(
        content,
        content_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}.{out.format}"'},
    )
