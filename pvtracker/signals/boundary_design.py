"""A boundary over looks: what it is designed of, what a run counted, and what is drawn of the two. Pure.

The looks are those that were held: the runs of the study.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pvtracker.lib.rounding import fixed
from pvtracker.signals import allocation_ratio
from pvtracker.signals.allocation_ratio import Allocation
from pvtracker.stats import maxsprt_binomial, stopping_rules
from pvtracker.stats.cmaxsprt import History

RATIO, RATE_RATIO = "True risk ratio", "True rate ratio"
RISK = "True risk in the arm, %"
RATIOS = (1.0, 1.5, 2.0, 3.0)  # true risk ratios of the operating characteristics
MOST_EXACT = 800  # events that an arm may come to: of more the exact recursion takes longer than a page may
GROUP_SEQUENTIAL = ("obrien_fleming", "pocock", "haybittle_peto")
STOPPING = ("toxicity", "beta_binomial")
MOST_HISTORY = 1000  # events of the history of the conditional MaxSPRT
MOST = {  # planned at the end, of each kind: what its computation bears; of the others only shares of it are used
    "maxsprt": maxsprt_binomial.MOST,
    "cmaxsprt": 200,
    "toxicity": stopping_rules.MOST,
    "beta_binomial": stopping_rules.MOST,
}
MOST_OTHERWISE = 1_000_000

ROUNDING = 1e-9  # a path so little below its bound is at it

Does = tuple[tuple[float, float, float | None], ...]  # truth; probability to cross; mean until then


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What a run counted of the term. Two looks that counted the same, on the same date, are two."""

    on: date
    n_arm: int
    N_arm: int
    n_ref: int
    N_ref: int
    years_arm: float = 0.0  # person-years of the arm, each participant's until the event


@dataclass(frozen=True, slots=True)
class Step:
    """A look on the axes of its boundary: how far, the path, what would cross; `look` None of one to come."""

    look: Look | None
    at: float
    path: float | None
    bound: float | None  # None where no result can cross

    @property
    def crosses(self) -> bool:
        return self.path is not None and self.bound is not None and self.path >= self.bound - ROUNDING


def digits_of_z(path: float | None, bound: float | None) -> int:
    """With so many digits a z is printed: two, but as many as part a path that does not cross from its bound."""
    digits = 2
    if path is not None and bound is not None and path < bound - ROUNDING:
        while fixed(path, digits) == fixed(bound, digits):
            digits += 1
    return digits


@dataclass(frozen=True, slots=True)
class Drawn:
    """A boundary with the path: axes in words, steps in their order, and what it does: a line per truth."""

    across: str
    upwards: str
    steps: tuple[Step, ...]
    truth: str
    does: Does  # truth, probability to cross, mean of `across` until then (None where it is not computed)
    exact: bool
    dropped: int  # looks without new information, which are no looks of their own
    note: str = ""  # what else is to be known of what it does
    said: str = ""  # of its state, such as that its error is spent

    @property
    def how(self) -> str:
        """What it does, in words."""
        if self.note:
            return self.note
        if self.exact:
            return "Exact, from the counts themselves"
        return "By the normal approximation, which overstates the probabilities where events are few"


@dataclass(frozen=True, slots=True)
class Design:
    """`measure`: what a look knows more of than the one before: "participants" of the analysis set, or "events",
    participants with the event; both arms together, but of rules for one arm the arm alone, and of MaxSPRT events
    always. `planned`: so many when all is in. `alpha`: error of all looks together, one-sided. `risk`: of the arm that
    is still acceptable.

    `fixed`: it was fixed beforehand, so that no bound may depend on looks that come later: MaxSPRT and the toxicity
    boundary are those of looks after every event or participant (fewer looks cross less often), and every look is
    judged. Else they are those of the looks that were held.
    """

    kind: str
    measure: str = "participants"
    planned: int = 1
    alpha: float = 0.025
    risk: float = 0.1
    threshold: float = 0.95  # of the posterior probability
    prior_events: float = 0.5  # the beta distribution of the risk beforehand: with the event
    prior_free: float = 0.5  # and without
    interim_z: float = 3.0  # of Haybittle–Peto, at all looks but the last
    part: float | None = (
        None  # of the participants, the arm's share; None: as at the last look, or by `allocation`
    )
    allocation: Allocation = ()  # of MaxSPRT: of every arm, where their shares are not alike
    looks: int | None = None  # of group-sequential ones: so many are planned, the end among them
    history_events: int = 0  # of the conditional MaxSPRT
    history_years: float = 0.0
    fixed: bool = False
    # Of the computation. A plan that was signed before there were these says nothing of them, and keeps what it had.
    depletion: bool = False  # of looks by events: they hang together as draws without replacement do
    history_law: History = "between"  # how the history of the conditional MaxSPRT is taken to have ended


