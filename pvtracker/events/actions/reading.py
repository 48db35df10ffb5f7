"""What every change of an event reads and asks before it writes: the event itself, the others, term, reason."""

from __future__ import annotations

import uuid

from pvtracker.coding.models import ReleaseState, Term
from pvtracker.events import states
from pvtracker.events.actions.errors import EventRefused, VersionConflict
from pvtracker.events.details import Known
from pvtracker.events.enums import EventState
from pvtracker.events.holding import REASON_REFUSED
from pvtracker.events.models import AdverseEvent
from pvtracker.lib.arm_words import Lexicon
from pvtracker.participants.models import Participant


def current_event(event: AdverseEvent, *, version: int) -> AdverseEvent:
    """The event as it stands, when it is the version that the writer read, not void and not locked."""
    current = AdverseEvent.objects.select_related("participant__site", "study", "term__release").get(
        pk=event.pk
    )
    if current.version != version:
        raise VersionConflict(read=version, current=current.version)
    states.check_writable(current)
    return current


def others_of(participant: Participant, *, apart_from: uuid.UUID | None = None) -> tuple[list[Known], int]:
    """The participant's events that are not void, and the last number given (void ones keep theirs)."""
    events = AdverseEvent.objects.filter(participant=participant)
    if apart_from is not None:
        events = events.exclude(pk=apart_from)
    rows = list(events.values_list("number", "verbatim", "term_id", "onset", "state"))
    known = [
        Known(number=number, verbatim=verbatim, term=term, onset=onset)
        for number, verbatim, term, onset, state in rows
        if state != EventState.VOIDED
    ]
    return known, max((row[0] for row in rows), default=0)


def usable_term(term_id: int | None, *, study_id: uuid.UUID) -> Term | None:
    """The term, when it stands in a whole release that this study may use."""
    if term_id is None:
        return None
    term = (
        Term.objects.select_related("release").filter(pk=term_id, release__state=ReleaseState.READY).first()
    )
    if term is None or term.release.study_id not in {None, study_id}:
        raise EventRefused(
            "The coded term does not stand in a dictionary of this study. Choose a suggestion again."
        )
    return term


def reason_given(reason: str, words: Lexicon) -> None:
    """A reason is there, and names no arm: it is read by everybody who reads the history, and by the sponsor."""
    if not reason.strip():
        raise EventRefused("A reason is missing. Say in a few words why the record is changed.")
    if found := words.found(reason):
        raise EventRefused(REASON_REFUSED.format(words=", ".join(found)))
