"""What the counts of an arm say of its log odds or log rate, and how curved that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pvtracker.stats.results import FloatArray

LARGEST = 700.0  # exp of more is infinite; a proposal that far out is refused all the same


class Likelihood(Protocol):
    """Counts y of sizes n (participants or exposure), shape (terms, 1) or (terms, chains)."""

    y: FloatArray
    n: FloatArray

    def value(self, eta: FloatArray) -> FloatArray:
        """The log likelihood without its constant."""

    def expanded(self, eta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The log likelihood, its slope and minus its curvature."""

    def crude(self) -> FloatArray:
        """A finite first guess of the parameter from the counts alone."""


class Binomial:
    """y of n participants; eta is the log odds."""

    def __init__(self, y: FloatArray, n: FloatArray) -> None:
        self.y, self.n = y, n

    def value(self, eta: FloatArray) -> FloatArray:
        value: FloatArray = self.y * eta - self.n * (np.maximum(eta, 0) + np.log1p(np.exp(-np.abs(eta))))
        return value

    def expanded(self, eta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        small = np.exp(-np.abs(eta))
        value = self.y * eta - self.n * (np.maximum(eta, 0) + np.log1p(small))
        chance = np.where(eta >= 0, 1.0, small) / (1 + small)
        expected = self.n * chance
        return value, self.y - expected, expected * (1 - chance)

    def crude(self) -> FloatArray:
        return np.log((self.y + 0.5) / (self.n - self.y + 0.5))


class Poisson:
    """y events in n person-time; eta is the log rate."""

    def __init__(self, y: FloatArray, n: FloatArray) -> None:
        self.y, self.n = y, n

    def value(self, eta: FloatArray) -> FloatArray:
        return self.y * eta - self.n * np.exp(np.minimum(eta, LARGEST))

    def expanded(self, eta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        expected = self.n * np.exp(np.minimum(eta, LARGEST))
        return self.y * eta - expected, self.y - expected, expected

    def crude(self) -> FloatArray:
        return np.log((self.y + 0.5) / self.n)


@dataclass(frozen=True, slots=True)
class Arms:
    """Reference arm, arm, and both as one, which is what a term without an effect sees."""

    reference: Likelihood
    arm: Likelihood
    both: Likelihood
