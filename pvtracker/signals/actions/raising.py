"""What a run does to signals: new ones are raised, ended ones re-opened when the evidence returns, and open ones told
of the boundary that they crossed.

A single case (`signals/triggers.py`) is raised once, whatever its counts; all events of a term of special interest are
one signal, to which a later run adds those that are new.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from pvtracker.accounts.roles import Permission
from pvtracker.audit.context import Actor, action
from pvtracker.lib.rounding import share
from pvtracker.signals.actions.alerts import tell
from pvtracker.signals.enums import AlertKind, Origin, State, Step
from pvtracker.signals.evidence import (
    KEY,
    Key,
    basis_of,
    flagged_by,
    key_of,
    numbers_of,
    one_term,
    raised_by,
    rows_of,
)
from pvtracker.signals.looks import crossed_in
from pvtracker.signals.models import Result, Run, Signal, SignalStep
from pvtracker.signals.rules import DECISIONS, ENDED, REASON_LIMIT, Basis, evidence_returned
from pvtracker.signals.triggers import CASE, SPECIAL_INTEREST, Trigger, kept_in
from pvtracker.studies.models import Study
from pvtracker.studies.queries import who_may

PROCESS = Actor.process("signals")
NAMED = 10  # of several cases, in the words of a step


@action
def raise_signals(*, run: Run, by: Actor) -> tuple[int, int]:
    """Raise a signal for each finding and each single case of the run that has none, and re-open ended ones whose
    evidence returned; how many of each. One that is open when its finding first crosses its signed boundary goes on
    where it stands, with one step that says so.

    Done twice for one run, or for two runs at once, it raises nothing twice: a signal of a finding is unique in the
    study, and who comes second finds the first one's.
    """
    cases = _raise_cases(run, by)
    beyond_of = crossed_in(run)
    found = rows_of(run, beyond_of) | raised_by(run)
    if not found:
        return cases, 0
    study, now = run.study, timezone.now()
    Study.objects.select_for_update(no_key=True).get(id=study.id)  # two spellings at once are one signal, too
    findings, crossed = _as_followed(study, found, beyond_of)
    wanted = [
        Signal(
            study=study,
            **dict(zip(KEY, key, strict=True)),
            origin=Origin.RUN.value,
            state=State.FLAGGED.value,
            raised_at=now,
        )
        for key in findings
    ]
    Signal.objects.bulk_create(
        wanted, ignore_conflicts=True
    )  # in one order, so that two at once wait and go on
    mine = {one.id for one in wanted}
    steps, reopened, further = [], [], []
    terms = {key[1] for key in findings}
    for signal in Signal.objects.select_for_update().filter(study=study, term__in=terms).order_by("id"):
        numbers = findings.get(key_of(signal))
        if numbers is None:
            continue
        beyond = crossed.get(key_of(signal), "")
        if signal.id in mine:
            steps.append(_step(signal, Step.RAISE, _raised_because(run, numbers, beyond), run, numbers))
        elif State(signal.state) not in ENDED:
            if beyond and not _crossed_before(signal):
                signal.version += 1
                signal.save(update_fields=["version"])
                further.append(_step(signal, Step.ADD, _raised_because(run, numbers, beyond), run, numbers))
        elif (reason := _returned(signal, run, numbers, beyond)) is not None:
            signal.version += 1
            signal.state, signal.measure = State.FLAGGED.value, ""
            signal.owner, signal.due_on = None, None
            signal.save(update_fields=["version", "state", "measure", "owner", "due_on"])
            reopened.append(_step(signal, Step.REOPEN, reason, run, numbers))
    SignalStep.objects.bulk_create([*steps, *reopened, *further])
    followers = who_may(study, Permission.FOLLOW_SIGNALS)
    for kind, told in ((AlertKind.NEW, steps), (AlertKind.REOPENED, reopened), (AlertKind.MORE, further)):
        if told:
            tell(study=study, kind=kind, steps=told, people=followers, by=by)
    return cases + len(steps), len(reopened)


def _as_followed(
    study: Study, found: Mapping[Key, list[Result]], beyond: Mapping[Key, str]
) -> tuple[dict[Key, dict[str, Any]], dict[Key, str]]:
    """The numbers of the findings of a run, and the sentences of those that crossed, each by the key of its signal: of
    the one that the study has whatever its spelling, or will have. Of several spellings in one run that which crossed,
    then that of most participants."""
    signals = Signal.objects.filter(study=study).exclude(level=CASE).order_by("raised_at", "id")
    known = [key_of(signal) for signal in signals]  # of earlier versions two spellings are two signals
    standing = {one_term(key): key for key in reversed(known)}
    numbers: dict[Key, dict[str, Any]] = {}
    crossed: dict[Key, str] = {}

    def weight(key: Key) -> tuple[bool, int, Key]:
        return (key not in beyond, -(found[key][0].n_arm + found[key][0].n_ref), key)

    for key in sorted(found, key=weight):
        of = key if key in known else standing.setdefault(one_term(key), key)
        if of in numbers:
            continue
        numbers[of] = numbers_of(found[key])
        if key in beyond:
            other = "" if key[1] == of[1] else f", which this run spells {key[1]}"
            crossed[of] = f"{beyond[key]}{other}"
    return dict(sorted(numbers.items())), crossed


def _raise_cases(run: Run, by: Actor) -> int:
    """A signal for each single case that has none; how many are new. It names no arm, so that a participant is one
    case by planned and by actual arm."""
    found: dict[str, list[Trigger]] = {}
    for case in kept_in(run.settings):
        for name in case.signals:
            found.setdefault(name, []).append(case)
    if not found:
        return 0
    now = timezone.now()
    wanted = [
        Signal(
            study=run.study,
            level=CASE,
            term=name,
            selection=cases[0].kind,
            origin=Origin.RUN.value,
            state=State.FLAGGED.value,
            raised_at=now,
        )
        for name, cases in sorted(found.items())
    ]
    Signal.objects.bulk_create(wanted, ignore_conflicts=True)
    mine = {one.id for one in wanted}
    new: list[SignalStep] = []
    more: list[SignalStep] = []
    again: list[SignalStep] = []
    growing = Signal.objects.filter(selection=SPECIAL_INTEREST, term__in=list(found)) | Signal.objects.filter(
        id__in=mine
    )
    for signal in growing.filter(study=run.study, level=CASE).select_for_update().order_by("id"):
        cases = found[signal.term]
        if signal.id in mine:
            new.append(_step(signal, Step.RAISE, _cases_because(run, cases), run, {}))
        elif further := _further(signal, cases):
            ended, reason = State(signal.state) in ENDED, _cases_because(run, further)
            signal.version += 1
            if ended:
                signal.state, signal.measure, signal.owner, signal.due_on = (
                    State.FLAGGED.value,
                    "",
                    None,
                    None,
                )
            signal.save(update_fields=["version", "state", "measure", "owner", "due_on"])
            step = Step.REOPEN if ended else Step.ADD
            (again if ended else more).append(
                _step(signal, step, f"Further cases. {reason}"[:REASON_LIMIT], run, {})
            )
    SignalStep.objects.bulk_create([*new, *more, *again])
    followers = who_may(run.study, Permission.FOLLOW_SIGNALS)
    for kind, steps in ((AlertKind.NEW, new), (AlertKind.MORE, more), (AlertKind.REOPENED, again)):
        if steps:
            tell(study=run.study, kind=kind, steps=steps, people=followers, by=by)
    return len(new)


def _further(signal: Signal, cases: list[Trigger]) -> list[Trigger]:
    """Those that no run has yet that a step of the signal rests on which the process took: each such run keeps its
    cases, so nothing is told twice and nothing that went away is forgotten."""
    runs = Run.objects.filter(id__in=process_steps(signal).values("run"))
    known = {
        (one.subject, one.number)
        for run in runs
        for one in kept_in(run.settings)
        if signal.term in one.signals
    }
    return [one for one in cases if (one.subject, one.number) not in known]


def _crossed_before(signal: Signal) -> bool:
    """Does a step of the signal that the process took rest on a run in which it crossed? Each such step says so, and no
    later run says it again. The signal is held: of two runs at once the second sees the first one's step."""
    steps = process_steps(signal).select_related("run")
    same = one_term(key_of(signal))
    return any(same in map(one_term, crossed_in(step.run)) for step in steps if step.run)


