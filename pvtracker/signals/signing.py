"""The assessment and the closing of a signal as records that are signed."""

from __future__ import annotations

from pvtracker.accounts.signing.queries import Change, Manifestation, holds, manifestations, signatures_of
from pvtracker.accounts.signing.record import Subject
from pvtracker.signals.enums import State, Step
from pvtracker.signals.evidence import KEY
from pvtracker.signals.models import Signal, SignalAssessment, SignalStep

SIGNED_IN = {State.ASSESSED: Step.ASSESS, State.ACTION: Step.ASSESS, State.CLOSED: Step.CLOSE}
KINDS = {Step.ASSESS: "signal_assessment", Step.CLOSE: "signal_closing"}


def subject_of(signal: Signal, what: Step) -> Subject | None:
    """The latest assessment or closing; None where there is none. Steps of another kind do not touch it."""
    step = SignalStep.objects.filter(signal=signal, what=what.value).order_by("-version").first()
    if step is None:
        return None
    return Subject(
        kind=KINDS[what],
        object_id=signal.id,
        study_id=signal.study_id,
        version=step.version,
        record={
            **{name: getattr(signal, name) for name in KEY},
            "state": step.state,
            "action": step.measure,
            "conclusion": step.reason,
            "run": str(step.run_id or ""),
            "run_sha256": step.run.sha256 if step.run else "",
            "numbers": step.numbers,
            "evidence": evidence_of(step),
        },
    )


def evidence_of(step: SignalStep) -> dict[str, str]:
    """What an assessment rests on, by its fields."""
    found = SignalAssessment.objects.filter(step=step).first()
    if found is None:
        return {}
    names = ("participants", "narratives", "time_course", "literature", "alternatives")
    return {name: getattr(found, name) for name in names}


def to_sign(signal: Signal) -> Subject | None:
    """What stands to be signed now: of a closed signal the closing, of an assessed one the assessment."""
    what = SIGNED_IN.get(State(signal.state))
    return subject_of(signal, what) if what else None


def is_signed(signal: Signal, what: Step) -> bool:
    """Does a signature of the latest assessment or closing hold?"""
    subject = subject_of(signal, what)
    return subject is not None and holds(signatures_of(KINDS[what], signal.id), subject)


def manifestations_of(signal: Signal) -> list[Manifestation]:
    """The signatures of closings, then of assessments, newest first, verified now."""
    found: list[Manifestation] = []
    for what in (Step.CLOSE, Step.ASSESS):
        subject = subject_of(signal, what)
        if subject is None:
            continue

        def changes(step: Step = what) -> list[Change]:
            rows = SignalStep.objects.filter(signal=signal, what=step.value).order_by("version")
            return [Change(row.version, row.actor_name, row.recorded_at) for row in rows]

        found += manifestations(signatures_of(KINDS[what], signal.id), subject, changes=changes)
    return found
