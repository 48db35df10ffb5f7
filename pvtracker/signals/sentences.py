"""One term of a run in words: is anything different, and how sure are we?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pvtracker.lib.rounding import p_said, share, shown
from pvtracker.signals.methods import METHODS, may_flag

if TYPE_CHECKING:  # a row that was never stored has words, too
    from pvtracker.signals.models import Result


def said_of(rows: Sequence[Result], *, terms: int, inference: bool) -> list[str]:
    """Sentences about one term in an arm and the reference: counts first, then the estimate, then how sure. `rows` are
    those of its methods; `terms` of them were compared at its level."""
    one = rows[0]
    difference = 100 * (_part(one.n_arm, one.N_arm) - _part(one.n_ref, one.N_ref))
    sentences = [
        f"{share(one.n_arm, one.N_arm)} of the participants with {one.arm} had it, and "
        f"{share(one.n_ref, one.N_ref)} of those with {one.reference}: {_more(difference)}.",
        _rates(one),
    ]
    if not inference:
        return sentences
    by = {row.method: row for row in rows}
    return [
        *sentences,
        *_interval(by.get("rd_mn"), one.arm),
        *_adjusted(by.get("fisher"), terms),
        _flags(rows),
    ]


def _part(n: int, N: int) -> float:
    return n / N if N else 0.0


def _more(difference: float) -> str:
    if shown(abs(difference), 1) == "0.0":
        return "the same share, to a tenth of a percentage point"
    return f"{shown(abs(difference), 1)} percentage points {'more' if difference > 0 else 'fewer'} in the arm"


def _rates(one: Result) -> str:
    if not (one.person_years_arm and one.person_years_ref):
        return "No time was followed in one of the arms, so there is no rate."
    arm, ref = 100 * one.n_arm / one.person_years_arm, 100 * one.n_ref / one.person_years_ref
    return (
        f"By the time followed that is {shown(arm, 1)} first events per 100 participant-years with {one.arm} and "
        f"{shown(ref, 1)} with {one.reference}; {one.events_arm:,} and {one.events_ref:,} events in all."
    )


def _interval(row: Result | None, arm: str) -> list[str]:
    if row is None or row.low is None or row.high is None:
        return []
    low, high = (shown(100 * end, 1) for end in (row.low, row.high))
    told = f"The data agree with any difference from {low} to {high} percentage points (95 % interval)"
    if row.low > 0:
        return [
            f"{told}, all of them more in the arm: chance alone is a poor explanation of this term by itself."
        ]
    if row.high < 0:
        return [f"{told}, all of them fewer in the arm."]
    return [
        f"{told}. That includes no difference, and it includes {high} points more with {arm}: neither harm nor its "
        "absence is shown."
    ]


def _adjusted(row: Result | None, terms: int) -> list[str]:
    if row is None or row.p is None:
        return []
    told = f"Fisher’s exact test gives {p_said(row.p)}"
    if row.p_adjusted is None:
        return [f"{told}."]
    return [
        f"{told}. Terms of this level that were compared: {terms:,}; some of many differ by chance. Adjusted for that "
        f"(Benjamini–Hochberg), {p_said(row.p_adjusted)}."
    ]


def _flags(rows: Sequence[Result]) -> str:
    rows = [row for row in rows if may_flag(row.method)]
    flagged = [METHODS[row.method].label if row.method in METHODS else row.method for row in rows if row.flag]
    if not flagged:
        return f"None of {len(rows)} methods flags it. That is no proof of safety."
    told = f"Flagged by {len(flagged)} of {len(rows)} methods: {'; '.join(flagged)}."
    return f"{told} A flag asks for a look, it is no verdict."


def overview_of(
    arm: str, reference: str, *, compared: int, adjusted: int, flagged: int, strongest: Sequence[Result]
) -> list[str]:
    """Sentences about one arm of a run: how many terms were compared, how many are flagged after adjustment for that
    and how many by any method, and the term with the strongest evidence (its rows by several methods)."""
    told = [
        f"{arm} against {reference}: {compared:,} comparisons of terms, over all levels and selections of events. "
        + (
            f"{adjusted:,} {'is' if adjusted == 1 else 'are'} flagged after adjustment for so many"
            if adjusted
            else "None is flagged after adjustment for so many"
        )
        + (
            f"; {flagged:,} by any method, adjusted or not, some of them by chance."
            if flagged
            else ", nor by any method without adjustment."
        )
    ]
    if not strongest:
        return told
    one, by = strongest[0], {row.method: row for row in strongest}
    difference = 100 * (_part(one.n_arm, one.N_arm) - _part(one.n_ref, one.N_ref))
    row = by.get("rd_mn")
    agree = ""
    if row is not None and row.low is not None and row.high is not None:
        low, high = (shown(100 * end, 1) for end in (row.low, row.high))
        agree = f"; the data agree with a difference from {low} to {high} (95 % interval)"
    told.append(
        f"The strongest evidence among preferred terms, by Fisher’s exact test, is for {one.term}: "
        f"{share(one.n_arm, one.N_arm)} against {share(one.n_ref, one.N_ref)}, {_more(difference)}{agree}."
    )
    return told
