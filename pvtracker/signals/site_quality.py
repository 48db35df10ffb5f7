"""What the sites' data is like, as the facts, tables and the picture that stand before the results of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pvtracker.cuts.sites import GAPS, LATE_DAYS, Site, Sites
from pvtracker.lib.rounding import share, shown
from pvtracker.signals.cells import (
    Cell,
    cell,
    column,
    estimate_cell,
    estimate_column,
    fixed_cell,
    p_cell,
    share_cell,
    share_column,
    text_column,
    words,
)

Table = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
ROW_HEIGHT = 20
NO_SITE = "No participant of the analysis set is at any site."
PICTURE = "Reporting of each site against all others"
NONE_TYPED = (
    "No event of this study was typed here: all were imported, and when they were entered is not known."
)
NOT_IN_CUT = "not in this cut"
LOOK = {"less": "reports less", "more": "reports more", "": ""}


def read(settings: Mapping[str, Any]) -> Sites | None:
    """What a run keeps of the sites; None of a run of an earlier version."""
    kept = settings.get("sites")
    return None if kept is None else Sites.read(kept)


def summary(settings: Mapping[str, Any], *, inferred: bool = True) -> list[dict[str, object]]:
    """All sites together, the first thing to read; [] of a run of an earlier version. Not `inferred`: without what a
    test says."""
    found = read(settings)
    if found is None:
        return []
    sites, events = found.sites, _total(found, lambda site: site.events)
    known, late = _total(found, lambda site: site.known_delay), _total(found, lambda site: site.late)
    pairs = [
        ("Sites with participants of the analysis set", str(len(sites))),
        *(
            [
                ("Reporting less than the others", _names(sites, "less")),
                ("Reporting more than the others", _names(sites, "more")),
            ]
            if inferred
            else []
        ),
        *((label, _gap(found, key, events)) for key, label in GAPS.items()),
        (
            f"Aware more than {LATE_DAYS} days after onset",
            f"{share(late, known)} of the events whose onset and awareness are whole days"
            if known
            else "not known",
        ),
        (f"Entered more than {LATE_DAYS} days after awareness", _entry(found)),
    ]
    return [{"label": label, "value": value} for label, value in pairs]


def reporting_table(found: Sites, *, inferred: bool = True) -> Table:
    """Events per year of each site against all others; not `inferred`: without limits, p and look."""
    columns = [
        text_column("Site"),
        *(column(label, label) for label in ("Participants", "Events", "Years", "Events per year")),
        estimate_column("Ratio", "ratio", limits=inferred),
    ]
    if inferred:
        columns += [column(label, label) for label in ("p, participants exchanged", "Adjusted p")]
        columns.append(text_column("Look"))
    rows = []
    for site in found.sites:
        cells = [
            words(site.site),
            _count(site.participants),
            _count(site.events),
            fixed_cell(site.years, 1),
            fixed_cell(site.rate, 2),
        ]
        if inferred:
            cells.append(estimate_cell(site.ratio, site.low, site.high, digits=2, limits=True))
            cells += [p_cell(site.p_permuted), p_cell(site.p_adjusted), words(LOOK[site.look])]
        else:
            cells.append(fixed_cell(site.ratio, 2))
        rows.append((cells, site.warning))
    note = (
        "All arms together; treatment-emergent events of the analysis set. Ratio: the site’s rate ÷ that of all "
        "others"
    )
    if not inferred:
        return _table("Events per year of follow-up, each site against all others", columns, rows, f"{note}.")
    spread = "" if found.dispersion is None else f" The dispersion is {shown(found.dispersion, 1)}."
    return _table(
        "Events per year of follow-up, each site against all others",
        columns,
        rows,
        f"{note}, exact limits for events that come one by one. Events of one participant cluster, so p exchanges "
        "whole participants between sites; adjusted over the sites (Benjamini–Hochberg), a look is asked for at 0.1."
        f"{spread}",
    )


def gaps_table(found: Sites) -> Table:
    """What is missing of the events of each site."""
    return _table(
        "What is missing, of the events of each site",
        [text_column("Site"), column("Events", "Events"), *(share_column(label) for label in GAPS.values())],
        [
            (
                [
                    words(site.site),
                    _count(site.events),
                    *(share_cell(site.gaps[key], site.events) for key in GAPS),
                ],
                "",
            )
            for site in found.sites
        ],
        "Relatedness: judged by the investigator, for any intervention.",
    )


def late_table(found: Sites) -> Table:
    """How many days after onset each site became aware."""
    late = f"More than {LATE_DAYS} days"
    return _table(
        "Days from onset to the site’s awareness",
        [
            text_column("Site"),
            share_column("Both days known"),
            *(column(label, f"{label}, days") for label in ("Median", "Three quarters within")),
            share_column(late),
        ],
        [
            (
                [
                    words(site.site),
                    share_cell(site.known_delay, site.events),
                    _count(site.median_delay),
                    _count(site.upper_delay),
                    share_cell(site.late, site.known_delay),
                ],
                "",
            )
            for site in found.sites
        ],
        "Of events whose onset and awareness are whole days.",
    )


def entry_table(found: Sites) -> Table | None:
    """How many days after awareness each site entered its events, of sites where any was typed here; None where the cut
    has no days of entry."""
    if any(site.typed is None for site in found.sites):
        return None
    typed = [site for site in found.sites if site.typed]
    other = "; ".join(site.site for site in found.sites if site.events and not site.typed)
    table = _table(
        "Days from the site’s awareness to entry",
        [
            text_column("Site"),
            *(share_column(label) for label in ("Typed here", "Awareness known")),
            *(column(label, f"{label}, days") for label in ("Median", "Three quarters within")),
            share_column(f"More than {LATE_DAYS} days"),
        ],
        [
            (
                [
                    words(site.site),
                    share_cell(site.typed or 0, site.events),
                    share_cell(site.entered, site.typed or 0),
                    _count(site.median_entry),
                    _count(site.upper_entry),
                    share_cell(site.late_entry, site.entered),
                ],
                "",
            )
            for site in typed
        ],
        "Of events that a person typed here, by the server’s clock, on the day at the site; imported events were "
        "entered somewhere else. Awareness is known where it is a whole day. The first entry counts, no later change."
        + (
            f" Imported alone, so that nothing is known of their entry: the events of {other}."
            if other
            else ""
        ),
    )
    return {**table, "empty": NONE_TYPED if other else "No event counts yet."}


def _count(number: int | float | None) -> Cell:
    """A whole number, or a dash."""
    return cell("–" if number is None else str(number), number)


def dot_plot(found: Sites) -> dict[str, Any]:
    """The ratios with their limits on a logarithmic scale, lowest first; a triangle where there is no limit."""
    sites = sorted(found.sites, key=lambda site: (site.ratio is None, site.ratio or 0.0, site.site))
    values = [
        {
            "site": site.site,
            "ratio": site.ratio or None,
            "low": site.low or None,
            "high": site.high,
            "events": f"{site.events} in {shown(site.years, 1)} years",
        }
        for site in sites
        if site.ratio is not None or site.high is not None
    ]
    names = [value["site"] for value in values]
    y = {
        "field": "site",
        "type": "nominal",
        "sort": names,
        "scale": {"domain": names},
        "title": None,
        "axis": {"labelLimit": 240},
    }
    x = {
        "type": "quantitative",
        "title": ["Rate of the site", "÷ rate of all others"],
        "scale": {"type": "log"},
    }
    tooltip = [{"field": "site", "title": "Site"}, {"field": "events", "title": "Events"}]
    return {
        "$schema": SCHEMA,
        "height": ROW_HEIGHT * len(values),
        "data": {"values": values},
        "layer": [
            {
                "data": {"values": [{"alike": 1}]},
                "mark": {"type": "rule", "strokeDash": [3, 3]},
                "encoding": {"x": {"field": "alike", **x}},
            },
            {
                "transform": [{"filter": "isValid(datum.low) && isValid(datum.high)"}],
                "mark": "rule",
                "encoding": {"y": y, "x": {"field": "low", **x}, "x2": {"field": "high"}},
            },
            {
                "transform": [{"filter": "!isValid(datum.low) && isValid(datum.high)"}],
                "mark": {"type": "point", "shape": "triangle-left", "size": 60},
                "encoding": {"y": y, "x": {"field": "high", **x}, "tooltip": tooltip},
            },
            {
                "transform": [{"filter": "isValid(datum.ratio)"}],
                "mark": {"type": "point", "filled": True, "size": 50},
                "encoding": {"y": y, "x": {"field": "ratio", **x}, "tooltip": tooltip},
            },
        ],
    }


def _table(
    caption: str, columns: list[dict[str, Any]], rows: Sequence[tuple[list[Cell], str]], note: str
) -> Table:
    return {
        "caption": caption,
        "columns": columns,
        "rows": [{"cells": cells, "warning": warning} for cells, warning in rows],
        "note": note,
        "empty": NO_SITE,
    }


def _names(sites: Sequence[Site], look: str) -> str:
    return ", ".join(site.site for site in sites if site.look == look) or "none beyond chance"


def _gap(found: Sites, key: str, events: int) -> str:
    return share(_total(found, lambda site: site.gaps[key]), events)


def _entry(found: Sites) -> str:
    """Of the events that were typed; what is missing, in words."""
    if any(site.typed is None for site in found.sites):
        return NOT_IN_CUT
    if _total(found, lambda site: site.events) and not _total(found, lambda site: site.typed or 0):
        return NONE_TYPED
    entered = _total(found, lambda site: site.entered)
    return share(_total(found, lambda site: site.late_entry), entered) if entered else "not known"


def _total(found: Sites, of: Callable[[Site], int]) -> int:
    return sum(of(site) for site in found.sites)
