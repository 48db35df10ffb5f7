"""The page on which a record is signed: what is signed stands there in full, with the hash that will be kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from pvtracker.accounts import reauthentication
from pvtracker.accounts.models import Account, Signature
from pvtracker.accounts.reauthentication import NotConfirmed
from pvtracker.accounts.signing import series
from pvtracker.accounts.signing.actions import ContentChanged, SigningRefused
from pvtracker.accounts.signing.forms import SignForm
from pvtracker.accounts.signing.record import Subject
from pvtracker.accounts.signing.series import Proof, TooManyTries
from pvtracker.audit import looks
from pvtracker.audit.context import Actor
from pvtracker.audit.enums import AccessKind

Sign = Callable[[str, str, Proof], Signature]  # the hash that was shown, the meaning, the proof


def signing_page(
    request: HttpRequest,
    *,
    load: Callable[[], Subject],
    sign: Sign,
    by: Actor,
    template: str,
    context: Callable[[Subject], dict[str, Any]],
    done: str,
) -> HttpResponse:
    """Show what is signed; on POST sign it with `sign` and go to `done`.

    `load` reads the record as it stands; after a refusal it is read, and drawn, anew. What was refused is recorded as
    `signature_refused` under the signed-in person, whatever name was typed.
    """
    subject = load()
    form = _form(request, subject, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                proof = series.prove(
                    request,
                    username=form.cleaned_data.get("username", ""),
                    password=form.cleaned_data["password"],
                    code=form.cleaned_data.get("code", ""),
                )
                made = sign(form.cleaned_data["shown"], form.cleaned_data["meaning"], proof)
                series.keep(request, proof)
                messages.success(request, f"Signed by {made.printed_name}.")
                return redirect(done)
            except TooManyTries as refusal:
                _refused(subject, by, "too many wrong tries")
                messages.error(request, str(refusal))
                return redirect("sign_in")
            except NotConfirmed as refusal:
                _refused(subject, by, "not confirmed")
                form.add_error(None, str(refusal))
            except SigningRefused as refusal:
                _refused(subject, by, "content changed" if isinstance(refusal, ContentChanged) else "refused")
                status = 409
                subject = load()
                form = _again(request, subject, form, str(refusal))
    return render(request, template, {**context(subject), "subject": subject, "form": form}, status=status)


def _form(request: HttpRequest, subject: Subject, data: Any) -> SignForm:
    account = request.user
    return SignForm(
        data,
        initial={"shown": subject.sha256},
        kind=subject.kind,
        continued=series.is_continued(request),
        coded=isinstance(account, Account) and reauthentication.needs_code(account),
    )


def _again(request: HttpRequest, subject: Subject, refused: SignForm, sentence: str) -> SignForm:
    """The form with the hash of what is shown now: signing then is a new decision."""
    data = request.POST.copy()
    data["shown"] = subject.sha256
    form = _form(request, subject, data)
    form.is_valid()
    form.add_error(None, sentence)
    return form


def _refused(subject: Subject, by: Actor, detail: str) -> None:
    looks.record(
        kind=AccessKind.SIGNATURE_REFUSED,
        by=by,
        study_id=subject.study_id,
        object_kind=subject.kind,
        object_id=str(subject.object_id),
        detail=detail,
    )