def process_steps(signal: Signal) -> QuerySet[SignalStep]:
    """What runs did to a signal."""
    return SignalStep.objects.filter(signal=signal, role=PROCESS.role, run__isnull=False)


def _cases_because(run: Run, cases: list[Trigger]) -> str:
    """One case in full; several by their number, with the first of them."""
    if len(cases) == 1:
        return _case_because(run, cases[0])
    people = len({one.subject for one in cases})
    named = (f"{one.subject}, event {one.number}: {one.said.removesuffix('.')}" for one in cases[:NAMED])
    first = f"{'; '.join(named)}."
    rest = f" And {len(cases) - NAMED} more; all are listed with the signal." if len(cases) > NAMED else ""
    told = (
        f"{len(cases)} events of {people} participants in the run on the cut of {run.cut.date}. {first}{rest}"
    )
    return told[:REASON_LIMIT]


def _case_because(run: Run, case: Trigger) -> str:
    arm = f"{case.arm} ({run.analysis_arm} arm)" if case.arm else "in no arm"
    day = "" if case.day is None else f" Day {case.day} since first exposure."
    said = f"A single case in the run on the cut of {run.cut.date}: {case.subject}, {arm}. {case.said}{day}"
    return said[:REASON_LIMIT]


def _step(signal: Signal, what: Step, reason: str, run: Run, numbers: dict[str, Any]) -> SignalStep:
    """A step that the process takes, whoever asked for the run."""
    return SignalStep(
        study_id=signal.study_id,
        signal=signal,
        version=signal.version,
        what=what.value,
        state=signal.state,
        measure=signal.measure,
        owner=signal.owner,
        due_on=signal.due_on,
        reason=reason,
        run=run,
        numbers=numbers,
        actor=PROCESS.id,
        actor_name=PROCESS.name,
        role=PROCESS.role,
        recorded_at=timezone.now(),
    )


