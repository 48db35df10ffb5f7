"""Level 2 and 3 of the point mass: alpha, beta, pi and which thetas are zero, drawn as one block.

One after another they hold each other fast. Every term therefore keeps a theta also where it has no effect: there it is
drawn from an approximation q of what it would be. Given these, a term has an effect with odds (1 - pi) / pi · r,

    r = L(gamma + theta) N(theta | mu, sigma²) / (L(gamma) q(theta)),

independently of the others. The number of effects in a system then has the distribution of a sum of independent trials,
into which pi, Beta(alpha, beta), is integrated: alpha and beta are drawn knowing neither pi nor the zeros, then the
number of effects, then pi, then the zeros.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaln, comb

from pvtracker.stats.bayes.likelihood import Arms
from pvtracker.stats.bayes.priors import Priors
from pvtracker.stats.bayes.state import State, Systems
from pvtracker.stats.bayes.terms import Peaks
from pvtracker.stats.results import FloatArray

LARGEST_SYSTEM = 256  # beyond, the sum over the number of effects takes longer than it helps
PROPOSALS = 2
STEP = 0.8  # of log(alpha - 1) and log(beta - 1)
LARGEST_LOG = 700.0
EDGE = 1e-12  # pi stays inside (0, 1) also where its beta distribution is all but a point


class ZeroBlock:
    """Draws the block. Systems are ordered by size, so those with more than j terms are the first ones."""

    def __init__(self, systems: Systems, priors: Priors) -> None:
        self.systems, self.priors = systems, priors
        self.large = int((systems.sizes > LARGEST_SYSTEM).sum())
        self.sizes = systems.sizes[self.large :]
        starts, most = systems.starts[self.large :], int(self.sizes.max(initial=0))
        self.reach = [int((self.sizes > j).sum()) for j in range(most)]
        self.rows = [starts[:reach] + j for j, reach in enumerate(self.reach)]
        self.effects = np.arange(most + 1)[:, None]
        self.zeros = np.maximum(self.sizes - self.effects, 0)  # beside so many effects, (most + 1, systems)
        ways = np.maximum(comb(self.sizes, self.effects), 1)  # 0 where there are not so many terms
        self.share = (1 / ways)[:, :, None]

    def update(self, state: State, arms: Arms, peaks: Peaks, chance: np.random.Generator) -> None:
        """Draws alpha_pi, beta_pi, pi, on and eta anew and keeps the likelihood of the new state."""
        systems = self.systems
        pt, mt = systems.spread(1 / state.sigma2_theta), systems.spread(state.mu_theta)
        peak = peaks.arm + peaks.c / peaks.b * (state.gamma - peaks.reference)
        drawn = peak + chance.standard_normal(peak.shape) / np.sqrt(peaks.b)
        effect = np.where(state.on, state.eta, drawn)
        other = arms.arm.value(np.where(state.on, state.gamma, drawn))
        with_effect = np.where(state.on, state.of_arm, other)
        without = np.where(state.on, other, state.of_arm)
        from_mean, from_peak = effect - state.gamma - mt, effect - peak
        log_r = with_effect - without
        log_r += 0.5 * (np.log(pt / peaks.b) - pt * from_mean * from_mean + peaks.b * from_peak * from_peak)
        log_r = np.clip(log_r, -LARGEST_LOG, LARGEST_LOG)
        numbers = self._numbers(1 / (1 + np.exp(-log_r)))
        fixed = systems.totals(state.on.astype(np.float64))[: self.large]
        self._draw_alpha_beta(state, numbers, fixed, chance)
        effects = np.concatenate([fixed, self._draw_effects(state, numbers, chance)])
        first = chance.standard_gamma(state.alpha_pi + systems.counts - effects)
        second = chance.standard_gamma(state.beta_pi + effects)
        state.pi = np.clip(first / (first + second), EDGE, 1 - EDGE)
        log_odds = systems.spread(np.log1p(-state.pi) - np.log(state.pi)) + log_r
        state.on = chance.random(log_r.shape) * (1 + np.exp(np.minimum(-log_odds, LARGEST_LOG))) < 1
        state.eta = np.where(state.on, effect, state.gamma)
        state.of_arm = np.where(state.on, with_effect, without)

    def _numbers(self, chances: FloatArray) -> FloatArray:
        """The chance of each number of effects in each system, were pi one half, divided by the number of ways to
        choose them: (most + 1, systems, chains)."""
        numbers = np.zeros((len(self.effects), len(self.sizes), chances.shape[1]))
        numbers[0] = 1
        for j, (reach, rows) in enumerate(zip(self.reach, self.rows, strict=True)):
            yes = chances[rows]
            before = numbers[: j + 1, :reach].copy()
            numbers[: j + 1, :reach] *= 1 - yes
            numbers[1 : j + 2, :reach] += before * yes
        numbers *= self.share
        return numbers

    def _weights(self, alpha: FloatArray, beta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """B(alpha + zeros, beta + effects) / B(alpha, beta) for every number of effects, times the number of ways to
        choose them: rising factorials divided by factorials, which stay within the range of numbers; and the
        divisor."""
        steps, one = self.effects[:-1], np.ones((1, len(alpha)))
        rising = [
            np.concatenate([one, np.cumprod((start + steps) / (steps + 1), axis=0)])
            for start in (alpha, beta, alpha + beta)
        ]
        return rising[0][self.zeros] * rising[1][:, None], rising[2][self.sizes]

    def _draw_alpha_beta(
        self, state: State, numbers: FloatArray, fixed: FloatArray, chance: np.random.Generator
    ) -> None:
        """Metropolis and Hastings: proposals from the prior and random walks in turn."""
        p = self.priors
        counts = self.systems.counts[: self.large]

        def log_marginal(alpha: FloatArray, beta: FloatArray) -> FloatArray:
            weights, divisor = self._weights(alpha, beta)
            found: FloatArray = np.log(np.einsum("kbc,kbc->bc", numbers, weights) / divisor).sum(0)
            if self.large:
                found += (betaln(alpha + counts - fixed, beta + fixed) - betaln(alpha, beta)).sum(0)
            return found

        alpha, beta = state.alpha_pi, state.beta_pi
        now = log_marginal(alpha, beta)
        for turn in range(PROPOSALS):
            if turn % 2:
                e, f = STEP * chance.standard_normal((2, len(alpha)))
                new_alpha, new_beta = 1 + (alpha - 1) * np.exp(e), 1 + (beta - 1) * np.exp(f)
                bias = e + f - p.lambda_alpha * (new_alpha - alpha) - p.lambda_beta * (new_beta - beta)
            else:
                e, f = chance.standard_exponential((2, len(alpha)))
                new_alpha, new_beta = 1 + e / p.lambda_alpha, 1 + f / p.lambda_beta
                bias = np.zeros(len(alpha))
            new = log_marginal(new_alpha, new_beta)
            taken = np.log1p(-chance.random(len(alpha))) < new - now + bias
            alpha, beta = np.where(taken, new_alpha, alpha), np.where(taken, new_beta, beta)
            now = np.where(taken, new, now)
        state.alpha_pi, state.beta_pi = alpha, beta

    def _draw_effects(self, state: State, numbers: FloatArray, chance: np.random.Generator) -> FloatArray:
        """The number of effects in each system given alpha and beta, (systems, chains)."""
        weights, _ = self._weights(state.alpha_pi, state.beta_pi)
        summed = np.cumsum(numbers * weights, axis=0)
        drawn = chance.random(summed.shape[1:]) * summed[-1]
        effects: FloatArray = (summed[:-1] <= drawn).sum(axis=0).astype(np.float64)
        return effects
