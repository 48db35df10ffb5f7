"""Texts that may tell an arm, for the person who may release them."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from pvtracker.accounts.free_text import FreeTextField
from pvtracker.accounts.roles import Permission
from pvtracker.audit import looks
from pvtracker.audit.enums import AccessKind
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.actions.held import put_arm_words, release_text
from pvtracker.events.forms import REASON_LIMIT
from pvtracker.events.holding import label_of
from pvtracker.events.models import ArmWord, HeldState, HeldText
from pvtracker.studies.models import Study
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import actor_for

MOST_NAMES, LONGEST_NAME = 200, 120


class ReleaseForm(forms.Form):
    """The text as it goes back into the event, and why."""

    text = forms.CharField(
        label="Text as everybody will read it",
        required=False,
        strip=False,
        help_text="Release it as it was written, or take out what tells an arm.",
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    reason = forms.CharField(
        label="Reason",
        max_length=REASON_LIMIT,
        help_text="Kept in the history, for example: “names another medicine”, “arm taken out”.",
        error_messages={
            "required": "The reason is missing. Say in a few words why the text may be read by everybody."
        },
    )


class NamesForm(forms.Form):
    """The names by which a text is held, and why the list is changed."""

    names = forms.CharField(
        label="Names, one on each line",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 8, "autocomplete": "off", "spellcheck": "false"}),
        help_text="Names and codes of products that tell an arm, as people write them. The arms' own names and codes "
        "are known already. Which name belongs to which arm is not asked and stands nowhere in this room.",
    )
    reason = FreeTextField(
        label="Why is the list changed?",
        max_length=REASON_LIMIT,
        help_text="For example: “protocol 3.0 names another product”. Do not repeat a name here.",
        error_messages={"required": "The reason is missing. Say in a few words why the list is changed."},
    )

    def clean_names(self) -> list[str]:
        names = [line.strip() for line in self.cleaned_data["names"].splitlines() if line.strip()]
        long = [name for name in names if len(name) > LONGEST_NAME]
        if long or len(names) > MOST_NAMES:
            raise forms.ValidationError(
                f"At most {MOST_NAMES} names of {LONGEST_NAME} characters fit. Write one name on each line."
            )
        return names


def _open(request: HttpRequest, code: str) -> Study:
    return study_page(request, code, Permission.RELEASE_HELD_TEXT)


@require_safe
def held_texts(request: HttpRequest, code: str) -> HttpResponse:
    """What waits. The texts themselves stand on their own pages, so that each reading is recorded."""
    study = _open(request, code)
    rows = (
        HeldText.objects.filter(study=study, state=HeldState.HELD)
        .select_related("event__participant__site", "participant__site")
        .order_by("held_at", "id")
    )
    return render(
        request,
        "events/held_texts.html",
        {"rows": [(row, label_of(row)) for row in rows]},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def held_text(request: HttpRequest, code: str, held_id: uuid.UUID) -> HttpResponse:
    """One held text: read it, which is recorded, and release it as written or with the telling words taken out."""
    study = _open(request, code)
    held = (
        HeldText.objects.filter(study=study, pk=held_id, state=HeldState.HELD)
        .select_related("event__participant__site", "participant__site", "study")
        .first()
    )
    if held is None:
        raise Http404("No such held text.")
    by = actor_for(request.user, Permission.RELEASE_HELD_TEXT, study)
    looks.record(
        kind=AccessKind.LOOK,
        by=by,
        study_id=study.id,
        object_kind="held_text",
        object_id=str(held.id),
        detail=held.field,
    )
    form = ReleaseForm(request.POST or None, initial={"text": held.text})
    if request.method == "POST" and form.is_valid():
        try:
            release_text(held=held, text=form.cleaned_data["text"], reason=form.cleaned_data["reason"], by=by)
            messages.success(request, "The text is released.")
            return redirect("held_texts", study.code)
        except EventRefused as refusal:
            form.add_error(None, str(refusal))
    return render(request, "events/held_text.html", {"held": held, "label": label_of(held), "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def arm_names(request: HttpRequest, code: str) -> HttpResponse:
    """The product names that tell an arm: shown to and changed by who releases held texts, nobody else."""
    study = _open(request, code)
    known = ArmWord.objects.filter(study=study).order_by("word").values_list("word", flat=True)
    form = NamesForm(request.POST or None, initial={"names": "\n".join(known)})
    if request.method == "POST" and form.is_valid():
        kept = put_arm_words(
            study=study,
            words=form.cleaned_data["names"],
            by=actor_for(request.user, Permission.RELEASE_HELD_TEXT, study),
            reason=form.cleaned_data["reason"],
        )
        messages.success(
            request, f"{len(kept)} names are kept. Texts that come in from now on are held by them."
        )
        return redirect("held_texts", study.code)
    status = 422 if request.method == "POST" else 200
    return render(request, "events/arm_names.html", {"form": form}, status=status)
