"""Closed room: the list of signals, the life of one, the steps that people take with it, and the alerts."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pvtracker.accounts.models import Account, Signature
from pvtracker.accounts.roles import Permission
from pvtracker.accounts.signing.page import signing_page
from pvtracker.accounts.signing.record import Subject
from pvtracker.accounts.signing.series import Proof
from pvtracker.audit.context import Actor
from pvtracker.signals import (
    boundary_standing,
    crossings,
    inference,
    life_tables,
    queries,
    signing,
    special_cases,
    triggers,
)
from pvtracker.signals.actions import alerts as alert_actions
from pvtracker.signals.actions import life
from pvtracker.signals.enums import Measure, State, Step
from pvtracker.signals.evidence import cases_behind, key_of, newest_run, rows_of, was_screened
from pvtracker.signals.life_forms import TITLES, HandForm, PlanForm, StepForm, WhichForm, form_of
from pvtracker.signals.models import Signal, SignalAlert
from pvtracker.signals.rules import REOPENING, TRANSITIONS, Changed, StepRefused
from pvtracker.studies.looking import look
from pvtracker.studies.models import Study
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import actor_for, has_permission, who_may

READ, FOLLOW, SIGN = Permission.READ_SIGNALS, Permission.FOLLOW_SIGNALS, Permission.SIGN_SIGNALS
PER_PAGE = 30
NOTHING_OPEN = "Nothing that a run raised waits for a decision."
NO_PROOF = "That is no proof of safety: see the intervals of the run."


@require_safe
def signal_list(request: HttpRequest, code: str) -> HttpResponse:
    """The signals of the study, with the evidence now and at the last decision."""
    study = study_page(request, code, READ)
    ask = look(request, study, READ, object_kind="signals followed", detail="list of signals")
    if ask:
        return ask
    which = WhichForm(request.GET).chosen()
    shown = inference.is_shown(request)
    found = queries.signals_of(study, which=which, on=timezone.localdate(), by_evidence=shown)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    crossed = crossings.by_finding(study) if shown else {}
    newest = newest_run(study)
    cases = special_cases.beside(newest, [one.signal for one in page])
    context = {
        "page": page,
        "rows": [life_tables.listed(one, inference=shown, cases=cases, crossed=crossed) for one in page],
        "nothing_open": f"{NOTHING_OPEN} {NO_PROOF if shown else ''}".strip(),
        "which": which,
        "choices": queries.WHICH,
        "newest": newest,
        "unread": queries.unread_of(study, request.user),
        "may_follow": has_permission(request.user, FOLLOW, study=study),
        **inference.switch(shown),
    }
    return render(request, "signals/list.html", context)


@require_safe
def signal(request: HttpRequest, code: str, signal_id: uuid.UUID) -> HttpResponse:
    """One signal: its evidence, its life, and the steps that are open to this person."""
    study = study_page(request, code, READ)
    return _page(request, study, queries.signal_for(study, signal_id))


@require_POST
def signal_step(request: HttpRequest, code: str, signal_id: uuid.UUID) -> HttpResponse:
    """Take a step; what is refused leaves the page with what was typed."""
    study = study_page(request, code, FOLLOW)
    found = queries.signal_for(study, signal_id)
    asked = request.POST.get("what", "")
    if asked not in {step.value for step in TITLES}:
        messages.error(request, "Choose one of the steps shown.")
        return _page(request, study, found, status=422)
    step = Step(asked)
    people = who_may(study, FOLLOW)
    form = form_of(step, request.POST, version=found.version, run="", people=people)
    if not form.is_valid():
        return _page(request, study, found, refused=(step, form), status=422)
    try:
        _take(step, form, found, actor_for(request.user, FOLLOW, study))
    except Changed as refusal:
        found = queries.signal_for(study, signal_id)
        data = request.POST.copy()
        data["version"], data["run"] = (
            str(found.version),
            _newest(study),
        )  # to go on is a new decision, on what is shown
        form = form_of(step, data, version=found.version, run="", people=people)
        form.is_valid()
        form.add_error(None, str(refusal))
        return _page(request, study, found, refused=(step, form), status=409)
    except StepRefused as refusal:
        form.add_error(None, str(refusal))
        return _page(request, study, found, refused=(step, form), status=422)
    messages.success(request, f"{step.label}.")
    return redirect("signal", study.code, found.id)


def _take(step: Step, form: StepForm, found: Signal, by: Actor) -> None:
    told = form.cleaned_data
    given: dict[str, Any] = {name: told[name] for name in ("version", "reason")}
    given |= {"signal": found, "seen": told["run"], "by": by}
    if isinstance(form, PlanForm):
        life.plan(**given, owner=form.people[told["follower"]], due_on=told["due_on"])
    elif step is Step.ASSESS:
        life.assess(**given, evidence={name: told[name] for name in life.ASSESSED_BY})
    elif step is Step.ACT:
        life.act(**given, measure=Measure(told["measure"]))
    else:
        life.decide(**given, step=step)


@require_http_methods(["GET", "HEAD", "POST"])
def signal_new(request: HttpRequest, code: str) -> HttpResponse:
    """Raise a signal by hand."""
    study = study_page(request, code, FOLLOW)
    form = HandForm(request.POST if request.method == "POST" else None, study=study)
    if form.is_bound and form.is_valid():
        told = form.cleaned_data
        finding = life.Finding(told["level"], told["term"], told["selection"], told["arm"])
        try:
            made = life.raise_by_hand(
                study=study, finding=finding, reason=told["reason"], by=actor_for(request.user, FOLLOW, study)
            )
            return redirect("signal", study.code, made.id)
        except StepRefused as refusal:
            form.add_error(None, str(refusal))
    return render(request, "signals/new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def signal_sign(request: HttpRequest, code: str, signal_id: uuid.UUID) -> HttpResponse:
    """What is signed, word for word, and below it the form."""
    study = study_page(request, code, SIGN)
    found = queries.signal_for(study, signal_id)
    ask = _look(request, study, SIGN, found)
    if ask:
        return ask
    if signing.to_sign(found) is None:
        messages.error(request, "There is nothing to sign: it is neither assessed nor closed.")
        return redirect("signal", study.code, found.id)
    if not inference.is_shown(request):  # nobody signs what they do not see
        hidden = {"signal": found, "said": {"title": "Sign"}, **inference.switch(False)}
        return render(request, "signals/sign.html", hidden, status=409 if request.method == "POST" else 200)
    by = actor_for(request.user, SIGN, study)

    def load() -> Subject:
        subject = signing.to_sign(queries.signal_for(study, signal_id))
        if subject is None:  # re-opened in this moment
            raise Http404("Nothing to sign.")
        return subject

    def sign(shown: str, meaning: str, proof: Proof) -> Signature:
        return life.sign_step(signal=found, shown=shown, meaning=meaning, proof=proof, by=by)

    def context(subject: Subject) -> dict[str, Any]:
        shown = inference.switch(True)
        return {"signal": queries.signal_for(study, signal_id), "said": life_tables.signed(subject), **shown}

    return signing_page(
        request,
        load=load,
        sign=sign,
        by=by,
        template="signals/sign.html",
        context=context,
        done=reverse("signal", args=[study.code, found.id]),
    )


@require_safe
def signal_alerts(request: HttpRequest, code: str) -> HttpResponse:
    """What this person was told of the study's signals."""
    return _alerts(request, study_page(request, code, READ))


