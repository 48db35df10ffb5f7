"""Closed room. Everything that writes a code break: one participant's arm, told to one person."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from pvtracker.accounts.models import Account
from pvtracker.accounts.roles import Permission
from pvtracker.allocation import queries, rules
from pvtracker.allocation.enums import BreakState, SecondOpinion
from pvtracker.allocation.models import CodeBreak, DeducibleAlarm, ImpactAssessment, Told
from pvtracker.allocation.queries import Received
from pvtracker.allocation.rules import CodeBreakRefused
from pvtracker.audit import looks
from pvtracker.audit.context import Actor, action
from pvtracker.audit.enums import AccessKind
from pvtracker.studies.actions import tell_awaited
from pvtracker.studies.models import Study

LOCK = 0x636F6465  # the number of a code break is given under one lock per study


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person who asks for a code break says."""

    subject: str
    category: str
    reason: str
    emergency: bool
    recipient_name: str
    recipient_role: str
    expected_use: str
    recipient_account: str = ""


@dataclass(frozen=True, slots=True)
class Assessed:
    """What one version of the impact assessment says."""

    effect: str
    measures: str
    analysis: str
    reason: str = ""


@action
def ask(*, study: Study, asked: Asked, account: Account, by: Actor, source: str = "form") -> CodeBreak:
    """Ask for one participant's arm. An emergency may be shown at once, anything else waits for a second person."""
    if not queries.is_allocated(study, asked.subject):
        raise CodeBreakRefused(
            f"No allocation of participant {asked.subject} is known here. Check the identifier."
        )
    _lock(study)
    if CodeBreak.objects.filter(study=study, subject=asked.subject, state=BreakState.WAITING).exists():
        raise CodeBreakRefused(
            f"A code break of participant {asked.subject} waits for a second person already."
        )
    last = CodeBreak.objects.filter(study=study).aggregate(last=Max("number"))["last"] or 0
    made = CodeBreak.objects.create(
        study=study,
        number=last + 1,
        subject=asked.subject,
        category=asked.category,
        reason=asked.reason,
        emergency=asked.emergency,
        recipient_name=asked.recipient_name,
        recipient_role=asked.recipient_role,
        recipient_account=asked.recipient_account,
        expected_use=asked.expected_use,
        state=BreakState.EMERGENCY if asked.emergency else BreakState.WAITING,
        could_deduce=queries.could_deduce(study, asked.subject),
        requested_at=timezone.now(),
        requested_by=by.id,
        requested_by_name=by.name,
        requested_person=account.person,
    )
    tell_awaited(study=study, permission=Permission.APPROVE_CODE_BREAK, by=by)
    return made


@action
def give_opinion(
    *, code_break: CodeBreak, agrees: bool, note: str, account: Account, by: Actor, source: str = "form"
) -> CodeBreak:
    """The second person approves or declines, or after an emergency countersigns or objects.

    An emergency that somebody objects to before the arm was shown is declined with that.
    """
    found = _locked(code_break)
    rules.check_can_give_opinion(found, account=account)
    if found.emergency:
        found.opinion = SecondOpinion.COUNTERSIGNED if agrees else SecondOpinion.OBJECTED
    else:
        found.opinion = SecondOpinion.APPROVED if agrees else SecondOpinion.DECLINED
    if found.state == BreakState.WAITING:
        found.state = BreakState.APPROVED if agrees else BreakState.DECLINED
    elif found.state == BreakState.EMERGENCY and not agrees:
        found.state = BreakState.DECLINED
    found.opinion_note = note
    found.opinion_at, found.opinion_by, found.opinion_by_name = timezone.now(), by.id, by.name
    return _saved(found)


@action
def withdraw(*, code_break: CodeBreak, account: Account, by: Actor, source: str = "form") -> CodeBreak:
    """The person who asked no longer needs the arm, which was not shown."""
    found = _locked(code_break)
    rules.check_can_withdraw(found, account=account)
    found.state = BreakState.WITHDRAWN
    return _saved(found)


