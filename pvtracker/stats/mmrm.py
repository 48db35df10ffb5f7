"""Mixed model for repeated measures: the difference of two arms in each week, values missing at random.

Method, sources and differences between programs: docs/methods/mmrm.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

from pvtracker.stats.course_results import MixedRepeated
from pvtracker.stats.inputs import Labels, level, no_warning, numbers
from pvtracker.stats.measured import BelowAs, Rows, Scale, on_scale, once_each, one_of, rows
from pvtracker.stats.mixed.covariances import ORDER, Covariance
from pvtracker.stats.mixed.patterns import Patterns, patterns
from pvtracker.stats.mixed.reml import Fitted, NotFitted, fitted
from pvtracker.stats.mixed.small_samples import Degrees, adjusted, satterthwaite
from pvtracker.stats.results import FloatArray, IntArray

MOST_WEEKS = 30
MOST_PARTICIPANTS = 5000
REMEDY = {
    True: "take a covariance with fewer parameters (toeplitz, ar1 or compound symmetry) or fewer weeks",
    False: "take fewer weeks",
}
LEFT_OUT = (
    "left out of the model: fewer than two values in one of the arms, or in neither arm do baselines differ"
)


def mmrm(
    participant: Labels,
    week: ArrayLike,
    value: ArrayLike,
    in_arm: ArrayLike,
    *,
    baseline: ArrayLike | None = None,
    covariance: Covariance = "unstructured",
    fall_back: bool = False,
    degrees: Degrees = "kenward-roger",
    scale: Scale = "as measured",
    below: ArrayLike = 0,
    below_as: BelowAs = "limit",
    confidence_level: float = 0.95,
) -> MixedRepeated:
    """Arm - reference in each week by restricted maximum likelihood, with small-sample limits and p.

    participant, week, value, in_arm: one row for each measurement, shape (n,); in_arm 1 for the arm, 0 for the
    reference; nan for a value that is missing. A participant has one value in a week, baseline not among the weeks.
    The mean is arm × week, with a slope of its own in each week on `baseline`, one number for each participant, given
    in all the rows (on the scale log10 its logarithm is taken); who has none (nan) is not in the model. scale, below,
    below_as: as for `mean_by_week`.

    covariance: "unstructured", "toeplitz" and "ar1" with a variance for each week and correlations by the
    number of visits between, "compound symmetry" with one variance and correlation. fall_back: where it cannot be
    fitted the next of these is tried, and the result says so; otherwise nothing is told but why. degrees:
    "kenward-roger" (standard error adjusted too) or "satterthwaite". At most 30 weeks and 5,000 participants.
    ValueError for values that cannot be.

    baseline: value before treatment, one number for each participant, given in all the rows.

    Source: Mallinckrodt et al. (2008) Drug Inf J 42:303-319 (model); Kenward & Roger (1997) Biometrics 53:983-997.
    """
    confidence_level = level("confidence_level", confidence_level)
    one_of("covariance", covariance, Covariance)
    one_of("degrees", degrees, Degrees)
    given = rows(participant, week, value, in_arm, name="week", scale=scale, below=below, below_as=below_as)
    once_each(given, "week")
    before = _baseline(baseline, given, participant, scale)
    _refuse_too_many(given)
    table = _Table.of(given, before)
    tried, fit, used = _fits(table, covariance, fall_back)
    told = _told(table, fit, degrees, confidence_level)
    warning = no_warning(len(table.weeks))
    warning[:] = None if fit is not None else tried[-1]
    warning[~table.kept] = LEFT_OUT
    raised = {
        name: 10.0 ** told[name] if scale == "log10" else np.full(len(table.weeks), np.nan)
        for name in ("difference", "low", "high")
    }
    return MixedRepeated(
        table.weeks,
        table.n[0], told["mean_arm"], told["low_arm"], told["high_arm"],
        table.n[1], told["mean_ref"], told["low_ref"], told["high_ref"],
        told["difference"], told["standard_error"], told["degrees"], told["low"], told["high"], told["p"],
        raised["difference"], raised["low"], raised["high"],
        told["sd"], told["correlation"], warning,
        len(table.y), table.without_baseline, int((~np.isnan(table.y)).sum()),
        table.log_likelihood(fit), used, "; ".join(tried[: len(tried) - (fit is None)]) or None,
        fit is not None, fit.steps if fit else 0, fit.decrement if fit else float("nan"),
        degrees, scale, confidence_level,
    )  # fmt: skip


def _baseline(
    baseline: ArrayLike | None, given: Rows, participant: Labels, scale: Scale
) -> FloatArray | None:
    """Of each participant, on the scale; nan for who has none."""
    if baseline is None:
        return None
    size = len(np.atleast_1d(np.asarray(participant)))
    each = numbers("baseline", baseline)
    if each.shape != (size,):
        raise ValueError(f"baseline must be given for every value, got shape {each.shape} for {size}")
    each = each[given.given]
    found = np.full(len(given.participants), np.nan)
    found[given.who] = each
    other = ~((found[given.who] == each) | (np.isnan(found[given.who]) & np.isnan(each)))
    if other.any():
        raise ValueError(
            "baseline must be the same in all rows of a participant, "
            f"{given.participants[given.who[other][0]]} has two"
        )
    return on_scale(found, np.zeros(len(found), dtype=np.int64), scale, "limit", name="baseline")


def _refuse_too_many(given: Rows) -> None:
    weeks = len(np.unique(given.when))
    if weeks > MOST_WEEKS:
        raise ValueError(f"week must have at most {MOST_WEEKS} different values, got {weeks}; leave some out")
    people = len(np.unique(given.who))
    if people > MOST_PARTICIPANTS:
        raise ValueError(f"participant must name at most {MOST_PARTICIPANTS} participants, got {people}")


@dataclass(frozen=True, slots=True)
class _Table:
    """Values of the participants in the model by week, standardised, and what standardised them.

    y: (participants, weeks kept); z: (participants, 2 or 3): 1, arm, baseline. n: values in the weeks, of all weeks.
    """

    weeks: FloatArray
    kept: np.ndarray
    n: tuple[IntArray, IntArray]
    y: FloatArray
    z: FloatArray
    centre: float
    spread: float
    baseline_spread: float
    without_baseline: int

    @classmethod
    def of(cls, given: Rows, before: FloatArray | None) -> _Table:
        weeks, place = np.unique(given.when, return_inverse=True)
        y = np.full((len(given.participants), len(weeks)), np.nan)
        y[given.who, place] = given.value
        arm = given.arm_of
        some = ~np.isnan(y).all(axis=1)
        without = 0
        z = np.stack([np.ones(len(arm)), arm.astype(np.float64)], axis=1)
        baseline_spread = 1.0
        if before is not None:
            without = int((some & np.isnan(before)).sum())
            some &= ~np.isnan(before)
            known = before[some]
            if len(known):
                baseline_spread = float(known.std()) or 1.0
            z = np.column_stack([z, (before - (known.mean() if len(known) else 0.0)) / baseline_spread])
        y, z, arm = y[some], z[some], arm[some]
        there = ~np.isnan(y)
        n = there[arm == 1].sum(axis=0), there[arm == 0].sum(axis=0)
        kept = (n[0] >= 2) & (n[1] >= 2)
        for one in np.flatnonzero(kept):
            kept[one] = np.linalg.matrix_rank(z[there[:, one]], tol=1e-8 * np.sqrt(len(z))) == z.shape[1]
        y = y[:, kept]
        some = ~np.isnan(y).all(axis=1)
        y, z = y[some], z[some]
        if before is not None and len(z):  # the mean baseline is of those who stay
            again = float(z[:, 2].std()) or 1.0
            z[:, 2] = (z[:, 2] - z[:, 2].mean()) / again
            baseline_spread *= again
        values = y[~np.isnan(y)]
        centre, spread = (float(values.mean()), float(values.std()) or 1.0) if len(values) else (0.0, 1.0)
        return cls(weeks, kept, n, (y - centre) / spread, z, centre, spread, baseline_spread, without)

    @property
    def data(self) -> Patterns:
        return patterns(self.y, self.z)

    def log_likelihood(self, fit: Fitted | None) -> float:
        """Of the values as they were given."""
        if fit is None:
            return float("nan")
        weeks = self.y.shape[1]
        values = int((~np.isnan(self.y)).sum())
        shift = 2 * (values - weeks * self.z.shape[1]) * np.log(self.spread)
        if self.z.shape[1] > 2:
            shift += 2 * weeks * np.log(self.baseline_spread)
        return float(-(fit.state.minus_two + shift) / 2)


def _fits(table: _Table, covariance: Covariance, fall_back: bool) -> tuple[list[str], Fitted | None, str]:
    """Why structures could not be fitted, the fit, and the structure that was tried last."""
    if not table.kept.any():
        return [LEFT_OUT], None, covariance
    if table.y.shape[1] == 1:
        covariance = "unstructured"  # of a single week all structures are one variance
    tried: list[str] = []
    structures = ORDER[ORDER.index(covariance) :] if fall_back else (covariance,)
    structure: str = covariance
    remedy = ""
    for structure in structures:
        try:
            if structure == "unstructured":
                _refuse_unstructured(table)
            return tried, fitted(table.data, structure), structure
        except NotFitted as why:
            tried.append(f"covariance {structure} was not fitted: {why}")
            remedy = why.remedy
    tried[-1] += f"; {remedy or REMEDY[structure == 'unstructured']}"
    return tried, None, structure


def _refuse_unstructured(table: _Table) -> None:
    people, weeks = table.y.shape
    if people - table.z.shape[1] < weeks:
        raise NotFitted(f"{people} participants are too few for {weeks} weeks")
    there = (~np.isnan(table.y)).astype(np.float64)
    never = np.argwhere(np.triu(there.T @ there == 0))
    if len(never):
        one, other = table.weeks[table.kept][never[0]]
        raise NotFitted(f"nobody was measured both in week {one:g} and in week {other:g}")


def _told(
    table: _Table, fit: Fitted | None, degrees: Degrees, confidence_level: float
) -> dict[str, FloatArray]:
    """Each column of the result, shape (weeks,), on the scale of the values."""
    kept = np.flatnonzero(table.kept)
    size, many = len(table.weeks), len(kept)
    names = ["difference", "standard_error", "degrees", "low", "high", "p", "sd"]
    names += [f"{one}_{side}" for side in ("arm", "ref") for one in ("mean", "low", "high")]
    told = {name: np.full(size, np.nan) for name in names}
    told["correlation"] = np.full((size, size), np.nan)
    if fit is None:
        return told
    q = table.z.shape[1]
    covariance = adjusted(table.data, fit) if degrees == "kenward-roger" else fit.state.phi
    beta = fit.state.beta.reshape(-1)
    contrasts = np.zeros((3, many, many, q))  # difference, arm, reference
    week = np.arange(many)
    contrasts[0, week, week, 1] = contrasts[1, week, week, 1] = 1.0
    contrasts[1, week, week, 0] = contrasts[2, week, week, 0] = 1.0
    for one, (estimate, low, high) in zip(
        contrasts.reshape(3, many, -1),
        (("difference", "low", "high"), *((f"mean_{s}", f"low_{s}", f"high_{s}") for s in ("arm", "ref"))),
        strict=True,
    ):
        value = table.spread * (one @ beta)
        error = table.spread * np.sqrt(np.sum(one @ covariance * one, axis=1))
        freedom = satterthwaite(fit, one)
        reach = stdtrit(freedom, (1 + confidence_level) / 2) * error
        centre = 0.0 if estimate == "difference" else table.centre
        told[estimate][kept], told[low][kept], told[high][kept] = (
            centre + value, centre + value - reach, centre + value + reach,
        )  # fmt: skip
        if estimate == "difference":
            told["standard_error"][kept], told["degrees"][kept] = error, freedom
            told["p"][kept] = 2 * stdtr(freedom, -np.abs(value) / error)
    sd = np.sqrt(np.diag(fit.state.made.matrix))
    told["sd"][kept] = table.spread * sd
    told["correlation"][np.ix_(kept, kept)] = fit.state.made.matrix / np.outer(sd, sd)
    return told
