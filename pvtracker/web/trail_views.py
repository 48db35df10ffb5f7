"""History: who changed what, when and why, from the audit trail of this room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pvtracker.accounts.models import Account
from pvtracker.accounts.queries import has_system_permission
from pvtracker.accounts.roles import Permission
from pvtracker.audit import looks
from pvtracker.audit.enums import AccessKind
from pvtracker.lib.csv_out import csv_bytes
from pvtracker.studies.inference import is_shown
from pvtracker.studies.looking import look
from pvtracker.studies.pages import study_page
from pvtracker.web.review import KINDS, Finding, review
from pvtracker.web.telling import in_words
from pvtracker.web.trail import Entries, TrailFilter

PER_PAGE = 50
MOST_EXPORTED = 100_000
MOST_SHOWN, MOST_TOLD = 100, 6  # of one kind of finding; of one finding's changes
HEADER = (
    "entry", "link", "at (UTC)", "who", "account or process", "source", "file or form", "kind of record", "about",
    "key", "what was done", "changes", "reason", "request",
)  # fmt: skip


@require_safe
def trail(request: HttpRequest, code: str) -> HttpResponse:
    """The study's history, the latest first, narrowed as asked; `?format=csv` takes it out, which is recorded.

    In the closed room it may tell an arm, so each look is recorded with its purpose.
    """
    study = study_page(request, code, Permission.READ_AUDIT)
    exporting = request.GET.get("format") == "csv"
    kind = AccessKind.EXPORT if exporting else AccessKind.LOOK
    detail = request.GET.urlencode()[:300]
    ask = look(request, study, Permission.READ_AUDIT, object_kind="history", detail=detail, kind=kind)
    if ask is not None:
        return ask
    form = TrailFilter(request.GET or None)
    found = Entries.of(study.id, form.told())
    if exporting:
        return _csv(found, inference=is_shown(request))
    return _page(request, found, form, title="History")


@require_safe
def trail_review(request: HttpRequest, code: str) -> HttpResponse:
    """What a reviewer of the history looks at first; in the closed room a look with its purpose, as the history is."""
    study = study_page(request, code, Permission.READ_AUDIT)
    ask = look(request, study, Permission.READ_AUDIT, object_kind="history", detail="review")
    if ask is not None:
        return ask
    kinds = [
        {
            "key": kind,
            "title": KINDS[kind][0],
            "about": KINDS[kind][1],
            "count": len(found),
            "rows": [_told(finding, inference=is_shown(request)) for finding in found[:MOST_SHOWN]],
        }
        for kind, found in review(study.id).items()
    ]
    return render(request, "web/trail_review.html", {"kinds": kinds, "most": MOST_SHOWN})


def _told(finding: Finding, *, inference: bool) -> dict[str, Any]:
    """One finding in words, from its first entries; what follows is in the history."""
    told = in_words(finding.entries[:MOST_TOLD], inference=inference)
    entry, about, _ = told[0]
    sentences = [sentence for _, _, said in told for sentence in said]
    records = {(each.table, each.key) for each in finding.entries}
    return {
        "entry": entry,
        "about": about if finding.kind != "mass" else f"{len(records)} records",
        "until": finding.entries[-1].at,
        "sentences": sentences[:MOST_TOLD],
        "more": max(0, len(sentences) - MOST_TOLD),
        "event": entry.event if finding.kind != "mass" else None,
    }


@require_safe
def system_trail(request: HttpRequest) -> HttpResponse:
    """The history of accounts and of the installation, which belong to no study; for who manages accounts."""
    if not isinstance(request.user, Account) or not has_system_permission(
        request.user, Permission.MANAGE_ACCOUNTS
    ):
        raise Http404("No such page.")
    form = TrailFilter(request.GET or None, of_study=False)
    found = Entries.of_no_study(form.told())
    if request.GET.get("format") != "csv":
        return _page(request, found, form, title="History of accounts and settings")
    looks.record(
        kind=AccessKind.EXPORT,
        by=request.user.actor("system_administrator"),
        object_kind="history",
        detail=request.GET.urlencode()[:300] or "entries of no study",
        address=str(request.META.get("REMOTE_ADDR", "")),
    )
    return _csv(found)


def _page(request: HttpRequest, found: Entries, form: TrailFilter, *, title: str) -> HttpResponse:
    pages: Paginator[Any] = Paginator(found, PER_PAGE)  # type: ignore[arg-type]  # it counts and slices
    page = pages.get_page(request.GET.get("page"))
    chosen = request.GET.copy()
    chosen.pop("page", None)
    chosen["format"] = "csv"
    inference = is_shown(request)
    rows = in_words(page, inference=inference)
    narrowed = bool(request.GET.get("event") or request.GET.get("participant"))
    context = {
        "title": title,
        "form": form,
        "page": page,
        "rows": rows,
        "csv": f"?{chosen.urlencode()}",
        "narrowed": narrowed,
        "about": next((about for _, about, _ in rows if about), "") if narrowed else "",
        "closed": settings.ROOM == "closed",
        "inference": inference,
    }
    return render(request, "web/trail.html", context)


def _csv(found: Entries, *, inference: bool = True) -> HttpResponse:
    return HttpResponse(
        csv_bytes(HEADER, _lines(found, inference)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="history.csv"'},
    )


def _lines(found: Entries, inference: bool) -> Iterator[tuple[object, ...]]:
    for entry, about, sentences in in_words(found.read(limit=MOST_EXPORTED), inference=inference):
        yield (
            entry.id, entry.seq or "", f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.who, entry.actor, entry.origin,
            entry.source, entry.kind, about, entry.key, entry.done, "; ".join(sentences), entry.reason,
            entry.request_id,
        )  # fmt: skip
