"""Drafts left behind by people who no longer record at a site: who, of whom, when; and handing one on."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from pvtracker.accounts.free_text import FreeTextField
from pvtracker.accounts.models import Account
from pvtracker.accounts.roles import Permission
from pvtracker.audit import looks
from pvtracker.audit.enums import AccessKind
from pvtracker.events import queries
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.actions.handover import REASON_LIMIT, hand_over_draft
from pvtracker.events.forms import EventForm
from pvtracker.events.holding import held_fields, lexicon_of
from pvtracker.events.models import Draft
from pvtracker.participants.holding import HELD
from pvtracker.studies.models import Study
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import actor_for, has_permission


class HandOverForm(forms.Form):
    """Whose it becomes, and why."""

    to = forms.ChoiceField(
        label="Whose draft it becomes",
        error_messages={
            "required": "Choose who goes on with it.",
            "invalid_choice": "Choose who goes on with it.",
        },
    )
    reason = FreeTextField(
        label="Reason",
        max_length=REASON_LIMIT,
        help_text="Kept in the history, for example: “left the site, event not yet recorded”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "The reason is missing. Say in a few words why the draft is taken over."},
    )
    with_held = forms.BooleanField(
        label="I have read the texts that were held: they do not tell who received what",
        required=False,
        help_text="Otherwise they stay in the draft that was left behind.",
    )

    def __init__(self, *args: Any, writers: list[Account], may_release: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        self.writers = {str(one.id): one for one in writers}
        choices = [(key, f"{one.full_name} ({one.username})") for key, one in self.writers.items()]
        self.fields["to"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["to"].initial = choices[0][0]
        if not may_release:
            del self.fields["with_held"]


@require_safe
def drafts_left(request: HttpRequest, code: str) -> HttpResponse:
    """The drafts at the sites of the person who asks."""
    study = _open(request, code)
    return render(request, "events/drafts_left.html", {"drafts": queries.drafts_left(request.user, study)})


@require_http_methods(["GET", "HEAD", "POST"])
def draft_left(request: HttpRequest, code: str, draft_id: uuid.UUID) -> HttpResponse:
    """One of them as it was typed, but for what may tell an arm; an investigator takes it over, an administrator of the
    study hands it to somebody who records there.
    """
    study = _open(request, code)
    draft = queries.drafts_left(request.user, study).filter(id=draft_id).first()
    if draft is None:
        raise Http404("No such draft.")
    by = actor_for(request.user, Permission.HAND_OVER_DRAFTS, study)
    held = held_fields(draft.body, lexicon_of(study))
    releases = bool(held) and has_permission(request.user, Permission.RELEASE_HELD_TEXT, study=study)
    if releases:
        looks.record(
            kind=AccessKind.LOOK,
            by=by,
            study_id=study.id,
            object_kind="draft",
            object_id=str(draft.id),
            detail=", ".join(sorted(held)),
        )
    form = HandOverForm(request.POST or None, writers=_takers(request, study, draft), may_release=releases)
    if request.method == "POST" and form.is_valid():
        try:
            copy = hand_over_draft(
                draft=draft,
                to=form.writers[form.cleaned_data["to"]],
                reason=form.cleaned_data["reason"],
                with_held=form.cleaned_data.get("with_held", False),
                by=by,
            )
        except EventRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _onward(request, study, copy)
    context = {
        "draft": draft,
        "rows": _rows(draft, study, set() if releases else held),
        "held": held,
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "events/draft_left.html", context, status=status)


def _onward(request: HttpRequest, study: Study, copy: Draft) -> HttpResponse:
    if copy.account_id != getattr(request.user, "id", None):
        messages.success(request, f"The draft is {copy.account.full_name}'s now.")
        return redirect("drafts_left", study.code)
    messages.success(request, "The draft is yours now.")
    if copy.event_id:
        return redirect("event_edit", study.code, copy.event_id)
    return redirect("event_new", study.code, copy.participant_id)


def _takers(request: HttpRequest, study: Study, draft: Draft) -> list[Account]:
    """Oneself, where one records at the site; else whoever does."""
    writers = list(queries.writers_at(study, draft.participant.site))
    own = [one for one in writers if one.id == getattr(request.user, "id", None)]
    return own or writers


def _rows(draft: Draft, study: Study, held: set[str]) -> list[tuple[str, str]]:
    """Each field that was filled in, with its label and what stands in it."""
    form = EventForm(
        None,
        interventions=queries.interventions_of(study),
        scale=draft.event.scale if draft.event else study.severity_scale,
        may_judge=True,
        standing=(),
        event=draft.event,
    )
    rows = []
    for name, field in form.fields.items():
        texts = [text for text in draft.body.get(name, []) if text.strip()]
        if texts and not isinstance(field.widget, forms.HiddenInput):
            choices = {str(key): str(label) for key, label in getattr(field, "choices", [])}
            said = ", ".join(choices.get(text, text) for text in texts)
            label = name.replace("_", " ") if field.label == "Unknown" else str(field.label)
            rows.append((label, HELD if name in held else "yes" if said == "on" else said))
    return rows


def _open(request: HttpRequest, code: str) -> Study:
    study = study_page(request, code, Permission.HAND_OVER_DRAFTS)
    if not isinstance(request.user, Account):
        raise PermissionDenied
    return study
