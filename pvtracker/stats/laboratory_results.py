"""What the statistics of laboratory values return. A number that does not exist is nan, and then `warning` says why."""

from dataclasses import dataclass

from pvtracker.stats.results import BoolArray, FloatArray, IntArray, TextArray


@dataclass(frozen=True, slots=True)
class ShiftTable:
    """From baseline to worst value: one row for each arm, category at baseline and category after, shape (rows,).

    `participants` have both; `of_baseline` of the arm have this baseline, `measured` of them have a value after it;
    `total` is the arm. "missing" is a category of its own on both sides.
    """

    arm: TextArray
    baseline: TextArray
    worst: TextArray
    participants: IntArray
    measured: IntArray
    of_baseline: IntArray
    total: IntArray


@dataclass(frozen=True, slots=True)
class WorstGrades:
    """Participants by worst grade: one row for each arm and grade from 0 on, shape (rows,).

    `participants` have it as their worst, `at_least` this or a higher one, of `measured`; `total` is the arm.
    """

    arm: TextArray
    grade: IntArray
    participants: IntArray
    at_least: IntArray
    measured: IntArray
    total: IntArray


@dataclass(frozen=True, slots=True)
class Edish:
    """Peaks of each participant as multiples of the upper limit of normal, shape (participants,).

    `quadrant` is by the two peaks, whenever they were; `case` is whether both came together, as `hys_law_cases` says.
    """

    participant: TextArray
    transaminase: FloatArray
    transaminase_day: FloatArray
    bilirubin: FloatArray
    bilirubin_day: FloatArray
    alkaline_phosphatase: FloatArray
    quadrant: TextArray
    case: BoolArray
    warning: TextArray


@dataclass(frozen=True, slots=True)
class HysLawCases:
    """The participants who meet the laboratory part of Hy's law, by their first pair of values, shape (cases,).

    `alkaline_phosphatase` is the one at the rise of the transaminase, nan and a warning where none was measured then.
    """

    participant: TextArray
    transaminase_day: FloatArray
    transaminase: FloatArray
    bilirubin_day: FloatArray
    bilirubin: FloatArray
    alkaline_phosphatase: FloatArray
    warning: TextArray


@dataclass(frozen=True, slots=True)
class Outliers:
    """What lies far from the other values, shape (n,): `flag`, and `score` in units of the spread, 0 within.

    `low` and `high` are the fences beyond which a value is flagged, in the unit of the values: transformed back where
    they were computed on logarithms (`log_scale`).
    """

    flag: BoolArray
    score: FloatArray
    low: float
    high: float
    centre: float
    method: str
    fence: float
    log_scale: bool
    warning: str | None


@dataclass(frozen=True, slots=True)
class ParticipantSlopes:
    """The least-squares line of each participant, shape (participants,)."""

    participant: TextArray
    values: IntArray
    slope: FloatArray
    intercept: FloatArray
    standard_error: FloatArray
    warning: TextArray


@dataclass(frozen=True, slots=True)
class SlopeDifference:
    """Mean slope of each arm and its difference to the reference arm, which has none itself; shape (arms,)."""

    arm: TextArray
    participants: IntArray
    mean: FloatArray
    sd: FloatArray
    difference: FloatArray
    low: FloatArray
    high: FloatArray
    p: FloatArray
    degrees: FloatArray
    confidence_level: float
    warning: TextArray
