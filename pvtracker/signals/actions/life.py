"""The steps that people take with a signal. Each rests on the newest run and leaves a row that never changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from pvtracker.accounts.models import Account, Signature
from pvtracker.accounts.roles import Permission
from pvtracker.accounts.signing.actions import SigningRefused, sign
from pvtracker.accounts.signing.series import Proof
from pvtracker.audit.context import Actor, action
from pvtracker.signals import signing
from pvtracker.signals.actions.alerts import tell
from pvtracker.signals.enums import AlertKind, Measure, Origin, State, Step
from pvtracker.signals.evidence import key_of, newest_run, numbers_of, rows_of
from pvtracker.signals.models import Result, Run, Signal, SignalAssessment, SignalStep
from pvtracker.signals.rules import REASON_LIMIT, Changed, StepRefused, check
from pvtracker.studies.models import Arm, Study
from pvtracker.studies.queries import who_may

NO_REASON = "The reason is missing. Say in a few words why."
ASSESSED_BY = ("participants", "narratives", "time_course", "literature", "alternatives")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a signal by hand is about; arm '' when it is about no arm alone."""

    level: str
    term: str
    selection: str
    arm: str


@action
def raise_by_hand(*, study: Study, finding: Finding, reason: str, by: Actor, source: str = "form") -> Signal:
    """Raise a signal that no run flagged: a single event, an event of special interest. No p-value is needed."""
    _check_reason(reason)
    reference = ""
    if finding.arm:
        reference = (
            Arm.objects.filter(study=study, is_reference=True).values_list("name", flat=True).first() or ""
        )
    signal = Signal(
        study=study,
        level=finding.level,
        term=_as_screened(study, finding),
        selection=finding.selection,
        arm=finding.arm,
        reference=reference,
        origin=Origin.HAND.value,
        state=State.FLAGGED.value,
        raised_at=timezone.now(),
    )
    if not signal.term:
        raise StepRefused("The event is missing. Write the term that the signal is about.")
    try:
        with transaction.atomic():
            signal.save(force_insert=True)
    except IntegrityError as fault:
        raise StepRefused(
            "There is a signal of this finding already. Find it in the list; it can be re-opened there."
        ) from fault
    step = _leave_step(signal, Step.RAISE, reason, by, newest_run(study))
    others = [person for person in who_may(study, Permission.FOLLOW_SIGNALS) if str(person.id) != by.id]
    tell(study=study, kind=AlertKind.NEW, steps=[step], people=others, by=by)
    return signal


@action
def plan(
    *,
    signal: Signal,
    version: int,
    owner: Account,
    due_on: date,
    reason: str,
    by: Actor,
    seen: str | None = None,
    source: str = "form",
) -> SignalStep:
    """Say who follows it and by when."""
    held, run = _held(signal, version, Step.PLAN, reason, seen)
    if owner.id not in {person.id for person in who_may(held.study, Permission.FOLLOW_SIGNALS)}:
        raise StepRefused(
            "The owner has to be somebody who follows signals of this study today. Choose another."
        )
    if due_on < timezone.localdate():
        raise StepRefused(f"The due date {due_on} is past. Give a day from today on.")
    held.owner, held.due_on = owner, due_on
    return _go(held, Step.PLAN, reason, by, run)


@action
def decide(
    *,
    signal: Signal,
    version: int,
    step: Step,
    reason: str,
    by: Actor,
    seen: str | None = None,
    source: str = "form",
) -> SignalStep:
    """Validate, confirm, find to be no signal, close, or re-open, with the reason."""
    if step not in (Step.VALIDATE, Step.CONFIRM, Step.DISMISS, Step.CLOSE, Step.REOPEN):
        raise StepRefused("This step needs more than a reason. Choose one of the steps shown.")
    held, run = _held(signal, version, step, reason, seen)
    if step is Step.REOPEN:
        held.owner, held.due_on, held.measure = None, None, ""
    made = _go(held, step, reason, by, run)
    if step is Step.REOPEN:
        others = [
            person for person in who_may(held.study, Permission.FOLLOW_SIGNALS) if str(person.id) != by.id
        ]
        tell(study=held.study, kind=AlertKind.REOPENED, steps=[made], people=others, by=by)
    return made


