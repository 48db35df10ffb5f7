"""Who works in a study: the list, a role proposed, decided, ended, and the review every 90 days."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from pvtracker.accounts import factors
from pvtracker.accounts.queries import same_human
from pvtracker.accounts.roles import Permission
from pvtracker.studies import actions, queries
from pvtracker.studies.forms import DecideForm, EndForm, ProposeForm, ReviewForm
from pvtracker.studies.models import Decision, MembershipRequest
from pvtracker.studies.pages import study_page
from pvtracker.studies.rules import StudyRefused

FORM = ["GET", "HEAD", "POST"]


@require_safe
def people(request: HttpRequest, code: str) -> HttpResponse:
    """Everybody who works or worked here in which role, at which site, since when and why."""
    study = study_page(request, code, Permission.APPROVE_MEMBERS)
    waiting = [row for row in queries.requests_of(study) if row.decision == Decision.WAITING]
    context = {
        "running": queries.members_of(study),
        "ended": queries.former_members_of(study),
        "waiting": waiting,
        "decided": [row for row in queries.requests_of(study) if row.decision != Decision.WAITING],
        "resets": queries.resets_of(study),
        "findings": queries.blinding_findings(study) if settings.ROOM == "closed" else [],
        "may_manage": queries.has_permission(request.user, Permission.MANAGE_MEMBERS, study=study),
        "review": queries.review_state(study),
        "today": timezone.localdate(),
    }
    return render(request, "studies/people.html", context)


@require_http_methods(FORM)
def propose(request: HttpRequest, code: str) -> HttpResponse:
    """Give a role, or propose it where a second person has to approve."""
    study = study_page(request, code, Permission.MANAGE_MEMBERS)
    form = ProposeForm(request.POST or None, study=study)
    if request.method == "POST" and form.is_valid() and form.account is not None:
        said = form.cleaned_data
        try:
            made = actions.propose_membership(
                study=study,
                account=form.account,
                role=said["role"],
                site=form.site_given(),
                starts_on=said["starts_on"],
                ends_on=said["ends_on"],
                reason=said["reason"],
                by=queries.actor_for(request.user, Permission.MANAGE_MEMBERS, study),
            )
        except StudyRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            waits = isinstance(made, MembershipRequest)
            messages.success(
                request,
                "The role is proposed and waits for a second person." if waits else "The role is given.",
            )
            return redirect("people", study.code)
    return render(request, "studies/propose.html", {"form": form}, status=_status(request))


@require_http_methods(FORM)
def decide(request: HttpRequest, code: str, request_id: uuid.UUID) -> HttpResponse:
    """A second person approves or declines."""
    study = study_page(request, code, Permission.APPROVE_MEMBERS)
    asked = queries.request_of(study, request_id)
    if asked is None:
        raise Http404("No such request.")
    by = queries.actor_for(request.user, Permission.APPROVE_MEMBERS, study)
    form = DecideForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        approve = form.cleaned_data["decision"] == "approve"
        try:
            actions.decide_request(
                request=asked,
                approve=approve,
                reason=form.cleaned_data["reason"],
                by=by,
            )
        except StudyRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Approved; the role is given." if approve else "Declined.")
            return redirect("people", study.code)
    own = any(same_human(by.id, one) for one in (asked.proposed_by_id, str(asked.account_id)))
    context = {"form": form, "asked": asked, "own": own}
    return render(request, "studies/decide.html", context, status=_status(request))


@require_http_methods(FORM)
def end(request: HttpRequest, code: str, membership_id: uuid.UUID) -> HttpResponse:
    """End a membership that runs."""
    study = study_page(request, code, Permission.MANAGE_MEMBERS)
    membership = next((row for row in queries.members_of(study) if row.id == membership_id), None)
    if membership is None:
        raise Http404("No such membership.")
    form = EndForm(request.POST or None, initial={"ends_on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        try:
            actions.end_membership(
                membership=membership,
                ends_on=form.cleaned_data["ends_on"],
                reason=form.cleaned_data["reason"],
                by=queries.actor_for(request.user, Permission.MANAGE_MEMBERS, study),
            )
        except StudyRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The membership ends; what was done under it stays.")
            return redirect("people", study.code)
    return render(
        request, "studies/end.html", {"form": form, "membership": membership}, status=_status(request)
    )


@require_http_methods(FORM)
def review(request: HttpRequest, code: str) -> HttpResponse:
    """Go through everybody's access: keep or end each, with one reason."""
    study = study_page(request, code, Permission.MANAGE_MEMBERS)
    form = ReviewForm(request.POST or None, memberships=queries.members_of(study))
    if request.method == "POST" and form.is_valid():
        keep = {row.id: form.cleaned_data[f"m-{row.id}"] == "keep" for row in form.memberships}
        try:
            actions.record_review(
                study=study,
                keep=keep,
                reason=form.cleaned_data["reason"],
                by=queries.actor_for(request.user, Permission.MANAGE_MEMBERS, study),
            )
        except StudyRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The review is recorded.")
            return redirect("people", study.code)
    context = {
        "form": form,
        "review": queries.review_state(study),
        "reviews": queries.reviews_of(study),
        "retest_before": timezone.now() - timedelta(days=factors.RETEST_DAYS),
    }
    return render(request, "studies/review.html", context, status=_status(request))


def _status(request: HttpRequest) -> int:
    """422 for a form that comes back."""
    return 422 if request.method == "POST" else 200
