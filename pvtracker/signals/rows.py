"""The result row: what was counted, and what one method says about it. Pages, files and reports are views of these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from pvtracker.lib.canonical import canonical_json, sha256_hex


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One term, selection, arm and method against the reference; of a method that says something of each period of the
    trial, or under each of several priors, one row for each of them, after the row over all.

    n and N are participants; proportions and differences are fractions, rates are per person-year, ratios are arm ÷
    reference; limits are 95 %. A number that does not exist is None, and where the method should give it `warning` says
    why. `flag` marks an excess in the arm beyond the method's threshold.
    """

    level: str
    term: str
    selection: str
    arm: str
    reference: str
    n_arm: int
    N_arm: int
    n_ref: int
    N_ref: int
    events_arm: int
    events_ref: int
    person_years_arm: float
    person_years_ref: float
    follow_up_years_arm: float
    follow_up_years_ref: float
    method: str
    estimate: float | None
    low: float | None
    high: float | None
    p: float | None
    p_adjusted: float | None
    posterior: float | None
    flag: bool
    warning: str
    analysis_arm: str
    period: str = ""  # of the trial (`cuts/periods.py`): counts and numbers are those within it; '' over all
    beyond_margin: float | None = None  # posterior probability of a ratio above the margin of the run
    r_hat: float | None = None  # of a posterior's chains, told where they have not met, too
    prior: str = ""  # of the sensitivity to priors: under which the numbers are; '' over all

    @property
    def part(self) -> str:
        """The period or the prior that it is of; '' over all."""
        return self.period or self.prior


def to_dict(row: ResultRow) -> dict[str, Any]:
    """The row under the names of the JSON contract; `period` and `prior` are there where the row is of one, and what is
    told of a posterior where there is one."""
    told = asdict(row)
    for name in ("period", "prior", "beyond_margin", "r_hat"):
        if told[name] in ("", None):
            del told[name]
    return told


def rows_sha256(rows: Iterable[ResultRow]) -> str:
    """sha256 over the canonical JSON of the rows in their order, one line each."""
    return sha256_hex(b"".join(canonical_json(plain(row)) + b"\n" for row in rows))


def plain(row: ResultRow) -> list[Any]:
    """The values in the order of the fields."""
    return [getattr(row, name) for name in FIELDS]


FIELDS = tuple(ResultRow.__dataclass_fields__)