@action
def assess(
    *,
    signal: Signal,
    version: int,
    evidence: dict[str, str],
    reason: str,
    by: Actor,
    seen: str | None = None,
    source: str = "form",
) -> SignalStep:
    """Record the assessment: what it rests on, and in `reason` what was concluded. An earlier one stays."""
    held, run = _held(signal, version, Step.ASSESS, reason, seen)
    said = {name: evidence.get(name, "").strip() for name in ASSESSED_BY}
    if not all(said.values()):
        raise StepRefused(
            "The assessment is not whole. Write something under each heading, were it that nothing was found."
        )
    made = _go(held, Step.ASSESS, reason, by, run)
    SignalAssessment.objects.create(study_id=held.study_id, step=made, **said)
    return made


@action
def act(
    *,
    signal: Signal,
    version: int,
    measure: Measure,
    reason: str,
    by: Actor,
    seen: str | None = None,
    source: str = "form",
) -> SignalStep:
    """Decide what is done about it; the assessment is signed before. Informing the board tells its members at once."""
    held, run = _held(signal, version, Step.ACT, reason, seen)
    if not signing.is_signed(held, Step.ASSESS):
        raise StepRefused("The assessment is not signed. Have it signed, then decide what is done.")
    held.measure = measure.value
    made = _go(held, Step.ACT, reason, by, run)
    if measure is Measure.BOARD:
        board = who_may(held.study, Permission.HEAR_OF_SIGNALS)
        tell(study=held.study, kind=AlertKind.BOARD, steps=[made], people=board, by=by)
    return made


@action
def sign_step(
    *, signal: Signal, shown: str, meaning: str, proof: Proof, by: Actor, source: str = "form"
) -> Signature:
    """Sign the assessment, or of a closed signal the closing, when that is what was shown."""
    held = Signal.objects.select_for_update(of=("self",)).get(pk=signal.pk)
    subject = signing.to_sign(held)
    if subject is None:
        raise SigningRefused("There is no assessment and no closing to sign. Read the signal again.")
    return sign(subject=subject, shown=shown, meaning=meaning, proof=proof, by=by, source=source)


def _held(
    signal: Signal, version: int, step: Step, reason: str, seen: str | None
) -> tuple[Signal, Run | None]:
    """The signal, held until commit, when it is still as this person read it and the step is open; and the run that the
    step rests on.

    `seen` is the run whose numbers the person read ('' for none): a decision rests on what was read. None, from code
    that shows nobody anything, takes the newest.
    """
    held = Signal.objects.select_for_update(of=("self",)).select_related("study", "owner").get(pk=signal.pk)
    if held.version != version:
        raise Changed(
            f"It was changed meanwhile: you read version {version}, it is now version {held.version}. Read what was "
            "done, then decide again; what you typed is kept below."
        )
    check(State(held.state), step)
    _check_reason(reason)
    newest = newest_run(held.study)
    if seen is not None and seen != (str(newest.id) if newest else ""):
        raise Changed(
            "Another run was made meanwhile, so the numbers are no longer those that you read. Read them again, then "
            "decide; what you typed is kept below."
        )
    return held, newest


def _go(held: Signal, step: Step, reason: str, by: Actor, run: Run | None) -> SignalStep:
    held.state = check(State(held.state), step).value
    held.version += 1
    held.save(update_fields=["state", "version", "measure", "owner", "due_on"])
    return _leave_step(held, step, reason, by, run)


def _leave_step(signal: Signal, what: Step, reason: str, by: Actor, run: Run | None) -> SignalStep:
    rows = rows_of(run, [key_of(signal)]) if run else {}
    return SignalStep.objects.create(
        study_id=signal.study_id,
        signal=signal,
        version=signal.version,
        what=what.value,
        state=signal.state,
        measure=signal.measure,
        owner=signal.owner,
        due_on=signal.due_on,
        reason=reason.strip(),
        run=run,
        numbers=numbers_of(rows.get(key_of(signal), [])),
        actor=by.id,
        actor_name=by.name,
        role=by.role,
        recorded_at=timezone.now(),
    )


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise StepRefused(NO_REASON)
    if len(reason.strip()) > REASON_LIMIT:
        raise StepRefused(
            f"The reason has {len(reason.strip())} characters; at most {REASON_LIMIT} are kept."
        )


def _as_screened(study: Study, finding: Finding) -> str:
    """The term as the runs spell it, so that a later run finds this signal."""
    typed = " ".join(finding.term.split())
    run = newest_run(study)
    if run is None:
        return typed
    same: Any = Result.over_all.filter(run=run, level=finding.level, term__iexact=typed)
    return str(same.values_list("term", flat=True).first() or typed)
