"""What a person or a file says about an event, and the facts that the rules examine."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from pvtracker.coding.models import Term
from pvtracker.events.enums import Assessor
from pvtracker.events.models import AdverseEvent, Assessment
from pvtracker.events.rules import AssessmentFacts, EventFacts, ParticipantFacts, read_date
from pvtracker.events.text import many_lines, one_line, same_words
from pvtracker.lib.partial_dates import PartialDate, parse
from pvtracker.participants.models import Exposure, Participant
from pvtracker.studies.models import Intervention, InterventionKind, Site


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the investigator says of one intervention. Keys of `Causality` and `ActionTaken`; '' when not
    said. `*_reported` is what a file said.
    """

    intervention: uuid.UUID
    causality: str = ""
    action_taken: str = ""
    causality_reported: str = ""
    action_reported: str = ""


@dataclass(frozen=True, slots=True)
class EventDetails:
    """One event as said: dates as text, term by its id. Unknown is said by `onset_unknown` and
    `end_unknown`. `*_reported` is what a file said.
    """

    verbatim: str
    term: int | None = None
    onset: str = ""
    onset_unknown: bool = False
    end: str = ""
    end_unknown: bool = False
    ongoing: bool = False
    aware_on: str = ""
    grade: int | None = None
    severity_reported: str = ""
    serious: bool | None = None
    criteria: frozenset[str] = frozenset()
    outcome: str = ""
    outcome_reported: str = ""
    narrative: str = ""
    judgements: tuple[Judgement, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """An event that stands already, as far as telling duplicates needs it."""

    number: int
    verbatim: str
    term: int | None
    onset: str


def known_of(event: AdverseEvent) -> Known:
    """An event as others are held against it."""
    return Known(number=event.number, verbatim=event.verbatim, term=event.term_id, onset=event.onset)


def facts_of(
    details: EventDetails,
    *,
    scale: str,
    participant: ParticipantFacts,
    interventions: Iterable[Intervention],
    others: Iterable[Known] = (),
    term: Term | None = None,
) -> EventFacts:
    """The facts that `examine` takes. `others` are the participant's other events, voided ones left out; `term` is the
    coded one.
    """
    named = {intervention.id: intervention for intervention in interventions}
    verbatim = one_line(details.verbatim)
    onset, end, aware_on = details.onset.strip(), details.end.strip(), details.aware_on.strip()
    began = read_date(onset)
    return EventFacts(
        participant=participant,
        verbatim=verbatim,
        scale=scale,
        coded=(term.preferred_term, term.lowest_level_term) if term else (),
        onset_text=onset,
        onset=began,
        onset_unknown=details.onset_unknown,
        end_text=end,
        end=read_date(end),
        end_unknown=details.end_unknown,
        ongoing=details.ongoing,
        aware_on_text=aware_on,
        aware_on=read_date(aware_on),
        grade=details.grade,
        severity_reported=details.severity_reported,
        serious=details.serious,
        criteria=details.criteria,
        outcome=details.outcome,
        outcome_reported=details.outcome_reported,
        narrative=many_lines(details.narrative),
        assessments=tuple(
            AssessmentFacts(
                intervention=named[j.intervention].name,
                assessor=Assessor.INVESTIGATOR,
                causality=j.causality,
                action_taken=j.action_taken,
                kind=named[j.intervention].kind,
                causality_reported=j.causality_reported,
                action_reported=j.action_reported,
            )
            for j in details.judgements
            if j.intervention in named
        ),
        duplicates=duplicates_of(
            verbatim=verbatim, term=details.term, onset=began.text if began else "", others=others
        ),
    )


def with_delivered(
    details: EventDetails, event: AdverseEvent, assessments: Iterable[Assessment]
) -> EventDetails:
    """The details with what a file said of severity, outcome, causality and action, where those stay as they
    stand in `event` and `assessments`; a person's new answer leaves the file's words behind.
    """
    standing = {a.intervention_id: a for a in assessments if a.assessor == Assessor.INVESTIGATOR}
    judgements = []
    for said in details.judgements:
        kept = standing.get(said.intervention)
        if kept is not None:
            said = replace(
                said,
                causality_reported=kept.causality_reported if said.causality == kept.causality else "",
                action_reported=kept.action_reported if said.action_taken == kept.action_taken else "",
            )
        judgements.append(said)
    return replace(
        details,
        severity_reported=event.severity_reported if details.grade == event.grade else "",
        outcome_reported=event.outcome_reported if details.outcome == event.outcome else "",
        judgements=tuple(judgements),
    )


def without_stale_term(event: AdverseEvent, details: EventDetails) -> EventDetails:
    """The details without the term that was given to other words, unless the new words are the term's own."""
    words = same_words(details.verbatim)
    if event.term is None or details.term != event.term_id or words == same_words(event.verbatim):
        return details
    own = {same_words(event.term.lowest_level_term), same_words(event.term.preferred_term)}
    return details if words in own else replace(details, term=None)


def duplicates_of(*, verbatim: str, term: int | None, onset: str, others: Iterable[Known]) -> tuple[int, ...]:
    """Numbers of the other events that say the same words, or carry the same term, with the same onset as
    stored.
    """
    words = same_words(verbatim)
    return tuple(
        sorted(
            other.number
            for other in others
            if other.onset == onset
            and (same_words(other.verbatim) == words or (term is not None and other.term == term))
        )
    )


def participant_facts(
    participant: Participant,
    exposures: Iterable[Exposure],
    *,
    window_days: int | None = None,
    now: datetime | None = None,
) -> ParticipantFacts:
    """What the rules need of a participant. Reads `participant.site` and each `exposure.intervention`.

    `window_days` is how long the study follows a participant after the end.
    """
    given = list(exposures)
    dated = [exposure for exposure in given if exposure.start]
    first = min(dated, key=lambda exposure: (exposure.start_earliest, exposure.start_latest), default=None)
    consented_on = parse(participant.consented_on)
    born = None
    if consented_on is not None and participant.age is not None:
        born = date(max(consented_on.earliest.year - participant.age - 1, 1), 1, 1)
    ended_on = parse(participant.ended_on)
    followed_until = None
    if ended_on is not None and window_days is not None:
        followed_until = ended_on.latest + timedelta(days=window_days)
    return ParticipantFacts(
        today=today_at(participant.site, now=now),
        consented_on=consented_on,
        first_exposure=parse(first.start) if first else None,
        exposed_interventions=frozenset(exposure.intervention.name for exposure in given),
        died_on=parse(participant.died_on),
        screen_failure=participant.screen_failure,
        born_not_before=born,
        given_once=_given_once(given),
        followed_until=followed_until,
    )


def _given_once(exposures: Iterable[Exposure]) -> frozenset[str]:
    """Names of the products that were given on one known day and never again."""
    days: dict[str, set[str]] = {}
    for exposure in exposures:
        if exposure.intervention.kind == InterventionKind.PRODUCT:
            days.setdefault(exposure.intervention.name, set()).update(
                {exposure.start, exposure.end or exposure.start}
            )
    return frozenset(name for name, known in days.items() if len(known) == 1 and len(next(iter(known))) >= 10)


def today_at(site: Site, *, now: datetime | None = None) -> date:
    """The calendar day at the site, in its own time zone."""
    return (now or timezone.now()).astimezone(ZoneInfo(site.time_zone)).date()


def trio(name: str, day: PartialDate | None) -> dict[str, str | date | None]:
    """The three columns of a partial date."""
    return {
        name: day.text if day else "",
        f"{name}_earliest": day.earliest if day else None,
        f"{name}_latest": day.latest if day else None,
    }