@action
def show(
    *,
    code_break: CodeBreak,
    account: Account,
    by: Actor,
    again: str = "",
    address: str = "",
    source: str = "form",
) -> Received:
    """The arm, for the one person who asked. The look is recorded first, on a connection of its own.

    The first time, participants who become certain by their block raise an alarm.
    """
    found = _locked(code_break)
    rules.check_can_be_shown(found, account=account, again=again)
    looks.record(
        kind=AccessKind.CODE_BREAK_LOOK,
        by=by,
        study_id=found.study_id,
        object_kind="code break",
        object_id=str(found.id),
        reason=again or found.reason,
        detail=f"code break {found.number}, participant {found.subject}, to be told to {found.recipient_name}"
        + (", shown again" if again else ""),
        address=address,
    )
    first = found.state != BreakState.OPENED
    before = queries.deducible(found.study) if first else None
    found.state = BreakState.OPENED
    found.shown_at = found.shown_at or timezone.now()
    found.times_shown += 1
    _saved(found)
    if before is not None:
        _raise_alarm(found, before)
    return queries.received(found.study, found.subject)


def _raise_alarm(code_break: CodeBreak, before: queries.Deducible) -> None:
    """A row for the unblinded people when more can be deduced than before, or when that cannot be judged."""
    after = queries.deducible(code_break.study)
    subjects = sorted(after.subjects - before.subjects - {code_break.subject})
    problem = after.problem
    if not queries.has_blocks(code_break.study):
        problem = "The randomisation list is not known here, so nobody can say who became deducible by block."
    if subjects or problem:
        DeducibleAlarm.objects.create(
            study=code_break.study,
            code_break=code_break,
            subjects=subjects,
            problem=problem,
            raised_at=timezone.now(),
            raised_for=queries.people_to_inform(code_break.study),
        )


@action
def record_telling(
    *,
    code_break: CodeBreak,
    name: str,
    role: str,
    at: datetime.datetime,
    how: str,
    account: Account,
    by: Actor,
    source: str = "form",
) -> Told:
    """Who was told the arm, when and how. Each further person is another row."""
    found = _locked(code_break)
    rules.check_can_record_telling(found, account=account)
    return Told.objects.create(
        study=found.study,
        code_break=found,
        name=name,
        role=role,
        at=at,
        how=how,
        entered_at=timezone.now(),
        entered_by=by.id,
        entered_by_name=by.name,
    )


@action
def assess_impact(
    *, code_break: CodeBreak, assessed: Assessed, based_on: int, by: Actor, source: str = "form"
) -> ImpactAssessment:
    """A version of the impact assessment; from the second on it says why. `based_on`: the version that was read."""
    found = _locked(code_break)
    if found.state != BreakState.OPENED:
        raise CodeBreakRefused("The impact is assessed once the arm was shown.")
    last = found.assessments.aggregate(last=Max("version"))["last"] or 0
    if last != based_on:
        raise CodeBreakRefused(
            "Somebody else assessed the impact meanwhile. Read their version below, then save yours again."
        )
    if last and not assessed.reason:
        raise CodeBreakRefused("Say why the assessment is changed.")
    return ImpactAssessment.objects.create(
        study=found.study,
        code_break=found,
        version=last + 1,
        effect=assessed.effect,
        measures=assessed.measures,
        analysis=assessed.analysis,
        reason=assessed.reason,
        made_at=timezone.now(),
        made_by=by.id,
        made_by_name=by.name,
    )


@action
def answer_alarm(*, alarm: DeducibleAlarm, measures: str, by: Actor, source: str = "form") -> DeducibleAlarm:
    """Somebody saw the alarm and says what is done about it."""
    found = DeducibleAlarm.objects.select_for_update().get(id=alarm.id)
    if found.seen_at is not None:
        raise CodeBreakRefused(f"{found.seen_by_name} has answered this alarm already.")
    found.seen_at, found.seen_by, found.seen_by_name = timezone.now(), by.id, by.name
    found.measures = measures
    found.save(update_fields=["seen_at", "seen_by", "seen_by_name", "measures"])
    return found


def _lock(study: Study) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK, str(study.id)])


def _locked(code_break: CodeBreak) -> CodeBreak:
    """The row as it stands now, held until the transaction ends; breaks of one study are opened one after the other,
    so that each alarm counts against what was open before."""
    _lock(code_break.study)
    return CodeBreak.objects.select_for_update(of=("self",)).select_related("study").get(id=code_break.id)


def _saved(found: CodeBreak) -> CodeBreak:
    found.version += 1
    found.save()
    return found
