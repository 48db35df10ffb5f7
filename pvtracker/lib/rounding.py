"""The one place where numbers become text: rounding half-up, percentages, p-values.

Half-up here means that a half goes away from zero, as SAS ROUND and the R package cards (`round5`) do, not to
the even neighbour as Python's `round` and IEEE 754 do. A float is rounded as the shortest decimal that stands
for it, so 1.005 to two digits is 1.01 although the stored binary number is a little smaller. A percentage is
computed from its two whole numbers exactly, without a float in between.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal, localcontext

MISSING = "–"


def round_half_up(value: float, digits: int = 0) -> float:
    """`value` rounded to `digits` decimals (negative: tens, hundreds), halves away from zero."""
    if not math.isfinite(value):
        return value
    return float(_decimal(value, digits)) + 0.0  # + 0.0: never -0.0


def fixed(value: float | None, digits: int = 1) -> str:
    """`value` with exactly `digits` decimals; `–` where there is none (None, nan), `∞` if unlimited."""
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    rounded = _decimal(value, digits)
    return f"{abs(rounded) if rounded == 0 else rounded:.{max(digits, 0)}f}"  # never “-0.0”


def percent(n: int, N: int, digits: int = 1) -> str:
    """`n` of `N` as per cent text, for example ``14.0%``; `–` where `N` is 0.

    What happened to some but rounds to 0 is ``<0.1%``, and what happened to all but some and rounds to 100 is
    ``>99.9%``: a rare event is not shown as none. Raises ValueError unless 0 ≤ n ≤ N: events are no
    participants.
    """
    if not 0 <= n <= N:
        raise ValueError(f"A percentage needs a part and its whole, 0 ≤ n ≤ N; got n = {n} and N = {N}.")
    if N == 0:
        return MISSING
    step = Decimal(1).scaleb(-digits)
    with localcontext() as context:
        context.prec = 60
        scaled = (200 * 10**digits * n + N) // (2 * N)  # floor(x + 1/2) of whole numbers: half-up, exactly
        rounded = Decimal(scaled) * step
    if rounded == 0 and n > 0:
        return f"<{step:f}%"
    if rounded == 100 and n < N:
        return f">{100 - step:f}%"
    return f"{rounded:.{digits}f}%"


def share(n: int, N: int, digits: int = 1) -> str:
    """Numerator, denominator and percentage together: ``12/86 (14.0%)``; ``0/0`` without a denominator."""
    if N == 0:
        percent(n, N)
        return "0/0"
    return f"{n}/{N} ({percent(n, N, digits)})"


def p_text(p: float | None, digits: int = 3) -> str:
    """A p-value as text: ``0.046``, ``<0.001``, `–` for none; never rounded up to 1 or down to 0."""
    if p is None or math.isnan(p):
        return MISSING
    if not 0 <= p <= 1:
        raise ValueError(f"A p-value lies between 0 and 1; got {p}.")
    smallest = Decimal(1).scaleb(-digits)
    if p < float(smallest):
        return f"<{smallest:f}"
    if p < 1 and _decimal(p, digits) == 1:
        return f">{1 - smallest:f}"
    return fixed(p, digits)


def p_said(p: float | None) -> str:
    """A p-value within a sentence: ``p = 0.046``, ``p <0.001``."""
    text = p_text(p)
    return f"p {text}" if text[0] in "<>" else f"p = {text}"


def minus(text: str) -> str:
    """A number's text for people: with the sign U+2212. What goes into a file as a number has none of it."""
    return text.replace("-", "\N{MINUS SIGN}")


def shown(value: float | None, digits: int = 1) -> str:
    """`fixed` for people: the text of a page. Files hold the number itself."""
    return minus(fixed(value, digits))


def with_infinite(
    estimate: float | None, low: float | None, high: float | None
) -> tuple[float | None, float | None, float | None]:
    """An estimate and its limits as they are kept, None for what is not finite, with infinity where that is meant: an
    upper limit that is missing beside a lower one is infinite, and so is an estimate whose lower limit is above 0."""
    if low is None or math.isnan(low):
        return estimate, low, high
    return (
        math.inf if estimate is None and low > 0 else estimate,
        low,
        math.inf if high is None else high,
    )


def _decimal(value: float, digits: int) -> Decimal:
    with localcontext() as context:
        context.prec = 400  # a float has at most 309 digits before the point
        return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
