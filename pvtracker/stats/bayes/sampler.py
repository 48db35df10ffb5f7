"""Many chains of the hierarchical model side by side."""

from __future__ import annotations

import numpy as np

from pvtracker.stats.bayes.levels import Moves, update_levels
from pvtracker.stats.bayes.likelihood import Arms
from pvtracker.stats.bayes.priors import Priors
from pvtracker.stats.bayes.state import State, Systems
from pvtracker.stats.bayes.terms import Expansions, update_terms
from pvtracker.stats.bayes.zeros import ZeroBlock
from pvtracker.stats.results import BoolArray


class Sampler:
    """One sweep draws terms, zeros, levels and moves in turn; each leaves the posterior as it is."""

    def __init__(
        self,
        systems: Systems,
        priors: Priors,
        state: State,
        arms: Arms,
        chance: np.random.Generator,
        *,
        common_gamma: bool,
    ) -> None:
        self.systems, self.priors, self.state, self.chance = systems, priors, state, chance
        self.common_gamma = common_gamma
        self.zeros, self.moves = ZeroBlock(systems, priors), Moves(systems, priors)
        self.taken: BoolArray
        self.see(arms)

    def see(self, arms: Arms) -> None:
        """Other counts, from now on."""
        self.arms = arms
        self.points = Expansions.from_counts(arms)
        self.state.of_reference = arms.reference.value(self.state.gamma)
        self.state.of_arm = arms.arm.value(self.state.eta)

    def sweep(self, *, fit: float = 0.0) -> None:
        """`fit` > 0 while warming up: steps and the points where Newton's steps begin move towards what they should
        be. A chain is one of Markov only with fit = 0."""
        state, systems, arms, chance = self.state, self.systems, self.arms, self.chance
        peaks, self.taken = update_terms(state, systems, arms, self.points, chance)
        if fit:
            points = self.points
            points = Expansions.at(
                arms,
                *(
                    was + fit * (now.mean(1, keepdims=True) - was)
                    for was, now in (
                        (points.reference, peaks.reference),
                        (points.arm, peaks.arm),
                        (points.both, peaks.none),
                    )
                ),
            )
            self.points = points
        self.zeros.update(state, arms, peaks, chance)
        update_levels(state, systems, self.priors, chance, common_gamma=self.common_gamma)
        self.moves.update(state, arms, chance, fit=fit)
