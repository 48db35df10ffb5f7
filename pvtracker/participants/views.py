"""The list of participants. A participant's own page shows events too and is in `events.participant_page`."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.participants import queries
from pvtracker.studies.pages import study_page

PER_PAGE = 100
COLUMNS = (
    ("code", "Participant", False),
    ("site", "Site", False),
    ("", "Status", False),
    ("", "Age", True),
    ("", "Sex", False),
    ("", "First exposure", False),
    ("events", "Events", True),
    ("serious", "Serious", True),
    ("queries", "Open queries", True),
)


@require_safe
def participants(request: HttpRequest, code: str) -> HttpResponse:
    """Everyone at the person's sites, searchable by code, with what asks for attention."""
    study = study_page(request, code, Permission.READ_PARTICIPANTS)
    text, site = (
        request.GET.get("q", "").replace("\0", "").strip(),
        request.GET.get("site", "").replace("\0", ""),
    )
    sort = request.GET.get("sort", "code")
    found = queries.listing(queries.participants_of(request.user, study), text=text, site=site, sort=sort)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    rows = [(row, queries.listed_status(row)) for row in page]
    return render(
        request,
        "participants/participants.html",
        {
            "page": page,
            "rows": rows,
            "columns": [_column(*column, sort=sort, text=text, site=site) for column in COLUMNS],
            "q": text,
            "site": site,
            "sort": sort,
            "sites": queries.sites_of(request.user, study),
        },
    )


def _column(
    name: str, label: str, numeric: bool, *, sort: str, text: str, site: str
) -> dict[str, str | bool]:
    """One head of the table; a sortable one links to its own order, and to the reverse when it is in
    force.
    """
    if not name:
        return {"label": label, "numeric": numeric}
    turned = f"-{name}" if sort == name or (numeric and sort != f"-{name}") else name
    query = urlencode({key: value for key, value in (("q", text), ("site", site), ("sort", turned)) if value})
    sorted_by = {name: "ascending", f"-{name}": "descending"}.get(sort, "")
    return {"label": label, "numeric": numeric, "sort_url": f"?{query}", "sorted": sorted_by}
