"""Values that lie far from the others, by Tukey's fences or by the median absolute deviation.

Definitions, sources and differences between programs: docs/methods/outliers.md.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.inputs import refuse
from pvtracker.stats.laboratory_results import Outliers
from pvtracker.stats.values import long_numbers

FENCES = {"tukey": 3.0, "mad": 3.5}
NORMAL_MAD = (
    0.6745  # of a normal distribution, the median absolute deviation as a share of the standard deviation
)
FEWEST = 8
TOO_FEW = f"fewer than {FEWEST} values: no fence"
NO_SPREAD = "no spread: half of the values or more are equal, no fence"


def outliers(
    value: ArrayLike,
    *,
    method: Literal["tukey", "mad"] = "tukey",
    fence: float | None = None,
    log_scale: bool = False,
) -> Outliers:
    """Flag values that lie beyond a fence around the middle of all.

    value: shape (n,), nan for none. method "tukey": beyond `fence` (3 unless told: "far out") times the distance of the
    quartiles from the nearer quartile; quartiles are interpolated linearly (type 7 of Hyndman and Fan). "mad": the
    modified z-score 0.6745 · (value - median) ÷ median absolute deviation is beyond `fence` (3.5 unless told).
    log_scale: fences on the logarithms; all values must be > 0. `score` is the distance from the nearer quartile in
    quartile distances, or the modified z-score, below the middle negative. Fewer than eight values, or a spread of 0:
    no fence, nothing flagged, and a warning. ValueError for what cannot be.

    fence: how far from the middle, in units of the spread; none: 3 with "tukey", 3.5 with "mad".

    Source: Tukey JW (1977) Exploratory Data Analysis; Iglewicz & Hoaglin (1993) How to Detect and Handle Outliers.
    """
    given = long_numbers("value", value)
    refuse("value", "must be finite or nan", given, np.isinf(given))
    if method not in FENCES:
        raise ValueError(f"method must be tukey or mad, got {method!r}")
    limit = FENCES[method] if fence is None else float(fence)
    if not 0 < limit < np.inf:
        raise ValueError(f"fence must be > 0 and finite, got {fence}")
    if log_scale:
        refuse("value", "must be > 0 on a logarithmic scale", given, given <= 0)
    x = np.log(given) if log_scale else given
    known = x[~np.isnan(x)]
    warning = TOO_FEW if len(known) < FEWEST else None
    centre = float(np.median(known)) if len(known) else np.nan
    low = high = spread = np.nan
    score = np.full(len(x), np.nan)
    if warning is None:
        if method == "tukey":
            first, third = np.quantile(known, [0.25, 0.75])
            spread = third - first
            beyond = np.where(x < first, x - first, np.where(x > third, x - third, x * 0))
            low, high = first - limit * spread, third + limit * spread
        else:
            spread = float(np.median(np.abs(known - centre))) / NORMAL_MAD
            beyond = x - centre
            low, high = centre - limit * spread, centre + limit * spread
        if spread > 0:
            score = beyond / spread
        else:
            warning, low, high = NO_SPREAD, np.nan, np.nan
    flag = (x < low) | (x > high)
    if log_scale:
        low, high, centre = np.exp(low), np.exp(high), float(np.exp(centre))
    return Outliers(flag, score, float(low), float(high), centre, method, limit, log_scale, warning)
