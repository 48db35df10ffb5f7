"""Tree-based scan statistic: where in a hierarchy of terms is there an excess, adjusted for all nodes looked at.

Method, sources, nulls and where other programs differ: docs/methods/tree-scan.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from pvtracker.stats.inputs import (
    EMPTY_ARM,
    EMPTY_REFERENCE,
    Labels,
    counts,
    level,
    no_warning,
    numbers,
    refuse,
)
from pvtracker.stats.results import FloatArray, IntArray, TextArray, TreeScan
from pvtracker.stats.tree import Tree, positions, tree
from pvtracker.stats.tree_replicates import Draw, Likelihood, from_urns, largest_ratios, p_values

TrialNull = Literal["participants", "events_conditional", "events_unconditional"]
Alternative = Literal["greater", "less", "two-sided"]
NOTHING_COUNTED = "nothing was counted in this node"
REPLICATES, SEED, THREADS = 9999, 1, 2
MOST_THREADS = 64


@dataclass(frozen=True, slots=True)
class Options:
    """How to scan, checked."""

    alternative: Alternative = "greater"
    minimum_cases: int = 1
    replicates: int = REPLICATES
    seed: int = SEED
    threads: int = THREADS

    def __post_init__(self) -> None:
        if self.alternative not in get_args(Alternative):
            raise ValueError(
                f"alternative must be one of {', '.join(get_args(Alternative))}, got {self.alternative!r}"
            )
        if self.minimum_cases > 1 and self.alternative != "greater":
            raise ValueError(f"minimum_cases is for excesses only, got {self.minimum_cases}")
        for name, value, low, high in (
            ("minimum_cases", self.minimum_cases, 1, 2**30),
            ("replicates", self.replicates, 1, 10**7),
            ("seed", self.seed, 0, 2**63),
            ("threads", self.threads, 1, MOST_THREADS),
        ):
            if np.asarray(value).dtype.kind not in "iu" or not low <= value <= high:
                raise ValueError(f"{name} must be a whole number from {low} to {high}, got {value}")

    def likelihood(
        self, expected: FloatArray, bases: Sequence[IntArray], signs: tuple[int, ...]
    ) -> Likelihood:
        return Likelihood(expected, np.column_stack(bases), signs, self.alternative, self.minimum_cases)


def tree_scan(
    in_arm: ArrayLike,
    event_participant: ArrayLike,
    event_node: Labels,
    child: Labels,
    parent: Labels,
    *,
    stratum: Labels | None = None,
    null: TrialNull = "participants",
    alternative: Alternative = "greater",
    minimum_cases: int = 1,
    replicates: int = REPLICATES,
    seed: int = SEED,
    threads: int = THREADS,
) -> TreeScan:
    """Nodes of the hierarchy with an excess in the arm, over all participants of a trial's two arms.

    in_arm: 1 for each participant of the arm, 0 for each of the reference, shape (N,), those without events included.
    event_participant, event_node: position in `in_arm` (from 0) and term of each event, shape (n,). child, parent:
    the hierarchy, a node and the one above it, see `pvtracker.stats.tree.tree`. stratum: label of each participant,
    shape (N,).

    null "participants" (default): arms are permuted among participants, within strata; a participant counts once in
    each node; the ratio is that of the node's table of participants with and without the event by arm. The other two
    count events and hold them for independent: "events_conditional" with their number in the arm given,
    "events_unconditional" each in the arm with the probability that a participant is; both ignore that a participant
    has several, and are too ready to find an excess. Strata are for participants only.

    alternative: an excess ("greater"), a deficit ("less") or either. minimum_cases: nodes with fewer cases in the arm
    are no candidates, in the data nor in the replicates. ValueError for values that cannot be. An empty arm gives nan
    and a warning.

    Source: Kulldorff, Fang & Walsh (2003) Biometrics 59:323-331; Kulldorff et al. (2013) Pharmacoepidemiol Drug Saf
    22:517-523 (Bernoulli). Permutation of participants: derived from the definition.
    """
    arm = counts("in_arm", in_arm)
    refuse("in_arm", "must be 0 or 1", arm, arm > 1)
    who = counts("event_participant", event_participant)
    if arm.ndim != 1 or who.ndim != 1:
        raise ValueError("in_arm and event_participant must have shapes (N,) and (n,)")
    refuse("event_participant", "must be a position in in_arm", who, who >= len(arm))
    if null not in get_args(TrialNull):
        raise ValueError(f"null must be one of {', '.join(get_args(TrialNull))}, got {null!r}")
    if stratum is not None and null != "participants":
        raise ValueError(f"strata need the null 'participants', got {null!r}")
    hierarchy = tree(child, parent)
    where = positions("event_node", event_node, hierarchy.names)
    if len(where) != len(who):
        raise ValueError(
            f"event_participant and event_node must have the same length, got {len(who)} and {len(where)}"
        )
    strata = labels(stratum, len(arm))
    options = Options(alternative, minimum_cases, replicates, seed, threads)
    if arm.all() or not arm.any():
        return _nothing(hierarchy.names, arm, null, options)
    if null == "participants":
        node, event = hierarchy.members(where)
        return scan_participants(arm, who[event], node, hierarchy.names, strata, options)
    cases = np.bincount(where[arm[who] == 1], minlength=len(hierarchy.names))
    controls = np.bincount(where[arm[who] == 0], minlength=len(hierarchy.names))
    share = float(arm.mean()) if null == "events_unconditional" else None
    return _bernoulli(cases, controls, share, hierarchy, null, options)


def tree_scan_bernoulli(
    node: Labels,
    cases: ArrayLike,
    controls: ArrayLike,
    child: Labels,
    parent: Labels,
    *,
    probability: float | None = None,
    alternative: Alternative = "greater",
    minimum_cases: int = 1,
    replicates: int = REPLICATES,
    seed: int = SEED,
    threads: int = THREADS,
) -> TreeScan:
    """Nodes with an excess of cases among independent observations, as TreeScan's Bernoulli model.

    node: names in the hierarchy, shape (n,), a name may come several times; cases, controls: cases and controls of
    each, whole numbers, shape (n,). probability: that an observation is a case (unconditional); None: given the total
    of cases (conditional). Other arguments and errors as for `tree_scan`, where sources are named.
    """
    options = Options(alternative, minimum_cases, replicates, seed, threads)
    hierarchy = tree(child, parent)
    case, control = _summed(
        node, hierarchy, cases=counts("cases", cases), controls=counts("controls", controls)
    )
    share = None if probability is None else level("probability", probability)
    null = "conditional" if share is None else "unconditional"
    return _bernoulli(case.astype(np.int64), control.astype(np.int64), share, hierarchy, null, options)


def tree_scan_poisson(
    node: Labels,
    cases: ArrayLike,
    expected: ArrayLike,
    child: Labels,
    parent: Labels,
    *,
    conditional: bool = True,
    alternative: Alternative = "greater",
    minimum_cases: int = 1,
    replicates: int = REPLICATES,
    seed: int = SEED,
    threads: int = THREADS,
) -> TreeScan:
    """Nodes with more cases than expected, cases being Poisson counts, as TreeScan's Poisson model.

    node, cases: as for `tree_scan_bernoulli`. expected: cases expected, or population or person-time, ≥ 0, shape (n,);
    conditional: scaled so that their total is that of the cases, which is held fixed; else taken as they are. Other
    arguments and errors as for `tree_scan`, where sources are named. ValueError where there are cases and none is
    expected.
    """
    options = Options(alternative, minimum_cases, replicates, seed, threads)
    hierarchy, null = tree(child, parent), "conditional" if conditional else "unconditional"
    weight = numbers("expected", expected)
    refuse("expected", "must be finite and ≥ 0", weight, ~(np.isfinite(weight) & (weight >= 0)))
    case, mean = _summed(node, hierarchy, cases=counts("cases", cases), expected=weight)
    case = case.astype(np.int64)
    refuse("cases", "must be 0 where none is expected", case, (case > 0) & (mean == 0))
    total = int(case.sum())
    if conditional:
        mean = mean * (total / mean.sum()) if mean.sum() > 0 else mean
    incidence = _incidence(hierarchy)
    observed, zero = incidence @ case, 0 * case
    bases, signs = ((zero, zero + total), (1, -1)) if conditional else ((zero,), (1,))
    likelihood = options.likelihood(incidence @ mean, bases, signs)
    shares = mean / mean.sum() if mean.any() else np.full(len(mean), 1 / len(mean))

    def draw(rng: np.random.Generator, size: int) -> Any:
        if conditional:
            return rng.multinomial(total, shares, size).T
        return rng.poisson(mean[:, None], (len(mean), size))

    most = total if conditional else int(mean.sum() + 50 * np.sqrt(mean.sum()) + 1000)
    return _scanned(hierarchy.names, incidence, likelihood, draw, observed, zero, null, options, most)


def scan_participants(
    arm: IntArray,
    participant: IntArray,
    node: IntArray,
    names: Sequence[str],
    stratum: IntArray,
    options: Options,
) -> TreeScan:
    """The scan under the permutation of participants, over any sets of participants; checked arguments.

    participant, node: pairs of the position of a participant and of a node in `names` that the participant counts in,
    shape (pairs,); the same pair may come several times.
    """
    if arm.all() or not arm.any():
        return _nothing(names, arm, "participants", options)
    people, size = len(arm), len(names)
    pairs = np.unique(node * people + participant)
    node, participant = pairs // people, pairs % people
    share = (np.bincount(stratum, arm) / np.bincount(stratum))[stratum]
    some = np.unique(participant)
    some = some[np.argsort(stratum[some], kind="stable")]  # stratum after stratum, as they are drawn
    column = np.zeros(people, dtype=np.int64)
    column[some] = np.arange(len(some))
    urns = []
    for its in range(int(stratum.max()) + 1):
        inside, with_event = stratum == its, int((stratum[some] == its).sum())
        sizes = np.append(np.ones(with_event, np.int64), int(inside.sum()) - with_event)
        urns.append((sizes, int(arm[inside].sum())))
    incidence = sparse.csr_array(
        (np.ones(len(pairs), np.int64), (node, column[participant])), (size, len(some))
    )
    counted, total = np.bincount(node, minlength=size), int(arm.sum())
    in_arm = np.bincount(node[arm[participant] == 1], minlength=size)
    likelihood = options.likelihood(
        np.bincount(node, share[participant], size).astype(np.float64),
        (0 * counted, counted, 0 * counted + total, people - counted - total),
        (1, -1, -1, 1),
    )
    return _scanned(
        names, incidence, likelihood, from_urns(urns), in_arm, counted - in_arm, "participants", options
    )


def _bernoulli(
    cases: IntArray, controls: IntArray, share: float | None, hierarchy: Tree, null: str, options: Options
) -> TreeScan:
    """Independent observations at the nodes themselves; share: None given the total of cases."""
    every, total = int((cases + controls).sum()), int(cases.sum())
    own = cases + controls
    incidence = _incidence(hierarchy)
    counted, observed = incidence @ own, incidence @ cases
    zero = 0 * counted
    if share is None:
        four = (zero, counted, zero + total, every - counted - total)
        likelihood = options.likelihood(counted * (total / max(every, 1)), four, (1, -1, -1, 1))
        draw = from_urns([(np.append(own, 0), total)])
    else:
        probability = share
        likelihood = options.likelihood(counted * share, (zero, counted), (1, -1))

        def draw(rng: np.random.Generator, size: int) -> Any:
            return rng.binomial(own[:, None], probability, (len(own), size))

    return _scanned(hierarchy.names, incidence, likelihood, draw, observed, counted - observed, null, options)


def _scanned(
    names: Sequence[str],
    incidence: sparse.csr_array,
    likelihood: Likelihood,
    draw: Draw,
    cases: IntArray,
    controls: IntArray,
    null: str,
    options: Options,
    most: int | None = None,
) -> TreeScan:
    llr = likelihood.ratio(cases)
    largest = largest_ratios(
        incidence,
        likelihood,
        draw,
        most=int((cases + controls).max(initial=0)) if most is None else most,
        replicates=options.replicates,
        seed=options.seed,
        threads=options.threads,
    )
    warning = no_warning(len(names))
    warning[(cases + controls == 0) & (likelihood.expected == 0)] = NOTHING_COUNTED
    return TreeScan(
        np.array(names, dtype=object),
        cases,
        controls,
        likelihood.expected,
        llr,
        p_values(llr, largest),
        warning,
        np.sort(largest)[::-1],
        null,
        options.alternative,
        options.seed,
    )


def _nothing(names: Sequence[str], arm: IntArray, null: str, options: Options) -> TreeScan:
    """Without two arms there is no comparison."""
    none, missing = np.zeros(len(names), dtype=np.int64), np.full(len(names), np.nan)
    warning: TextArray = np.full(len(names), EMPTY_REFERENCE if arm.any() else EMPTY_ARM, dtype=object)
    node, largest = np.array(names, dtype=object), np.array([])
    return TreeScan(
        *(node, none, none, missing, missing, missing, warning, largest),
        null,
        options.alternative,
        options.seed,
    )


def _incidence(hierarchy: Tree) -> sparse.csr_array:
    """1 where a node's own observations belong to a node, (nodes, nodes)."""
    size = len(hierarchy.names)
    ones = np.ones(len(hierarchy.nodes), np.int64)
    return sparse.csr_array((ones, (hierarchy.nodes, hierarchy.below)), (size, size))


def _summed(node: ArrayLike, hierarchy: Tree, **arrays: IntArray | FloatArray) -> list[Any]:
    """The arrays summed over the rows of each node, as floats."""
    where = positions("node", node, hierarchy.names)
    for name, array in arrays.items():
        if array.shape != where.shape:
            raise ValueError(
                f"node and {name} must both have shape (n,), got {where.shape} and {array.shape}"
            )
    return [np.bincount(where, array, minlength=len(hierarchy.names)) for array in arrays.values()]


def labels(stratum: Labels | None, people: int) -> IntArray:
    """Strata as numbers from 0, shape (people,)."""
    if stratum is None:
        return np.zeros(people, dtype=np.int64)
    labels = np.asarray(stratum)
    if labels.shape != (people,):
        raise ValueError(f"stratum must label every participant, got shape {labels.shape} for {people}")
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise ValueError("stratum must label every participant, got nan")
    return np.unique(labels, return_inverse=True)[1].reshape(-1).astype(np.int64)
