"""When two spellings are one term: a dictionary, a plan and a query may differ in capitals and spaces."""

from __future__ import annotations


def folded(term: str) -> str:
    """What is compared of a term's name."""
    return " ".join(term.split()).casefold()
