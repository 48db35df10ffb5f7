"""The coder's work: the events without a coded term, and the choice of a term for one of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.coding import queries as coding_queries
from pvtracker.coding.models import Term
from pvtracker.events import queries, states
from pvtracker.events.actions import coding as actions
from pvtracker.events.actions.errors import EventRefused, VersionConflict
from pvtracker.events.forms import REASON_LIMIT
from pvtracker.events.models import AdverseEvent
from pvtracker.events.text import one_line
from pvtracker.events.views import open_study, require
from pvtracker.participants.holding import HELD
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import actor_for

PER_PAGE = 50


class WordsForm(forms.Form):
    """The words that terms are suggested for; suggestions while one types where scripts run, a plain box elsewhere."""

    words = forms.CharField(
        label="Look up other words",
        required=False,
        help_text="Terms like these words are listed below.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class TermForm(forms.Form):
    """One of the suggested terms; a reason where it takes the place of another."""

    use_required_attribute = False
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    words = forms.CharField(widget=forms.HiddenInput, required=False)  # the suggestions are for these
    reason = forms.CharField(
        label="Why another term?",
        max_length=REASON_LIMIT,
        help_text="Kept in the history, for example: “more specific”.",
        error_messages={"required": "The reason is missing. Say in a few words why the term is changed."},
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        terms: Iterable[Term],
        coded: bool,
        initial: Mapping[str, Any],
    ) -> None:
        super().__init__(data, initial=dict(initial))
        self.fields["term"] = forms.TypedChoiceField(
            label="Term",
            choices=[(term.id, _in_words(term)) for term in terms],
            coerce=int,
            widget=forms.RadioSelect,
            error_messages={
                "required": "No term is chosen. Choose one of the list, or look up other words.",
                "invalid_choice": "The term is none of the list. Choose one of the list, or look up other words.",
            },
        )
        self.order_fields(["term", "reason"])
        if not coded:
            del self.fields["reason"]


def _in_words(term: Term) -> str:
    return f"{term.lowest_level_term} · {term.preferred_term} · {term.system_organ_class} · {term.release}"


@require_safe
def coding(request: HttpRequest, code: str) -> HttpResponse:
    """The events of every site that no term was given to yet, the first recorded first."""
    study = study_page(request, code, Permission.CODE_EVENTS)
    page = Paginator(queries.events_to_code(request.user, study), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "events/coding.html", {"page": page, "held": HELD})


@require_http_methods(["GET", "HEAD", "POST"])
def event_code(request: HttpRequest, code: str, event_id: uuid.UUID) -> HttpResponse:
    """Choose a term for one event. What somebody changed meanwhile is shown before anything is saved."""
    study = open_study(request, code)
    event = queries.event_for(request.user, study, event_id)
    require(request, Permission.CODE_EVENTS, event)
    state = states.listed(event)
    if request.method != "POST" and not states.permitted(state, states.Step.CODE):
        messages.error(request, states.sentence(state, states.Step.CODE))
        return redirect("event", study.code, event.id)
    given = request.POST if request.method == "POST" else request.GET
    words = one_line(given.get("words", "").replace("\0", "")) or event.verbatim
    terms = coding_queries.suggest(words, study_id=study.id)
    form = _form(request, event, words, terms)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                done = actions.code_event(
                    event=event,
                    version=form.cleaned_data["version"],
                    term_id=form.cleaned_data["term"],
                    reason=form.cleaned_data.get("reason", actions.CODED),
                    by=actor_for(request.user, Permission.CODE_EVENTS, study),
                )
                messages.success(
                    request,
                    f"Adverse event {done.number} of {done.participant.code} is coded as {done.label}.",
                )
                return redirect("coding", study.code)
            except EventRefused as refusal:
                form.add_error(None, str(refusal))
                status = 409
            except VersionConflict as conflict:
                # as it stands now is what the next decision is about
                event = queries.event_for(request.user, study, event_id)
                form = _form(request, event, words, terms)
                form.is_valid()
                form.add_error(None, str(conflict))
                _put(request, form, "version", str(event.version))
                status = 409
    context = {
        "event": event,
        "form": form,
        "words_form": WordsForm(initial={"words": words}, auto_id="look_up_%s"),
        "words": words,
        "terms": terms,
        "term_url": reverse("term_suggestions", args=[study.code]),
    }
    return render(request, "events/code.html", context, status=status)


def _form(request: HttpRequest, event: AdverseEvent, words: str, terms: list[Term]) -> TermForm:
    return TermForm(
        request.POST if request.method == "POST" else None,
        terms=terms,
        coded=event.term_id is not None,
        initial={"version": event.version, "words": words},
    )


def _put(request: HttpRequest, form: TermForm, name: str, value: str) -> None:
    """Exchange one hidden value in the form that is shown again; the choice stays."""
    data = request.POST.copy()
    data[name] = value
    form.data = data
