"""Adverse events of one participant, with the judgements that a site and a sponsor would give.

What may happen is drawn at the highest rate any arm could have; each drawn event also holds a number that
decides whether it happens at the participant's own rate. So an arm changes which events are kept, never what
was drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from pvtracker.formats.records import EventRecord
from pvtracker.ops.simulation import words
from pvtracker.ops.simulation.course import Course
from pvtracker.ops.simulation.judgement import assessments, criteria, narrative, outcome
from pvtracker.ops.simulation.profile import BACKGROUND, PROFILE, SEVERE, ProfileRow
from pvtracker.ops.simulation.randomness import Topic, choose, stream
from pvtracker.ops.simulation.terms import TERM_BY_NAME

DRAWS_PER_EVENT = 40
PARTIAL_ONSETS = 0.04
PARTIAL_ENDS = 0.04
UNKNOWN_ENDS = 0.02
STILL_ONGOING = 0.03


@dataclass(frozen=True, slots=True)
class Happening:
    """One event that did happen: what, when, and the uniform numbers that decide everything else about it."""

    profile: ProfileRow
    onset: date
    grade: int
    draws: NDArray[np.float64]


def event_records(
    course: Course, *, active: bool, effects: Mapping[str, float], first_row: int, seed: int
) -> list[EventRecord]:
    """The participant's events by onset, numbered AE-1 and up without gaps.

    `effects` are rate ratios by preferred term. They count from randomisation on and only if `active`; before
    that, nobody has an arm. Screen failures have background events only.
    """
    happened = [
        event
        for index, row in enumerate(PROFILE)
        for event in _happenings(
            course, index, row, ratio=effects.get(row.term, 1.0), active=active, seed=seed
        )
    ]
    happened += _death(course, seed=seed)
    happened.sort(key=lambda event: event.onset)  # stable: events of one day stay in the order of the profile
    return [
        _record(course, event, number=number, row=first_row + number - 1)
        for number, event in enumerate(happened, start=1)
    ]


def _windows(course: Course, window: str) -> list[tuple[date, date]]:
    """Days in which a row of the profile may happen, both ends included."""
    ended = course.ended
    if window == BACKGROUND:
        return [(course.person.consented, ended)]
    if course.gcsf is None or course.infused is None:
        return []
    before_infusion = course.infused - timedelta(days=1)
    spans = {
        words.MOBILISATION: [(course.gcsf[0], before_infusion)],
        words.APHERESIS: [(course.apheresis[0], before_infusion)],
        words.INFUSION: [(course.infused, min(course.infused + timedelta(days=2), ended))],
    }
    if window in spans:
        return spans[window]
    off_art = [(stop + timedelta(days=8), again or ended) for stop, again in course.interruptions]
    return [(first, min(last, first + timedelta(days=70))) for first, last in off_art if first <= last]


def _happenings(
    course: Course, index: int, row: ProfileRow, *, ratio: float, active: bool, seed: int
) -> list[Happening]:
    windows = _windows(course, row.window)
    if not windows:
        return []
    rng = stream(seed, Topic.EVENTS, course.person.number, index)
    most = max(1.0, ratio)
    result = []
    for first, last in windows:
        days = (last - first).days + 1
        expected = row.rate * days / 365.25 if row.window == BACKGROUND else row.rate
        for draws in rng.random((int(rng.poisson(expected * most)), DRAWS_PER_EVENT)):
            early = draws[0] if row.window == BACKGROUND else draws[0] ** 2  # procedures hurt soon
            onset = first + timedelta(days=int(days * early))
            raised = active and course.randomised is not None and onset > course.randomised
            if draws[1] * most < (ratio if raised else 1.0):
                result.append(Happening(row, onset, choose(row.grades, draws[2]), draws))
    return result


def _death(course: Course, *, seed: int) -> list[Happening]:
    """The event that a participant died of: grade 5, some days before the end of participation."""
    if not course.fatal_term:
        return []
    draws = stream(seed, Topic.DEATH, course.person.number, 1).random(DRAWS_PER_EVENT)
    onset = course.ended - timedelta(days=int(6 * draws[0]))
    return [Happening(ProfileRow(course.fatal_term, BACKGROUND, 0.0, SEVERE, 3, "", 1.0), onset, 5, draws)]


def _record(course: Course, event: Happening, *, number: int, row: int) -> EventRecord:
    term = TERM_BY_NAME[event.profile.term]
    draws = event.draws
    lowest = term.lowest_level_terms[int(draws[3] * len(term.lowest_level_terms))]
    met = criteria(event.grade, event.profile.serious, draws)
    onset, end, ongoing = _dates(course, event)
    result = outcome(event.grade, ended=bool(end), ongoing=ongoing, serious=bool(met), draw=float(draws[12]))
    aware = event.onset + timedelta(days=int(-math.log(1 - draws[13]) * (1.5 if met else 6.0)))
    return EventRecord(
        row=row,
        participant=course.person.participant,
        source_id=f"AE-{number}",
        verbatim=_verbatim(lowest, float(draws[4])),
        lowest_level_term=lowest,
        preferred_term=term.preferred_term,
        high_level_term=term.high_level_term,
        high_level_group_term=term.high_level_group_term,
        system_organ_class=term.system_organ_class,
        onset=onset,
        end=end,
        ongoing=ongoing,
        severity_reported=f"GRADE {event.grade}",
        grade=event.grade,
        serious=bool(met),
        criteria=met,
        outcome=result,
        assessments=assessments(
            had=course.had_by(event.onset),
            cause=event.profile.cause,
            grade=event.grade,
            serious=bool(met),
            ended=bool(end),
            draws=draws,
        ),
        phase=course.phase(event.onset),
        aware_on=aware.isoformat(),
        narrative=narrative(course.person, term.preferred_term, event.grade, onset, result, met)
        if met
        else "",
    )


def _dates(course: Course, event: Happening) -> tuple[str, str, bool]:
    """Onset, end and whether it goes on, as a site knows them: partly, sometimes not at all.

    An event that outlasts participation is ongoing without an end; a few ends are unknown.
    """
    draws = event.draws
    minutes = 9 * 60 + int(7 * 60 * draws[5])  # procedures are done between nine and four
    timed = event.profile.window in (words.APHERESIS, words.INFUSION) and draws[6] < 0.5
    onset = event.onset.isoformat()
    if timed:
        onset += f"T{minutes // 60:02d}:{minutes % 60:02d}"
    elif draws[6] > 1 - PARTIAL_ONSETS:
        onset = onset[:7] if draws[6] < 1 - PARTIAL_ONSETS / 8 else onset[:4]
    if event.grade == 5:
        return onset, course.ended.isoformat(), False
    lasting = (0.2 - 0.8 * math.log(1 - draws[7])) * event.profile.days  # mean as in the profile
    last = event.onset + timedelta(days=int(lasting))
    if last > course.ended or draws[8] < STILL_ONGOING:
        return onset, "", True
    if draws[8] < STILL_ONGOING + UNKNOWN_ENDS:
        return onset, "", False
    end = last.isoformat()
    if timed and last == event.onset:
        later = min(minutes + 20 + int(300 * draws[9]), 23 * 60 + 59)
        end += f"T{later // 60:02d}:{later % 60:02d}"
    elif draws[9] > 1 - PARTIAL_ENDS:
        end = end[:7]
    return onset, end, False


def _verbatim(lowest: str, draw: float) -> str:
    """The term as different people write it down."""
    plain = lowest if lowest.isupper() or lowest[:2].isupper() else lowest[0].lower() + lowest[1:]
    return choose(
        (
            (plain, 0.55),
            (lowest, 0.2),
            (lowest.upper(), 0.1),
            (f"intermittent {plain}", 0.1),
            (f"{plain}, new", 0.05),
        ),
        draw,
    )
