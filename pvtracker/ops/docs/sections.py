"""docs/reference/report-sections.md: what a report contains."""

from __future__ import annotations

import sys

from pvtracker.ops.docs.markdown import code, document, table
from pvtracker.reports.sections import SECTIONS


def page() -> str:
    """The sections in printed order, each in the words of its own file."""
    rows = []
    for entry in SECTIONS:
        module = sys.modules[entry.build.__module__]
        text = (module.__doc__ or "").strip().split("\n\n")[0]
        name = entry.build.__module__.rpartition(".")[2]
        rows.append((code(name), "closed" if entry.closed_only else "open and closed", text))
    parts = [
        "The web page and the PDF show the same sections. In an open report everything is pooled; in a closed one it "
        "is by arm.",
        table(("section", "report", "what it says"), rows),
    ]
    return document(title="Sections of a report", source="`pvtracker/reports/sections`", parts=parts)
