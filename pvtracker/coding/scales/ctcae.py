"""The Common Terminology Criteria: general definitions of its grades."""

from __future__ import annotations

from pvtracker.coding.scales.ctcae_highest import HIGHEST_GRADE
from pvtracker.coding.scales.scale import Grade, Scale

CTCAE_5_0 = Scale(
    key="ctcae-5.0",
    name="CTCAE 5.0",
    source="National Cancer Institute, Common Terminology Criteria for Adverse Events (CTCAE) version 5.0, "
    "27 November 2017: general grade definitions (ADL: activities of daily living).",
    grades=(
        Grade(
            1,
            "Mild",
            "Asymptomatic or mild symptoms; clinical or diagnostic observations only; intervention not "
            "indicated.",
        ),
        Grade(
            2,
            "Moderate",
            "Minimal, local or noninvasive intervention indicated; limiting age-appropriate instrumental "
            "ADL.",
        ),
        Grade(
            3,
            "Severe",
            "Severe or medically significant but not immediately life-threatening; hospitalization or "
            "prolongation of hospitalization indicated; disabling; limiting self care ADL.",
        ),
        Grade(4, "Life-threatening", "Life-threatening consequences; urgent intervention indicated."),
        Grade(5, "Death", "Death related to the adverse event."),
    ),
    highest=HIGHEST_GRADE,
)
