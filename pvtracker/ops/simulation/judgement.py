"""How a simulated site and sponsor judge an event: criteria, relatedness, action, outcome, narrative."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pvtracker.formats.records import AssessmentRecord
from pvtracker.ops.simulation import protocol as p
from pvtracker.ops.simulation import words
from pvtracker.ops.simulation.course import Person
from pvtracker.ops.simulation.randomness import choose

# Of the suspected intervention, and of the others that the participant has had.
_SUSPECTED = (("definite", 0.2), ("probable", 0.4), ("possible", 0.3), ("unlikely", 0.1))
_UNSUSPECTED = (("not_related", 0.86), ("unlikely", 0.115), ("possible", 0.025))
_ORDER = (p.GCSF, p.APHERESIS, p.INFUSION, p.INTERRUPTION, p.BACKGROUND_ART)
_FIRST_CAUSALITY_DRAW = 16  # each intervention has its own three numbers from here on
SPONSOR_ALSO_JUDGES = 0.10
SPONSOR_DIFFERS = 0.20


def criteria(grade: int, probability: float, draws: NDArray[np.float64]) -> tuple[str, ...]:
    """Seriousness criteria met, none if not serious.

    `probability` holds from grade 3 on; at grade 2 it is a tenth of it.
    """
    if grade == 5:
        return (words.DEATH, words.HOSPITALISATION) if draws[10] < 0.5 else (words.DEATH,)
    if grade == 1 or draws[10] >= (probability if grade >= 3 else probability / 10):
        return ()
    met = []
    if grade == 4 and draws[11] < 0.6:
        met.append(words.LIFE_THREATENING)
    if draws[11] < 0.8:
        met.append(words.HOSPITALISATION)
    return tuple(met) or (words.MEDICALLY_IMPORTANT,)


def outcome(grade: int, *, ended: bool, ongoing: bool, serious: bool, draw: float) -> str:
    """Outcome that fits the dates."""
    if grade == 5:
        return words.FATAL
    if ongoing:
        return words.RECOVERING if draw < 0.4 else words.NOT_RECOVERED
    if not ended:
        return words.UNKNOWN
    return words.SEQUELAE if serious and draw < 0.08 else words.RECOVERED


def assessments(
    *, had: tuple[str, ...], cause: str, grade: int, serious: bool, ended: bool, draws: NDArray[np.float64]
) -> tuple[AssessmentRecord, ...]:
    """The investigator on every intervention had so far, the sponsor on serious and a few other events.

    The sponsor's opinion stands beside the investigator's and differs by one step now and then.
    """
    result = []
    sponsor_judges = serious or draws[14] < SPONSOR_ALSO_JUDGES
    for intervention in had:
        place = _FIRST_CAUSALITY_DRAW + 3 * _ORDER.index(intervention)
        investigator, differs, action = draws[place : place + 3]
        suspected = intervention == cause
        causality = choose(_SUSPECTED if suspected else _UNSUSPECTED, float(investigator))
        taken = _action(intervention, suspected=suspected, grade=grade, draw=float(action))
        result.append(AssessmentRecord(intervention, words.INVESTIGATOR, causality, taken))
        if sponsor_judges:
            own = (
                _step(causality, up=differs < SPONSOR_DIFFERS / 2) if differs < SPONSOR_DIFFERS else causality
            )
            result.append(AssessmentRecord(intervention, words.SPONSOR, own, ""))
    return tuple(result)


def _action(intervention: str, *, suspected: bool, grade: int, draw: float) -> str:
    """Done once, nothing can be changed; G-CSF and therapy can."""
    if intervention in (p.APHERESIS, p.INFUSION):
        return words.NOT_APPLICABLE
    if suspected and grade >= 3 and intervention == p.GCSF and draw < 0.3:
        return words.DOSE_REDUCED
    return words.NONE


def _step(causality: str, *, up: bool) -> str:
    place = words.CAUSALITIES.index(causality) + (1 if up else -1)
    return words.CAUSALITIES[min(max(place, 0), len(words.CAUSALITIES) - 1)]


def narrative(person: Person, term: str, grade: int, onset: str, result: str, met: tuple[str, ...]) -> str:
    """A short account of a serious event, marked as simulated; `onset` as the site wrote it."""
    who = {"M": "man", "F": "woman"}[person.sex]
    happened = f"Simulated case. A {person.age}-year-old {who} had grade {grade} {term[0].lower()}{term[1:]}"
    admitted = " and was admitted to hospital" if words.HOSPITALISATION in met else ""
    return f"{happened} from {onset}{admitted}. Outcome: {result.replace('_', ' ')}."
