"""The tree scan of a cut: terms of all levels at once, each active arm against the reference, by participants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from pvtracker.cuts.derive import LEVELS, NOT_CODED, SELECTIONS, Arms
from pvtracker.stats.results import TreeScan
from pvtracker.stats.tree_scan import REPLICATES, SEED, Options, labels, scan_participants


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A term of one level, an active arm against the reference. n: participants with the event, N: participants;
    `p` is adjusted for all terms of all levels of the selection and arm."""

    level: str
    term: str
    selection: str
    arm: str
    reference: str
    n_arm: int
    N_arm: int
    n_ref: int
    N_ref: int
    expected: float | None
    llr: float | None
    p: float | None
    warning: str


def scan_terms(
    people: pd.DataFrame,
    events: pd.DataFrame,
    arms: Arms,
    *,
    levels: Sequence[str] = tuple(LEVELS),
    selections: Sequence[str] = SELECTIONS,
    stratum: ArrayLike | None = None,
    replicates: int = REPLICATES,
    seed: int = SEED,
    threads: int = 2,
) -> list[NodeRow]:
    """Where in the hierarchy an active arm has more participants with an event than the reference.

    people, events: from `derive.analysis_set` and `derive.emergent_events`; arms with a reference. stratum: label of
    each row of `people`, within which arms are permuted. An event counts in its own term of each level, so that the
    counts are those of `derive.count_terms`, whichever path of the dictionary it was coded along. A level without any
    coded term says nothing and is left out. Each selection and arm is a scan of its own, with the same seed; rows in
    the order selection, arm, level (as in LEVELS), term.
    """
    if arms.reference is None:
        raise ValueError("the tree scan needs a reference arm")
    arm, person = people["arm"].to_numpy(), events["participant"].to_numpy()
    strata = labels(stratum, len(people))
    options = Options(replicates=replicates, seed=seed, threads=threads)
    terms_of = {level: events[LEVELS[level]].fillna(NOT_CODED) for level in LEVELS if level in levels}
    used = [level for level, terms in terms_of.items() if (terms != NOT_CODED).any()]
    coded = [pd.factorize(terms_of[level], sort=True) for level in used]
    rows = []
    for selection in selections:
        chosen = np.flatnonzero(events[selection].to_numpy(dtype=bool) & (arm[person] >= 0))
        codes, names = [np.array([], np.int64)], list[tuple[str, str]]()
        for level, (code, terms) in zip(used, coded, strict=True):
            present, its = np.unique(code[chosen], return_inverse=True)
            codes.append(its.reshape(-1) + len(names))
            names += [(level, str(terms[term])) for term in present]
        node, who = np.concatenate(codes), np.tile(person[chosen], len(used))
        for side, members in arms.sides:
            active = np.isin(arm, members)
            both = active | (arm == arms.reference)
            position = np.cumsum(both) - 1  # of a participant among those of the two arms
            kept = both[who]
            found = scan_participants(
                active[both].astype(np.int64),
                position[who[kept]],
                node[kept],
                [term for _, term in names],
                labels(strata[both], int(both.sum())),
                options,
            )
            sides = (selection, side, arms.names[arms.reference])
            rows += _rows(found, names, sides, int(active.sum()), int((arm == arms.reference).sum()))
    return rows


def _rows(
    found: TreeScan, names: Sequence[tuple[str, str]], sides: tuple[str, str, str], N_arm: int, N_ref: int
) -> list[NodeRow]:
    selection, arm, reference = sides
    return [
        NodeRow(
            level=level,
            term=term,
            selection=selection,
            arm=arm,
            reference=reference,
            n_arm=int(found.cases[i]),
            N_arm=N_arm,
            n_ref=int(found.controls[i]),
            N_ref=N_ref,
            expected=known(found.expected[i]),
            llr=known(found.llr[i]),
            p=known(found.p[i]),
            warning=found.warning[i] or "",
        )
        for i, (level, term) in enumerate(names)
    ]


def known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
