"""Permuted-block randomisation with secret block sizes, stratified by nothing."""

from __future__ import annotations

import numpy as np

from pvtracker.ops.simulation.randomness import Topic, stream

# The founding trial: 38 OZ1 and 36 placebo (Mitsuyasu et al. 2009). Other sizes fall as the blocks fall.
FOUNDING_GROUPS = {(74, 2): (38, 36)}


def randomisation_list(*, participants: int, arms: int, seed: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Arm index (0 … arms-1) by order of randomisation, and the block sizes used.

    Blocks hold every arm one, two or three times; the last block is used as far as participants last.
    For 74 participants in two arms lists are drawn until one gives the founding trial's 38 and 36.
    """
    rng = stream(seed, Topic.ALLOCATION)
    wanted = FOUNDING_GROUPS.get((participants, arms))
    while True:
        order, blocks = _draw_list(rng, participants=participants, arms=arms)
        if wanted is None or tuple(order.count(arm) for arm in range(arms)) == wanted:
            return order, blocks


def _draw_list(
    rng: np.random.Generator, *, participants: int, arms: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    order: list[int] = []
    blocks: list[int] = []
    most = min(3, participants // arms)  # a block larger than the trial could leave an arm empty
    while len(order) < participants:
        repeats = int(rng.integers(1, most + 1))
        block = rng.permutation(np.tile(np.arange(arms), repeats))
        order.extend(int(arm) for arm in block)
        blocks.append(len(block))
    return tuple(order[:participants]), tuple(blocks)
