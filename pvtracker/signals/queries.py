"""Reading runs and their rows, signals and alerts."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, FloatField, QuerySet
from django.db.models.functions import Cast, NullIf
from django.http import Http404

from pvtracker.accounts.models import Account
from pvtracker.lib.canonical import sha256_hex
from pvtracker.signals import ranking
from pvtracker.signals.comparing import Change, compare
from pvtracker.signals.enums import PROCESS_ROLE, State, Step
from pvtracker.signals.evidence import (
    COUNTS,
    adjusts,
    after_adjustment,
    flagged_by,
    key_of,
    newest_run,
    numbers_of,
    rows_of,
    was_screened,
)
from pvtracker.signals.method import MARGIN
from pvtracker.signals.models import Result, Run, Signal, SignalAlert, SignalStep
from pvtracker.signals.rules import ENDED
from pvtracker.signals.signing import SIGNED_IN, is_signed
from pvtracker.signals.triggers import CASE
from pvtracker.studies.definitions import HELP, parse
from pvtracker.studies.models import Study


def runs_of(study: Study) -> QuerySet[Run]:
    """Runs of a study, the latest first."""
    return Run.objects.filter(study=study).select_related("cut").order_by("-made_at", "-id")


def run_for(study: Study, run_id: uuid.UUID) -> Run:
    """The run of this study; Http404 when there is none."""
    run = runs_of(study).filter(id=run_id).first()
    if run is None:
        raise Http404("No such run.")
    run.study = study
    return run


def run_before(run: Run, method: str) -> Run | None:
    """The run that this one is compared with: the last one made before it with this method and analysis arm, on another
    cut that is no later."""
    earlier = runs_of(run.study).filter(analysis_arm=run.analysis_arm, cut__date__lte=run.cut.date)
    earlier = earlier.filter(methods__has_key=method)
    return earlier.filter(made_at__lt=run.made_at).exclude(cut=run.cut_id).first()


def judged_otherwise(run: Run, before: Run, method: str) -> list[str]:
    """In what two runs differ besides the data, in words: the method's version and threshold, levels, selections, seed,
    margin and each definition; [] where they are judged alike."""
    now, then = run.settings, before.settings
    pairs = {
        "the method’s version": (run.methods[method], before.methods[method]),
        "the method’s threshold": (now["thresholds"].get(method), then["thresholds"].get(method)),
        **{name: (now.get(name), then.get(name)) for name in ("levels", "selections")},
        "the seed": (now.get("seed"), then.get("seed")),
        "the margin": (now.get("margin", MARGIN), then.get("margin", MARGIN)),
    }
    differing = [name for name, (one, other) in pairs.items() if one != other]
    return [*differing, *(f"definition “{label}”" for label in differing_definitions([run, before]))]


def differing_definitions(runs: Sequence[Run]) -> list[str]:
    """Labels of the definitions that are not the same in all of these runs. A run of an earlier version that keeps none
    is held against no other; a setting that was not thought of yet was at its default."""
    told = [one.settings["rules"] for one in runs if one.settings.get("rules") is not None]
    kept = [parse(one).stated() for one in told]
    return [label for name, (label, _) in HELP.items() if any(one[name] != kept[0][name] for one in kept)]


def changes(run: Run, before: Run, *, method: str) -> tuple[list[Change[Result]], int]:
    """What became of the findings that a method flagged in either run, and of how many that is not known: the other run
    did not screen them."""
    now, then = (with_run(Result.over_all.filter(run=one, method=method), one) for one in (run, before))
    compared = compare(now=now, before=then)
    known = [
        one
        for one in compared
        if (one.now or was_screened(run, key_of(one.row)))
        and (one.before or was_screened(before, key_of(one.row)))
    ]
    return known, len(compared) - len(known)


def row_for(study: Study, row_id: int) -> Result:
    """The result row of this study; Http404 when there is none."""
    row = Result.objects.filter(study=study, id=row_id).select_related("run", "run__cut").first()
    if row is None:
        raise Http404("No such row.")
    row.run.study = study
    return row


def cases_of(study: Study) -> dict[str, uuid.UUID]:
    """The signals that are about a single case, by their names."""
    return dict(Signal.objects.filter(study=study, level=CASE).values_list("term", "id"))


def with_run(rows: Iterable[Result], run: Run) -> list[Result]:
    """The rows, each with the run that they are of, so that none asks the database for it again."""
    told = list(rows)
    for row in told:
        row.run = run
    return told


def same_term(row: Result) -> list[Result]:
    """The rows of the same run, term, selection, method and period or prior: one for each active arm."""
    where = {
        name: getattr(row, name)
        for name in ("run", "level", "selection", "term", "method", "period", "prior")
    }
    return with_run(Result.objects.filter(**where).order_by("id"), row.run)


def over_all(row: Result) -> Result:
    """The row of the same term, arm and method over all: itself unless it is of a period or prior."""
    if not (row.period or row.prior):
        return row
    where = {name: getattr(row, name) for name in ("run", "level", "selection", "term", "arm", "method")}
    [found] = with_run(Result.over_all.filter(**where), row.run)
    return found


def by_part(rows: Sequence[Result], run: Run) -> list[Result]:
    """Each of these rows over all, or in its place those of its periods or priors where it has any."""
    parted: dict[tuple[str, ...], list[Result]] = defaultdict(list)
    of = Result.objects.filter(run=run, method__in={row.method for row in rows}).exclude(period="", prior="")
    for one in with_run(of.filter(term__in={row.term for row in rows}).order_by("id"), run):
        parted[*key_of(one), one.method].append(one)
    return [one for row in rows for one in parted.get((*key_of(row), row.method)) or [row]]


def of_term(row: Result) -> list[Result]:
    """The rows of the same run, level, selection, term and arm: one for each method, in the order of the methods."""
    where = {name: getattr(row, name) for name in ("run", "level", "selection", "term", "arm")}
    return with_run(Result.over_all.filter(**where).order_by("id"), row.run)


def results(
    run: Run, *, level: str, selection: str, arm: str, method: str, by_evidence: bool = True
) -> list[Result]:
    """One table of a run, in the order of `ranking.by_evidence`. Not by evidence: by the difference of the shares, the
    largest excess first."""
    table = Result.over_all.filter(run=run, level=level, selection=selection, arm=arm, method=method)
    if not by_evidence:
        return sorted(with_run(table, run), key=lambda row: (-excess(row), row.term))
    return sorted(with_run(table, run), key=ranking.by_evidence)


def strongest(run: Run, arm: str) -> list[Result]:
    """The rows of the preferred term with the smallest p of Fisher's test in an arm, all events; [] where none has a
    p."""
    table = Result.over_all.filter(run=run, arm=arm, level="PT", selection="all")
    first = table.filter(method="fisher", p__isnull=False).order_by("p", "-n_arm", "term").first()
    return with_run(table.filter(term=first.term).order_by("id"), run) if first else []


def flags_of(run: Run, arm: str) -> tuple[int, int]:
    """How many findings of an arm are flagged after adjustment for many terms, and how many by any method."""
    found = Result.over_all.filter(run=run, arm=arm, flag=True)
    adjusting = [key for key in run.methods if adjusts(key)]
    finding = ("level", "selection", "term")
    counted = (
        each.values(*finding).distinct().count() for each in (found.filter(method__in=adjusting), found)
    )
    adjusted, any_method = counted
    return adjusted, any_method


def largest(run: Run, limit: int) -> list[Result]:
    """Rows of one method with the largest excess in an arm, preferred terms of all events: what stands out by the
    estimate alone."""
    method = next(iter(run.methods), "")
    table = Result.over_all.filter(run=run, level="PT", selection="all", method=method)
    share = [
        Cast(F(f"n_{side}"), FloatField()) / NullIf(Cast(F(f"N_{side}"), FloatField()), 0.0)
        for side in ("arm", "ref")
    ]
    found = table.annotate(more=share[0] - share[1]).filter(more__gt=0).order_by("-more", "term", "arm")
    return with_run(found[:limit], run)


def systems(run: Run) -> dict[str, list[Result]]:
    """By arm the rows of one method for every organ class, all events."""
    method = next(iter(run.methods), "")
    table = Result.over_all.filter(run=run, level="SOC", selection="all", method=method).order_by("id")
    found: dict[str, list[Result]] = {}
    for row in with_run(table, run):
        found.setdefault(row.arm, []).append(row)
    return found


def within(row: Result, terms: Iterable[str]) -> list[Result]:
    """The rows of these preferred terms in the run, selection, arm and method of a row."""
    where = {name: getattr(row, name) for name in ("run", "selection", "arm", "method")}
    table = Result.over_all.filter(**where, level="PT", term__in=list(terms)).order_by("id")
    return with_run(table, row.run)


def excess(row: Result) -> float:
    """The share of participants in the arm minus that in the reference; an empty arm has none."""
    return _difference(row.n_arm, row.N_arm, row.n_ref, row.N_ref)


def difference(numbers: dict[str, Any]) -> float:
    """The same of numbers as a step keeps them; of none, less than any."""
    return _difference(*(numbers[name] for name in COUNTS[:4])) if numbers else -1.0


def _difference(n_arm: int, N_arm: int, n_ref: int, N_ref: int) -> float:
    return n_arm / max(N_arm, 1) - n_ref / max(N_ref, 1)


def flagged(run: Run, method: str = "fisher") -> QuerySet[Result]:
    """Rows that a method flagged, smallest adjusted p first."""
    found = Result.over_all.filter(run=run, method=method, flag=True)
    return found.order_by("p_adjusted", "p", "level", "selection", "arm", "term")


@dataclass(frozen=True, slots=True)
class Listed:
    """A signal with what the list says of it."""

    signal: Signal
    now: dict[str, Any]  # numbers of the newest run; {} when nobody has the event there, or no run was made
    then: dict[str, Any]  # numbers of the last step that decided something
    overdue: bool

    @property
    def flags(self) -> int:
        """How many methods flag it now."""
        return len(flagged_by(self.now))

    @property
    def adjusted(self) -> bool:
        """Flagged now after adjustment for many terms, too."""
        return after_adjustment(self.now)

    @property
    def to_sign(self) -> bool:
        """Asked for the rows of one page only: each looks for a signature."""
        return waits_for_signature(self.signal)


WHICH = {"open": "Open", "ended": "Closed, or no signal", "all": "All"}


def signals_of(study: Study, *, which: str, on: date, by_evidence: bool = True) -> list[Listed]:
    """The signals of a study: what is late first, then single cases, then the strongest evidence; not by evidence: the
    largest difference of the shares."""
    found = Signal.objects.filter(study=study).select_related("owner")
    ended = [one.value for one in ENDED]
    if which != "all":
        found = found.filter(state__in=ended) if which == "ended" else found.exclude(state__in=ended)
    signals = list(found)
    run = newest_run(study)
    rows = rows_of(run, map(key_of, signals)) if run else {}
    then = _decided(signals)
    listed = [
        Listed(
            signal=one,
            now=numbers_of(rows.get(key_of(one), [])),
            then=then.get(one.id, {}),
            overdue=is_overdue(one, on),
        )
        for one in signals
    ]
    return sorted(
        listed,
        key=lambda one: (
            not one.overdue,
            one.signal.level != CASE,
            *((not one.adjusted, -one.flags) if by_evidence else (-difference(one.now), 0)),
            one.signal.term,
            one.signal.id.hex,
        ),
    )


def _decided(signals: Iterable[Signal]) -> dict[uuid.UUID, dict[str, Any]]:
    """The numbers of each signal's last decision of a person: none where it was only raised, added to or handed on."""
    no_decision = [step.value for step in (Step.RAISE, Step.ADD, Step.PLAN)]
    steps = SignalStep.objects.filter(signal__in=list(signals)).exclude(what__in=no_decision)
    return dict(steps.exclude(role=PROCESS_ROLE).order_by("version").values_list("signal_id", "numbers"))