@dataclass(frozen=True, slots=True)
class Bounds:
    """A boundary at its looks, and how to find out what it does."""

    across: str
    upwards: str
    steps: tuple[Step, ...]
    truth: str
    does: Callable[[], tuple[Does, bool]]
    dropped: int
    note: str = ""
    said: str = ""


def against_reference(design: Design, arms: Sequence[str], reference: str) -> Design:
    """The design of an arm, or of a pool of arms, against the reference. By the allocation, where it was signed; else
    the signed share is that of any one arm, and a pool has as many times its odds."""
    if design.allocation:
        return replace(design, part=allocation_ratio.share(design.allocation, arms, reference))
    if design.part is None or len(arms) == 1:
        return design
    return replace(design, part=len(arms) * design.part / (len(arms) * design.part + 1 - design.part))


def most_of(kind: str) -> int:
    """How many may be planned at the end of a boundary of this kind."""
    return MOST.get(kind, MOST_OTHERWISE)


def amount(design: Design, look: Look) -> int:
    """How far a look is on the axis of a boundary."""
    if design.kind in STOPPING:
        return look.N_arm
    if design.kind == "cmaxsprt":
        return look.n_arm
    if design.kind == "maxsprt" or design.measure == "events":
        return look.n_arm + look.n_ref
    return look.N_arm + look.N_ref


def informative(looks: Sequence[Look], design: Design, share: float = 0.0) -> tuple[list[Look], int]:
    """The looks that a boundary has, and how many it drops; those without any information always.

    Fixed beforehand, in the order in which they were held. Of counts each: a bound depends on its number alone, so that
    none says anything of another, and no correction of the data takes one back. Of a group-sequential boundary those
    with more information than any before: one more, and this share of what is in; its error was spent before.

    Else in the order of the cut-off dates, those with more information than the one before; of several with the same
    the last, for it knows most."""
    there = [look for look in looks if amount(design, look) > 0]
    if design.fixed and design.kind not in GROUP_SEQUENTIAL:
        return there, len(looks) - len(there)
    first = design.fixed
    kept: list[Look] = []
    for look in there if first else sorted(there, key=lambda one: one.on):
        n = amount(design, look)
        while kept and not first and n - amount(design, kept[-1]) < max(1.0, share * n):
            kept.pop()
        if not kept or n - amount(design, kept[-1]) >= max(1.0, share * n):
            kept.append(look)
    return kept, len(looks) - len(kept)


def check_looks(kept: Sequence[Look], design: Design) -> None:
    """ValueError where the looks give this boundary nothing to stand on. What was fixed beforehand stands on any one
    look: no later one takes it away."""
    if not kept:
        raise ValueError("no look has any information for this boundary yet")
    compared = kept if design.fixed else kept[-1:]
    if design.kind not in STOPPING and not any(look.N_arm and look.N_ref for look in compared):
        side = "reference" if kept[-1].N_arm else "arm"
        raise ValueError(
            f"nobody of the {side} is in the analysis set, and this boundary holds one against the other"
        )
    there = amount(design, kept[-1])
    if not design.fixed and there > most_of(design.kind):
        raise ValueError(
            f"{there:,} are in already, and this boundary is computed up to {most_of(design.kind):,}; a "
            "group-sequential one has room for them"
        )
    if not design.fixed and there > design.planned:
        raise ValueError(
            f"{there} are in already, more than the {design.planned} planned; plan at least as many"
        )
