"""The board's recommendations: the list, writing one, reading, amending and signing it."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from pvtracker.accounts.models import Signature
from pvtracker.accounts.roles import Permission
from pvtracker.accounts.signing.page import signing_page
from pvtracker.accounts.signing.record import Subject
from pvtracker.accounts.signing.series import Proof
from pvtracker.board import actions, queries
from pvtracker.board.actions import RecommendationRefused
from pvtracker.board.forms import AmendForm, RecommendationForm
from pvtracker.board.models import Recommendation
from pvtracker.board.signing import manifestations_of, subject_of
from pvtracker.reports.queries import reports_of
from pvtracker.studies.looking import look
from pvtracker.studies.models import Study
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import actor_for, has_permission

READ, WRITE = Permission.READ_RECOMMENDATIONS, Permission.RECOMMEND


@require_safe
def recommendations(request: HttpRequest, code: str) -> HttpResponse:
    """Every recommendation of the study."""
    study = study_page(request, code, READ)
    ask = look(
        request,
        study,
        READ,
        object_kind="recommendations",
        object_id=str(study.id),
        detail="list of recommendations",
    )
    if ask:
        return ask
    context = {
        "recommendations": queries.recommendations_of(study),
        "may_write": has_permission(request.user, WRITE, study=study),
    }
    return render(request, "board/recommendations.html", context)


@require_safe
def recommendation(request: HttpRequest, code: str, recommendation_id: uuid.UUID) -> HttpResponse:
    """One recommendation with its signatures and versions."""
    study = study_page(request, code, READ)
    found = queries.recommendation_for(study, recommendation_id)
    ask = _look(request, study, READ, found)
    if ask:
        return ask
    context = {
        "recommendation": found,
        "signatures": manifestations_of(found),
        "versions": queries.versions_of(found),
        "may_write": has_permission(request.user, WRITE, study=study),
    }
    return render(request, "board/recommendation.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def recommendation_new(request: HttpRequest, code: str) -> HttpResponse:
    """Write one down."""
    study = study_page(request, code, WRITE)
    form = RecommendationForm(request.POST or None, reports=list(reports_of(study)))
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.record_recommendation(
                study=study,
                report=form.reports[form.cleaned_data["report"]],
                kind=form.cleaned_data["kind"],
                text=form.cleaned_data["text"],
                by=actor_for(request.user, WRITE, study),
            )
            return redirect("recommendation", study.code, made.id)
        except RecommendationRefused as refusal:
            form.add_error(None, str(refusal))
    status = 422 if request.method == "POST" else 200
    return render(request, "board/form.html", {"form": form, "recommendation": None}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def recommendation_edit(request: HttpRequest, code: str, recommendation_id: uuid.UUID) -> HttpResponse:
    """Change one, with a reason: a new version."""
    study = study_page(request, code, WRITE)
    found = queries.recommendation_for(study, recommendation_id)
    ask = _look(request, study, WRITE, found)
    if ask:
        return ask
    standing = {"kind": found.kind, "text": found.text, "version": found.version}
    form = AmendForm(request.POST or None, initial=standing)
    if request.method == "POST" and form.is_valid():
        try:
            actions.amend_recommendation(
                recommendation=found,
                by=actor_for(request.user, WRITE, study),
                **form.cleaned_data,
            )
            return redirect("recommendation", study.code, found.id)
        except RecommendationRefused as refusal:
            form.add_error(None, str(refusal))
    status = 422 if request.method == "POST" else 200
    return render(request, "board/form.html", {"form": form, "recommendation": found}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def recommendation_sign(request: HttpRequest, code: str, recommendation_id: uuid.UUID) -> HttpResponse:
    """What is signed, word for word, and below it the form."""
    study = study_page(request, code, WRITE)
    found = queries.recommendation_for(study, recommendation_id)
    ask = _look(request, study, WRITE, found)
    if ask:
        return ask
    by = actor_for(request.user, WRITE, study)

    def read() -> Recommendation:
        return queries.recommendation_for(study, recommendation_id)

    def context(subject: Subject) -> dict[str, Any]:
        return {"recommendation": read()}

    def sign(shown: str, meaning: str, proof: Proof) -> Signature:
        return actions.sign_recommendation(
            recommendation=found, shown=shown, meaning=meaning, proof=proof, by=by
        )

    return signing_page(
        request,
        load=lambda: subject_of(read()),
        sign=sign,
        by=by,
        template="board/sign.html",
        context=context,
        done=reverse("recommendation", args=[study.code, found.id]),
    )


def _look(
    request: HttpRequest, study: Study, permission: Permission, found: Recommendation
) -> HttpResponse | None:
    """A recommendation may speak of the arms: reading it is recorded, with its purpose."""
    return look(
        request,
        study,
        permission,
        object_kind="recommendation",
        object_id=str(found.id),
        detail=f"version {found.version}",
    )
