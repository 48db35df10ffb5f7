"""What happens to one participant and when: the course of the trial, drawn before any arm is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from pvtracker.ops.simulation import protocol as p
from pvtracker.ops.simulation import words
from pvtracker.ops.simulation.profile import FATAL_TERMS
from pvtracker.ops.simulation.randomness import Topic, choose, stream
from pvtracker.ops.simulation.types import PlannedVisit, Site

SCREENING_PASSES = 0.80
COMPLETED = "COMPLETED"
DEATH = "DEATH"
SCREEN_FAILURE = "SCREEN FAILURE"

_ENDS = (("LOST TO FOLLOW-UP", 0.45), ("WITHDRAWAL BY SUBJECT", 0.40), ("PHYSICIAN DECISION", 0.15))
_RACES = (
    ("WHITE", 0.62),
    ("BLACK OR AFRICAN AMERICAN", 0.20),
    ("ASIAN", 0.09),
    ("OTHER", 0.06),
    ("UNKNOWN", 0.03),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who: a coded id and what is asked at screening."""

    number: int  # order of consent in the whole trial, from 0
    participant: str  # USUBJID
    code: str  # site and order of enrolment there
    site: Site
    age: int
    sex: str
    race: str
    ethnicity: str
    consented: date
    eligible: bool


@dataclass(frozen=True, slots=True)
class AttendedVisit:
    """A visit that took place."""

    plan: PlannedVisit
    day: date


@dataclass(frozen=True, slots=True)
class Course:
    """When things were done to one participant. Days that never came are None."""

    person: Person
    ended: date  # last day of participation, the day of death or of screening failure included
    end_reason: str
    fatal_term: str  # what the participant died of, '' if alive
    randomised: date | None
    gcsf: tuple[date, date] | None
    apheresis: tuple[date, ...]
    infused: date | None
    interruptions: tuple[tuple[date, date | None], ...]  # ART stopped, taken again (None: never)
    visits: tuple[AttendedVisit, ...]

    def phase(self, day: date) -> str:
        """Key of the phase that this day falls in."""
        if self.gcsf is None or day < self.gcsf[0]:
            return words.SCREENING
        if day < self.apheresis[0]:
            return words.MOBILISATION
        if self.infused is None or day < self.infused:
            return words.APHERESIS
        if day <= self.infused + timedelta(days=2):
            return words.INFUSION
        off_art = any(stop <= day <= (again or self.ended) for stop, again in self.interruptions)
        return words.ART_INTERRUPTION if off_art else words.FOLLOW_UP

    def week(self, day: date) -> float:
        """Weeks since the infusion, negative before it; screen failures count from consent."""
        return (day - (self.infused or self.person.consented)).days / 7

    def had_by(self, day: date) -> tuple[str, ...]:
        """Interventions begun on or before this day, and the background therapy, which all of them take."""
        had = []
        if self.gcsf is not None and self.gcsf[0] <= day:
            had.append(p.GCSF)
        if self.apheresis and self.apheresis[0] <= day:
            had.append(p.APHERESIS)
        if self.infused is not None and self.infused <= day:
            had.append(p.INFUSION)
        if self.interruptions and self.interruptions[0][0] <= day:
            had.append(p.INTERRUPTION)
        return (*had, p.BACKGROUND_ART)


