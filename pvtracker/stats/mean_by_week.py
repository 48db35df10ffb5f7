"""Mean of a measurement in each visit week, by arm, with limits, and the difference of the arms.

Method, sources and differences between programs: docs/methods/mean-by-week.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.course_results import MeansByWeek
from pvtracker.stats.inputs import EMPTY_ARM, EMPTY_REFERENCE, Labels, level, no_warning
from pvtracker.stats.measured import BelowAs, Scale, once_each, rows
from pvtracker.stats.two_samples import moments, welch

NONE_IN_ARM = "no value in the arm"
NONE_IN_REF = "no value in the reference arm"
ONE = "a single value in one of the arms: no limits"
NO_SPREAD = "all values of an arm are the same: its limits have no width"


def mean_by_week(
    participant: Labels,
    week: ArrayLike,
    value: ArrayLike,
    in_arm: ArrayLike,
    *,
    scale: Scale = "as measured",
    below: ArrayLike = 0,
    below_as: BelowAs = "limit",
    confidence_level: float = 0.95,
) -> MeansByWeek:
    """Mean, standard deviation and Student's limits in each week and arm, and arm - reference with Welch's limits.

    participant, week, value, in_arm: one row for each measurement, shape (n,); in_arm 1 for the arm, 0 for the
    reference; nan for a value that is missing. A participant has one value in a week. scale "log10": of
    logarithms, with geometric means and their ratio. below: 1 where the measurement was below a limit (of
    detection, of quantification) and `value` is that limit; it stands at the limit, at half of it, or at the
    limit ÷ √2 (below_as). Whoever has no value in a week is not in its mean. ValueError for values that cannot be.

    below_as: where a value below the limit stands: at the "limit", at "half" of it, or, "root half", at the limit ÷ √2.

    Source: Welch (1947) Biometrika 34:28-35, degrees of freedom as in Welch (1938) Biometrika 29:350-362.
    """
    confidence_level = level("confidence_level", confidence_level)
    given = rows(participant, week, value, in_arm, name="week", scale=scale, below=below, below_as=below_as)
    once_each(given, "week")
    weeks, place = np.unique(given.when, return_inverse=True)
    arms = []
    for side in (1, 0):
        its = given.arm_of[given.who] == side
        arms.append(
            (
                moments(place[its], given.value[its], len(weeks)),
                np.bincount(place[its], given.below[its], minlength=len(weeks)).astype(np.int64),
            )
        )
    (arm, below_arm), (ref, below_ref) = arms
    compared = welch(arm, ref, confidence_level)
    low_arm, high_arm = arm.limits(confidence_level)
    low_ref, high_ref = ref.limits(confidence_level)
    warning = no_warning(len(weeks))
    warning[(arm.sd == 0) | (ref.sd == 0)] = NO_SPREAD
    warning[(arm.n == 1) | (ref.n == 1)] = ONE
    for of, side, none, empty in ((ref, 0, NONE_IN_REF, EMPTY_REFERENCE), (arm, 1, NONE_IN_ARM, EMPTY_ARM)):
        warning[of.n == 0] = none if (given.arm_of == side).any() else empty

    def raised(log_value: np.ndarray) -> np.ndarray:
        return 10.0**log_value if scale == "log10" else np.full(len(weeks), np.nan)

    return MeansByWeek(
        weeks,
        arm.n, below_arm, arm.mean, arm.sd, low_arm, high_arm, raised(arm.mean),
        ref.n, below_ref, ref.mean, ref.sd, low_ref, high_ref, raised(ref.mean),
        compared.difference, compared.low, compared.high, compared.degrees, compared.p,
        raised(compared.difference), raised(compared.low), raised(compared.high),
        warning, scale, confidence_level,
    )  # fmt: skip
