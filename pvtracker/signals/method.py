"""What a statistic of a screening run is given, what it says, and when that is flagged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pvtracker.cuts.derive import Arms
from pvtracker.cuts.periods import Periods
from pvtracker.cuts.term_queries import Queries
from pvtracker.stats.results import FloatArray, IntArray, TextArray
from pvtracker.stats.tree_scan import SEED


@dataclass(frozen=True, slots=True)
class Source:
    """What the counts were made from (see `cuts.derive`), for a method that needs the participants themselves.

    `labels`: level, term, selection and arm of each row, shape (n,). `people` has the column `died`: did death end the
    follow-up (`time_methods.with_deaths`)?
    """

    people: pd.DataFrame
    events: pd.DataFrame
    arms: Arms
    labels: Sequence[tuple[str, str, str, str]]
    queries: Queries = ()  # the study's, by name
    periods: Periods | None = None  # None: the study names no phases


@dataclass(frozen=True, slots=True)
class Comparison:
    """Counts of many terms in an arm and in the reference, every array of shape (n,).

    `family` numbers the tests that are adjusted together (same level, selection and arm). `body_system` is the organ
    class of each preferred term, '' at other levels.
    """

    n_arm: IntArray
    N_arm: IntArray
    n_ref: IntArray
    N_ref: IntArray
    person_years_arm: FloatArray
    person_years_ref: FloatArray
    family: IntArray
    body_system: TextArray
    source: Source
    seed: int = SEED  # of methods that draw


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts of rows, every array of shape (n,), in the order of a result row's fields."""

    n_arm: IntArray
    N_arm: IntArray
    n_ref: IntArray
    N_ref: IntArray
    events_arm: IntArray
    events_ref: IntArray
    person_years_arm: FloatArray
    person_years_ref: FloatArray
    follow_up_years_arm: FloatArray
    follow_up_years_ref: FloatArray

    def plain(self) -> list[tuple[Any, ...]]:
        """Row by row."""
        return list(zip(*(getattr(self, name).tolist() for name in self.__slots__), strict=True))


@dataclass(frozen=True, slots=True)
class Within:
    """What was counted within one period, and what a method says of it; `there`: of which rows it says anything."""

    name: str
    counts: Counted
    columns: Columns
    there: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Columns:
    """What a method says; nan where a number does not exist, None where there is nothing to warn of."""

    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    p: FloatArray
    p_adjusted: FloatArray
    warning: TextArray
    posterior: FloatArray | None = None  # probability of more in the arm; None where the method has none
    more: NDArray[np.bool_] | None = (
        None  # more in the arm? None: the method's estimate says, else the counts do
    )
    within: tuple[Within, ...] = ()  # of a method that says something of each period, in their order


@dataclass(frozen=True, slots=True)
class Threshold:
    """An excess in the arm is flagged when the column lies beyond the limit."""

    column: Literal["low", "p", "p_adjusted", "posterior"]
    limit: float

    def flags(self, columns: Columns) -> NDArray[np.bool_]:
        values: FloatArray = getattr(columns, self.column)
        with np.errstate(invalid="ignore"):
            return values <= self.limit if self.column in ("p", "p_adjusted") else values > self.limit

    def __str__(self) -> str:
        sign = "≤" if self.column in ("p", "p_adjusted") else ">"
        return f"more in the arm, and {self.column.replace('_', ' ')} {sign} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Scale:
    """How an estimate is shown: multiplied, with so many digits, and what it then is, in a table and at an axis."""

    factor: float
    digits: int
    words: tuple[str, str]


RATIO = Scale(1.0, 2, ("Ratio", "arm ÷ reference"))
POINTS = Scale(100.0, 1, ("Difference, percentage points", "arm − reference"))
RATE = Scale(100.0, 1, ("Difference, events per 100 person-years", "arm − reference"))
DAYS = Scale(1.0, 1, ("Difference, days", "arm − reference"))


# What a run's methods compare, said before the definition of the statistic itself.
FIRST_EVENTS = "Participants with the event, in years to the first or to the end of follow-up."
FAMILY = "Over the terms of the same level, selection and arm."
HIERARCHY = "Preferred terms of a selection, an arm against the reference."


@dataclass(frozen=True, slots=True)
class Method:
    key: str
    label: str
    compute: Callable[[Comparison], Columns]
    version: str  # raised when the same counts may give another number
    threshold: Threshold
    page: str  # in docs/methods
    null_value: float | None = None  # of the estimate: where arm and reference are alike
    scale: Scale = RATIO  # of the estimate, where there is one
    default: bool = True  # in every run; else only in runs that name it, because it may take minutes
    definition: str = (
        ""  # what a reader of its numbers must know, printed with the run: `stats.definitions`, and what a
    )
    # run adds to it; {seed} is the run's
