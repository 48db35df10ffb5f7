"""Telling named unblinded people of a signal, or of a screening that failed: a row for each, once; beside it a neutral
mail where mail is set up."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from pvtracker.accounts.actions import notices
from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor, action
from pvtracker.signals.enums import AlertKind
from pvtracker.signals.models import ScreeningOrder, SignalAlert, SignalStep
from pvtracker.studies.models import Study


@action
def tell(
    *, study: Study, kind: AlertKind, steps: Iterable[SignalStep], people: Iterable[Account], by: Actor
) -> int:
    """One alert for each person and step that has none of this kind yet; how many are new.

    Run twice, by two at once, or killed between: the unique constraint lets each in once, and the mail is owed in the
    same transaction, to whom something new was told.
    """
    now, told = timezone.now(), list(people)
    wanted = [
        SignalAlert(
            study=study, signal_id=step.signal_id, step=step, kind=kind.value, account=person, raised_at=now
        )
        for step in steps
        for person in told
    ]
    return _keep(wanted, told, by)


@action
def tell_of_failed(*, study: Study, order: ScreeningOrder, people: Iterable[Account], by: Actor) -> int:
    """One alert for each person who was not told yet that this attempt at a screening was given up; how many are new.
    Once it is resumed it has another job, whose failure is told anew."""
    now, told = timezone.now(), list(people)
    wanted = [
        SignalAlert(
            study=study,
            order=order,
            job_id=order.job_id,
            kind=AlertKind.FAILED.value,
            account=person,
            raised_at=now,
        )
        for person in told
    ]
    return _keep(wanted, told, by)


def _keep(wanted: list[SignalAlert], people: list[Account], by: Actor) -> int:
    """Those that are not there yet, with the mail that is owed for them; how many."""
    SignalAlert.objects.bulk_create(wanted, ignore_conflicts=True)
    mine = SignalAlert.objects.filter(
        id__in=[one.id for one in wanted]
    )  # another's are there under other ids
    reached = list(mine.values_list("account_id", flat=True))
    notices.owe(accounts=[person for person in people if person.id in set(reached)], by=by)
    return len(reached)


@action
def read(*, study: Study, account: Account, alerts: Iterable[SignalAlert], by: Actor) -> int:
    """Note that the person has read these alerts of theirs; how many were unread."""
    unread = SignalAlert.objects.filter(
        study=study, account=account, id__in=[one.id for one in alerts], read_at=None
    )
    return unread.update(read_at=timezone.now())