def _counts(numbers: dict[str, Any]) -> str:
    arm, reference = (share(numbers[f"n_{side}"], numbers[f"N_{side}"]) for side in ("arm", "ref"))
    return f"{arm} participants of the arm against {reference} of the reference"


def _raised_because(run: Run, numbers: dict[str, Any], crossed: str) -> str:
    on, methods = f"in the run on the cut of {run.cut.date}", flagged_by(numbers)
    flagged = f"{'Flagged too' if crossed else f'Flagged {on}'} by {'; '.join(methods)}: " if methods else ""
    return f"{f'{crossed} {on}. ' if crossed else ''}{flagged}{_counts(numbers)}."


def _returned(signal: Signal, run: Run, numbers: dict[str, Any], crossed: str) -> str | None:
    """Why the ended signal re-opens, in words; None when it does not."""
    decisions = SignalStep.objects.filter(signal=signal, what__in=[one.value for one in DECISIONS])
    decided = decisions.select_related("run__cut").latest("version")
    before, then = _decided_on(signal, decided)
    found = basis_of(run, key_of(signal), numbers)
    if found is None or not evidence_returned(before, decided.recorded_at, found):
        return None
    again = f"{crossed}, again" if crossed else "Flagged again"
    return f"{again} in the run on the cut of {run.cut.date}: {_counts(numbers)}. {then}"


def _decided_on(signal: Signal, decided: SignalStep) -> tuple[Basis | None, str]:
    """What a decision rested on, and in words. Where its run did not screen the finding (a plan without its level), the
    participants are those of the last step before it that knew them, for they are what the decision was about."""
    if decided.run is None:
        return None, "The decision had rested on no run."
    before = basis_of(decided.run, key_of(signal), decided.numbers)
    if before is not None:
        had = f"{before.participants} of the arm had the event"
        return before, f"When it was decided, on the cut of {before.cut_date}, {had}."
    earlier = SignalStep.objects.filter(signal=signal, version__lt=decided.version, run__isnull=False)
    for step in earlier.select_related("run__cut").order_by("-version"):
        known = basis_of(step.run, key_of(signal), step.numbers)
        if known is not None:
            cut = decided.run.cut
            return Basis(cut.date, cut.made_at, known.participants), (
                f"The run that the decision rested on, on the cut of {cut.date}, did not screen it; on the cut of "
                f"{known.cut_date} {known.participants} of the arm had the event."
            )
    return None, "The run that the decision rested on did not screen it."
