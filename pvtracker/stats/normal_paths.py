"""Crossing probabilities of a Brownian motion that is looked at now and then, by recursive numerical integration.

Source: Armitage, McPherson & Rowe (1969) J R Stat Soc A 132:235-244; Jennison & Turnbull (2000) Group Sequential
Methods, chapter 19. Nodes and weights are Gauss-Legendre's, not Simpson's as in that chapter.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from pvtracker.stats.brent import brentq
from pvtracker.stats.results import FloatArray

FAR = 10.0  # standard deviations beyond which a path is not followed: less than 1e-22 of all
HIGHEST = 38.0  # no z-value is higher
PER_DEVIATION = (
    3  # nodes per standard deviation of a step: twice as many change the result by less than 1e-12
)
MOST_NODES = 6000
CLOSEST = 1e-4  # of the information at a look so much came since the look before; less would need more nodes


class Path:
    """The score process B(t), B(t) ~ N(drift · t, t), as long as it has crossed no bound.

    `two_sided`: a bound z is crossed above z and below -z. Each look adds a crossing probability.
    """

    def __init__(self, *, drift: float = 0.0, two_sided: bool = False) -> None:
        self.drift, self.two_sided = drift, two_sided
        self.time = 0.0
        self.nodes: FloatArray = np.array([0.0])
        self.mass: FloatArray = np.array([1.0])  # probability at each node: weight times density

    def crossing(self, time: float, z: float) -> tuple[float, float]:
        """Probability to be beyond the bound z at the look `time`, above and (two-sided) below."""
        mean, deviation, edge = self._step(time, z)
        above = float(self.mass @ ndtr((mean - edge) / deviation))
        below = float(self.mass @ ndtr((-edge - mean) / deviation)) if self.two_sided else 0.0
        return above, below

    def bound(self, time: float, probability: float) -> float:
        """The z that is crossed with this probability at this look; infinite when there is next to none to spend."""
        if probability < 1e-30:
            return np.inf

        def missing(z: float) -> float:
            return float(np.log(max(sum(self.crossing(time, z)), 1e-320)) - np.log(probability))

        lowest = 0.0 if self.two_sided else -HIGHEST
        if missing(lowest) <= 0:
            return lowest  # all that is left crosses, and it is no more than may be spent
        return brentq(missing, lowest, HIGHEST, xtol=1e-13)

    def go_on(self, time: float, z: float, next_time: float | None) -> None:
        """Keep what did not cross z at this look; `next_time` is when it is looked at next."""
        mean, deviation, edge = self._step(time, z)
        center, reach = self.drift * time, FAR * np.sqrt(time)
        high = min(edge, center + reach)
        low = max(-edge if self.two_sided else -np.inf, center - reach)
        if high <= low:  # nothing is left
            self.time, self.nodes, self.mass = time, np.array([high]), np.array([0.0])
            return
        narrowest = min(deviation, np.sqrt((next_time or 2 * time) - time))
        count = int(np.clip(PER_DEVIATION * (high - low) / narrowest, 0, MOST_NODES)) + 60
        unit, weight = np.polynomial.legendre.leggauss(count) if count <= 100 else _panels(count)
        nodes = low + (high - low) * (unit + 1) / 2
        density = _kernel(nodes, mean, deviation) @ self.mass
        self.time, self.nodes = time, nodes
        self.mass = weight * (high - low) / 2 * density

    def _step(self, time: float, z: float) -> tuple[FloatArray, float, float]:
        step = time - self.time
        return self.nodes + self.drift * step, float(np.sqrt(step)), float(z * np.sqrt(time))


def _kernel(nodes: FloatArray, mean: FloatArray, deviation: float) -> NDArray[np.float64]:
    apart = (nodes[:, None] - mean) / deviation
    kernel: NDArray[np.float64] = np.exp(-apart * apart / 2) / (deviation * np.sqrt(2 * np.pi))
    return kernel


def _panels(count: int) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre in panels of 20 over [-1, 1], at least `count` nodes."""
    panels = -(-count // 20)
    unit, weight = np.polynomial.legendre.leggauss(20)
    centers = -1 + (2 * np.arange(panels) + 1) / panels
    return (centers[:, None] + unit / panels).ravel(), np.tile(weight / panels, panels)


def along(
    times: FloatArray, path: Path, decide: Callable[[int, float], float]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Walk through the looks: `decide(look, time)` names the bound. Bounds, and crossings above and below, (looks,)."""
    z, above, below = np.empty(len(times)), np.empty(len(times)), np.empty(len(times))
    for look, time in enumerate(times):
        z[look] = decide(look, time)
        above[look], below[look] = path.crossing(time, z[look])
        if look + 1 < len(times):
            path.go_on(time, z[look], times[look + 1])
    return z, above, below
