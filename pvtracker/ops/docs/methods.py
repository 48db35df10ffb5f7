"""docs/reference/methods-index.md: the statistics of a screening run."""

from __future__ import annotations

from pvtracker.ops.docs.markdown import code, document, table
from pvtracker.ops.environment import ROOT
from pvtracker.signals.methods import METHODS  # a table of functions: imports no model


def page() -> str:
    """One line per method of `detect_signals`; the page of each must exist."""
    for method in METHODS.values():
        if not (ROOT / "docs" / "methods" / method.page).exists():
            raise FileNotFoundError(f"The method {method.key} has no page docs/methods/{method.page}.")
    rows = [
        (
            code(method.key),
            f"[{method.label}](../methods/{method.page})",
            method.version,
            "" if method.null_value is None else f"{method.null_value:g}",
            method.flagged_where(method.threshold),
            "yes" if method.default else "when named",
        )
        for method in METHODS.values()
    ]
    parts = [
        "The `method` of a result row of `detect_signals`. The version is raised when the same counts may give another "
        "number. A flag marks a row for a reader; it is no verdict.",
        table(("key", "method", "version", "no difference", "flag", "in a run"), rows),
    ]
    return document(title="Methods of a screening run", source="`pvtracker/signals/methods.py`", parts=parts)
