"""The pictures of a run’s page with their tables: estimates of the terms given, and the volcano of the whole level."""

from __future__ import annotations

from typing import Any

from pvtracker.signals import charts, queries, tables
from pvtracker.signals.methods import METHODS
from pvtracker.signals.models import Result, Run

MOST_POINTS = 500  # of a volcano


def pictures(
    run: Run, chosen: dict[str, str], shown: list[Result], *, inferred: bool, most: int | None = MOST_POINTS
) -> dict[str, Any]:
    """The specifications: dot plot of the rows shown, volcano of the `most` terms with the strongest evidence (None:
    all); without inference no volcano."""
    if not shown:
        return {}
    if not inferred and METHODS[chosen["method"]].null_value is None:
        return {}
    if not inferred:
        return {
            "dot_plot": charts.dot_plot(shown, limits=False),
            "dot_plot_title": "Estimates",
            "dot_plot_table": tables.results_table(shown, chosen, inference=False),
        }
    where: dict[str, Any] = {key: chosen[key] for key in ("level", "selection", "arm")}
    differences = {r.term: r for r in queries.results(run, **where, method="rd_mn")}
    test = chosen["method"] if METHODS[chosen["method"]].threshold.column == "p" else "fisher"
    tested = queries.results(run, **where, method=test)[:most]
    plotted = (
        shown
        if METHODS[chosen["method"]].null_value is not None
        else [differences[r.term] for r in shown if r.term in differences]
    )
    if not plotted:
        return {}
    points = [differences[r.term] for r in tested if r.term in differences]
    return {
        "dot_plot": charts.dot_plot(plotted),
        "dot_plot_title": _title(chosen["method"], plotted[0].method),
        "dot_plot_table": tables.results_table(plotted, {**chosen, "method": plotted[0].method}),
        "volcano": charts.volcano(points, {r.term: r.p for r in tested}),
        "volcano_table": tables.volcano_table(points, {r.term: r.p for r in tested}, METHODS[test].label),
        "left_out": len(differences) - len(points),
    }


def _title(chosen: str, drawn: str) -> str:
    """Whose estimates are drawn, where they are not those of the method that was chosen."""
    if chosen == drawn:
        return "Estimates with 95 % intervals"
    return (
        f"{METHODS[drawn].label} with 95 % intervals, for {METHODS[chosen].label} estimates nothing to draw"
    )
