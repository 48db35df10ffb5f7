"""Tables and pictures of the signal pages as files: `?format=csv&what=results` of the page's own address.

The file holds what the page would show to this person: inference that is hidden there is not in it. Taking out is
recorded as an export before anything is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from pvtracker.accounts.roles import Permission
from pvtracker.audit.enums import AccessKind
from pvtracker.lib.drawing import draw
from pvtracker.signals.inference import HIDDEN, is_shown
from pvtracker.signals.labels import ARM_LABELS
from pvtracker.signals.models import Run
from pvtracker.signals.tables import definitions_of, plan_facts
from pvtracker.studies import files
from pvtracker.studies.files import Asked, Source, answer, printed, study_fact, table_file
from pvtracker.studies.looking import look
from pvtracker.studies.models import Study

__all__ = ["SVG", "Asked", "Source", "asked", "file_of", "looked", "of_run", "printed", "room_facts"]

SVG = "svg"
# How a picture is drawn: a Vega-Lite specification, or a function of title and lines; None where there is none.
Drawing = dict[str, Any] | Callable[[str, list[str]], bytes] | None


def asked(request: HttpRequest) -> Asked | None:
    """What is to be taken out of a page of tables and pictures; None where the page is to be shown."""
    return files.asked(request, pictures=(SVG,))


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
            *((label, str(value)) for label, value in plan_facts(run)),
        ),
        definitions_of(run, inference=inference),
    )


def room_facts(study: Study) -> list[tuple[str, str]]:
    """What every file of the closed room says first."""
    return [
        study_fact(study),
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
        return answer(source, out, drawn, "image/svg+xml")
    return table_file(source, out, tables, facts)
