"""Where a function is zero. SciPy's optimisers take a third of a second to import, which every process of a room would
pay when it starts, so they are imported when first asked.
"""

from __future__ import annotations

from collections.abc import Callable

TIGHTEST = 8.881784197001252e-16  # four times the distance of 1 to the next number: SciPy takes no less


def brentq(
    function: Callable[[float], float], low: float, high: float, *, xtol: float, rtol: float = TIGHTEST
) -> float:
    """The zero of a continuous function between two places where its signs differ, by Brent's method."""
    from scipy import optimize

    return float(optimize.brentq(function, low, high, xtol=xtol, rtol=rtol))
