"""Closed room: run a screening of a joined cut and keep its rows."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from pvtracker.accounts.queries import job_actor
from pvtracker.audit.bulk import copy_rows
from pvtracker.audit.context import Actor, action, within
from pvtracker.cuts import closed, derive
from pvtracker.cuts.data import CutData, CutError
from pvtracker.cuts.models import Cut, CutState
from pvtracker.jobs.actions import Claim, Refused
from pvtracker.lib.code_version import code_version
from pvtracker.signals.actions.raising import PROCESS, raise_signals
from pvtracker.signals.methods import DEFAULT_METHODS, FURTHER_METHODS
from pvtracker.signals.models import Result, Run
from pvtracker.signals.numerators import Counted, counted
from pvtracker.signals.rows import FIELDS, plain, rows_sha256
from pvtracker.signals.screen import Progress, Screen, screen
from pvtracker.studies.definitions import parse
from pvtracker.studies.models import AnalysisArm, Study
from pvtracker.studies.queries import study_of

STORED = tuple(name for name in FIELDS if name != "analysis_arm")  # which stands in the run


@dataclass(frozen=True, slots=True)
class Request:
    """What to screen: a joined cut, by planned or actual arm."""

    study: Study
    cut: Cut
    analysis_arm: str
    also: tuple[str, ...] = ()  # methods besides those of every run


def request_for(
    *, study: Study, cut_id: uuid.UUID | None = None, analysis_arm: str = "", also: Sequence[str] = ()
) -> Request:
    """The named or latest joined cut and the named or the study's own analysis arm; Refused when there is none."""
    if cut_id is None:
        cut = closed.latest_joined(study)
        if cut is None:
            raise Refused(
                f"Study {study.code} has no data cut that is joined with the arms. Freeze one first."
            )
    else:
        cut = Cut.objects.filter(study=study, id=cut_id).first()
        if cut is None:
            raise Refused(f"Study {study.code} has no cut {cut_id} in the closed room.")
        if cut.state == CutState.REFUSED:
            raise Refused(f"The cut {cut.id} was refused: {cut.problem}")
        if closed.joined(cut) is None:
            raise Refused(f"The cut {cut.id} waits for the allocation of study {study.code}.")
    chosen = analysis_arm or cut.manifest["settings"]["analysis_arm"]
    if chosen not in AnalysisArm.values:
        raise Refused(f"The analysis arm is actual or planned, not {chosen!r}.")
    if unknown := set(also) - set(FURTHER_METHODS):
        raise Refused(f"Methods to add are {', '.join(FURTHER_METHODS)}, not {', '.join(sorted(unknown))}.")
    further = tuple(key for key in FURTHER_METHODS if key in also)
    return Request(study=study, cut=cut, analysis_arm=chosen, also=further)


def compute(request: Request, *, by: Actor, progress: Progress, reason: str = "screening") -> Screen:
    """The rows of the run, not yet stored; Refused when the cut cannot be screened. Opening the cut is recorded."""
    closed.record_opening(request.cut, by=by, reason=reason)
    try:
        data = closed.load_joined(request.cut, only=(*derive.DATASETS, "arms"))
        methods = (*DEFAULT_METHODS, *request.also)
        return screen(data, analysis_arm=request.analysis_arm, methods=methods, progress=progress)
    except CutError as fault:
        raise Refused(str(fault)) from fault


def events_behind(row: Result) -> list[Counted]:
    """The events behind a row, counted again on the cut of its run. Whoever calls has recorded the look."""
    where = {name: getattr(row, name) for name in ("level", "selection", "term")}
    return counted(data_of(row.run), analysis_arm=row.run.analysis_arm, **where)


def data_of(run: Run) -> CutData:
    """The cut of a run, to be counted by the definitions of that run. Whoever calls has recorded the look."""
    data = closed.load_joined(run.cut, only=(*derive.DATASETS, "arms"))
    stated = run.settings.get("rules")  # a run of an earlier version went by those of its cut
    return data if stated is None else derive.under(data, parse(stated))


@action
def save_run(*, request: Request, screened: Screen, by: Actor) -> Run:
    """Store a run with its rows, and raise or re-open the signals that it gives reason to."""
    run = Run.objects.create(
        study=request.study,
        cut=request.cut,
        analysis_arm=request.analysis_arm,
        settings=screened.settings,
        code_version=code_version(),
        methods=screened.methods,
        rows=len(screened.rows),
        flagged=sum(row.flag for row in screened.rows),
        sha256=rows_sha256(screened.rows),
    )
    values = ((run.id, request.study.id, *plain(row)[: len(STORED)]) for row in screened.rows)
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


def detect_job(claim: Claim) -> None:
    """The work of a `signals.detect` job; parameters `cut` (id or ''), `analysis_arm` ('' for the study's own) and
    `also` (further methods, none when absent)."""
    parameters = claim.job.parameters
    cut_id = uuid.UUID(parameters["cut"]) if parameters.get("cut") else None
    study = study_of(claim.job.study_id)
    if study is None:
        raise Refused("The study of this job does not exist.")
    with within(study.id):
        request = request_for(
            study=study,
            cut_id=cut_id,
            analysis_arm=parameters.get("analysis_arm", ""),
            also=parameters.get("also", ()),
        )
    by = job_actor(claim.job.requested_by)
    screened = compute(
        request, by=by, progress=lambda done, total, text: claim.progress(done=done, total=total, text=text)
    )
    with claim.completing():
        run = save_run(request=request, screened=screened, by=by)
        claim.result.update(run=str(run.id), cut=str(request.cut.id), sha256=run.sha256)
