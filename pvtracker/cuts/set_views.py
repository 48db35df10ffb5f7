"""Open room: the sizes of the analysis sets of a cut, all participants together. No arm is known here."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.audit.enums import AccessKind
from pvtracker.cuts import queries, set_tables
from pvtracker.cuts.derive import definitions
from pvtracker.cuts.open import load_cut
from pvtracker.cuts.sets import DATASETS, AnalysisSets, sets_of
from pvtracker.cuts.unreadable import tells_unreadable
from pvtracker.studies.files import Source, asked, study_fact, table_file
from pvtracker.studies.looking import look
from pvtracker.studies.models import Study
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import has_permission, sites_for

OPEN = "OPEN: all participants together, no arm is known here"


@require_safe
@tells_unreadable
def analysis_sets(request: HttpRequest, code: str) -> HttpResponse:
    """Sizes and reasons for everybody who reads the reports; who is left out, for those who may see participants, of
    the sites that they see."""
    study = study_page(request, code, Permission.READ_OPEN_REPORTS)
    cut, out = queries.latest_cut(study), asked(request)
    if cut is None:
        return render(request, "cuts/sets.html", {"cut": None})
    if out:
        look(
            request,
            study,
            Permission.READ_OPEN_REPORTS,
            object_kind="analysis sets",
            object_id=str(cut.id),
            detail=f"{out.format.upper()} of {out.what}",
            kind=AccessKind.EXPORT,
        )
    data = load_cut(cut, only=DATASETS)
    found, said = sets_of(data), definitions(data)
    if out:
        facts = [
            study_fact(study),
            ("Room", OPEN),
            ("Cut-off date", str(cut.date)),
            ("Cut sha256", cut.sha256),
        ]
        source = Source(cut.id.hex[:12], (study.code, str(cut.date)), tuple(facts), said)
        return table_file(source, out, _tables(request, study, found), facts)
    tables = _tables(request, study, found, most=set_tables.MOST_SHOWN)
    context = {
        "cut": cut,
        "definitions": {name: said[name] for name in ("analysis set", "first exposure")},
        **tables,
    }
    return render(request, "cuts/sets.html", context)


def _tables(
    request: HttpRequest, study: Study, found: AnalysisSets, *, most: int | None = None
) -> dict[str, set_tables.Table | None]:
    people = None
    if has_permission(request.user, Permission.READ_PARTICIPANTS, study=study):
        at = set(sites_for(request.user, Permission.READ_PARTICIPANTS, study).values_list("code", flat=True))
        people = set_tables.people_table(found, at=at, most=most)
    return {
        "sizes": set_tables.sizes_table(found),
        "reasons": set_tables.reasons_table(found),
        "people": people,
    }