@require_POST
def signal_alert_read(request: HttpRequest, code: str, alert_id: uuid.UUID) -> HttpResponse:
    """Note that an alert of one's own was read, and go to what it is about."""
    study = study_page(request, code, READ)
    alert = queries.alert_for(study, _account(request), alert_id)
    if alert is None:
        messages.error(request, "You have no such alert. What you were told stands here.")
        return redirect("signal_alerts", study.code)
    alert_actions.read(
        study=study, account=_account(request), alerts=[alert], by=actor_for(request.user, READ, study)
    )
    if alert.order_id is not None:
        return redirect("signal_order", study.code, alert.order_id)
    return redirect("signal", study.code, alert.signal_id)


@require_POST
def signal_alerts_read(request: HttpRequest, code: str) -> HttpResponse:
    """Note that every alert was read that the page showed; not one that came meanwhile, and none of another page."""
    study = study_page(request, code, READ)
    found = _shown_alerts(request, study, request.POST.get("page")).object_list
    if request.POST.get("shown", "") != queries.fingerprint(found):
        messages.error(request, "Other alerts came meanwhile, so none was marked. Read them, then mark them.")
        return _alerts(request, study, status=409)
    alert_actions.read(
        study=study, account=_account(request), alerts=found, by=actor_for(request.user, READ, study)
    )
    return redirect("signal_alerts", study.code)


