"""Levels, selections and periods in words."""

from __future__ import annotations

SELECTION_LABELS = {
    "all": "All",
    "serious": "Serious",
    "criterion": "With a seriousness criterion",
    "grade3plus": "Grade 3 or more",
    "related": "Related",
}
LEVEL_LABELS = {
    "PT": "Preferred term",
    "HLT": "High level term",
    "HLGT": "High level group term",
    "SOC": "Organ class",
    "query": "Query",
}


def period_label(period: str) -> str:
    """A phase as it was delivered, its parts apart."""
    return period.replace("_", " ")
