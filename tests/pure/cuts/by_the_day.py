"""The same definitions, counted by a table of participants and days: slow, obvious, and without the code it checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from pvtracker.studies.definitions import Definitions

CUT = 60  # the cut-off day; day 0 is the first of the calendar
HORIZON = range(-40, 200)


@dataclass
class Exposure:
    intervention: str
    phase: str
    start: int | None
    end: int | None


@dataclass
class Event:
    number: int
    phase: str
    onset: tuple[int, int] | None  # first and last possible day; None when unknown
    course: list[tuple[int, int]] = field(default_factory=list)  # day of record, grade


@dataclass
class Person:
    subject: str
    started: int
    consented: int
    ended: int | None
    failed: bool
    exposures: list[Exposure]
    events: list[Event]

    def counting(self, rules: Definitions) -> list[Exposure]:
        return [
            x
            for x in self.exposures
            if x.intervention != "ART" and (not rules.exposed_to or x.intervention in rules.exposed_to)
        ]

    def analysed(self, rules: Definitions) -> bool:
        if rules.analysis_set == "randomised":
            return not self.failed
        excluded = self.failed or self.subject in dict(rules.not_per_protocol)
        return bool(self.counting(rules)) and not (rules.analysis_set == "per-protocol" and excluded)

    def first(self, rules: Definitions) -> int:
        starts = [x.start for x in self.counting(rules) if x.start is not None]
        return min(starts) if starts else self.started

    def followed_until(self, rules: Definitions) -> int:
        """Before the setting that ends follow-up after last exposure."""
        stated = [self.ended, *(x.end if x.end is not None else x.start for x in self.counting(rules))]
        known = [day for day in stated if day is not None]
        return min(max(known), CUT) if known else CUT

    def end_of(self, x: Exposure, rules: Definitions) -> int | None:
        if x.end is not None:
            return x.end
        return self.followed_until(rules) if rules.open_exposure == "continues" else x.start

    def last(self, rules: Definitions) -> int | None:
        ends = [end for x in self.counting(rules) if (end := self.end_of(x, rules)) is not None]
        return max(ends) if ends else None

    def end(self, rules: Definitions) -> int:
        end, last = self.followed_until(rules), self.last(rules)
        if rules.follow_up_days is not None and last is not None:
            end = min(end, last + rules.follow_up_days)
        return max(end, self.first(rules))

    def days_that_count(self, phase: str, rules: Definitions) -> set[int]:
        """Every day on which an onset of an event of this phase counts."""
        dated = [x for x in self.counting(rules) if self.end_of(x, rules) is not None]
        by_phase, window_of = dict(rules.phase_windows), dict(rules.intervention_windows)
        if phase in by_phase:
            dated = [x for x in dated if x.phase == phase] or dated
        first, last = self.first(rules), self.last(rules)

        def limit(x: Exposure) -> int:
            days = (
                by_phase[phase]
                if phase in by_phase
                else window_of.get(x.intervention, rules.emergent_window_days)
            )
            end = self.end_of(x, rules)
            assert end is not None
            return HORIZON.stop if days is None else end + days

        if rules.re_exposure == "first":
            kept = []
            for code in {x.intervention for x in dated}:
                own = [x for x in dated if x.intervention == code]
                started = [x for x in own if x.start is not None] or own
                day = min(x.start if x.start is not None else 0 for x in started)
                kept += [x for x in started if x.start in (day, None)]
            dated = kept
        if rules.re_exposure == "each" and dated:
            allowed = {
                day
                for x in dated
                for day in HORIZON
                if (first if x.start is None else x.start) <= day <= limit(x)
            }
        else:
            until = max((limit(x) for x in dated), default=HORIZON.stop)
            allowed = {day for day in HORIZON if first <= day <= until}
        if rules.follow_up_days is not None and last is not None:
            allowed = {day for day in allowed if day <= last + rules.follow_up_days}
        return allowed

    def emergent(self, event: Event, rules: Definitions) -> int | None:
        """The day of an event that counts, -1 when it counts on no known day, None when it does not count."""
        if event.onset is None:
            return -1 if rules.unknown_onset == "counts" else None
        allowed = self.days_that_count(event.phase, rules)
        if _meets(range(event.onset[0], event.onset[1] + 1), allowed, rules):
            return event.onset[0]
        if rules.baseline == "worsening" and event.onset[1] < self.first(rules):
            for place, (day, grade) in enumerate(event.course):
                earlier = event.course[:place]
                if earlier and grade > max(g for _, g in earlier):
                    between = range(earlier[-1][0], day + 1)
                    if _meets(between, allowed, rules):
                        return earlier[-1][0]
        return None


def _meets(possible: Iterable[int], allowed: set[int], rules: Definitions) -> bool:
    days = list(possible)
    if rules.partial_onset == "certain":
        return all(day in allowed for day in days)
    return any(day in allowed for day in days)


def some_people(seed: int, *, count: int) -> list[Person]:
    """Participants of every kind: untreated, on background treatment alone, with partial and unknown days."""
    random = np.random.default_rng(seed)

    def chance(share: float) -> bool:
        return bool(random.random() < share)

    def between(low: int, high: int) -> int:
        return int(random.integers(low, high))

    people = []
    for place in range(count):
        exposures = []
        for _ in range(between(0, 4)):
            start = between(0, 40)
            length = between(0, 6)
            exposures.append(
                Exposure(
                    intervention=str(random.choice(["GCSF", "CELLS", "ART"], p=[0.45, 0.45, 0.1])),
                    phase=str(random.choice(["", "procedure", "ATI"])),
                    start=None if chance(0.08) else start,
                    end=None if chance(0.2) else start + length,
                )
            )
        events = []
        for number in range(1, between(1, 6)):
            day = between(-15, 75)
            recorded = sorted(between(-15, 60) for _ in range(between(0, 4)))
            events.append(
                Event(
                    number=number,
                    phase=str(random.choice(["", "procedure", "ATI"])),
                    onset=None if chance(0.08) else (day, day + (between(0, 9) if chance(0.4) else 0)),
                    course=[(when, between(1, 5)) for when in recorded] if chance(0.6) else [],
                )
            )
        people.append(
            Person(
                subject=f"P{place:03}",
                started=between(-5, 10),
                consented=between(-12, -6),
                ended=None if chance(0.3) else between(41, 80),
                failed=chance(0.1),
                exposures=exposures,
                events=events,
            )
        )
    return people
