"""Closed room: the question why somebody looks at data by arm."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from pvtracker.accounts.roles import Permission
from pvtracker.studies.looking import PurposeForm, purpose_of, state_purpose
from pvtracker.studies.pages import of_page
from pvtracker.studies.queries import study_for_any

BY_ARM = (Permission.READ_SIGNALS, Permission.READ_CLOSED_REPORTS)  # what makes pages by arm readable


@require_http_methods(["GET", "HEAD", "POST"])
def look_purpose(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for the purpose of this session's looks, keep it, and go on to the page that was asked for."""
    study = of_page(request, study_for_any(request.user, code, BY_ARM))
    asked_for = request.POST.get("next") or request.GET.get("next", "")
    form = PurposeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        state_purpose(request, study, form.sentence())
        if url_has_allowed_host_and_scheme(asked_for, allowed_hosts=None) and asked_for.startswith("/"):
            return redirect(asked_for)
        return redirect("home")
    context = {"form": form, "next": asked_for, "stated": purpose_of(request, study)}
    return render(request, "studies/purpose.html", context, status=422 if form.is_bound else 200)
