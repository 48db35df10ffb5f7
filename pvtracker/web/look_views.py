"""Who looked: the access records of a study, for auditors, in either room with the records of that room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from pvtracker.accounts.roles import ROLES, Permission
from pvtracker.audit import looks as records
from pvtracker.audit.enums import AccessKind
from pvtracker.audit.models import AccessRecord
from pvtracker.audit.provenance import actor_in_words
from pvtracker.lib.csv_out import csv_bytes
from pvtracker.studies.access import AccessFilter, Narrowed, records_of
from pvtracker.studies.models import Study
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import actor_for

PER_PAGE = 50
MOST_EXPORTED = 100_000
# Objects that have a page of their own.
PAGES = {
    "report": "report",
    "screening run": "signal_run",
    "participants of a run": "signal_run",
    "term of a run": "signal_run",
    "boundary of a term": "signal_run",
    "code break": "code_break",
}
# Words of the record that say how somebody signed in, and which text was held, as people call them.
SAID = {
    "totp": "authenticator app", "webauthn": "passkey", "recovery_codes": "recovery code", "verbatim": "description",
}  # fmt: skip
HEADER = (
    "at (UTC)", "kind", "what", "who", "account or process", "role", "object", "object id", "why", "detail",
    "address", "request",
)  # fmt: skip


@require_safe
def looks(request: HttpRequest, code: str) -> HttpResponse:
    """The records in words, the latest first, narrowed as asked; `?format=csv` takes them out, which is recorded."""
    study = study_page(request, code, Permission.READ_AUDIT)
    form = AccessFilter(request.GET or None)
    found = records_of(study, Narrowed.of(form) if form.is_bound else Narrowed())
    if request.GET.get("format") == "csv":
        return _export(request, study, found[:MOST_EXPORTED])
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    chosen = request.GET.copy()
    chosen.pop("page", None)
    chosen["format"] = "csv"
    context = {
        "form": form,
        "page": page,
        "rows": [{"record": each, **_in_words(each, study)} for each in page],
        "csv": f"?{chosen.urlencode()}",
        "closed": settings.ROOM == "closed",
    }
    return render(request, "web/looks.html", context)


def _export(request: HttpRequest, study: Study, found: Any) -> HttpResponse:
    records.record(
        kind=AccessKind.EXPORT,
        by=actor_for(request.user, Permission.READ_AUDIT, study),
        study_id=study.id,
        object_kind="access records",
        reason="audit",
        detail=f"CSV, narrowed by {request.GET.urlencode()}",
        address=str(request.META.get("REMOTE_ADDR", "")),
    )
    return HttpResponse(
        csv_bytes(HEADER, _lines(found)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="who-looked.csv"'},
    )


def _lines(found: Any) -> Iterator[tuple[object, ...]]:
    for each in found.iterator(chunk_size=2_000):
        yield (
            f"{each.at:%Y-%m-%d %H:%M:%S}", each.kind, each.get_kind_display(), each.actor_name, each.actor,
            _role(each), each.object_kind, each.object_id, each.reason, each.detail, each.address, each.request_id,
        )  # fmt: skip


def _role(record: AccessRecord) -> str:
    return ROLES[record.role].label if record.role in ROLES else record.role


def _in_words(record: AccessRecord, study: Study) -> dict[str, str]:
    """Who did what, and where the object is to be seen."""
    role = _role(record)
    name = actor_in_words(record.actor_name)
    who = f"{name} ({role})" if role else name
    what = record.get_kind_display()
    thing = f": {record.object_kind.replace('_', ' ')}" if record.object_kind else ""
    detail = ", ".join(SAID.get(word, word) for word in record.detail.split(", "))
    return {"who": who, "what": f"{what}{thing}", "detail": detail, "url": _address(record, study)}


def _address(record: AccessRecord, study: Study) -> str:
    name = PAGES.get(record.object_kind)
    if name is None or not record.object_id or record.study_id != study.id:
        return ""
    try:
        return reverse(name, args=[study.code, record.object_id])
    except NoReverseMatch:
        return ""
