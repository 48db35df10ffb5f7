"""Invented values for the live page of components (`templates/web/components.html`); no record of any study.

The page is the reference that docs/reference/ui.md points to, and what is measured for accessibility.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.paginator import Page, Paginator

TERMS = (
    ("10028411", "Myalgia", "Musculoskeletal and connective tissue disorders"),
    ("10028836", "Neck pain", "Musculoskeletal and connective tissue disorders"),
    ("10028813", "Nausea", "Gastrointestinal disorders"),
    ("10028911", "Neutrophil count decreased", "Investigations"),
    ("10029354", "Neutropenia", "Blood and lymphatic system disorders"),
)
CRITERIA = (
    ("death", "Results in death"),
    ("life", "Is life-threatening"),
    ("hospital", "Requires or prolongs hospitalisation"),
    ("disability", "Persistent or significant disability"),
)
GRADES = (
    ("1", "1 mild"),
    ("2", "2 moderate"),
    ("3", "3 severe"),
    ("4", "4 potentially life-threatening"),
    ("5", "5 death"),
)


class SampleForm(forms.Form):
    """Every kind of field once."""

    verbatim = forms.CharField(
        label="Event in your own words",
        help_text="As you would write it in the file.",
        error_messages={"required": "An event needs words. Write what happened, as you would in the file."},
    )
    term = forms.CharField(widget=forms.HiddenInput, required=False)
    site = forms.ChoiceField(
        label="Site", choices=[("", "Choose …"), ("01", "01"), ("02", "02")], required=False
    )
    onset = forms.CharField(
        label="Onset",
        required=False,
        help_text="What is known: 2026, 2026-03, 2026-03-05 or 2026-03-05T10:30.",
    )
    onset_unknown = forms.BooleanField(label="unknown", required=False)
    end = forms.CharField(label="End", required=False, help_text="What is known, as for the onset.")
    end_unknown = forms.BooleanField(label="unknown", required=False)
    ongoing = forms.BooleanField(label="ongoing", required=False)
    year = forms.CharField(label="Year", required=False, max_length=4)
    month = forms.CharField(label="Month", required=False, max_length=2)
    day = forms.CharField(label="Day", required=False, max_length=2)
    grade = forms.ChoiceField(
        label="Severity (worst)",
        choices=GRADES,
        widget=forms.RadioSelect,
        help_text="DAIDS 2.1",
        error_messages={"required": "An event needs a grade. Choose the worst grade that it reached."},
    )
    criteria = forms.MultipleChoiceField(
        label="Seriousness criteria",
        choices=CRITERIA,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="All that apply; none means not serious.",
    )
    related = forms.ChoiceField(
        label="Related to apheresis",
        choices=[("y", "yes"), ("n", "no")],
        widget=forms.RadioSelect,
        required=False,
    )
    narrative = forms.CharField(label="Narrative", widget=forms.Textarea(attrs={"rows": 4}), required=False)
    confirm = forms.BooleanField(label="I have seen the participant's file", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("end") and cleaned.get("ongoing"):
            self.add_error("end", "An ongoing event has no end. Clear the end date, or untick “ongoing”.")
        return cleaned


class SampleSignIn(forms.Form):
    username = forms.CharField(label="User name", widget=forms.TextInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(
        label="Password", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    current: bool = False
    count: int | None = None


def _cells(*texts: str, level: int = 0) -> list[dict[str, Any]]:
    first, *rest = texts
    return [{"text": first, "level": level}, *({"text": text, "numeric": True} for text in rest)]


def _table() -> dict[str, Any]:
    columns = [
        {"label": "Organ class and term"},
        {"label": "Participants n/N (%)", "numeric": True, "sort_url": "?sort=n", "sorted": "descending"},
        {"label": "Events", "numeric": True, "sort_url": "?sort=events"},
        {"label": "Per 100 person-years", "numeric": True},
    ]
    rows = [
        {
            "cells": _cells("Blood and lymphatic system disorders", "11/74 (14.9%)", "14", "11.62"),
            "strong": True,
        },
        {"cells": _cells("Anaemia", "7/74 (9.5%)", "8", "6.64", level=1)},
        {
            "cells": _cells("Neutropenia", "4/74 (5.4%)", "6", "4.98", level=1),
            "warning": "Two onsets are known to the year only; counted by their earliest possible day.",
        },
        {"cells": _cells("Gastrointestinal disorders", "23/74 (31.1%)", "41", "34.03"), "strong": True},
        {"cells": _cells("Nausea", "19/74 (25.7%)", "30", "24.90", level=1)},
        {"cells": _cells("Any event", "61/74 (82.4%)", "214", "177.64"), "total": True},
    ]
    return {
        "caption": "Treatment-emergent adverse events, pooled",
        "columns": columns,
        "rows": rows,
        "note": "N: participants with at least one exposure. Sample values.",
    }


def _chart() -> dict[str, Any]:
    weeks = (0, 8, 16, 24, 32, 40, 48, 60, 72, 84, 100)
    counts = {"02-003": (512, 498, 530, 505, 421, 388, 402, 371, 365, 350, 344),
              "01-014": (634, 641, 602, 655, 583, 540, 551, 512, 498, 503, 487)}  # fmt: skip
    values = [
        {"participant": code, "week": week, "cd4": count}
        for code, series in counts.items()
        for week, count in zip(weeks, series, strict=True)
    ]
    participant = {
        "field": "participant",
        "type": "nominal",
        "title": "Participant",
        "legend": {"symbolType": "stroke", "symbolSize": 400},
    }
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": "CD4 count of two sample participants over 100 weeks; both fall after week 24.",
        "height": 200,
        "data": {"values": values},
        "mark": {"type": "line", "point": {"size": 50, "filled": True}, "tooltip": True},
        "encoding": {
            "x": {"field": "week", "type": "quantitative", "title": "Week"},
            "y": {"field": "cd4", "type": "quantitative", "title": "CD4 (cells/µL)"},
            "color": participant,
            "strokeDash": participant,
        },
    }
    table = {
        "caption": "CD4 count (cells/µL) by week",
        "columns": [
            {"label": "Participant"},
            *({"label": f"week {week}", "numeric": True} for week in weeks),
        ],
        "rows": [
            {"cells": _cells(code, *(str(count) for count in series))} for code, series in counts.items()
        ],
    }
    return {"spec": spec, "table": table}


def _history() -> list[dict[str, Any]]:
    return [
        {
            "number": 2,
            "when": datetime(2026, 3, 9, 14, 3, tzinfo=UTC),
            "who": "clinician-02",
            "reason": "Discharge letter received",
            "changes": [
                {"label": "End", "before": "", "after": "2026-03-08"},
                {"label": "Outcome", "before": "recovering", "after": "recovered"},
            ],
        },
        {
            "number": 1,
            "when": datetime(2026, 3, 6, 9, 41, tzinfo=UTC),
            "who": "clinician-02",
            "reason": "",
            "changes": [],
        },
    ]


def _page() -> Page[int]:
    return Paginator(range(1, 215), 50).page(2)


def samples() -> dict[str, Any]:
    """The context of the live page: one sample of everything that the includes need."""
    broken = SampleForm({"bad-end": "2026-03-08", "bad-ongoing": "on", "bad-verbatim": ""}, prefix="bad")
    return {
        "form": SampleForm(prefix="ok"),
        "broken_form": broken,
        "sign_in_form": SampleSignIn(prefix="sign"),
        "crumbs": [
            {"label": "Participants", "url": "#"},
            {"label": "02-003", "url": "#"},
            {"label": "Adverse event 4"},
        ],
        "header_actions": [
            {"label": "Print", "url": "#", "icon": "printer"},
            {"label": "Amend", "url": "#", "icon": "pencil", "kind": "primary"},
        ],
        "states": ["draft", "submitted", "queried", "reviewed", "signed", "locked", "voided"],
        "job_states": ["queued", "running", "done", "failed", "dead"],
        "grades": [1, 2, 3, 4, 5],
        "table": _table(),
        "empty_table": {
            "caption": "Deaths",
            "columns": [],
            "rows": [],
            "empty": "No death was reported up to the cut-off date.",
        },
        "facts": [
            {"label": "Participant", "value": "02-003", "url": "#"},
            {"label": "Onset", "value": "2026-03"},
            {"label": "Phase", "value": "mobilisation"},
            {"label": "Outcome", "value": "recovered"},
        ],
        "tabs": [
            Link("Overview", "#", True),
            Link("Adverse events", "#", count=7),
            Link("Laboratory", "#", count=212),
        ],
        "page": _page(),
        "history": _history(),
        "chart": _chart(),
        "draft_saved_at": datetime(2026, 3, 9, 14, 3, tzinfo=UTC),
    }
