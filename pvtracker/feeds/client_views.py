"""Sponsors' API clients: the system administrator makes and ends them, the study says which of them reads its feed.

So nobody alone lets a program read a study: who holds the secret knows no study, who names the study sees no secret.
"""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from pvtracker.accounts.models import Account
from pvtracker.accounts.queries import system_actor
from pvtracker.accounts.roles import Permission
from pvtracker.accounts.system_forms import PLAIN, ReasonForm, sentence
from pvtracker.feeds import actions, queries
from pvtracker.feeds.actions import FeedRefused
from pvtracker.studies.models import Study
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import actor_for

FORM = ["GET", "HEAD", "POST"]


class ClientForm(forms.Form):
    client_id = sentence(
        "Client id", "As the program sends it when it asks for a token.", limit=60, kind=forms.CharField
    )
    name = sentence("Whose system", "The sponsor, and the program.", limit=120, kind=forms.CharField)
    owner = forms.CharField(
        label="Who answers for it",
        required=False,
        max_length=60,
        help_text="User name. When that account is closed, the client ends too. Empty: nobody of this room.",
        widget=forms.TextInput(attrs=PLAIN),
    )
    reason = sentence("Reason", "The contract or request it rests on.")

    def clean_owner(self) -> Account | None:
        name = str(self.cleaned_data["owner"]).strip()
        found = Account.objects.filter(username__iexact=name, is_active=True).first() if name else None
        if name and found is None:
            raise forms.ValidationError(
                "No active account of this room has this user name. Check its spelling."
            )
        return found


class LetReadForm(forms.Form):
    client_id = sentence("Client id", "As the system administrator gave it.", limit=60, kind=forms.CharField)
    reason = sentence("Reason", "Why this program may read the study's feed.")


@require_safe
def clients(request: HttpRequest) -> HttpResponse:
    """Every client of this room. Which studies each reads is the studies' affair."""
    system_actor(request.user, Permission.MANAGE_CLIENTS)
    return render(request, "feeds/clients.html", {"clients": queries.clients()})


@require_http_methods(FORM)
def client_new(request: HttpRequest) -> HttpResponse:
    """A new client; its secret is shown once."""
    by = system_actor(request.user, Permission.MANAGE_CLIENTS)
    form = ClientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = actions.create_client(**form.cleaned_data, by=by)
        except FeedRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return render(request, "feeds/client_made.html", {"made": made, "secret": secret})
    return _form(request, form, title="New API client", button="Make it", lead=NEW, back="clients")


@require_http_methods(FORM)
def client_end(request: HttpRequest, client_pk: int) -> HttpResponse:
    """End a client with its next request."""
    by = system_actor(request.user, Permission.MANAGE_CLIENTS)
    found = queries.clients().filter(pk=client_pk, ended=False).first()
    if found is None:
        raise Http404("No such client, or it is ended.")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.end_client(client=found, reason=form.cleaned_data["reason"], by=by)
        messages.success(request, "The client is ended: its secret and its tokens are worth nothing.")
        return redirect("clients")
    return _form(
        request, form, title=f"End {found.client_id}", button="End it", lead=END, back="clients", danger=True
    )


@require_http_methods(FORM)
def feed_reader(request: HttpRequest, code: str) -> HttpResponse:
    """Let a client read this study's feed."""
    study = _study(request, code)
    form = LetReadForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.let_read(
                study=study,
                client_id=form.cleaned_data["client_id"],
                reason=form.cleaned_data["reason"],
                by=actor_for(request.user, Permission.MANAGE_MEMBERS, study),
            )
        except FeedRefused as refusal:
            form.add_error("client_id", str(refusal))
        else:
            messages.success(request, "The client may read the feed of this study.")
            return redirect("feed", study.code)
    return _form(
        request, form, title="Let a client read", button="Let it read", lead=READ, back="feed", study=study
    )


@require_http_methods(FORM)
def feed_reader_end(request: HttpRequest, code: str, access_id: uuid.UUID) -> HttpResponse:
    """A client no longer reads this study's feed."""
    study = _study(request, code)
    found = queries.readers(study).filter(id=access_id).first()
    if found is None:
        raise Http404("No such reader.")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        by = actor_for(request.user, Permission.MANAGE_MEMBERS, study)
        actions.end_reading(access=found, reason=form.cleaned_data["reason"], by=by)
        messages.success(request, "The client no longer reads the feed of this study.")
        return redirect("feed", study.code)
    title = f"End reading by {found.client.name or found.client.client_id}"
    return _form(
        request, form, title=title, button="End it", lead=STOP, back="feed", study=study, danger=True
    )


NEW = "Its secret is shown once. It reads nothing until a study lets it."
END = "Its secret and its tokens are worth nothing from the next request on, in every study."
READ = "The program reads every version of every adverse event of this study, blinded, from the first one on."
STOP = "From its next request on, the program can no longer read this study; other studies are not touched."


def _study(request: HttpRequest, code: str) -> Study:
    return study_page(request, code, Permission.MANAGE_MEMBERS)


def _form(request: HttpRequest, form: forms.Form, *, study: Study | None = None, **said: Any) -> HttpResponse:
    """A form with what it says; 422 when it comes back."""
    context = {"form": form, **said, "study_code": study.code if study else ""}
    return render(request, "feeds/client_form.html", context, status=422 if request.method == "POST" else 200)
