"""What happens to signals by itself, as time goes by."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date

from django.utils import timezone

from pvtracker.accounts.models import Account
from pvtracker.accounts.roles import Permission
from pvtracker.audit.context import Actor, action, enter_study
from pvtracker.signals.actions.alerts import tell, tell_of_failed
from pvtracker.signals.actions.raising import PROCESS, raise_signals
from pvtracker.signals.enums import AlertKind, Step
from pvtracker.signals.evidence import newest_run
from pvtracker.signals.models import Signal, SignalAlert, SignalStep
from pvtracker.signals.orders import failed_of
from pvtracker.signals.rules import ENDED
from pvtracker.studies.models import Study
from pvtracker.studies.queries import all_studies, who_may

log = logging.getLogger(__name__)


def follow_all() -> int:
    """For the scheduler: in each study, what is overdue, and runs that were made before signals were kept."""
    told = 0
    for study in all_studies():
        try:
            told += follow(study=study, on=timezone.localdate(), by=PROCESS)
        except Exception as fault:  # what is wrong with one study must not keep the others' alerts back
            log.error("the signals of study %s were not followed: %s", study.id, type(fault).__name__)
    return told


@action
def follow(*, study: Study, on: date, by: Actor) -> int:
    """Tell the owner and all who follow the study's signals what was due before this day, and which screenings of the
    plan were given up; how many alerts are new.

    A due date that is set anew is a new occasion.
    """
    enter_study(study.id)
    newest = newest_run(study)
    if newest is not None and not Signal.objects.filter(study=study).exists():
        raise_signals(run=newest, by=by)
    late = Signal.objects.filter(study=study, due_on__lt=on).exclude(state__in=[one.value for one in ENDED])
    new = _tell_of_failed(study, by)
    for signal in late.select_related("owner"):
        planned = SignalStep.objects.filter(signal=signal, what=Step.PLAN.value).order_by("-version").first()
        people = {person.id: person for person in who_may(study, Permission.FOLLOW_SIGNALS)}
        if planned is not None and not _all_told(planned, people.values()):
            new += tell(study=study, kind=AlertKind.OVERDUE, steps=[planned], people=people.values(), by=by)
    return new


def _tell_of_failed(study: Study, by: Actor) -> int:
    failed = failed_of(study)
    people = who_may(study, Permission.FOLLOW_SIGNALS) if failed else []
    told = 0
    for order in failed:
        known = SignalAlert.objects.filter(order=order, job_id=order.job_id).values_list(
            "account_id", flat=True
        )
        if missing := [person for person in people if person.id not in set(known)]:
            told += tell_of_failed(study=study, order=order, people=missing, by=by)
    return told


def _all_told(step: SignalStep, people: Iterable[Account]) -> bool:
    told = SignalAlert.objects.filter(step=step, kind=AlertKind.OVERDUE.value)
    return {person.id for person in people} <= set(told.values_list("account_id", flat=True))
