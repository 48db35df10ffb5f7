"""Giving an event its coded term: the coder's one change of what a site has recorded."""

from __future__ import annotations

from django.utils import timezone

from pvtracker.audit.context import Actor, action
from pvtracker.audit.models import Operation
from pvtracker.coding.models import Term
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.actions.questions import ask_about_term
from pvtracker.events.actions.reading import current_event, others_of, reason_given, usable_term
from pvtracker.events.actions.versions import lock_participant, write_version
from pvtracker.events.details import EventDetails, Known, facts_of, participant_facts
from pvtracker.events.holding import lexicon_of, quiet
from pvtracker.events.models import AdverseEvent, Assessment
from pvtracker.events.rules import Finding, examine
from pvtracker.participants.holding import HELD
from pvtracker.participants.models import Participant

CODED = "coded"  # the reason of the version that gives an event its first term


@action
def code_event(
    *, event: AdverseEvent, version: int, term_id: int, by: Actor, reason: str = CODED, source: str = "form"
) -> AdverseEvent:
    """Give the event this term, as a new version that changes nothing else; a signature is void with it, as with any
    later version. Another term than one it has needs a reason of its own.

    `version` is the version that the coder read. Raises `VersionConflict` when it is no longer the current one,
    `EventRefused` when the event is void or locked, its words are held, or the term is none of this study's.
    """
    words = lexicon_of(event.study)
    reason_given(reason, words)
    participant = lock_participant(event.participant)
    current = current_event(event, version=version)
    current.participant = participant
    if current.verbatim == HELD:
        raise EventRefused("The description is held for review. Code the event once its words are released.")
    term = usable_term(term_id, study_id=current.study_id)
    if term is None or term == current.term:
        raise EventRefused(
            "The event has this term already, so no new version was made. Choose another term."
        )
    if current.term is not None and reason == CODED:
        raise EventRefused(
            f"The event is coded already, as {current.term.preferred_term}. Say why it should have another term."
        )
    others, _ = others_of(participant, apart_from=current.id)
    before = _findings(current, participant, others, current.term)
    after = _findings(current, participant, others, term)
    current.term = term
    current.version += 1
    current.save(force_update=True, update_fields=["term", "version"])
    assessments = list(Assessment.objects.filter(event=current).select_related("intervention"))
    now = timezone.now()
    write_version(current, assessments, Operation.AMENDED, by=by, source=source, reason=reason, at=now)
    ask_about_term(current, before, quiet(after, words), at=now)
    return current


def _findings(
    event: AdverseEvent, participant: Participant, others: list[Known], term: Term | None
) -> list[Finding]:
    """What the rules ask when the event has this term. What is said of it beside its term is the same for each term,
    and so is what they ask about that.
    """
    details = EventDetails(
        verbatim=event.verbatim, term=term.id if term else None, onset=event.onset, grade=event.grade
    )
    facts = facts_of(
        details,
        scale=event.scale,
        participant=participant_facts(participant, ()),
        interventions=(),
        others=others,
        term=term,
    )
    return examine(facts)
