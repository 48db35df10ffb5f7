"""Why somebody looks at data by arm, asked once per session and study, and the record of each look.

A page that shows such data, and a page or file that takes data out, calls `look` before it reads them. In the open room
nothing is by arm; there only what is taken out is recorded.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pvtracker.accounts.roles import Permission
from pvtracker.audit import looks
from pvtracker.audit.enums import AccessKind
from pvtracker.studies.models import Study
from pvtracker.studies.queries import actor_for

SESSION_KEY = "purposes"  # study's id → the sentence that goes with each look
MOST_WORDS = 500


class Purpose(models.TextChoices):
    """Why somebody looks at data by arm."""

    REVIEW = "review", "Planned review"
    SAFETY = "safety", "Safety question"
    REPORT = "report", "Preparing the report"
    OTHER = "other", "Another reason"


class PurposeForm(forms.Form):
    """A reason from the list, with words of one's own; another reason is nothing without them."""

    purpose = forms.ChoiceField(
        label="Purpose",
        choices=Purpose.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Each look at data by arm is recorded with its purpose. Choose one.",
            "invalid_choice": "This is no purpose of the list. Choose one of those shown.",
        },
    )
    words = forms.CharField(
        label="In your words",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Which meeting, which question. Auditors read this.",
    )

    def clean_words(self) -> str:
        words = str(self.cleaned_data["words"]).strip()
        if len(words) > MOST_WORDS:
            raise forms.ValidationError(
                f"The words have {len(words)} characters; at most {MOST_WORDS} are kept. Shorten them."
            )
        return words

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or {})
        if (
            cleaned.get("purpose") == Purpose.OTHER
            and not cleaned.get("words")
            and "words" not in self.errors
        ):
            self.add_error("words", "Another reason has to be told. Say in your words why you look.")
        return cleaned

    def sentence(self) -> str:
        """What is written with each look."""
        label, words = Purpose(self.cleaned_data["purpose"]).label, self.cleaned_data["words"]
        return f"{label}: {words}" if words else label


def purpose_of(request: HttpRequest, study: Study) -> str:
    """The purpose that this session stated for the study, '' when it has not yet."""
    return str(request.session.get(SESSION_KEY, {}).get(str(study.id), ""))


def state_purpose(request: HttpRequest, study: Study, sentence: str) -> None:
    """Keep the purpose for the rest of the session."""
    request.session[SESSION_KEY] = {**request.session.get(SESSION_KEY, {}), str(study.id): sentence}


def look(
    request: HttpRequest,
    study: Study,
    permission: Permission,
    *,
    object_kind: str,
    object_id: str = "",
    detail: str = "",
    kind: AccessKind = AccessKind.LOOK,
) -> HttpResponse | None:
    """Record the look and return None; in the closed room first return the way to the question why.

    Call it after the person's right was checked and before the data are read: what is recorded was about to be shown,
    and what cannot be recorded (`audit.looks.NotRecorded`) is not shown.
    """
    if settings.ROOM == "open" and kind == AccessKind.LOOK:
        return None
    reason = purpose_of(request, study)
    if settings.ROOM == "closed" and not reason:
        back = request.get_full_path() if request.method in {"GET", "HEAD"} else ""
        query = f"?{urlencode({'next': back})}" if back else ""
        return HttpResponseRedirect(reverse("look_purpose", args=[study.code]) + query)
    looks.record(
        kind=kind,
        by=actor_for(request.user, permission, study),
        study_id=study.id,
        object_kind=object_kind,
        object_id=object_id,
        reason=reason,
        detail=detail,
        address=str(request.META.get("REMOTE_ADDR", "")),
    )
    return None
