"""Boundaries over looks, and the path of one term against them: pure functions of the counts at each look.

The looks are those that were held: the runs of the study. What a boundary does is computed exactly from counts where it
is defined on counts, by the normal approximation where it is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy.special import ndtri
from scipy.stats import hypergeom

from pvtracker import stats
from pvtracker.stats import maxsprt_binomial, stopping_rules
from pvtracker.stats.group_sequential import Spending
from pvtracker.stats.group_sequential_counts import most_events
from pvtracker.stats.normal_paths import CLOSEST

RATIOS = (1.0, 1.5, 2.0, 3.0)  # true risk ratios of the operating characteristics
MOST_EXACT = 800  # events that an arm may come to: of more the exact recursion takes longer than a page may
THRESHOLD = 0.95  # of the posterior probability
STOPPING = ("toxicity", "beta_binomial")
MOST = {  # planned at the end, of each kind: what its computation bears; of the others only shares of it are used
    "maxsprt": maxsprt_binomial.MOST,
    "toxicity": stopping_rules.MOST,
    "beta_binomial": stopping_rules.MOST,
}
MOST_OTHERWISE = 1_000_000
LOWEST_Z, HIGHEST_Z = (
    -3.0,
    8.0,
)  # of p near 1, which no boundary of excess asks about, and of p too small to tell


Does = tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What a run counted of the term."""

    on: date
    n_arm: int
    N_arm: int
    n_ref: int
    N_ref: int


@dataclass(frozen=True, slots=True)
class Step:
    """A look on the axes of its boundary: how far, the path, what would cross; `look` None of one to come."""

    look: Look | None
    at: float
    path: float | None
    bound: float | None  # None where no result can cross

    @property
    def crosses(self) -> bool:
        return self.path is not None and self.bound is not None and self.path >= self.bound - 1e-9


@dataclass(frozen=True, slots=True)
class Drawn:
    """A boundary with the path: axes in words, steps in their order, and what it does: a line per truth."""

    across: str
    upwards: str
    steps: tuple[Step, ...]
    truth: str
    does: Does  # truth, probability to cross, mean of `across` until then
    exact: bool
    dropped: int  # looks without new information, which are no looks of their own

    @property
    def how(self) -> str:
        """What it does, in words."""
        if self.exact:
            return "Exact, from the counts themselves"
        return "By the normal approximation, which overstates the probabilities where events are few"


@dataclass(frozen=True, slots=True)
class Design:
    """`measure`: what a look knows more of than the one before: "participants" of the analysis set, or "events",
    participants with the event; both arms together, but of stopping rules the arm alone, and of MaxSPRT events always.
    `planned`: so many when all is in. `alpha`: error of all looks together, one-sided. `risk`: of the arm that is still
    acceptable."""

    kind: str
    measure: str
    planned: int
    alpha: float
    risk: float


def drawn(looks: Sequence[Look], design: Design) -> Drawn:
    """The boundary of a design over these looks and the end, with the path; ValueError where there is none."""
    if design.kind in ("obrien_fleming", "pocock", "haybittle_peto"):
        return _group_sequential(looks, design)
    if design.kind == "maxsprt":
        return _maxsprt(looks, design)
    return _stopping(looks, design)


def most_of(kind: str) -> int:
    """How many may be planned at the end of a boundary of this kind."""
    return MOST.get(kind, MOST_OTHERWISE)


def amount(design: Design, look: Look) -> int:
    """How far a look is on the axis of a boundary."""
    if design.kind in STOPPING:
        return look.N_arm
    if design.kind == "maxsprt" or design.measure == "events":
        return look.n_arm + look.n_ref
    return look.N_arm + look.N_ref


