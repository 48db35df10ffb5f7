"""The DAIDS table: general definitions, for what the table's parameters do not cover."""

from __future__ import annotations

from pvtracker.coding.scales.scale import Grade, Scale

DAIDS_2_1 = Scale(
    key="daids-2.1",
    name="DAIDS 2.1",
    source="Division of AIDS (DAIDS) Table for Grading the Severity of Adult and Pediatric Adverse Events, "
    "Corrected Version 2.1, July 2017: estimating severity grade for parameters not identified in the "
    "grading table; grade 5 as its instructions say.",
    grades=(
        Grade(
            1,
            "Mild",
            "Mild symptoms causing no or minimal interference with usual social & functional activities with "
            "intervention not indicated.",
        ),
        Grade(
            2,
            "Moderate",
            "Moderate symptoms causing greater than minimal interference with usual social & functional "
            "activities with intervention indicated.",
        ),
        Grade(
            3,
            "Severe",
            "Severe symptoms causing inability to perform usual social & functional activities with "
            "intervention or hospitalization indicated.",
        ),
        Grade(
            4,
            "Potentially life-threatening",
            "Potentially life-threatening symptoms causing inability to perform basic self-care functions "
            "with intervention indicated to prevent permanent impairment, persistent disability, or death.",
        ),
        Grade(5, "Death", "Any adverse event whose outcome is death."),
    ),
)
