"""Levels, selections, arms, periods and what methods flag by, in words."""

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
ARM_LABELS = {"actual": "Actual: treatment received", "planned": "Planned: as randomised"}
COLUMN_LABELS = {  # what a method's limit is held against
    "low": "the lower limit",
    "p": "p",
    "p_adjusted": "the adjusted p",
    "posterior": "the posterior probability",
}


def period_label(period: str) -> str:
    """A phase as it was delivered, its parts apart."""
    return period.replace("_", " ")