def _informative(looks: Sequence[Look], design: Design, least: float = 1.0) -> tuple[list[Look], int]:
    """Looks with more information than the one before: of several with the same the last, for it knows most."""
    kept: list[Look] = []
    for look in looks:
        if amount(design, look) <= 0:
            continue
        while kept and amount(design, look) - amount(design, kept[-1]) < least:
            kept.pop()
        kept.append(look)
    return kept, len(looks) - len(kept)


def z_of(look: Look) -> float:
    """The normal quantile of Fisher's one-sided p of an excess in the arm, between LOWEST_Z and HIGHEST_Z."""
    p = hypergeom.sf(look.n_arm - 1, look.N_arm + look.N_ref, look.n_arm + look.n_ref, look.N_arm)
    return float(np.clip(-ndtri(p), LOWEST_Z, HIGHEST_Z))


def _group_sequential(looks: Sequence[Look], design: Design) -> Drawn:
    least = max(1.0, CLOSEST * design.planned * 1.01)
    kept, dropped = _informative(looks, design, least)
    shares = [min(amount(design, look) / design.planned, 1.0) for look in kept]
    _check(kept, design)
    if design.planned - amount(design, kept[-1]) < least:  # so close to the end that it is the end
        shares[-1] = 1.0
    ends = [1.0] if not shares or shares[-1] < 1 else []
    times = np.array([*shares, *ends])
    if design.kind == "haybittle_peto":
        z = stats.haybittle_peto_boundary(times, alpha=design.alpha).z
    else:
        spending: Spending = "pocock" if design.kind == "pocock" else "obrien_fleming"
        z = stats.group_sequential_boundary(times, alpha=design.alpha, spending=spending).z
    steps = [
        Step(look, float(at), z_of(look) if look else None, float(bound) if np.isfinite(bound) else None)
        for look, at, bound in zip([*kept, *([None] if ends else [])], times, z, strict=True)
    ]
    events = design.measure == "events"
    does, exact = _by_events(kept, times, z, design) if events else _by_participants(kept, times, z, design)
    of_what = "participants with the event" if events else "participants"
    across, upwards = f"Share of the planned {of_what}", "z of Fisher’s one-sided p"
    return Drawn(across, upwards, tuple(steps), "True risk ratio", does, exact, dropped)


def _by_events(kept: Sequence[Look], times: np.ndarray, z: np.ndarray, design: Design) -> tuple[Does, bool]:
    """Of each true risk ratio: the logarithm of a ratio from so many events has a variance of 1 / (events part (1 -
    part)), part being the arm's share of the participants. Normal, and so too high where few events are planned."""
    part = kept[-1].N_arm / (kept[-1].N_arm + kept[-1].N_ref)
    told = []
    for ratio in RATIOS:
        drift = float(np.log(ratio) * np.sqrt(design.planned * part * (1 - part)))
        found = stats.group_sequential_crossing(times, z, drift=min(drift, 20.0))
        told.append((f"{ratio:g}", float(found.above.sum()), found.expected_fraction))
    return tuple(told), False


def _by_participants(
    kept: Sequence[Look], times: np.ndarray, z: np.ndarray, design: Design
) -> tuple[Does, bool]:
    """Of each true risk ratio, the reference's risk being the one observed over both arms."""
    last = kept[-1]
    N = last.N_arm + last.N_ref
    risk = min(max((last.n_arm + last.n_ref) / N, 1 / N), 0.9)
    part = last.N_arm / N
    ends = [round(design.planned * part), round(design.planned * (1 - part))]
    n_arm = [look.N_arm for look in kept] + ([ends[0]] if len(times) > len(kept) else [])
    n_ref = [look.N_ref for look in kept] + ([ends[1]] if len(times) > len(kept) else [])
    rising = all(np.diff(n_arm) >= 0) and all(np.diff(n_ref) >= 0)
    highest = min(risk * RATIOS[-1], 0.99)
    exact = rising and max(most_events(n_arm[-1], highest), most_events(n_ref[-1], risk)) <= MOST_EXACT
    told = []
    for ratio in RATIOS:
        truth = min(risk * ratio, 0.99)
        if exact:
            found = stats.group_sequential_counts_crossing(n_arm, n_ref, z, risk_arm=truth, risk_ref=risk)
        else:
            error = np.sqrt(
                truth * (1 - truth) / (design.planned * part)
                + risk * (1 - risk) / (design.planned * (1 - part))
            )
            found = stats.group_sequential_crossing(times, z, drift=min(float((truth - risk) / error), 20.0))
        told.append((f"{ratio:g}", float(found.above.sum()), found.expected_fraction))
    return tuple(told), exact


