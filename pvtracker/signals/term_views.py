"""Closed room: one term of a run, its curves and events; and the switch that hides inferential output."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.cuts import derive
from pvtracker.cuts.unreadable import tells_unreadable
from pvtracker.signals import (
    actions,
    boundary_standing,
    inference,
    queries,
    tables,
    taking_out,
    term_rates,
    term_tables,
    tree_map,
)
from pvtracker.signals.models import Result
from pvtracker.signals.numerators import Emergent, counted
from pvtracker.signals.sentences import said_of
from pvtracker.signals.term_pictures import pictures_of
from pvtracker.signals.times import RULES
from pvtracker.studies.pages import study_page

WITHIN = "Preferred terms of this organ class"
MOST_EVENTS = 200  # shown; a file has them all


@require_safe
@tells_unreadable
def signal_term(request: HttpRequest, code: str, row_id: int) -> HttpResponse:
    """What a run says of one term: in words, by every method, over time, and event by event."""
    study = study_page(request, code, Permission.READ_SIGNALS)
    row = queries.over_all(queries.row_for(study, row_id))
    ask = taking_out.looked(
        request,
        study,
        object_kind="term of a run",
        object_id=str(row.run_id),
        detail=f"{tables.about(row)}, {row.term}, {row.arm}",
    )
    if ask:
        return ask
    shown = inference.is_shown(request)
    of = actions.emergent_of(row.run)
    by_method, by_arm = queries.of_term(row), queries.same_term(row)
    parts = pictures_of(of, row, inference=shown)
    rates = term_rates.rates_of(of, row, inference=shown)
    happened = counted(of, level=row.level, selection=row.selection, term=row.term)
    events = tables.participants_table(happened, row)
    within = _within(of, row)
    found: dict[str, Any] = {
        "counts": term_tables.counts_table(by_arm),
        "methods": term_tables.methods_table(queries.by_part(by_method, row.run), inference=shown),
        "events": events,
    }
    file = taking_out.file_of(
        request,
        row.run,
        tables=found
        | {part["key"]: part["table"] for part in (*parts, *rates)}
        | ({"within": within["table"]} if within else {}),
        pictures={part["key"]: (part["title"], part["spec"]) for part in parts}
        | ({"within": (WITHIN, tree_map.as_svg(within))} if within else {}),
        about=[("Term", f"{row.term} ({tables.about(row)})"), ("Arm", f"{row.arm} against {row.reference}")],
    )
    if file:
        return file
    chosen = {name: getattr(row, name) for name in ("level", "selection", "arm", "method")}
    context = {
        **found,
        "run": row.run,
        "row": row,
        "about": tables.about(row),
        "others": [
            {"arm": other.arm, "url": tables.term_url(other)} for other in by_arm if other.arm != row.arm
        ],
        "sentences": said_of(by_method, terms=_compared(row), inference=shown),
        "events": {**events, "rows": events["rows"][:MOST_EVENTS]},
        "more_events": len(happened) if len(happened) > MOST_EVENTS else 0,
        "parts": parts,
        "rates": rates,
        "within": within,
        "within_title": WITHIN,
        "rules": RULES,
        "left_out": parts[0]["left_out"],
        "boundary": boundary_standing.standing_of(row) if shown else None,
        "inference": shown,
        "hidden_text": inference.HIDDEN,
        "facts": tables.run_facts(row.run, inference=shown),
        "definitions": tables.definitions_of(row.run, inference=shown),
        "back": f"{reverse('signal_run', args=[study.code, row.run_id])}?{urlencode(chosen)}",
    }
    return render(request, "signals/term.html", context)


@require_POST
def signals_inference(request: HttpRequest, code: str) -> HttpResponse:
    """Hide or show inferential output from here on, and go back to the page."""
    study = study_page(request, code, Permission.READ_SIGNALS)
    inference.show(request, request.POST.get("shown") != "no")
    back = request.POST.get("next", "")
    if back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return redirect(back)
    return redirect("signals", study.code)


def _within(of: Emergent, row: Result) -> dict[str, Any] | None:
    """The preferred terms of an organ class as a tree map; None at other levels."""
    if row.level != "SOC":
        return None
    classes = derive.body_systems(of.events)
    return tree_map.tree_map(queries.within(row, (t for t, name in classes.items() if name == row.term)))


def _compared(row: Result) -> int:
    """How many terms of its level and selection the run compared."""
    return int(row.run.settings.get("terms", {}).get(f"{row.level} {row.selection}", 1))
