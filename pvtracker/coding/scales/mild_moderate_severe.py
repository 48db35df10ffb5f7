"""Three steps without laboratory thresholds: mild, moderate, severe."""

from __future__ import annotations

from pvtracker.coding.scales.scale import Grade, Scale

MILD_MODERATE_SEVERE = Scale(
    key="mild-moderate-severe",
    name="Mild, moderate, severe",
    source="CDISC controlled terminology AESEV (codelist C66769); definitions as in ICH E2A practice. "
    "Intensity only: serious is judged apart.",
    grades=(
        Grade(1, "Mild", "Noticed by the participant but easily tolerated; usual activities go on."),
        Grade(2, "Moderate", "Discomfort enough to interfere with usual activities."),
        Grade(3, "Severe", "Incapacitating; work or usual activities are not possible."),
    ),
)
