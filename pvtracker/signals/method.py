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
from pvtracker.stats.results import FloatArray, Hierarchical, IntArray, PriorSensitivity, TextArray
from pvtracker.stats.tree_scan import SEED

FLAGS_NOTHING = "gives p; flags nothing"
MARGIN = 2.0  # ratio above which the hierarchical models give a probability, where no plan names another


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
    margin: float = MARGIN


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
    """What a method says of one period, or under one prior; `there`: of which rows it says anything. `counts`: within
    the period; None where they are those over all."""

    name: str
    counts: Counted | None
    columns: Columns
    there: NDArray[np.bool_]
    of: Literal["period", "prior"] = "period"


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
    within: tuple[Within, ...] = ()  # of a method that says something of each period or prior, in their order
    beyond_margin: FloatArray | None = None  # probability of a ratio above the margin
    r_hat: FloatArray | None = None  # of the chains that the row's numbers are from


class Posterior:
    """What a hierarchical model says of each row, until all families are done; ratios from their logarithms."""

    def __init__(self, size: int, warning: str) -> None:
        self.numbers = {name: np.full(size, np.nan) for name in self.SAID}
        self.warning = np.full(size, warning, dtype=object)

    SAID = ("mean", "low", "high", "p_positive", "p_beyond_margin", "r_hat")

    @property
    def posterior(self) -> FloatArray:
        return self.numbers["p_positive"]

    def take(self, rows: IntArray, found: Hierarchical | PriorSensitivity, its: slice = slice(None)) -> None:
        """Some entries of what was found, for these rows."""
        for name, values in self.numbers.items():
            values[rows] = getattr(found, name)[its]
        self.warning[rows] = found.warning[its]

    def columns(self) -> Columns:
        nothing = np.full(len(self.warning), np.nan)
        said = self.numbers
        estimate, low, high = (np.exp(said[name]) for name in ("mean", "low", "high"))
        return Columns(
            estimate,
            low,
            high,
            nothing,
            nothing,
            self.warning,
            posterior=said["p_positive"],
            beyond_margin=said["p_beyond_margin"],
            r_hat=said["r_hat"],
        )


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
ODDS_RATIO = Scale(1.0, 2, ("Odds ratio", "arm ÷ reference"))
RATE_RATIO = Scale(1.0, 2, ("Rate ratio", "arm ÷ reference"))
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
    flags: bool = True  # an excess in the arm; else it has no limit, and its p is read beside the others
    default: bool = True  # in every run; else only in runs that name it, because it may take minutes
    definition: str = (
        ""  # what a reader of its numbers must know, printed with the run: `stats.definitions`, and what a
    )
    # run adds to it; {seed} and {margin} are the run's

    def flagged_where(self, threshold: Threshold) -> str:
        """When it flags, with the limit of a run."""
        return str(threshold) if self.flags else FLAGS_NOTHING

    def said(self, *, seed: int, margin: float) -> str:
        """The definition with what a run was given."""
        return self.definition.replace("{seed}", str(seed)).replace("{margin}", f"{margin:g}")
