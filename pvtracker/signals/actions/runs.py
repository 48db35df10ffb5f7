"""Closed room: run a screening of a joined cut and keep its rows."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pvtracker.audit.bulk import copy_rows
from pvtracker.audit.context import Actor, action, within
from pvtracker.cuts import closed, derive
from pvtracker.cuts.data import CutData, CutError
from pvtracker.cuts.models import Cut, CutState
from pvtracker.jobs.actions import Refused
from pvtracker.lib.code_version import code_version
from pvtracker.signals import storage, triggers
from pvtracker.signals.actions.raising import PROCESS, raise_signals
from pvtracker.signals.definition_changes import since_first_look
from pvtracker.signals.looks import judged
from pvtracker.signals.methods import FURTHER_METHODS, METHODS
from pvtracker.signals.models import Result, Run, ScreeningPlan
from pvtracker.signals.numerators import Counted, Emergent, counted
from pvtracker.signals.parquet import to_bytes
from pvtracker.signals.pieces import Asked
from pvtracker.signals.plan import departures
from pvtracker.signals.planning import (
    UNPLANNED,
    InUse,
    as_used,
    first_run_at,
    in_use,
    stated,
    unknown_methods,
)
from pvtracker.signals.rows import FIELDS, rows_sha256
from pvtracker.signals.screen import Progress, Screen, screen_asked
from pvtracker.studies.definitions import parse
from pvtracker.studies.models import AnalysisArm, Study

STORED = tuple(name for name in FIELDS if name != "analysis_arm")  # which stands in the run


@dataclass(frozen=True, slots=True)
class Request:
    """What to screen: a joined cut, by planned or actual arm, by a plan; and in what that departs from the plan."""

    study: Study
    cut: Cut
    analysis_arm: str
    also: tuple[str, ...] = ()  # further methods beside those of the plan
    used: InUse = UNPLANNED
    departures: tuple[str, ...] = ()

    @property
    def methods(self) -> tuple[str, ...]:
        plan = self.used.plan
        return tuple(key for key in METHODS if key in plan.keys or key in self.also)

    @property
    def asked(self) -> Asked:
        """What is computed."""
        plan = self.used.plan
        return Asked(
            self.analysis_arm,
            plan.levels,
            plan.selections,
            self.methods,
            dict(plan.limits),
            plan.seed,
            plan.margin,
        )

    @property
    def raising(self) -> tuple[str, ...]:
        """The methods whose flags raise signals: those that the plan names, without a plan every one of the run."""
        return self.used.plan.raising if self.used.row else self.methods

    @property
    def unique_key(self) -> str:
        """What two requests for the same run have in common."""
        version = self.used.row.version if self.used.row else 0
        return f"{self.cut.id} {self.analysis_arm} {version} {' '.join(self.also)}".strip()


def request_for(
    *,
    study: Study,
    cut_id: uuid.UUID | None = None,
    analysis_arm: str = "",
    also: Sequence[str] = (),
    plan_version: int | None = None,
) -> Request:
    """The named or latest joined cut, by the named or latest signed plan, by the named arm or that of the plan; Refused
    when there is none."""
    cut = _cut(study, cut_id)
    newest = in_use(study)
    used = newest if plan_version is None else _named(study, plan_version)
    if gone := unknown_methods(used.plan):
        raise Refused(
            f"{used.name} names {', '.join(gone)}, which this version of pvtracker does not have. Write a new version "
            "of the plan."
        )
    usual_arm = used.plan.analysis_arm or cut.manifest["settings"]["analysis_arm"]
    chosen = analysis_arm or usual_arm
    if chosen not in AnalysisArm.values:
        raise Refused(f"The analysis arm is actual or planned, not {chosen!r}.")
    if unknown := set(also) - set(FURTHER_METHODS):
        raise Refused(f"Methods to add are {', '.join(FURTHER_METHODS)}, not {', '.join(sorted(unknown))}.")
    further = tuple(key for key in FURTHER_METHODS if key in also and key not in used.plan.keys)
    older = f"By an older version of the plan; in use is: {newest.name}." if used.row != newest.row else ""
    left = departures(used.plan, analysis_arm=chosen, usual_arm=usual_arm, also=further, older=older)
    return Request(study=study, cut=cut, analysis_arm=chosen, also=further, used=used, departures=tuple(left))


def _cut(study: Study, cut_id: uuid.UUID | None) -> Cut:
    if cut_id is None:
        latest = closed.latest_joined(study)
        if latest is None:
            raise Refused(
                f"Study {study.code} has no data cut that is joined with the arms. Freeze one first."
            )
        return latest
    cut = Cut.objects.filter(study=study, id=cut_id).first()
    if cut is None:
        raise Refused(f"Study {study.code} has no cut {cut_id} in the closed room.")
    if cut.state == CutState.REFUSED:
        raise Refused(f"The cut {cut.id} was refused: {cut.problem}")
    if closed.joined(cut) is None:
        raise Refused(f"The cut {cut.id} waits for the allocation of study {study.code}.")
    return cut


def _named(study: Study, version: int) -> InUse:
    row = ScreeningPlan.objects.filter(study=study, version=version).first()
    if row is None:
        raise Refused(f"Study {study.code} has no version {version} of a plan.")
    used = as_used(row)
    if used is None:
        raise Refused(f"Version {version} of the plan is not signed. Sign it before it is used.")
    return used


def load(request: Request) -> CutData:
    """What is screened of the cut; Refused when it cannot be opened. Whoever calls has recorded the opening."""
    try:
        return closed.load_joined(request.cut, only=(*triggers.DATASETS, "arms"))
    except CutError as fault:
        raise Refused(str(fault)) from fault


def compute(request: Request, *, by: Actor, progress: Progress, reason: str = "screening") -> Screen:
    """The rows of the run, not yet stored; Refused when the cut cannot be screened. Opening the cut is recorded."""
    closed.record_opening(request.cut, by=by, reason=reason)
    data = load(request)
    try:
        return screen_asked(data, request.asked, progress=progress)
    except CutError as fault:
        raise Refused(str(fault)) from fault


def events_behind(row: Result) -> list[Counted]:
    """The events behind a row, counted again on the cut of its run. Whoever calls has recorded the look."""
    where = {name: getattr(row, name) for name in ("level", "selection", "term", "period")}
    return counted(emergent_of(row.run), **where)


def emergent_of(run: Run) -> Emergent:
    """Who was analysed and which events counted in a run. Whoever calls has recorded the look."""
    return Emergent.of(data_of(run), analysis_arm=run.analysis_arm)


def data_of(run: Run) -> CutData:
    """The cut of a run, to be counted by the definitions of that run. Whoever calls has recorded the look."""
    data = closed.load_joined(run.cut, only=(*derive.DATASETS, "arms"))
    stated = run.settings.get("rules")  # a run of an earlier version went by those of its cut
    return data if stated is None else derive.under(data, parse(stated))


@action
def save_run(*, request: Request, screened: Screen, by: Actor, run_id: uuid.UUID | None = None) -> Run:
    """Store a run with its rows, as Parquet too, and raise or re-open the signals that it gives reason to."""
    run_id = run_id or uuid.uuid4()
    # the looks before this one are read, then it is one: of two at once the second has to see the first
    Study.objects.select_for_update(no_key=True).get(id=request.study.id)
    told = {
        "plan": stated(request.used, first_run=first_run_at(request.study)),
        "departures": [*request.departures, *since_first_look(request.used.row, request.cut)],
        "raising": list(request.raising),
        "dictionaries": request.cut.manifest.get("dictionaries", []),
    }
    made_of: dict[str, Any] = {
        "study": request.study,
        "cut": request.cut,
        "analysis_arm": request.analysis_arm,
    }
    settings: dict[str, Any] = {**screened.settings, **told}
    if request.used.row:
        settings["boundaries"] = judged(request.used.plan, Run(**made_of, settings=settings), screened.rows)
    run = Run.objects.create(
        id=run_id,
        **made_of,
        settings=settings,
        code_version=code_version(),
        methods=screened.methods,
        rows=len(screened.rows),
        flagged=sum(row.flag and not row.part for row in screened.rows),
        sha256=rows_sha256(screened.rows),
        plan=request.used.row,
        parquet_sha256=storage.write(run_id, storage.RESULTS, to_bytes(screened.rows)),
    )
    values = ((run.id, request.study.id, *(getattr(row, name) for name in STORED)) for row in screened.rows)
    copy_rows(Result, ("run", "study", *STORED), values)
    raise_signals(run=run, by=PROCESS)
    return run


def run_screening(
    *, request: Request, by: Actor, progress: Progress, reason: str = "screening"
) -> tuple[Run, Screen]:
    """Compute and store a run."""
    screened = compute(request, by=by, progress=progress, reason=reason)
    with within(request.study.id):
        return save_run(request=request, screened=screened, by=by), screened
