"""Free text on a page: isolated, so that it cannot turn the text around it, and marked where it tries."""

from __future__ import annotations

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from pvtracker.events.text import direction_marks


def shown(text: str) -> SafeString:
    """`text` for HTML, escaped, with a mark that names each character that turns the direction of writing."""
    if not text:
        return SafeString()
    marks = format_html_join(
        "",
        ' <span class="pv-badge pv-badge-warning" title="Turns the direction of writing">{}</span>',
        ((code,) for code in direction_marks(text)),
    )
    return format_html("<bdi>{}</bdi>{}", text, marks)
