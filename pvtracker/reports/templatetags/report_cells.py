"""Template tags that show a frozen report on a web page, from the same `show` that the PDF is set from."""

from __future__ import annotations

from typing import Any

from django import template

from pvtracker.reports import charts
from pvtracker.reports.blocks import Report
from pvtracker.reports.fonts import breakable
from pvtracker.reports.shown import ShownFigure, ShownReport, show

register = template.Library()


@register.simple_tag
def shown_report(report: Report) -> ShownReport:
    """The report as shown: numbered, every cell as text. Raises where the report may not be shown."""
    return show(report)


@register.filter
def chart_spec(figure: ShownFigure) -> dict[str, Any]:
    """The figure's chart as the browser draws it, in the light theme; for `json_script`."""
    return charts.styled(figure.spec)


@register.simple_tag
def chart_themes() -> dict[str, dict[str, Any]]:
    """Chart configuration by theme, so that a page in dark draws with dark's colours; for `json_script`."""
    return {"light": charts.config("light"), "dark": charts.config("dark")}


@register.filter
def wraps(text: str) -> str:
    """Text whose overlong words may be broken, for narrow cells."""
    return breakable(text)
