"""Closed room: the register of code breaks, asking for one, and what becomes of it. One page shows an arm: `show`."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pvtracker.accounts.models import Account
from pvtracker.accounts.reauthentication import NotConfirmed, confirm
from pvtracker.accounts.roles import Permission
from pvtracker.allocation import queries, rules
from pvtracker.allocation.actions import code_break as actions
from pvtracker.allocation.enums import MAY_BE_SHOWN, BreakState
from pvtracker.allocation.forms import (
    AlarmForm,
    AskForm,
    ConfirmForm,
    ImpactForm,
    OpinionForm,
    ShowForm,
    ToldForm,
)
from pvtracker.allocation.models import CodeBreak
from pvtracker.allocation.rules import CodeBreakRefused
from pvtracker.audit import looks
from pvtracker.audit.context import Actor
from pvtracker.audit.enums import AccessKind
from pvtracker.studies.models import Study
from pvtracker.studies.pages import of_page
from pvtracker.studies.queries import actor_for, has_permission, study_for_any

BREAK, APPROVE, READ = (
    Permission.BREAK_CODE,
    Permission.APPROVE_CODE_BREAK,
    Permission.READ_CODE_BREAKS,
)


@require_safe
def code_breaks(request: HttpRequest, code: str) -> HttpResponse:
    """The register: every code break, what is overdue, and who became deducible. No arm."""
    study = _study(request, code, READ, APPROVE, BREAK)
    breaks = list(queries.breaks_of(study))
    return render(
        request,
        "allocation/code_breaks.html",
        {
            "breaks": [(each, rules.countersign_due(each)) for each in breaks],
            "overdue": [each for each in breaks if _overdue(each)],
            "waiting": [each for each in breaks if each.state == BreakState.WAITING],
            "alarms": list(queries.alarms_of(study)),
            "deducible": queries.deducible(study),
            "has_blocks": queries.has_blocks(study),
            "may_ask": has_permission(request.user, BREAK, study=study),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def code_break_ask(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for one participant's arm; warns first when others could become deducible."""
    study = _study(request, code, BREAK)
    form = AskForm(request.POST if request.method == "POST" else None, study=study)
    warning = 0
    if form.is_bound and form.is_valid():
        warning = queries.could_deduce(study, form.cleaned_data["subject"])
        if warning and not form.cleaned_data["confirmed"]:
            form.add_error(
                "confirmed", "Others could become deducible. Read the warning and tick this to go on."
            )
        else:
            try:
                made = actions.ask(
                    study=study, asked=form.asked(), account=_account(request), by=_by(request, study, BREAK)
                )
                return redirect("code_break", study.code, made.id)
            except CodeBreakRefused as refusal:
                form.add_error("subject", str(refusal))
    context = {"form": form, "warning": warning, "has_blocks": queries.has_blocks(study)}
    return render(request, "allocation/ask.html", context, status=422 if form.is_bound else 200)


@require_safe
def code_break(request: HttpRequest, code: str, break_id: uuid.UUID) -> HttpResponse:
    """Everything about one code break but the arm, and the steps that this person may take."""
    study = _study(request, code, READ, APPROVE, BREAK)
    return _page(request, study, queries.break_for(study, break_id))


@require_POST
def code_break_opinion(request: HttpRequest, code: str, break_id: uuid.UUID) -> HttpResponse:
    """The second person approves or declines, countersigns or objects."""
    study = _study(request, code, APPROVE)
    found = queries.break_for(study, break_id)
    form = OpinionForm(request.POST, account=_account(request), emergency=found.emergency, prefix="opinion")

    def step() -> None:
        _confirm(request, form)
        try:
            actions.give_opinion(
                code_break=found,
                agrees=form.cleaned_data["opinion"] == "yes",
                note=form.cleaned_data["note"],
                account=_account(request),
                by=_by(request, study, APPROVE),
            )
        except CodeBreakRefused as refusal:
            _record_refusal(request, study, found, str(refusal))
            raise

    return _take(request, study, found, form, step, "opinion_form", "Your answer is recorded.")


@require_POST
def code_break_withdraw(request: HttpRequest, code: str, break_id: uuid.UUID) -> HttpResponse:
    """The person who asked withdraws it before the arm was shown."""
    study = _study(request, code, BREAK)
    found = queries.break_for(study, break_id)
    try:
        actions.withdraw(code_break=found, account=_account(request), by=_by(request, study, BREAK))
    except CodeBreakRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("code_break", study.code, found.id)


@require_POST
def code_break_show(request: HttpRequest, code: str, break_id: uuid.UUID) -> HttpResponse:
    """The arm, to the one person who asked, after their password. It answers a POST: no address leads to it."""
    study = _study(request, code, BREAK)
    found = queries.break_for(study, break_id)
    form = ShowForm(
        request.POST,
        account=_account(request),
        shown_before=found.state == BreakState.OPENED,
        prefix="show",
    )
    if not form.is_valid():
        return _page(request, study, found, status=422, show_form=form)
    try:
        _confirm(request, form)
        received = actions.show(
            code_break=found,
            account=_account(request),
            by=_by(request, study, BREAK),
            again=form.cleaned_data.get("again", ""),
            address=_address(request),
        )
    except (CodeBreakRefused, NotConfirmed) as refusal:
        form.add_error(None, str(refusal))
        if isinstance(refusal, CodeBreakRefused):
            _record_refusal(request, study, found, str(refusal))
        return _page(request, study, found, status=422, show_form=form)
    context = {"break": queries.break_for(study, break_id), "received": received}
    return render(request, "allocation/shown.html", context)