def on_weekday(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day + timedelta(days=7 - day.weekday() if day.weekday() >= 5 else 0)


def people(*, study: str, participants: int, seed: int) -> tuple[Person, ...]:
    """Everybody who consents until this many are eligible, in order of consent."""
    rng = stream(seed, Topic.SCREENING)
    eligible: list[bool] = []
    while sum(eligible) < participants:
        missing = participants - sum(eligible)
        eligible.extend(bool(u < SCREENING_PASSES) for u in rng.random(missing))
    days = np.sort(rng.integers(0, p.ENROLMENT_DAYS, len(eligible)))
    days[0] = 0
    enrolled: dict[str, int] = {}
    result = []
    for number, (passed, day) in enumerate(zip(eligible, days, strict=True)):
        consented = on_weekday(p.FIRST_CONSENT + timedelta(days=int(day)))
        draws = stream(seed, Topic.PERSON, number).random(6)
        site = choose(p.SITES, draws[0])
        enrolled[site.code] = enrolled.get(site.code, 0) + 1
        code = f"{site.code}-{enrolled[site.code]:03d}"
        result.append(
            Person(
                number=number,
                participant=f"{study}-{code}",
                code=code,
                site=site,
                age=int(18 + 47 * (0.5 * draws[1] + 0.5 * draws[2])),
                sex="M" if draws[3] < 0.86 else "F",
                race=choose(_RACES, draws[4]),
                ethnicity="HISPANIC OR LATINO" if draws[5] < 0.16 else "NOT HISPANIC OR LATINO",
                consented=consented,
                eligible=passed,
            )
        )
    return tuple(result)


def course(person: Person, *, seed: int) -> Course:
    """The course of one person: fixed by the seed and the person's number, never by an arm."""
    rng = stream(seed, Topic.COURSE, person.number)
    draws = rng.random(10)
    if not person.eligible:
        failed = person.consented + timedelta(days=int(3 + 18 * draws[0]))
        visit = AttendedVisit(p.SCHEDULE[0], person.consented)
        return Course(person, failed, SCREEN_FAILURE, "", None, None, (), None, (), (visit,))
    randomised = on_weekday(person.consented + timedelta(days=int(14 + 15 * draws[0])))
    first = on_weekday(randomised + timedelta(days=int(3 + 6 * draws[1])))
    apheresis = [first + timedelta(days=4)]
    if draws[2] < 0.6:
        apheresis.append(first + timedelta(days=5))
    infused = on_weekday(apheresis[-1] + timedelta(days=int(3 + 3 * draws[3])))
    ended, end_reason, fatal_term = _end(infused, draws, seed=seed, number=person.number)
    visits = _visits(person, first, apheresis[0], infused, ended, seed=seed)
    return Course(
        person=person,
        ended=ended,
        end_reason=end_reason,
        fatal_term=fatal_term,
        randomised=randomised,
        gcsf=(first, apheresis[-1]),
        apheresis=tuple(apheresis),
        infused=infused,
        interruptions=_interruptions(visits, infused, ended, draws),
        visits=visits,
    )


def _end(infused: date, draws: NDArray[np.float64], *, seed: int, number: int) -> tuple[date, str, str]:
    """Last day, why, and what of if dead: one in eight leaves early, one in a hundred dies."""
    planned = on_weekday(infused + timedelta(days=7 * p.LAST_WEEK))
    death = stream(seed, Topic.DEATH, number).random(3)
    if death[0] < 0.01:
        return infused + timedelta(days=int(30 + 640 * death[1])), DEATH, choose(FATAL_TERMS, death[2])
    if draws[4] < 0.12:
        return infused + timedelta(days=int(56 + 610 * draws[5])), choose(_ENDS, draws[6]), ""
    return planned, COMPLETED, ""


def _visits(
    person: Person, first: date, apheresis: date, infused: date, ended: date, *, seed: int
) -> tuple[AttendedVisit, ...]:
    """Visits that took place: about one in fifty is missed, later ones shift by a few days."""
    fixed = {
        "Screening": person.consented,
        "Mobilisation": first,
        "Apheresis": apheresis,
        "Infusion": infused,
    }
    shifts = stream(seed, Topic.VISITS, person.number).random((len(p.SCHEDULE), 2))
    attended = []
    for plan, (missed, shift) in zip(p.SCHEDULE, shifts, strict=True):
        day = fixed.get(plan.name)
        if day is None:
            if missed < 0.02 and plan.number < p.LAST_WEEK:
                continue
            reach = 1 if plan.number < 4 or 40 <= plan.number <= 48 else 2
            day = infused + timedelta(days=plan.planned_day - 1 + int((2 * reach + 1) * shift) - reach)
        if plan.number == p.LAST_WEEK and ended >= infused + timedelta(days=7 * p.LAST_WEEK):
            day = ended
        if day <= ended:
            attended.append(AttendedVisit(plan, day))
    return tuple(attended)


def _interruptions(
    visits: tuple[AttendedVisit, ...], infused: date, ended: date, draws: NDArray[np.float64]
) -> tuple[tuple[date, date | None], ...]:
    """ART stops at the visits of weeks 24 and 40; a quarter take it again before the end."""
    if draws[7] < 0.04:  # a few keep their therapy
        return ()
    days = {visit.plan.number: visit.day for visit in visits}

    def at_week(week: int) -> date:
        return days.get(float(week), infused + timedelta(days=7 * week))

    spans: list[tuple[date, date | None]] = []
    (stop, again), (last_stop, _) = ((at_week(a), at_week(b)) for a, b in p.INTERRUPTION_WEEKS)
    if stop <= ended:
        spans.append((stop, again if again <= ended else None))
    if last_stop <= ended:
        resumed = infused + timedelta(days=int(7 * (48 + 50 * draws[9])))
        spans.append((last_stop, resumed if draws[8] < 0.25 and resumed <= ended else None))
    return tuple(spans)
