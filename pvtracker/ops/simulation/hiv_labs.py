"""CD4 count, viral load and the persistence assay over 100 weeks.

The shapes are the known qualitative results of the founding trial (Mitsuyasu et al. 2009): rebound after each
interruption of therapy, CD4 counts somewhat higher and viral load somewhat lower with OZ1, the gene in blood
falling over time. Every draw is made without the arm; the arm's dose only transforms what was drawn.
"""

from __future__ import annotations

import math
from datetime import date, timedelta

from pvtracker.formats.records import MeasurementRecord, RevealingMeasurementRecord
from pvtracker.ops.simulation import protocol as p
from pvtracker.ops.simulation.course import Course
from pvtracker.ops.simulation.randomness import Topic, stream

DETECTION_LIMIT = 50  # copies/mL
CD4_GAIN = 0.07  # log CD4 that the full dose adds from week 8 on
LOAD_LOSS = 0.25  # log10 copies/mL that the full dose takes off a full rebound
NOT_DONE = 0.015
PERSISTENCE_WEEKS = (4, 8, 12, 24, 36, 48, 72, 100)
PERSISTENCE_LIMIT = 10  # copies per million cells


def hiv_measurements(course: Course, *, dose_share: float, seed: int) -> list[MeasurementRecord]:
    """CD4 (cells/uL) and HIV-1 RNA (copies/mL) at every visit; rows and source ids are given by the caller.

    A load under the detection limit is the text ``<50`` without a number, as laboratories deliver it.
    """
    rng = stream(seed, Topic.HIV_LABS, course.person.number)
    level, suppressed, set_point = rng.normal(math.log(640), 0.22), 1.15, rng.normal(4.45, 0.42)
    set_point = min(max(set_point, 3.4), 5.8)
    noises = rng.normal(size=(len(course.visits), 2))
    missing = rng.random((len(course.visits), 2))
    result = []
    for visit, noise, absent in zip(course.visits, noises, missing, strict=True):
        rebound = _rebound(course, visit.day)
        started = min(max(course.week(visit.day), 0.0) / 8, 1.0) if course.infused else 0.0
        log_cd4 = level - _cd4_loss(course, visit.day) + 0.11 * noise[0] + CD4_GAIN * dose_share * started
        log_load = suppressed + rebound * (set_point - suppressed - LOAD_LOSS * dose_share) + 0.22 * noise[1]
        cd4 = float(min(max(round(math.exp(log_cd4)), 40), 2500))
        load = float(round(10**log_load))
        detected = load >= DETECTION_LIMIT
        result.append(
            _measurement(
                course,
                visit.plan.name,
                visit.day,
                "CD4",
                "CD4 lymphocytes",
                "cells/uL",
                text=f"{cd4:.0f}",
                value=cd4,
                low=500.0,
                high=1500.0,
                not_done=bool(absent[0] < NOT_DONE),
            )
        )
        result.append(
            _measurement(
                course,
                visit.plan.name,
                visit.day,
                "HIVRNA",
                "HIV-1 RNA viral load",
                "copies/mL",
                text=f"{load:.0f}" if detected else f"<{DETECTION_LIMIT}",
                value=load if detected else None,
                low=None,
                high=float(DETECTION_LIMIT),
                not_done=bool(absent[1] < NOT_DONE),
            )
        )
    return result


def persistence_measurements(
    course: Course, *, dose_share: float, first_number: int, first_row: int, seed: int
) -> list[RevealingMeasurementRecord]:
    """Closed: copies of the gene per million blood cells; ``NOT DETECTED`` in everybody without it.

    `first_number` continues the participant's LB numbers, so the open ones show no gap.
    """
    rng = stream(seed, Topic.PERSISTENCE, course.person.number)
    start = rng.normal(3.1, 0.45)
    noises = rng.normal(0, 0.25, len(PERSISTENCE_WEEKS))
    days = {visit.plan.number: visit for visit in course.visits}
    result: list[RevealingMeasurementRecord] = []
    for week, noise in zip(PERSISTENCE_WEEKS, noises, strict=True):
        visit = days.get(float(week))
        if visit is None:
            continue
        log_copies = start - 0.75 * math.log10(week) - 0.006 * week + noise
        copies = float(round(10**log_copies * dose_share))
        detected = copies >= PERSISTENCE_LIMIT
        measured = _measurement(
            course,
            visit.plan.name,
            visit.day,
            p.PERSISTENCE_ANALYTE,
            "OZ1 gene in blood cells",
            "copies/10^6 cells",
            text=f"{copies:.0f}" if detected else "NOT DETECTED",
            value=copies if detected else None,
            low=None,
            high=None,
            not_done=False,
            number=first_number + len(result),
            row=first_row + len(result),
        )
        result.append(RevealingMeasurementRecord(measured))
    return result


def _rebound(course: Course, day: date) -> float:
    """Share of a full viral rebound: 0 under therapy, towards 1 some four weeks after stopping."""
    share = 0.0
    for stop, again in course.interruptions:
        if day <= stop:
            continue
        off_until = min(day, again) if again else day
        reached = 1 / (1 + math.exp(-((off_until - stop).days - 18) / 4))
        share = reached * (math.exp(-(day - again).days / 11) if again and day > again else 1.0)
    return share


def _cd4_loss(course: Course, day: date) -> float:
    """Log CD4 lost through interruptions; half of it is back some 30 days after ART is taken again."""
    loss = 0.0
    for number, (stop, again) in enumerate(course.interruptions):
        if day <= stop:
            continue
        depth, days_to_most = ((0.20, 25.0), (0.38, 80.0))[number]
        off_until = min(day, again) if again else day
        reached = depth * (1 - math.exp(-(off_until - stop).days / days_to_most))
        back = math.exp(-(day - again).days / 45) if again and day > again else 1.0
        loss = max(reached * back, loss * math.exp(-(day - stop).days / 45))
    if course.apheresis and course.apheresis[0] <= day <= course.apheresis[-1] + timedelta(days=2):
        loss += 0.08
    return loss


def _measurement(
    course: Course,
    visit: str,
    day: date,
    analyte: str,
    name: str,
    unit: str,
    *,
    text: str,
    value: float | None,
    low: float | None,
    high: float | None,
    not_done: bool,
    number: int = 0,
    row: int = 0,
) -> MeasurementRecord:
    return MeasurementRecord(
        row=row,
        participant=course.person.participant,
        source_id=f"LB-{number}",
        domain="LB",
        category="HIV",
        analyte=analyte,
        name=name,
        value_text="" if not_done else text,
        unit_text="" if not_done else unit,
        value=None if not_done else value,
        unit="" if not_done else unit,
        low=low,
        high=high,
        visit=visit,
        taken_on=day.isoformat(),
        not_done=not_done,
    )
