"""Safety laboratory and vital signs at the main visits. Nothing here depends on an arm.

In a few participants the liver suffers for some weeks, as in any trial (a virus, a medicine, alcohol): ALT and AST
rise. A few others have a bilirubin that is always high (Gilbert's syndrome). Who, is drawn without knowing the arm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pvtracker.formats.records import MeasurementRecord
from pvtracker.ops.simulation.course import AttendedVisit, Course
from pvtracker.ops.simulation.randomness import Topic, stream

MAIN_VISITS = frozenset(
    {"Screening", "Mobilisation", "Apheresis", "Infusion", "Week 1", "Week 4", "Week 12"}
    | {"Week 24", "Week 28", "Week 40", "Week 48", "Week 64", "Week 80", "Week 100"}
)
NOT_DONE = 0.01


@dataclass(frozen=True, slots=True)
class Analyte:
    """One test: how it is spread in the standard unit, and the unit that American sites report."""

    domain: str
    category: str
    code: str
    name: str
    unit: str
    centre: float
    between: float  # spread between participants, as a share of the centre
    within: float  # spread between visits, as a share of the centre
    low: float | None
    high: float | None
    digits: int
    american_unit: str = ""  # '' where both countries report the same unit
    american_factor: float = 1.0  # standard value per American value
    american_digits: int = 0
    apheresis_factor: float = 1.0  # what G-CSF or apheresis does to the value at the apheresis visit
    woman_factor: float = 1.0


ANALYTES = (
    Analyte(
        "LB",
        "HEMATOLOGY",
        "HGB",
        "Haemoglobin",
        "g/L",
        148,
        0.06,
        0.025,
        130,
        175,
        0,
        american_unit="g/dL",
        american_factor=10,
        american_digits=1,
        apheresis_factor=0.95,
        woman_factor=0.9,
    ),
    Analyte(
        "LB", "HEMATOLOGY", "WBC", "Leukocytes", "10^9/L", 6.0, 0.20, 0.12, 4.0, 11.0, 1, apheresis_factor=5.5
    ),
    Analyte(
        "LB",
        "HEMATOLOGY",
        "NEUT",
        "Neutrophils",
        "10^9/L",
        3.4,
        0.22,
        0.15,
        1.8,
        7.5,
        1,
        apheresis_factor=8.0,
    ),
    Analyte(
        "LB", "HEMATOLOGY", "PLAT", "Platelets", "10^9/L", 235, 0.17, 0.07, 150, 400, 0, apheresis_factor=0.55
    ),
    Analyte(
        "LB",
        "CHEMISTRY",
        "LDH",
        "Lactate dehydrogenase",
        "U/L",
        180,
        0.14,
        0.09,
        120,
        250,
        0,
        apheresis_factor=2.3,
    ),
    Analyte(
        "LB",
        "CHEMISTRY",
        "ALP",
        "Alkaline phosphatase",
        "U/L",
        75,
        0.20,
        0.08,
        40,
        130,
        0,
        apheresis_factor=1.6,
    ),
    Analyte("LB", "CHEMISTRY", "ALT", "Alanine aminotransferase", "U/L", 26, 0.30, 0.22, 7, 50, 0),
    Analyte("LB", "CHEMISTRY", "AST", "Aspartate aminotransferase", "U/L", 24, 0.24, 0.18, 8, 40, 0),
    Analyte(
        "LB",
        "CHEMISTRY",
        "CREAT",
        "Creatinine",
        "umol/L",
        84,
        0.13,
        0.06,
        60,
        110,
        0,
        american_unit="mg/dL",
        american_factor=88.4,
        american_digits=2,
        woman_factor=0.8,
    ),
    Analyte(
        "LB",
        "CHEMISTRY",
        "CA",
        "Calcium",
        "mmol/L",
        2.36,
        0.025,
        0.02,
        2.15,
        2.55,
        2,
        american_unit="mg/dL",
        american_factor=0.2495,
        american_digits=1,
        apheresis_factor=0.93,
    ),
    Analyte("VS", "VITAL SIGNS", "SYSBP", "Systolic blood pressure", "mmHg", 124, 0.08, 0.06, None, None, 0),
    Analyte("VS", "VITAL SIGNS", "DIABP", "Diastolic blood pressure", "mmHg", 77, 0.08, 0.06, None, None, 0),
    Analyte("VS", "VITAL SIGNS", "PULSE", "Pulse rate", "beats/min", 71, 0.10, 0.08, None, None, 0),
    Analyte("VS", "VITAL SIGNS", "TEMP", "Temperature", "C", 36.6, 0.004, 0.008, None, None, 1),
    Analyte("VS", "VITAL SIGNS", "WEIGHT", "Weight", "kg", 79, 0.15, 0.012, None, None, 1, woman_factor=0.85),
)


BILIRUBIN = Analyte(
    "LB",
    "CHEMISTRY",
    "BILI",
    "Bilirubin",
    "umol/L",
    9,
    0.30,
    0.20,
    3,
    21,
    0,
    american_unit="mg/dL",
    american_factor=17.1,
    american_digits=1,
)
GILBERT, GILBERT_FACTOR = 0.06, 3.2
SUFFERING = 0.08  # of the participants
SHARE_OF_AST = 0.6  # of the rise of ALT on a logarithmic scale


def safety_measurements(course: Course, *, seed: int) -> list[MeasurementRecord]:
    """Blood count, chemistry and vital signs at the main visits; the caller gives rows and source ids."""
    rng = stream(seed, Topic.SAFETY_LABS, course.person.number)
    visits = [visit for visit in course.visits if visit.plan.name in MAIN_VISITS]
    levels = rng.normal(size=len(ANALYTES))
    noises = rng.normal(size=(len(visits), len(ANALYTES)))
    missing = rng.random((len(visits), len(ANALYTES)))
    liver = _liver(course, visits, seed=seed)
    american = course.person.site.country == "USA"
    woman = course.person.sex == "F"
    result = []
    for place, visit in enumerate(visits):
        drawn = [
            (analyte, levels[index], noises[place, index], missing[place, index])
            for index, analyte in enumerate(ANALYTES)
        ]
        drawn.append((BILIRUBIN, liver.level, liver.noises[place], liver.missing[place]))
        for analyte, level, noise, absent in drawn:
            spread = analyte.between * level + analyte.within * noise
            value = analyte.centre * max(1 + float(spread), 0.3) * (analyte.woman_factor if woman else 1.0)
            if visit.plan.name == "Apheresis":
                value *= analyte.apheresis_factor
            value *= liver.factors.get((analyte.code, place), 1.0)
            done = bool(absent >= NOT_DONE)
            text, unit_text, standard = _reported(analyte, value, american=american)
            result.append(
                MeasurementRecord(
                    row=0,
                    participant=course.person.participant,
                    source_id="",
                    domain=analyte.domain,
                    category=analyte.category,
                    analyte=analyte.code,
                    name=analyte.name,
                    value_text=text if done else "",
                    unit_text=unit_text if done else "",
                    value=standard if done else None,
                    unit=analyte.unit if done else "",
                    low=analyte.low,
                    high=analyte.high,
                    visit=visit.plan.name,
                    taken_on=visit.day.isoformat(),
                    not_done=not done,
                )
            )
    return result


@dataclass(frozen=True, slots=True)
class _Liver:
    """Draws of bilirubin, as those of the other analytes, and what the liver does to an analyte at a visit (by its
    place)."""

    level: float
    noises: NDArray[np.float64]
    missing: NDArray[np.float64]
    factors: dict[tuple[str, int], float]


def _liver(course: Course, visits: list[AttendedVisit], *, seed: int) -> _Liver:
    """From a stream of its own, so that no other draw moves."""
    rng = stream(seed, Topic.LIVER, course.person.number)
    level, (gilbert, suffers, when, size) = float(rng.normal()), rng.random(4)
    noises, missing = rng.normal(size=len(visits)), rng.random(len(visits))
    factors: dict[tuple[str, int], float] = {}
    if gilbert < GILBERT:
        factors |= {(BILIRUBIN.code, place): GILBERT_FACTOR for place in range(len(visits))}
    later = [place for place, visit in enumerate(visits) if visit.plan.number > 0]
    if suffers < SUFFERING and later:
        rise = 4.0 + 8.0 * float(size)
        first = int(when * len(later))
        for place, part in zip(later[first : first + 2], (1.0, 0.5), strict=False):
            factors |= {("ALT", place): rise**part, ("AST", place): rise ** (part * SHARE_OF_AST)}
    return _Liver(level, noises, missing, factors)


def _reported(analyte: Analyte, value: float, *, american: bool) -> tuple[str, str, float]:
    """Result and unit as the site's laboratory writes them, and the same number in the standard unit."""
    if not (american and analyte.american_unit):
        return f"{value:.{analyte.digits}f}", analyte.unit, round(value, analyte.digits)
    original = round(value / analyte.american_factor, analyte.american_digits)
    text = f"{original:.{analyte.american_digits}f}"
    return text, analyte.american_unit, round(original * analyte.american_factor, analyte.digits + 1)
