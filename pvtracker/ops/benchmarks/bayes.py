"""Berry and Berry's model on the sample data of the R package c212 (45 terms), and on 187 terms.

Effective draws are counted twice, ours and the peer's by the same function each time: as `berry_berry` tells them
(of ranks, `stats.bayes.diagnostics`), and where R is there as R coda tells them (of the mean). The peer's seconds are
those that it takes to the effective size that ours has for the θ of which it knows least. Ours look at convergence and
are told with limits and probabilities; c212.BB draws only, so that rates of effective draws are those of drawing alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from inspect import signature
from typing import TypeVar

import numpy as np

from pvtracker import stats
from pvtracker.ops.benchmarks import Measurement
from pvtracker.ops.benchmarks.bayes_peers import ARM, PARTICIPANTS, REFERENCE, SYSTEMS, Peer, c212, stand_in
from pvtracker.ops.rooms import Installation
from pvtracker.stats.bayes.diagnostics import LARGEST_R_HAT, convergence
from pvtracker.stats.bayes.fit import Running, started
from pvtracker.stats.bayes.likelihood import Arms, Binomial
from pvtracker.stats.bayes.priors import Priors
from pvtracker.stats.bayes.state import Systems

T = TypeVar("T")
RUNS = 3  # of ours and of c212; the least wall clock and the least processor time of each count


def run(installation: Installation) -> Measurement:
    found, *whole = _timed(lambda: stats.berry_berry(ARM, PARTICIPANTS, REFERENCE, PARTICIPANTS, SYSTEMS))
    draws, *drawing = _timed(lambda: _draws(found))
    peer = c212(draws, RUNS) or stand_in()
    faster = peer.wall / drawing[0], peer.processor / drawing[1]  # for one draw
    of_theta = convergence(peer.theta)
    counted = {"of ranks": (found.ess_bulk, of_theta.ess_bulk)}
    if peer.coda:
        counted["of the mean, R coda"] = peer.coda
    more: dict[str, float | int | str] = {
        "processor time, s": round(whole[1], 2),
        "drawing alone, wall clock and processor, s": f"{drawing[0]:.2f}, {drawing[1]:.2f}",
        "the peer’s, s": f"{peer.wall:.2f}, {peer.processor:.2f}",
    }
    for by, (ours, theirs) in counted.items():
        for place, of in (("smallest", np.min), ("middle", np.median)):
            mine, its = float(of(ours)), float(of(theirs))
            more[f"{place} θ, effective draws {by}, ours and the peer’s"] = f"{mine:,.0f}, {its:,.0f}"
            more[f"{place} θ {by}, times the peer’s in a second of wall clock, of processor time"] = (
                ", ".join(f"{mine / its * ratio:.1f}" for ratio in faster)
            )
    return Measurement(
        what=f"{len(ARM)} terms of c212’s sample data, to R-hat < {LARGEST_R_HAT} of every quantity, looking at that "
        "included",
        seconds=whole[0],
        peer=peer.name,
        peer_seconds=peer.wall * float(found.ess_bulk.min() / of_theta.ess_bulk.min()),
        goal="5 × c212’s effective draws per second; 187 terms in 5 s",
        more={
            **more,
            f"the peer’s processor time to R-hat < {LARGEST_R_HAT}, looking not included": _met(peer),
            "largest difference of a mean θ from the peer’s": round(
                float(np.abs(found.mean - peer.theta.mean(axis=(1, 2))).max()), 3
            ),
            "of P(θ > 0)": round(
                float(np.abs(found.p_positive - (peer.theta > 0).mean(axis=(1, 2))).max()), 3
            ),
            **_many_terms(),
        },
    )


def _timed(work: Callable[[], T]) -> tuple[T, float, float]:
    """What it gives, and the least seconds of wall clock and of processor time of RUNS."""
    wall, processor = np.inf, np.inf
    for _ in range(RUNS):
        begun, begun_processor = time.perf_counter(), time.process_time()
        found = work()
        processor = min(processor, time.process_time() - begun_processor)
        wall = min(wall, time.perf_counter() - begun)
    return found, wall, processor


def _met(peer: Peer) -> str:
    """Looked at after eighths of its draws, of every θ and all that terms share; what was dropped before counts."""
    draws = peer.theta.shape[2]
    for eighths in range(1, 9):
        length = draws * eighths // 8
        some = [each[:, :, :length] for each in (peer.theta, peer.shared) if each is not None]
        if all((convergence(each).r_hat < LARGEST_R_HAT).all() for each in some):
            return f"{peer.processor * (peer.dropped + length) / (peer.dropped + draws):.1f} s"
    return f"more than its run, {peer.processor:.1f} s"


def _draws(found: stats.Hierarchical) -> np.ndarray:
    """The draws of theta that `found` was told from (terms, chains, draws): the same seed, the same chains."""
    sizes = np.bincount(SYSTEMS)
    order = np.argsort(-sizes, kind="stable")
    rows = np.concatenate([np.flatnonzero(system == SYSTEMS) for system in order])
    y_ref, y_arm = (each[rows, None].astype(np.float64) for each in (REFERENCE, ARM))
    n = np.full_like(y_ref, PARTICIPANTS)
    arms = Arms(Binomial(y_ref, n), Binomial(y_arm, n), Binomial(y_ref + y_arm, 2 * n))
    warm_up = signature(stats.berry_berry).parameters["warm_up"].default
    running = Running(found.seed, found.chains, warm_up, found.draws, found.draws)
    sampler = started(Systems(sizes[order]), arms, Priors(), running, False)
    theta = np.empty((len(rows), found.chains, found.draws))
    for draw in range(found.draws):
        sampler.sweep()
        theta[rows, :, draw] = sampler.state.theta
    return theta


def _many_terms() -> dict[str, float | int | str]:
    """187 terms in 23 body systems, 84 against 86, most of them rare."""
    chance = np.random.default_rng(5)
    system = np.sort(np.concatenate([np.arange(23), chance.integers(0, 23, 164)]))
    gamma = chance.normal(-4, 1, 187)
    theta = np.where(chance.random(187) < 0.8, 0, chance.normal(0.8, 0.6, 187))
    reference = chance.binomial(86, 1 / (1 + np.exp(-gamma)))
    arm = chance.binomial(84, 1 / (1 + np.exp(-gamma - theta)))
    begun, processor = time.perf_counter(), time.process_time()
    found = stats.berry_berry(arm, 84, reference, 86, system)
    taken, processor = time.perf_counter() - begun, time.process_time() - processor
    return {
        "187 terms, s": round(taken, 2),
        "187 terms, processor time, s": round(processor, 2),
        "187 terms, largest R-hat of any quantity": round(
            float(max(found.r_hat.max(), found.parameters.r_hat.max())), 4
        ),
    }
