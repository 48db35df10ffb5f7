"""Closed room: the participants behind a number of the laboratory pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pvtracker.cuts import laboratory as rules
from pvtracker.cuts.unreadable import tells_unreadable
from pvtracker.lib.rounding import share
from pvtracker.signals import laboratory, liver_tables
from pvtracker.signals import liver as livers
from pvtracker.signals.laboratory_counted_tables import NOBODY, counted_table
from pvtracker.signals.laboratory_counts import NUMBER, QUADRANT, Count, asked_in, counted
from pvtracker.signals.laboratory_pages import Asked, as_facts, ask_for, facts_of, file_of, with_shared
from pvtracker.stats.liver import LIVER_TESTS

PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class Listed:
    """What is shown: places to be listed, of how many, and the table of some of them."""

    lab: laboratory.Laboratory
    analyte: str  # its name
    places: Sequence[int]
    of: int
    table: Callable[[Sequence[int]], dict[str, Any]]
    back: str
    page: str  # of the methods


@require_safe
@tells_unreadable
def laboratory_counted(request: HttpRequest, code: str) -> HttpResponse:
    """Who is behind a number, by what it counts; without any, who has a value of the first analyte."""
    count = asked_in(request.GET.dict())
    if count is None:
        raise Http404("No such number.")
    name = request.GET.get("analyte", "")
    of = "eDISH" if count.kind == QUADRANT else f"analyte {name[:40]}" if name else "the first analyte"
    what = f"participants counted, {of}, {count.words}, {count.arm[:80] or 'every arm'}"
    asked = ask_for(request, code, what, exact=True)
    if isinstance(asked, HttpResponse):
        return asked
    data = asked.load(*(LIVER_TESTS if count.kind == QUADRANT else [name] if name else []))
    try:
        found = _peaks(asked, data, count) if count.kind == QUADRANT else _values(asked, data, name, count)
    except KeyError as fault:
        raise Http404("No such arm in this cut.") from fault
    about = (
        ("Analyte", found.analyte),
        ("Counted", count.words),
        ("Arm", count.arm or "all of them"),
        ("Participants", share(len(found.places), found.of)),
    )
    file = file_of(request, asked, data, tables={"counted": found.table(found.places)}, about=about)
    if file:
        return file
    page = Paginator(found.places, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": f"{found.analyte}: {count.words}",
        "facts": [*as_facts(*about), *facts_of(asked, found.lab)],
        "page": page,
        "table": found.table(list(page)),
        "back": found.back,
        "methods": found.page,
    }
    return render(request, "signals/laboratory_counted.html", with_shared(asked, data, context))


def _values(asked: Asked, data: Any, name: str, count: Count) -> Listed:
    """By the values of an analyte; the first of the cut where none is named."""
    name = name or next((one.code for one in rules.analytes(data)), "")
    lab = asked.read(data, name)
    if not lab.analytes:
        raise Http404("No such analyte in this cut.")
    found = counted(lab, count, asked.with_texts(data, lab) if count.kind == NUMBER else None)
    analyte, url = lab.analytes[0], asked.participant(lab)
    caption = _caption(count)

    def table(places: Sequence[int]) -> dict[str, Any]:
        return counted_table(lab, found, count, among=places, caption=caption, url=url)

    page = "detected-by-week.md" if count.kind == NUMBER else "shift-table.md"
    return Listed(lab, analyte.name, found.participants, found.of, table, asked.analyte(name), page)


def _peaks(asked: Asked, data: Any, count: Count) -> Listed:
    """By the peaks of the liver tests."""
    lab = laboratory.without_values(data, analysis_arm=asked.chosen["analysis_arm"])
    found = livers.liver(data, lab)
    arm = lab.arms.names.index(count.arm) if count.arm in lab.arms.names else None
    if count.arm and arm is None:
        raise KeyError(count.arm)
    drawn = [
        place
        for place, row in enumerate(found.row)
        if found.peaks.quadrant[place] and arm in (None, int(lab.people["arm"].iloc[row]))
    ]
    inside = [place for place in drawn if found.peaks.quadrant[place] == count.quadrant]
    url = asked.participant(lab)
    caption = _caption(count)

    def table(places: Sequence[int]) -> dict[str, Any]:
        made = liver_tables.peaks_table(lab, found, url=url, every=True, among=places)
        return {**made, "caption": caption, "empty": NOBODY}

    places = liver_tables.by_height(found, inside)
    return Listed(lab, "Liver", places, len(drawn), table, asked.address("laboratory_edish"), "edish.md")


def _caption(count: Count) -> str:
    return f"Participants: {count.words}{f', {count.arm}' if count.arm else ''}"
