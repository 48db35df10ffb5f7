"""Persistence: the share of participants above detection in each visit week, by arm.

Method, sources and differences between programs: docs/methods/detected-by-week.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.course_results import DetectedByWeek
from pvtracker.stats.fisher import fisher
from pvtracker.stats.inputs import Labels, level, numbers
from pvtracker.stats.measured import once_each, rows, zero_or_one
from pvtracker.stats.proportions import proportion_clopper_pearson
from pvtracker.stats.risk_difference import risk_difference_mn


def detected_by_week(
    participant: Labels,
    week: ArrayLike,
    below: ArrayLike,
    in_arm: ArrayLike,
    *,
    confidence_level: float = 0.95,
) -> DetectedByWeek:
    """Share above detection in each week and arm with exact limits, and arm - reference with score limits and p.

    participant, week, below, in_arm: one row for each measurement, shape (n,); below: 1 where it was below detection, 0
    where it was above, nan where there is none; in_arm 1 for the arm, 0 for the reference. A participant has one
    measurement in a week. The limits are those of `proportion_clopper_pearson` and `risk_difference_mn`. Without a
    measurement in an arm: nan and a warning. ValueError for values that cannot be.

    Source: Clopper & Pearson (1934); Miettinen & Nurminen (1985); Fisher (1935), as on the pages of those methods.
    """
    confidence_level = level("confidence_level", confidence_level)
    given = numbers("below", below)
    zero_or_one("below", np.where(np.isnan(given), 0.0, given), given.size)
    measured = rows(
        participant, week, given, in_arm, name="week", scale="as measured", below=0, below_as="limit"
    )
    once_each(measured, "week")
    weeks, place = np.unique(measured.when, return_inverse=True)
    side = measured.arm_of[measured.who]
    n, found = [], []
    for one in (1, 0):
        its = place[side == one]
        n.append(np.bincount(its, minlength=len(weeks)))
        found.append(np.bincount(its[measured.value[side == one] == 0], minlength=len(weeks)))
    arm, ref = (
        proportion_clopper_pearson(each, size, confidence_level=confidence_level)
        for each, size in zip(found, n, strict=True)
    )
    difference = risk_difference_mn(found[0], n[0], found[1], n[1], confidence_level=confidence_level)
    return DetectedByWeek(
        weeks,
        n[0], found[0], arm.estimate, arm.low, arm.high,
        n[1], found[1], ref.estimate, ref.low, ref.high,
        difference.estimate, difference.low, difference.high,
        fisher(found[0], n[0], found[1], n[1]).p, difference.warning, confidence_level,
    )  # fmt: skip
