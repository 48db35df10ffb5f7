"""Screenings that the signed plan of a study asks for by itself. Any number of schedulers may look at once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from pvtracker.audit.context import Actor, action, enter_study
from pvtracker.cuts import closed
from pvtracker.cuts.models import Cut
from pvtracker.jobs.actions import Refused
from pvtracker.signals.actions.orders import place_order
from pvtracker.signals.actions.raising import PROCESS
from pvtracker.signals.actions.runs import request_for
from pvtracker.signals.enums import AskedFrom
from pvtracker.signals.models import ScreeningOrder
from pvtracker.signals.plan import BY_HAND, EACH_CUT, Plan, occasion
from pvtracker.signals.planning import InUse, in_use, signed_versions
from pvtracker.studies.models import Study
from pvtracker.studies.queries import all_studies

log = logging.getLogger(__name__)
_told: set[str] = set()


def start_planned() -> int:
    """For the scheduler: order what the plan of each study asks for now; how many are new."""
    ordered = 0
    for study in all_studies():
        try:
            ordered += order_planned(study=study, now=timezone.now(), by=PROCESS)
        except Exception as fault:  # what is wrong with one study must not keep the others' screenings back
            _tell_once(study, type(fault).__name__)
    return ordered


@action
def order_planned(*, study: Study, now: datetime, by: Actor) -> int:
    """Order each cut that the plan asks for and has not ordered yet; how many.

    One at a time in a study, so that a version that is signed meanwhile orders nothing that the one before has ordered.
    """
    enter_study(study.id)
    Study.objects.select_for_update(no_key=True).get(id=study.id)
    used = in_use(study)
    if used.row is None or used.signed_at is None or used.plan.when == BY_HAND:
        return 0
    ordered = ScreeningOrder.objects.filter(study=study, asked_from=AskedFrom.SCHEDULE.value)
    if used.plan.when != EACH_CUT:  # a new version looks at the latest cut anew
        ordered = ordered.filter(plan=used.row)
    already = set(ordered.values_list("cut_id", flat=True))
    due = [cut for cut in _due(study, used.plan, used.signed_at, now) if cut.id not in already]
    for cut in due:
        try:
            request = request_for(study=study, cut_id=cut.id)
        except Refused as refusal:
            _tell_once(study, str(refusal))
            return 0
        place_order(request=request, asked_from=AskedFrom.SCHEDULE, by=by)
    return len(due)


def _due(study: Study, plan: Plan, signed_at: datetime, now: datetime) -> list[Cut]:
    """At each new cut: those joined with the arms while a signed version asked for each new cut, this one or an
    earlier one, the oldest first. Every so many days: the latest that was joined when the last of those days began."""
    joined = {cut_id: row.joined_at for cut_id, row in closed.joined_of(study).items()}
    cuts = [cut for cut in closed.joined_cuts(study) if cut.id in joined]
    if plan.when == EACH_CUT:
        signed = signed_versions(study)
        return [cut for cut in reversed(cuts) if _asked_for_each(signed, joined[cut.id])]
    moment = occasion(plan, signed_at=signed_at, now=now)
    return [cut for cut in cuts if moment is not None and joined[cut.id] <= moment][:1]


def _asked_for_each(signed: Sequence[InUse], moment: datetime) -> bool:
    """Did the version in force at this moment ask for each new cut? `signed`: the latest version first."""
    in_force = next((one for one in signed if one.signed_at is not None and one.signed_at < moment), None)
    return in_force is not None and in_force.plan.when == EACH_CUT


def _tell_once(study: Study, why: str) -> None:
    """The scheduler looks every few seconds; what keeps a study's screening back is logged once."""
    if (key := f"{study.id} {why}") not in _told:
        log.error("the planned screening of study %s was not ordered: %s", study.id, why)
        _told.add(key)
