"""What the chair fills in."""

from __future__ import annotations

from typing import Any

from django import forms

from pvtracker.board.models import RecommendationKind
from pvtracker.reports.models import ReportRecord

TEXT_LIMIT = 20_000


class RecommendationForm(forms.Form):
    """A recommendation on one report."""

    use_required_attribute = False
    report = forms.ChoiceField(
        label="On which report", error_messages={"required": "Choose the report that the board read."}
    )
    kind = forms.ChoiceField(
        label="The board recommends to",
        choices=RecommendationKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what the board recommends."},
    )
    text = forms.CharField(
        label="In words",
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": "Write what the board recommends, and why."},
    )

    def __init__(self, *args: Any, reports: list[ReportRecord], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reports = {str(report.id): report for report in reports}
        field = self.fields["report"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [
            (key, f"{report.cut.date} by {report.analysis_arm} arm, PDF {report.pdf_sha256[:12]}")
            for key, report in self.reports.items()
        ]


class AmendForm(RecommendationForm):
    """Another wording or kind, with the reason; the report stays."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = forms.CharField(
        label="Why is it changed?",
        max_length=500,
        error_messages={"required": "The reason is missing. Say in a few words why it is changed."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, reports=[], **kwargs)
        del self.fields["report"]
