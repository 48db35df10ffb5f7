"""The flags of a delivered ADSL held against the analysis sets of the study as it now stands."""

from __future__ import annotations

from django.utils import timezone

from pvtracker.audit.context import Actor
from pvtracker.cuts.delivered_sets import differences
from pvtracker.cuts.freeze import as_of
from pvtracker.cuts.sets import DATASETS, sets_of
from pvtracker.events.actions.questions import ask_about_participants
from pvtracker.formats import adsl
from pvtracker.formats.sdtm.columns import SET_FLAGS
from pvtracker.formats.sdtm.rows import Collected
from pvtracker.lib.tally import Tally
from pvtracker.ops.imports.report import LeftAlone, Origin
from pvtracker.participants import actions as participants
from pvtracker.participants.models import Participant
from pvtracker.studies.models import Study

SETS_REST_ON = ("DM", "EX")
NOT_COMPARED = (
    "ADSL was not compared, because {domains} of the same delivery could not be stored: the sets would be those of "
    "earlier data. What was asked before stands. Deliver both again when that is mended."
)


def compare_sets(study: Study, flags: Collected[adsl.Delivered], origin: Origin, *, by: Actor) -> Tally:
    """Nothing of ADSL is stored: what differs from the sets by the definitions, now that the other domains are in, is
    asked about. Raises LeftAlone when it has no participant of the study."""
    known = set(Participant.objects.filter(study=study).values_list("subject", flat=True))
    told = {record.participant: record.flags for record in flags.records}
    if not known & set(told):
        raise LeftAlone(f"No participant of ADSL is one of the study {study.code}. {adsl.LEFT}")
    columns = {name for some in told.values() for name in some}
    found = differences(
        sets_of(as_of(study, timezone.localdate(), only=DATASETS)),
        told,
        flags=tuple(name for name in SET_FLAGS if name in columns),
        complete=not flags.refused,
    )
    queries = ask_about_participants(
        study=study,
        records=found.each,
        fields=found.flags,
        by=by,
        source=origin.source,
        reason=origin.reason,
        domain=adsl.NAME,
    )
    refused = tuple(
        participants.unknown_participant(record.row)
        for record in flags.records
        if record.participant not in known
    )
    return Tally(
        unchanged=len(told) - len(refused),
        refused=refused,
        queries=dict(sorted(queries.items())),
        of_study=found.of_study,
    )
