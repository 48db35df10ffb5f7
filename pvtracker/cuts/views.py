"""Open room: the list of data cuts, and freezing one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from pvtracker.accounts.roles import Permission
from pvtracker.cuts import queries
from pvtracker.cuts.datasets import RULE
from pvtracker.cuts.forms import FreezeForm
from pvtracker.jobs.actions import enqueue
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import actor_for


@require_http_methods(["GET", "HEAD", "POST"])
def cuts(request: HttpRequest, code: str) -> HttpResponse:
    """Every cut of the study with its counts and hash; POST queues the freezing of a new one."""
    study = study_page(request, code, Permission.FREEZE_CUTS)
    form = FreezeForm(request.POST or None, initial={"date": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        day = form.cleaned_data["date"].isoformat()
        job = enqueue(
            task="cuts.freeze",
            study_id=study.id,
            parameters={"date": day},
            by=actor_for(request.user, Permission.FREEZE_CUTS, study),
            unique_key=f"{study.id} {day}",
        )
        return redirect("job", job.id)
    status = 422 if request.method == "POST" else 200
    context = {"cuts": queries.cuts_of(study), "form": form, "rule": RULE}
    return render(request, "cuts/open.html", context, status=status)