def _maxsprt(looks: Sequence[Look], design: Design) -> Drawn:
    kept, dropped = _informative(looks, design)
    _check(kept, design)
    last = kept[-1]
    part = last.N_arm / (last.N_arm + last.N_ref)
    at = [amount(design, look) for look in kept]
    at += [design.planned] if at[-1] < design.planned else []
    found = stats.maxsprt_binomial_boundary(design.planned, probability=part, alpha=design.alpha, looks=at)
    steps = [
        Step(look, float(n), float(look.n_arm) if look else None, float(cases) if cases <= n else None)
        for look, n, cases in zip([*kept, *([None] * (len(at) - len(kept)))], at, found.cases.tolist(), strict=True)
    ]  # fmt: skip
    does = []
    for ratio in RATIOS:
        done = stats.maxsprt_binomial_performance(
            found.critical, design.planned, probability=part, relative_risk=ratio, looks=at
        )
        does.append((f"{ratio:g}", done.power, done.length))
    return Drawn(
        "Participants with the event, both arms", "of them in the arm", tuple(steps), "True risk ratio",
        tuple(does), True, dropped,
    )  # fmt: skip


def _stopping(looks: Sequence[Look], design: Design) -> Drawn:
    kept, dropped = _informative(looks, design)
    _check(kept, design)
    at = [look.N_arm for look in kept]
    at += [design.planned] if at[-1] < design.planned else []
    if design.kind == "toxicity":
        rule = stats.toxicity_boundary(design.planned, risk=design.risk, alpha=design.alpha, looks=at)
    else:
        rule = stats.beta_binomial_boundary(design.planned, threshold=THRESHOLD, risk=design.risk, looks=at)
    steps = [
        Step(look, float(n), float(look.n_arm) if look else None, float(stop) if stop <= n else None)
        for look, n, stop in zip([*kept, *([None] * (len(at) - len(kept)))], at, rule.events.tolist(), strict=True)
    ]  # fmt: skip
    risks = sorted({min(design.risk * ratio, 1.0) for ratio in RATIOS})
    found = stats.stopping_characteristics(rule.participants, rule.events, risk=risks)
    does = [
        (f"{100 * risk:.1f} %", float(stop), float(size))
        for risk, stop, size in zip(risks, found.stop_probability, found.participants, strict=True)
    ]
    return Drawn(
        "Participants of the arm", "of them with the event", tuple(steps), "True risk in the arm", tuple(does), True,
        dropped,
    )  # fmt: skip


def _check(kept: Sequence[Look], design: Design) -> None:
    if not kept:
        raise ValueError("no look has any information for this boundary yet")
    if design.kind not in STOPPING and not (kept[-1].N_arm and kept[-1].N_ref):
        side = "reference" if kept[-1].N_arm else "arm"
        raise ValueError(
            f"nobody of the {side} is in the analysis set, and this boundary holds one against the other"
        )
    if amount(design, kept[-1]) > most_of(design.kind):
        raise ValueError(
            f"{amount(design, kept[-1]):,} are in already, and this boundary is computed up to "
            f"{most_of(design.kind):,}; a group-sequential one has room for them"
        )
    if amount(design, kept[-1]) > design.planned:
        raise ValueError(
            f"{amount(design, kept[-1])} are in already, more than the {design.planned} planned; plan at least as many"
        )
