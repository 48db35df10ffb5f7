"""Reading screenings that were asked for: how they stand, and how far their pieces are."""

from __future__ import annotations

from typing import Any, Literal

from django.db.models import QuerySet

from pvtracker.jobs.models import Job, JobState
from pvtracker.signals.actions.orders import finished, pieces_of_order
from pvtracker.signals.definition_changes import since_first_look
from pvtracker.signals.enums import AskedFrom, OrderState
from pvtracker.signals.methods import METHODS
from pvtracker.signals.models import ScreeningOrder
from pvtracker.signals.plan import NO_PLAN
from pvtracker.signals.tables import arm_label
from pvtracker.studies.models import Study

REMEDY = "Open it and resume it: it goes on from its finished pieces, and the plan will not ask for this cut again."
Standing = Literal["queued", "running", "failed", "cancelled", "done"]


def orders_of(study: Study) -> QuerySet[ScreeningOrder]:
    """The screenings that were asked for, the latest first."""
    found = ScreeningOrder.objects.filter(study=study).select_related("study", "cut", "plan", "run")
    return found.defer("run__settings").order_by("-asked_at", "-id")


def unfinished(study: Study, *, most: int = 20) -> list[dict[str, Any]]:
    """Those that have no run yet, with how they stand."""
    found = list(orders_of(study).exclude(state=OrderState.DONE.value)[:most])
    jobs = Job.objects.in_bulk([order.job_id for order in found])
    return [
        {"order": order, "standing": standing_of(order, jobs.get(order.job_id)), "by": asked_by(order)}
        for order in found
    ]


def standing_of(order: ScreeningOrder, job: Job | None) -> Standing:
    """Cancelled and done are the order's, the rest is its job's."""
    if order.state == OrderState.DONE.value:
        return "done"
    if order.state == OrderState.CANCELLED.value:
        return "cancelled"
    if job is None or job.state in (JobState.FAILED, JobState.DEAD):
        return "failed"
    return "queued" if job.state == JobState.QUEUED else "running"


def failed_of(study: Study) -> list[ScreeningOrder]:
    """Those that the plan ordered and whose job refused, used up its tries or is gone; the oldest first."""
    left = orders_of(study).filter(state=OrderState.OPEN.value, asked_from=AskedFrom.SCHEDULE.value)
    found = list(left.order_by("asked_at", "id"))
    jobs = Job.objects.in_bulk([order.job_id for order in found])
    return [order for order in found if standing_of(order, jobs.get(order.job_id)) == "failed"]


def why_failed(order: ScreeningOrder) -> str:
    """What became of a screening of the plan, and what to do, in a sentence or two."""
    job = Job.objects.filter(id=order.job_id).first()
    error = job.error if job and job.error else "Its job is gone."
    return f"The screening of the cut of {order.cut.date} that the plan asked for did not finish. {error} {REMEDY}"


def pieces_with_states(order: ScreeningOrder, job: Job | None) -> list[dict[str, Any]]:
    """Each piece with its state: finished, at work, waiting; of a cancelled screening, where none waits, not done."""
    pieces = pieces_of_order(order)
    kept = finished(order)
    standing = standing_of(order, job)
    at_work = {
        int(one.parameters["piece"])
        for one in Job.objects.filter(
            task="signals.piece", parameters__order=str(order.id), state=JobState.RUNNING
        )
    }
    told, left = [], "not done" if standing == "cancelled" else "waiting"
    for place, piece in enumerate(pieces):
        done = standing == "done" or place in kept
        running = place in at_work or (len(pieces) == 1 and standing == "running")
        state = "finished" if done else "at work" if running else left
        rows = kept[place].rows if place in kept else None
        told.append({"label": piece.label, "state": state, "rows": rows})
    return told


def asked_by(order: ScreeningOrder) -> str:
    """Who asked for it: a person, the schedule of the plan, or a command and who ran it."""
    if order.asked_from == AskedFrom.SCHEDULE:
        return "the schedule"
    command, _, who = order.asked_by_name.partition(", run by ")
    if not command.startswith("command:"):
        return command
    return f"{who}, at the command line" if who else "the command line"


def departures_of(order: ScreeningOrder) -> list[str]:
    """In what it departs from the plan, in sentences: as its run keeps it, or would if it were made now."""
    if order.run is not None:
        return list(order.run.settings["departures"])
    return [*order.departures, *since_first_look(order.plan, order.cut)]


def facts(order: ScreeningOrder) -> list[dict[str, object]]:
    """What was asked for."""
    also = "; ".join(METHODS[key].label if key in METHODS else key for key in order.also)
    told: list[tuple[str, object]] = [
        ("Cut-off date", str(order.cut.date)),
        ("Plan", f"Version {order.plan.version}" if order.plan else NO_PLAN),
        ("Analysis arm", arm_label(order.analysis_arm)),
        *([("Further methods", also)] if also else []),
        (order.get_asked_from_display(), f"{asked_by(order)}, {order.asked_at:%Y-%m-%d %H:%M} UTC"),
    ]
    if order.stopped_at is not None:
        told.append(("Cancelled", f"{order.stopped_by_name}, {order.stopped_at:%Y-%m-%d %H:%M} UTC"))
    return [{"label": label, "value": value} for label, value in told]
