"""Whether a person of the closed room sees inferential output: a choice of their session, for every study.

The switch and what it hides are `signals/inference.py`; what lies above or beside signals asks here.
"""

from __future__ import annotations

from django.http import HttpRequest

SESSION_KEY = "inference_hidden"


def is_shown(request: HttpRequest) -> bool:
    """Whether this person sees inferential output."""
    return not request.session.get(SESSION_KEY, False)
