"""Closed room: the plan by which a study is screened: read, written, signed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from pvtracker.accounts.models import Signature
from pvtracker.accounts.roles import Permission
from pvtracker.accounts.signing.page import signing_page
from pvtracker.accounts.signing.record import Subject
from pvtracker.accounts.signing.series import Proof
from pvtracker.signals import inference, orders, plan_terms, planning
from pvtracker.signals.actions import plans
from pvtracker.signals.boundary_tables import beforehand_table
from pvtracker.signals.models import ScreeningPlan
from pvtracker.signals.plan import PlanRefused, from_plain, in_words, time_order
from pvtracker.signals.plan_forms import PlanOfStudyForm, initial_of, shown_of, with_one_more
from pvtracker.studies.models import Study
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import actor_for, has_permission

READ, WRITE, SIGN = Permission.READ_SIGNALS, Permission.RUN_SIGNALS, Permission.SIGN_SIGNALS


@require_safe
def screening_plan(request: HttpRequest, code: str) -> HttpResponse:
    """The plan in words, its signatures, its history."""
    study = study_page(request, code, READ)
    versions = planning.versions_of(study)
    used, first = planning.in_use(study), planning.first_run_at(study)
    latest = versions[0] if versions else None
    signed = [(row, planning.as_used(row)) for row in versions]
    plan = from_plain(latest.content) if latest else used.plan
    reference = planning.reference_of(study)
    arms = [arm for arm in planning.arms_of(study) if arm != reference]
    context = {
        "latest": latest,
        "beforehand": [beforehand_table(one, arms, reference) for one in plan.boundaries],
        "used": used,
        "facts": in_words(plan),
        "doubts": plan_terms.doubts(
            plan, study, by=actor_for(request.user, READ, study), inference=inference.is_shown(request)
        ),
        "waits": latest is not None and (used.row is None or used.row.version < latest.version),
        "order": time_order(used.signed_at, first),
        "failed": [(order, orders.why_failed(order)) for order in orders.failed_of(study)],
        "late": used.signed_at is not None and first is not None and used.signed_at > first,
        "first": first,
        "signatures": planning.manifestations_of(versions),
        "versions": [
            {
                "row": row,
                "facts": in_words(from_plain(row.content)),
                "order": time_order(kept.signed_at, first) if kept else "Not signed: no run uses it.",
            }
            for row, kept in signed
        ],
        "may_write": has_permission(request.user, WRITE, study=study),
        "may_sign": latest is not None and has_permission(request.user, SIGN, study=study),
    }
    return render(request, "signals/plan.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def screening_plan_edit(request: HttpRequest, code: str) -> HttpResponse:
    """Write a version of the plan; what is refused stays as it was typed."""
    study = study_page(request, code, WRITE)
    of: dict[str, Any] = {"arms": planning.arms_of(study), "reference": planning.reference_of(study)}
    if request.method != "POST":
        latest = _latest(study)
        plan = from_plain(latest.content) if latest else planning.UNPLANNED.plan
        version = latest.version if latest else 0
        initial = initial_of(plan, version=version, usual_arm=study.analysis_arm)
        return _edit(
            request, study, PlanOfStudyForm(initial=initial, boundaries=shown_of(plan), **of), latest
        )
    if "more" in request.POST:
        return _edit(request, study, with_one_more(request.POST, **of), _latest(study))
    form = PlanOfStudyForm(request.POST, **of)
    if not form.is_valid():
        return _edit(request, study, form, _latest(study), status=422)
    told = form.cleaned_data
    try:
        made = plans.write_plan(
            study=study,
            plan=form.plan(),
            read_version=told["version"],
            reason=told["reason"],
            by=actor_for(request.user, WRITE, study),
        )
    except plans.PlanChanged as refusal:
        latest = _latest(study)
        data = request.POST.copy()
        data["version"] = str(latest.version if latest else 0)  # to go on is a new decision
        form = PlanOfStudyForm(data, **of)
        form.is_valid()
        form.add_error(None, str(refusal))
        return _edit(request, study, form, latest, status=409)
    except PlanRefused as refusal:
        for name, sentence in refusal.faults.items():
            form.add_error(name or None, sentence)
        return _edit(request, study, form, _latest(study), status=422)
    messages.success(request, f"Version {made.version} is kept. It is used from when it is signed on.")
    return redirect("screening_plan", study.code)


@require_http_methods(["GET", "HEAD", "POST"])
def screening_plan_sign(request: HttpRequest, code: str) -> HttpResponse:
    """What is signed, word for word, and below it the form."""
    study = study_page(request, code, SIGN)
    if _latest(study) is None:
        messages.error(request, "There is no plan to sign. Write one first.")
        return redirect("screening_plan", study.code)
    by = actor_for(request.user, SIGN, study)

    def load() -> Subject:
        latest = _latest(study)
        if latest is None:
            raise Http404("No plan.")
        return planning.subject_of(latest)

    def sign(shown: str, meaning: str, proof: Proof) -> Signature:
        return plans.sign_plan(study=study, shown=shown, meaning=meaning, proof=proof, by=by)

    def context(subject: Subject) -> dict[str, Any]:
        plan = from_plain(subject.record["plan"])
        return {
            "facts": in_words(plan),
            "first": planning.first_run_at(study),
            "doubts": plan_terms.doubts(plan, study, by=by, inference=inference.is_shown(request)),
        }

    return signing_page(
        request,
        load=load,
        sign=sign,
        by=by,
        template="signals/plan_sign.html",
        context=context,
        done=reverse("screening_plan", args=[study.code]),
    )


def _latest(study: Study) -> ScreeningPlan | None:
    return next(iter(planning.versions_of(study)), None)


def _edit(
    request: HttpRequest,
    study: Study,
    form: PlanOfStudyForm,
    latest: ScreeningPlan | None,
    *,
    status: int = 200,
) -> HttpResponse:
    names = plan_terms.offered(study, by=actor_for(request.user, WRITE, study))
    context = {"form": form, "latest": latest, "names": names}
    return render(request, "signals/plan_edit.html", context, status=status)
