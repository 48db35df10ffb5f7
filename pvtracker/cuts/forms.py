"""What a person states to freeze a cut."""

from __future__ import annotations

import datetime

from django import forms
from django.utils import timezone


class FreezeForm(forms.Form):
    date = forms.DateField(
        label="Cut-off date",
        input_formats=["%Y-%m-%d"],
        help_text="YYYY-MM-DD. What has an earliest possible date after it stays out of the cut.",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={
            "required": "A cut has a cut-off date. Enter one as YYYY-MM-DD.",
            "invalid": "This is not a day. Enter it as YYYY-MM-DD, for example 2026-03-31.",
        },
    )

    def clean_date(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["date"]
        if day > timezone.localdate():
            raise forms.ValidationError("The cut-off date lies in the future. Enter today or an earlier day.")
        return day