def is_overdue(signal: Signal, on: date) -> bool:
    """Was it due before this day, and is it still open?"""
    return signal.due_on is not None and signal.due_on < on and State(signal.state) not in ENDED


def waits_for_signature(signal: Signal) -> bool:
    """Is its assessment, or its closing, not signed yet?"""
    what = SIGNED_IN.get(State(signal.state))
    return what is not None and not is_signed(signal, what)


def signal_for(study: Study, signal_id: uuid.UUID) -> Signal:
    """The signal of this study; Http404 when there is none."""
    found = Signal.objects.filter(study=study, id=signal_id).select_related("study", "owner").first()
    if found is None:
        raise Http404("No such signal.")
    return found


def steps_of(signal: Signal) -> list[SignalStep]:
    """Its life, the latest first."""
    steps = SignalStep.objects.filter(signal=signal).select_related("run__cut", "owner")
    return list(steps.prefetch_related("assessments").order_by("-version"))


def alerts_of(study: Study, account: Account) -> list[SignalAlert]:
    """What this person was told, unread first, then the latest."""
    found = SignalAlert.objects.filter(study=study, account=account).select_related(
        "signal", "step__run__cut", "order__cut"
    )
    return sorted(found.order_by("-raised_at", "id"), key=lambda one: one.read_at is not None)


def alert_for(study: Study, account: Account, alert_id: uuid.UUID) -> SignalAlert | None:
    """An alert of this person; None for anybody else's, as for one that does not exist."""
    found = SignalAlert.objects.filter(study=study, account=account, id=alert_id)
    return found.select_related("signal").first()


def unread_of(study: Study, account: Any) -> int:
    """How many alerts this person has not read."""
    return SignalAlert.objects.filter(study=study, account=account, read_at=None).count()


def fingerprint(alerts: Iterable[SignalAlert]) -> str:
    """Which alerts a page showed as unread."""
    return sha256_hex(" ".join(sorted(one.id.hex for one in alerts if one.read_at is None)).encode())
