"""Levels 2 and 3 of the normal distributions: means and variances given the terms, and moves that take terms along.

Means of levels 2 and 3 are drawn as one block (level 3 first, with level 2 integrated out), variances from their
inverse gamma conditionals. Where counts say little of an effect, theta and its mean hold each other fast; then moves
help that shift or stretch all thetas of a system, or all systems, with their mean and variance, leaving what is
standardised as it is.
"""

from __future__ import annotations

import numpy as np

from pvtracker.stats.bayes.likelihood import Arms
from pvtracker.stats.bayes.priors import Priors
from pvtracker.stats.bayes.state import State, Systems
from pvtracker.stats.results import FloatArray


def update_levels(
    state: State, systems: Systems, priors: Priors, chance: np.random.Generator, *, common_gamma: bool
) -> None:
    """Draws means and variances of levels 2 and 3 anew."""
    p = priors
    theta = state.theta
    effects = systems.totals(state.on.astype(np.float64))
    state.mu_theta, state.mu_theta_0, state.tau2_theta_0 = _means(
        effects,
        systems.totals(theta),
        state.sigma2_theta,
        state.tau2_theta_0,
        (p.mu_theta_0_0, p.tau2_theta_0_0, p.alpha_theta_0_0, p.beta_theta_0_0),
        chance,
    )
    from_mean = np.where(state.on, theta - systems.spread(state.mu_theta), 0.0)
    state.sigma2_theta = (p.beta_theta + 0.5 * systems.totals(from_mean * from_mean)) / chance.standard_gamma(
        p.alpha_theta + 0.5 * effects
    )
    state.mu_gamma, state.mu_gamma_0, state.tau2_gamma_0 = _means(
        systems.counts,
        systems.totals(state.gamma),
        state.sigma2_gamma,
        state.tau2_gamma_0,
        (p.mu_gamma_0_0, p.tau2_gamma_0_0, p.alpha_gamma_0_0, p.beta_gamma_0_0),
        chance,
    )
    from_mean = state.gamma - systems.spread(state.mu_gamma)
    squares, shape = systems.totals(from_mean * from_mean), np.broadcast_to(systems.counts, effects.shape)
    if common_gamma:
        squares, shape = squares.sum(0, keepdims=True), shape.sum(0, keepdims=True)
    drawn = (p.beta_gamma + 0.5 * squares) / chance.standard_gamma(p.alpha_gamma + 0.5 * shape)
    state.sigma2_gamma = np.broadcast_to(drawn, effects.shape)


def _means(
    count: FloatArray,
    total: FloatArray,
    within: FloatArray,
    between: FloatArray,
    fixed: tuple[float, float, float, float],
    chance: np.random.Generator,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Means of the systems, their mean and their variance, given number and sum of the members of each system, variance
    within systems and the variance between them so far."""
    mean, variance, shape, scale = fixed
    width = within + count * between
    precision = (count / width).sum(0) + 1 / variance
    top = ((total / width).sum(0) + mean / variance) / precision
    top = top + chance.standard_normal(top.shape) / np.sqrt(precision)
    precision = count / within + 1 / between
    means = (total / within + top / between) / precision
    means = means + chance.standard_normal(means.shape) / np.sqrt(precision)
    from_top = means - top
    drawn = (scale + 0.5 * (from_top * from_top).sum(0)) / chance.standard_gamma(
        shape + 0.5 * len(means), top.shape
    )
    return means, top, drawn


class Moves:
    """Shifts and stretches of many thetas at once, each proposed by itself. How far they reach is fitted while the
    chains warm up and fixed afterwards."""

    GOAL = 0.44  # share of moves that should be taken

    def __init__(self, systems: Systems, priors: Priors) -> None:
        self.systems, self.priors = systems, priors
        self.within = np.full((2, systems.number, 1), 0.5)  # shift and stretch of each system
        self.all = np.full(2, 0.3)  # and of all of them

    def update(self, state: State, arms: Arms, chance: np.random.Generator, *, fit: float = 0.0) -> None:
        """Moves within each system, then all systems; `fit` > 0 widens or narrows the steps by that much."""
        for kind in (0, 1):
            share = self._within(state, arms, chance, kind)
            self.within[kind] *= np.exp(fit * (share - self.GOAL))
            self.all[kind] *= np.exp(fit * (self._all(state, arms, chance, kind) - self.GOAL))

    def _within(self, state: State, arms: Arms, chance: np.random.Generator, kind: int) -> FloatArray:
        """mu_theta or sigma_theta of a system with its thetas; returns the share of chains that moved."""
        p, systems = self.priors, self.systems
        step = self.within[kind] * chance.standard_normal(state.mu_theta.shape)
        if kind == 0:
            mean, variance = state.mu_theta + step, state.sigma2_theta
            eta = state.eta + systems.spread(step)
            before, after = state.mu_theta - state.mu_theta_0, mean - state.mu_theta_0
            difference = 0.5 * (before * before - after * after) / state.tau2_theta_0
        else:
            factor = np.exp(step)
            mean, variance = state.mu_theta, state.sigma2_theta * factor * factor
            eta = state.gamma + systems.spread(mean)
            eta += systems.spread(factor) * (state.eta - eta)
            # sigma² ~ inverse gamma, the step is even on the scale of log sigma²
            difference = p.beta_theta * (1 / state.sigma2_theta - 1 / variance) - 2 * p.alpha_theta * step
        eta = np.where(state.on, eta, state.gamma)
        of_arm = arms.arm.value(eta)
        difference += systems.totals(of_arm - state.of_arm)
        taken = np.log1p(-chance.random(step.shape)) < difference
        state.mu_theta = np.where(taken, mean, state.mu_theta)
        state.sigma2_theta = np.where(taken, variance, state.sigma2_theta)
        of_term = systems.spread(taken)
        state.eta = np.where(of_term, eta, state.eta)
        state.of_arm = np.where(of_term, of_arm, state.of_arm)
        moved: FloatArray = taken.mean(1, keepdims=True)
        return moved

    def _all(self, state: State, arms: Arms, chance: np.random.Generator, kind: int) -> float:
        """mu_theta_0 or tau_theta_0 with the means of all systems and all thetas; returns the share of chains that
        moved."""
        p, systems = self.priors, self.systems
        step = self.all[kind] * chance.standard_normal(len(state.mu_theta_0))
        if kind == 0:
            top, variance, mean = state.mu_theta_0 + step, state.tau2_theta_0, state.mu_theta + step
            before, after = state.mu_theta_0 - p.mu_theta_0_0, top - p.mu_theta_0_0
            difference = 0.5 * (before * before - after * after) / p.tau2_theta_0_0
        else:
            factor = np.exp(step)
            top, variance = state.mu_theta_0, state.tau2_theta_0 * factor * factor
            mean = top + factor * (state.mu_theta - top)
            difference = p.beta_theta_0_0 * (1 / state.tau2_theta_0 - 1 / variance)
            difference -= 2 * p.alpha_theta_0_0 * step
        eta = np.where(state.on, state.eta + systems.spread(mean - state.mu_theta), state.gamma)
        of_arm = arms.arm.value(eta)
        difference += (of_arm - state.of_arm).sum(0)
        taken = np.log1p(-chance.random(step.shape)) < difference
        state.mu_theta_0 = np.where(taken, top, state.mu_theta_0)
        state.tau2_theta_0 = np.where(taken, variance, state.tau2_theta_0)
        state.mu_theta = np.where(taken, mean, state.mu_theta)
        state.eta = np.where(taken, eta, state.eta)
        state.of_arm = np.where(taken, of_arm, state.of_arm)
        return float(taken.mean())