@require_POST
def code_break_told(request: HttpRequest, code: str, break_id: uuid.UUID) -> HttpResponse:
    """Who was told, when and how."""
    study = _study(request, code, BREAK)
    found = queries.break_for(study, break_id)
    form = ToldForm(request.POST, prefix="told")

    def step() -> None:
        actions.record_telling(
            code_break=found, **form.cleaned_data, account=_account(request), by=_by(request, study, BREAK)
        )

    return _take(request, study, found, form, step, "told_form", "Recorded who was told.")


@require_POST
def code_break_impact(request: HttpRequest, code: str, break_id: uuid.UUID) -> HttpResponse:
    """A version of the impact assessment."""
    study = _study(request, code, BREAK, APPROVE)
    found = queries.break_for(study, break_id)
    form = ImpactForm(request.POST, first=not found.assessments.exists(), prefix="impact")

    def step() -> None:
        actions.assess_impact(
            code_break=found,
            assessed=form.assessed(),
            based_on=form.cleaned_data["version"],
            by=_by(request, study, BREAK, APPROVE),
        )

    return _take(request, study, found, form, step, "impact_form", "The assessment is recorded.")


@require_POST
def code_break_alarm(request: HttpRequest, code: str, break_id: uuid.UUID) -> HttpResponse:
    """Somebody answers the alarm of a code break."""
    study = _study(request, code, BREAK, APPROVE)
    found = queries.break_for(study, break_id)
    alarm = queries.alarms_of(study).filter(code_break=found).first()
    if alarm is None:
        raise Http404("No such alarm.")
    form = AlarmForm(request.POST, prefix="alarm")

    def step() -> None:
        actions.answer_alarm(
            alarm=alarm, measures=form.cleaned_data["measures"], by=_by(request, study, BREAK, APPROVE)
        )

    return _take(request, study, found, form, step, "alarm_form", "Your answer to the alarm is recorded.")


def _take(
    request: HttpRequest,
    study: Study,
    found: CodeBreak,
    form: forms.Form,
    step: Callable[[], None],
    name: str,
    done: str,
) -> HttpResponse:
    """Take one step and go back to the page; refused, the page keeps what was typed and says why."""
    if form.is_valid():
        try:
            step()
            messages.success(request, done)
            return redirect("code_break", study.code, found.id)
        except (CodeBreakRefused, NotConfirmed) as refusal:
            form.add_error(None, str(refusal))
    return _page(request, study, found, status=422, **{name: form})


def _page(
    request: HttpRequest, study: Study, found: CodeBreak, *, status: int = 200, **bound: forms.Form
) -> HttpResponse:
    """The page of a code break with the forms of the steps that can be taken now."""
    account = _account(request)
    assessments = list(found.assessments.order_by("-version"))
    alarm = queries.alarms_of(study).filter(code_break=found).first()
    breaks = has_permission(account, BREAK, study=study)
    approves = has_permission(account, APPROVE, study=study)
    own = str(account.id) == found.requested_by and breaks
    opened = found.state == BreakState.OPENED
    offered: dict[str, forms.Form] = {}
    if approves and _can(lambda: rules.check_can_give_opinion(found, account=account)):
        offered["opinion_form"] = OpinionForm(account=account, emergency=found.emergency, prefix="opinion")
    if own and found.state in MAY_BE_SHOWN:
        offered["show_form"] = ShowForm(account=account, shown_before=opened, prefix="show")
    if own and opened:
        offered["told_form"] = ToldForm(
            initial={"name": found.recipient_name, "role": found.recipient_role}, prefix="told"
        )
    if opened and (breaks or approves):
        last = assessments[0] if assessments else None
        start: dict[str, Any] = {"version": last.version if last else 0}
        if last:
            start.update(effect=last.effect, measures=last.measures, analysis=last.analysis)
        offered["impact_form"] = ImpactForm(initial=start, first=last is None, prefix="impact")
    if alarm and alarm.seen_at is None and (breaks or approves):
        offered["alarm_form"] = AlarmForm(prefix="alarm")
    context = {
        "break": found,
        "told": list(found.told.order_by("id")),
        "assessments": assessments,
        "alarm": alarm,
        "due": rules.countersign_due(found),
        "overdue": _overdue(found),
        "opened": opened,
        "may_withdraw": own and _can(lambda: rules.check_can_withdraw(found, account=account)),
        **offered,
        **bound,
    }
    return render(request, "allocation/code_break.html", context, status=status)


def _can(check: Callable[[], None]) -> bool:
    try:
        check()
    except CodeBreakRefused:
        return False
    return True


def _overdue(found: CodeBreak) -> bool:
    due = rules.countersign_due(found)
    return due is not None and due < timezone.now()


def _confirm(request: HttpRequest, form: ConfirmForm) -> None:
    """Raises NotConfirmed unless the signed-in person gave their own secrets once more."""
    confirm(
        account=_account(request),
        password=form.cleaned_data["password"],
        code=form.cleaned_data.get("code", ""),
    )


def _record_refusal(request: HttpRequest, study: Study, found: CodeBreak, why: str) -> None:
    looks.record(
        kind=AccessKind.FORBIDDEN,
        by=_by(request, study, BREAK, APPROVE),
        study_id=study.id,
        object_kind="code break",
        object_id=str(found.id),
        detail=why,
        address=_address(request),
    )


def _study(request: HttpRequest, code: str, *permissions: Permission) -> Study:
    return of_page(request, study_for_any(request.user, code, permissions))


def _by(request: HttpRequest, study: Study, *permissions: Permission) -> Actor:
    """The person under the first of the permissions that they hold."""
    held = next(each for each in permissions if has_permission(request.user, each, study=study))
    return actor_for(request.user, held, study)


def _account(request: HttpRequest) -> Account:
    if not isinstance(request.user, Account):
        raise Http404("Nobody is signed in.")
    return request.user


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))
