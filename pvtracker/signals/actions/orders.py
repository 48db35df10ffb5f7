"""A screening that jobs do: asked for, done in pieces by whoever is free, cancelled, resumed, assembled.

The `signals.detect` job leads: it does piece after piece itself, and queues each as a job of its own so that other
workers may take it first. A finished piece is a row and a sealed file; who comes after a killed worker, an emptied
broker or a cancelled order finds it and goes on from there (docs/adr/0024).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from django.db import IntegrityError, transaction
from django.utils import timezone

from pvtracker.accounts.queries import job_actor
from pvtracker.audit.context import Actor, action, within
from pvtracker.cuts import closed
from pvtracker.cuts.data import CutError
from pvtracker.jobs import actions as jobs
from pvtracker.jobs.actions import Claim, Refused
from pvtracker.jobs.models import Job, JobState
from pvtracker.lib.canonical import sha256_hex
from pvtracker.lib.code_version import code_version
from pvtracker.signals import storage
from pvtracker.signals.actions.runs import Request, load, request_for, save_run
from pvtracker.signals.enums import AskedFrom, OrderState
from pvtracker.signals.models import ScreeningOrder, ScreeningPiece
from pvtracker.signals.parquet import from_bytes, to_bytes
from pvtracker.signals.pieces import Piece, pieces_of
from pvtracker.signals.planning import UNPLANNED, as_used
from pvtracker.signals.rows import ResultRow
from pvtracker.signals.screen import Prepared, Screen, prepare, screen_asked
from pvtracker.studies.queries import study_of

WAIT = 0.5  # seconds between two looks at pieces that others do
OPEN_JOBS = (JobState.QUEUED, JobState.RUNNING)


class OrderRefused(ValueError):
    """The order cannot be cancelled or resumed; the text is a sentence for the page."""


@action
def place_order(
    *, request: Request, asked_from: AskedFrom, by: Actor, job_id: uuid.UUID | None = None
) -> ScreeningOrder:
    """Keep what is to be screened and queue it; `job_id` is a job that is there already. The same thing asked for while
    it is open is the order that is there, and so is what the plan has ordered of a cut."""
    order_id, leading = uuid.uuid4(), job_id
    try:
        with transaction.atomic():
            if leading is None:
                job = jobs.enqueue(
                    task="signals.detect",
                    study_id=request.study.id,
                    parameters={"order": str(order_id)},
                    by=by,
                    unique_key=sha256_hex(f"{request.unique_key} {asked_from.value}".encode()),
                )
                if job.parameters["order"] != str(order_id):
                    return ScreeningOrder.objects.get(id=job.parameters["order"])
                leading = job.id
            return ScreeningOrder.objects.create(
                id=order_id,
                study=request.study,
                cut=request.cut,
                plan=request.used.row,
                analysis_arm=request.analysis_arm,
                also=list(request.also),
                departures=list(request.departures),
                asked_from=asked_from.value,
                job_id=leading,
                asked_by_name=by.name,
                asked_at=timezone.now(),
            )
    except IntegrityError:  # another process was first
        if job_id is not None:
            return ScreeningOrder.objects.get(job_id=job_id)
        return ScreeningOrder.objects.get(
            study=request.study, plan=request.used.row, cut=request.cut, asked_from=asked_from.value
        )


@action
def cancel(*, order: ScreeningOrder, by: Actor, source: str = "form") -> None:
    """Stop it. Finished pieces are kept; what a worker is computing now is thrown away when it is done.

    The order is locked before its jobs, here as where it is finished: it may have been resumed since it was read."""
    held = ScreeningOrder.objects.select_for_update(no_key=True).get(id=order.id)
    if held.state != OrderState.OPEN.value:
        raise OrderRefused("It was finished or cancelled before, so nothing was stopped.")
    pieces = Job.objects.filter(
        task="signals.piece", parameters__order=str(order.id), state__in=OPEN_JOBS
    ).values_list("id", flat=True)
    saying = f"Cancelled by {by.name}. What is finished is kept; it can be resumed."
    jobs.stop(job_ids=[held.job_id, *pieces], saying=saying, by=by)
    held.state, held.stopped_by_name, held.stopped_at = OrderState.CANCELLED.value, by.name, timezone.now()
    held.save(update_fields=["state", "stopped_by_name", "stopped_at"])


@action
def resume(*, order: ScreeningOrder, by: Actor, source: str = "form") -> None:
    """Go on with an order that was cancelled or failed, from its finished pieces."""
    held = ScreeningOrder.objects.select_for_update().get(id=order.id)
    if held.state == OrderState.DONE.value:
        raise OrderRefused("It is finished; there is nothing to resume.")
    if Job.objects.filter(id=held.job_id, state__in=OPEN_JOBS).exists():
        raise OrderRefused("It is at work; there is nothing to resume.")
    job = jobs.enqueue(
        task="signals.detect", study_id=held.study_id, parameters={"order": str(held.id)}, by=by
    )
    held.state, held.job_id = OrderState.OPEN.value, job.id
    held.stopped_by_name, held.stopped_at = "", None
    held.save(update_fields=["state", "job_id", "stopped_by_name", "stopped_at"])


def request_of(order: ScreeningOrder) -> Request:
    """What was ordered; Refused when its plan is no longer what was signed."""
    used = UNPLANNED if order.plan is None else as_used(order.plan)
    if used is None:
        raise Refused(
            "The plan of this screening is no longer what was signed. Write a new version and sign it."
        )
    return Request(
        study=order.study,
        cut=order.cut,
        analysis_arm=order.analysis_arm,
        also=tuple(order.also),
        used=used,
        departures=tuple(order.departures),
    )


def pieces_of_order(order: ScreeningOrder) -> list[Piece]:
    """The pieces of an order in their fixed order."""
    request = request_of(order)
    return pieces_of(request.methods, request.used.plan.selections)


def detect_job(claim: Claim) -> None:
    """The work of a `signals.detect` job; parameter `order`, or of a job without one `cut` (id or ''), `analysis_arm`
    ('' for that of the plan), `also` (further methods) and `plan` (a version)."""
    order = _order_of(claim)
    by = job_actor(claim.job.requested_by)
    with within(order.study_id):
        request = request_of(order)
    closed.record_opening(request.cut, by=by, reason="screening")
    data = load(request)
    pieces = pieces_of(request.methods, request.used.plan.selections)

    def progress(done: int, total: int, text: str) -> None:
        claim.progress(done=done, total=total, text=text)

    try:
        with claim.kept():
            if len(pieces) == 1:
                screened = screen_asked(data, request.asked, progress=progress)
            else:
                progress(len(finished(order)), len(pieces), "Choosing and counting events")
                screened = _in_pieces(claim, order, prepare(data, request.asked), pieces)
    except CutError as fault:
        raise Refused(str(fault)) from fault
    with within(order.study_id), _locked(order), claim.completing():
        run = save_run(request=request, screened=screened, by=by, run_id=order.id)
        _finish(order=order, run_id=run.id, by=by)
        claim.result.update(run=str(run.id), cut=str(request.cut.id), sha256=run.sha256)
    _tidy(order)


def _tidy(order: ScreeningOrder) -> None:
    """The pieces of what is finished are needed no more. Of all that is: an earlier worker may have been killed after
    its run was stored and before it came here."""
    with within(order.study_id):
        done = ScreeningOrder.objects.filter(study=order.study_id, state=OrderState.DONE.value)
        finished_ids = list(done.values_list("id", flat=True))
    for one in finished_ids:
        storage.remove_pieces(one)


@contextmanager
def _locked(order: ScreeningOrder) -> Iterator[None]:
    """The order before its job, as `cancel` locks them: in the other order the two could wait for each other."""
    ScreeningOrder.objects.select_for_update(no_key=True).get(id=order.id)
    yield


@action
def _finish(*, order: ScreeningOrder, run_id: uuid.UUID, by: Actor) -> None:
    """Note the run that the order led to."""
    ScreeningOrder.objects.filter(id=order.id).update(state=OrderState.DONE.value, run_id=run_id)


def _order_of(claim: Claim) -> ScreeningOrder:
    """The order of the job. A job that a command queued without one gets it at its first attempt."""
    parameters = claim.job.parameters
    study = study_of(claim.job.study_id)
    if study is None:
        raise Refused("The study of this job does not exist.")
    with within(study.id):
        found = ScreeningOrder.objects.filter(study=study).select_related("study", "cut", "plan")
        named = parameters.get("order")
        order = found.filter(id=named).first() if named else found.filter(job_id=claim.job.id).first()
        if order is not None:
            return order
        if named:
            raise Refused("The screening of this job does not exist.")
        request = request_for(
            study=study,
            cut_id=uuid.UUID(parameters["cut"]) if parameters.get("cut") else None,
            analysis_arm=parameters.get("analysis_arm", ""),
            also=also.split(",") if isinstance(also := parameters.get("also", ()), str) else also,
            plan_version=int(parameters["plan"]) if parameters.get("plan") else None,
        )
        return place_order(
            request=request,
            asked_from=AskedFrom.COMMAND,
            by=job_actor(claim.job.requested_by),
            job_id=claim.job.id,
        )


def _in_pieces(claim: Claim, order: ScreeningOrder, ready: Prepared, pieces: list[Piece]) -> Screen:
    """Do the pieces that are not finished, or wait for those that another worker has; then put all together."""
    by = job_actor(claim.job.requested_by)
    queued: dict[int, uuid.UUID] = {}
    while True:
        left = [place for place in range(len(pieces)) if place not in finished(order)]
        claim.progress(
            done=len(pieces) - len(left),
            total=len(pieces),
            text=f"{len(pieces) - len(left)} of {len(pieces)} pieces",
        )
        if not left:
            break
        _check(queued[place] for place in left if place in queued)
        for place in left:
            queued[place] = _queued(order, place, queued.get(place), by)
        before = len(finished(order))
        for place in left:
            jobs.run(str(queued[place]), partial(piece_job, ready=ready))
            done = len(finished(order))
            claim.progress(done=done, total=len(pieces), text=f"{done} of {len(pieces)} pieces")
        if len(finished(order)) == before:
            time.sleep(WAIT)
    kept = finished(order)
    return ready.assemble([row for place in sorted(kept) for row in _rows(order, kept[place])])


def _check(job_ids: Iterable[uuid.UUID]) -> None:
    """Refused when a piece failed for good."""
    failed = Job.objects.filter(id__in=list(job_ids), state__in=[JobState.FAILED, JobState.DEAD]).first()
    if failed is not None:
        raise Refused(f"A piece of the screening could not be done. {failed.error}")


def _queued(order: ScreeningOrder, place: int, known: uuid.UUID | None, by: Actor) -> uuid.UUID:
    """The job of a piece, queued unless it is open."""
    if known is not None and Job.objects.filter(id=known, state__in=OPEN_JOBS).exists():
        return known
    return jobs.enqueue(
        task="signals.piece",
        study_id=order.study_id,
        parameters={"order": str(order.id), "piece": place},
        by=by,
        unique_key=f"{order.id} {place}",
    ).id


def finished(order: ScreeningOrder) -> dict[int, ScreeningPiece]:
    """The finished pieces by place. What another version of the program computed does not count: a run is of one."""
    with within(order.study_id):
        return {
            piece.place: piece
            for piece in ScreeningPiece.objects.filter(order=order, code_version=code_version())
        }


def _rows(order: ScreeningOrder, piece: ScreeningPiece) -> list[ResultRow]:
    name = storage.piece_name(piece.place, piece.code_version)
    try:
        return from_bytes(storage.read(order.id, name, sha256=piece.sha256))
    except storage.StorageError as fault:
        raise Refused(f"{fault} Start the screening anew.") from fault


def piece_job(claim: Claim, ready: Prepared | None = None) -> None:
    """The work of a `signals.piece` job; parameters `order` and `piece`, its place. `ready`: the cut, where the worker
    has it in hand."""
    place = int(claim.job.parameters["piece"])
    with within(claim.job.study_id):
        order = (
            ScreeningOrder.objects.filter(id=claim.job.parameters["order"])
            .select_related("study", "cut", "plan")
            .first()
        )
        if order is None or order.state != OrderState.OPEN.value:
            raise Refused("The screening that this piece belongs to is not open.")
        request = request_of(order)
    piece = pieces_of(request.methods, request.used.plan.selections)[place]
    if place in finished(order):
        with claim.completing():
            return
    try:
        ready = ready or prepare(load(request), request.asked)
    except CutError as fault:
        raise Refused(str(fault)) from fault
    claim.progress(done=0, total=1, text=piece.label)
    with claim.kept():
        rows = ready.compute(piece)
    sha256 = storage.write(order.id, storage.piece_name(place, code_version()), to_bytes(rows))
    by = job_actor(claim.job.requested_by)
    with claim.completing():
        _keep_piece(order=order, place=place, label=piece.label, rows=len(rows), sha256=sha256, by=by)


@action
def _keep_piece(*, order: ScreeningOrder, place: int, label: str, rows: int, sha256: str, by: Actor) -> None:
    """Note a piece whose file is stored."""
    ScreeningPiece.objects.create(
        study_id=order.study_id,
        order=order,
        place=place,
        label=label,
        code_version=code_version(),
        rows=rows,
        sha256=sha256,
        made_at=timezone.now(),
    )
