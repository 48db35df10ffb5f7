"""The switch that hides inferential output: p-values, adjusted p, posterior probabilities, intervals and flags.

It is kept in the session, for every study, until it is turned back. What is hidden is not in the page, nor in a file
that is taken from it; counts and estimates stay.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from pvtracker.studies.inference import SESSION_KEY, is_shown

__all__ = ["HIDDEN", "is_shown", "show", "switch"]
HIDDEN = (
    "Inferential output is hidden, as you chose: no p-value, adjusted p, posterior probability, interval, flag or "
    "boundary is on this page or in its files. Counts and estimates stay; terms stand in the order of the difference."
)


def switch(shown: bool) -> dict[str, Any]:
    """What `signals/parts/inference.html` shows."""
    return {"inference": shown, "hidden_text": HIDDEN}


def show(request: HttpRequest, shown: bool) -> None:
    """Keep the choice for the rest of the session."""
    request.session[SESSION_KEY] = not shown
