"""How often limits hold the truth and tests reject it in a small trial: what the methods pages say of it."""

from __future__ import annotations

import numpy as np
import pytest

from pvtracker.stats import aalen_johansen, cox, gray, log_rank, restricted_mean_time_lost

ARM = np.repeat([1, 0], [38, 36])


def trials(number: int, hazard: float, death: float) -> tuple[np.ndarray, np.ndarray]:
    """Exponential times to event and death, end of follow-up from 0.5 to 1.5, shapes (74, number); no effect."""
    rng = np.random.default_rng([9, int(100 * hazard)])
    event, dead = (rng.exponential(1 / rate, (len(ARM), number)) for rate in (hazard, death))
    end = rng.uniform(0.5, 1.5, event.shape)
    what = np.where(event <= np.minimum(dead, end), 1, np.where(dead <= end, 2, 0))
    return np.minimum(np.minimum(event, dead), end), what


# per year in both arms: with about 3, 13 and 31 events in all
@pytest.mark.parametrize(
    ("hazard", "missed", "likelihood", "score", "wald"),
    [
        (0.05, 0.084, 0.084, 0.031, 0.000),
        (0.2, 0.057, 0.057, 0.053, 0.035),
        (0.6, 0.050, 0.050, 0.049, 0.043),
    ],
)
def test_the_hazard_ratio(hazard: float, missed: float, likelihood: float, score: float, wald: float) -> None:
    """3,000 trials; three standard errors of a share of 5 % are 0.012."""
    found = cox(*trials(3000, hazard, 0.1), ARM)
    misses = np.mean((found.low > 1) | (found.high < 1))
    errors = [np.mean(p < 0.05) for p in (found.p_likelihood, found.p_score, found.p_wald)]
    np.testing.assert_allclose([misses, *errors], [missed, likelihood, score, wald], atol=0.012)


@pytest.mark.parametrize(
    ("hazard", "expected"),
    [(0.05, [0.042, 0.016, 0.003]), (0.2, [0.030, 0.055, 0.076]), (0.6, [0.049, 0.049, 0.067])],
)
def test_the_cumulative_incidence_at_a_year(hazard: float, expected: list[float]) -> None:
    """1,000 arms of 38, three in ten dying per year: how often the limits miss, by `interval`."""
    time, event = (each[:38].T.ravel() for each in trials(1000, hazard, 0.3))
    label = np.repeat(np.arange(1000), 38)
    truth = hazard / (hazard + 0.3) * -np.expm1(-hazard - 0.3)
    misses = []
    for interval in ("complement", "log-log", "plain"):
        found = aalen_johansen(time, event, arm=label, at=1, interval=interval)  # type: ignore[arg-type]
        misses.append(np.mean((found.low > truth) | (found.high < truth)))
    np.testing.assert_allclose(misses, expected, atol=0.02)


def test_the_tests_of_curves_and_the_mean_time_lost() -> None:
    """1,000 trials with some thirteen events: each rejects about one in twenty; the page says 5.6 % of 3,000."""
    time, event = trials(1000, 0.2, 0.1)
    each = [(time[:, n], event[:, n], ARM) for n in range(1000)]
    for test in (log_rank, gray):
        assert np.mean([test(*one).p < 0.05 for one in each]) == pytest.approx(0.055, abs=0.02)
    lost = [restricted_mean_time_lost(*one, tau=0.9) for one in each]
    assert np.mean([one.low[2] > 0 or one.high[2] < 0 for one in lost]) == pytest.approx(0.055, abs=0.02)