def _alerts(request: HttpRequest, study: Study, *, status: int = 200) -> HttpResponse:
    ask = look(request, study, READ, object_kind="signal alerts", detail="one's own alerts")
    if ask:
        return ask
    page = _shown_alerts(request, study, request.GET.get("page"))
    found = page.object_list
    unread = sum(alert.read_at is None for alert in found)
    inferred = inference.is_shown(request)
    context = {
        "page": page,
        "rows": [
            (
                one,
                life_tables.about(one.signal) if one.signal else "",
                life_tables.told(one, inference=inferred),
                life_tables.alert_label(one, inference=inferred),
            )
            for one in found
        ],
        "shown": queries.fingerprint(found),
        "unread": unread,
        **inference.switch(inferred),
    }
    return render(request, "signals/alerts.html", context, status=status)


def _shown_alerts(request: HttpRequest, study: Study, number: str | None) -> Page[SignalAlert]:
    """One page of this person's alerts."""
    found = queries.alerts_of(study, _account(request))
    return Paginator(found, PER_PAGE).get_page(number)


def _page(
    request: HttpRequest,
    study: Study,
    found: Signal,
    *,
    refused: tuple[Step, StepForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    ask = _look(request, study, READ, found)
    if ask:
        return ask
    run = newest_run(study)
    rows = rows_of(run, [key_of(found)]).get(key_of(found), []) if run else []
    if run:
        run.study = study
        queries.with_run(rows, run)
    is_case = found.level == triggers.CASE
    cases = cases_behind(found) if is_case else []
    now = {
        (one.subject, one.number)
        for one in (triggers.kept_in(run.settings) if run and is_case else [])
        if found.term in (one.name, *one.signals)
    }
    shown_cases = Paginator(cases, PER_PAGE).get_page(request.GET.get("page"))
    may_sign = has_permission(request.user, SIGN, study=study) and signing.to_sign(found) is not None
    steps = queries.steps_of(found)
    shown = inference.is_shown(request)
    screened = run is None or was_screened(run, key_of(found))
    context = {
        "signal": found,
        "state": life_tables.state_of(found, inference=shown),
        "facts": life_tables.facts(
            found, inference=shown, crossed=crossings.of_signal(found) if shown else None
        ),
        "boundary": boundary_standing.standing_of(rows[0]) if shown and rows else None,
        "overdue": queries.is_overdue(found, timezone.localdate()),
        "to_sign": queries.waits_for_signature(found),
        "may_sign": may_sign,
        "run": run,
        "row": rows[0] if rows else None,
        "counts": special_cases.counts_in(run, [found]).get(found.term, [])
        if run and is_case
        else life_tables.counts(rows),
        "evidence": life_tables.evidence(rows, screened=screened, inference=shown),
        "is_case": is_case,
        "page": shown_cases,
        "cases": triggers.listed(shown_cases, now, f"Cases of this signal: {len(cases)}")
        if is_case
        else None,
        "gone": is_case and not now,
        "steps": [
            (
                one,
                life_tables.step_label(one, inference=shown),
                life_tables.reason(one, inference=shown),
                special_cases.in_words(special_cases.cases_in(one.run.settings)[found.term])
                if one.run and is_case
                else "",
            )
            for one in steps
        ],
        "unscreened": {one.id for one in steps if one.run and not was_screened(one.run, key_of(found))},
        "signatures": signing.manifestations_of(found),
        "forms": _forms(request, study, found, refused),
        "reopening": REOPENING,
        "history": has_permission(request.user, Permission.READ_AUDIT, study=study),
        **inference.switch(shown),
    }
    return render(request, "signals/signal.html", context, status=status)


def _forms(
    request: HttpRequest, study: Study, found: Signal, refused: tuple[Step, StepForm] | None
) -> list[dict[str, Any]]:
    """The steps that are open, each with its form; the one that was refused first, as it was typed."""
    if not has_permission(request.user, FOLLOW, study=study):
        return []
    people = who_may(study, FOLLOW)
    steps = [step for step in Step if step in TRANSITIONS[State(found.state)]]
    run = _newest(study)
    given = {step: form_of(step, None, version=found.version, run=run, people=people) for step in steps}
    if refused is not None:
        given = {refused[0]: refused[1], **{s: f for s, f in given.items() if s is not refused[0]}}
    return [
        {"step": step.value, "title": TITLES[step][0], "button": TITLES[step][1], "form": form}
        for step, form in given.items()
    ]


def _newest(study: Study) -> str:
    """The run whose numbers the page shows."""
    run = newest_run(study)
    return str(run.id) if run else ""


def _look(request: HttpRequest, study: Study, permission: Permission, found: Signal) -> HttpResponse | None:
    return look(
        request,
        study,
        permission,
        object_kind="signal",
        object_id=str(found.id),
        detail=f"version {found.version}",
    )


def _account(request: HttpRequest) -> Account:
    account = request.user
    assert isinstance(account, Account)  # noqa: S101 - the page is behind the sign-in
    return account
