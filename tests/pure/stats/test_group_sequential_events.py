"""Looks that come with numbers of events: every order of events, simulated times of events, the hypergeometric law."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, hypergeom, norm

from pvtracker.stats import (
    group_sequential_boundary,
    group_sequential_crossing,
    group_sequential_events_crossing,
)
from tests.pure.stats.against import Against

NAME = "group_sequential_events_crossing"


@pytest.mark.parametrize("ratio", [1.0, 2.5, 0.4])
@pytest.mark.parametrize("later", [(5, 4), (7, 8)])
def test_every_order_of_events(ratio: float, later: tuple[int, int], against: Against) -> None:
    """Seven events one after another, looked at after four and seven; others may join after the first look."""
    sizes, looks, z = [(5, 4), later], [4, 7], [1.2, 0.9]
    chance_of = [0.0, 0.0]
    mean = 0.0
    for order in product((True, False), repeat=7):
        chance, x, y, first = 1.0, 0, 0, None
        for at, in_arm in enumerate(order, 1):
            N_arm, N_ref = sizes[at > looks[0]]
            arm, ref = ratio * (N_arm - x), N_ref - y
            chance *= (arm if in_arm else ref) / (arm + ref)
            if not chance:
                break
            x, y = x + in_arm, y + (not in_arm)
            if at in looks and first is None:
                look = looks.index(at)
                if hypergeom.sf(x - 1, N_arm + N_ref, at, N_arm) <= norm.sf(z[look]) * (1 + 1e-9):
                    first = look
        if first is not None:
            chance_of[first] += chance
        mean += chance * (4 if first == 0 else 7) / 7
    a, b = zip(*sizes, strict=True)
    found = group_sequential_events_crossing(a, b, looks, z, ratio=ratio)
    against(NAME, "all orders of events", "brute force", found.above, chance_of, within=1e-12)
    assert found.expected_fraction == pytest.approx(mean) and found.below.tolist() == [0, 0]
    assert min(chance_of) > 0.001


def test_times_of_events_drawn_for_everybody() -> None:
    """20,000 trials of 60 against 50: exponential times to the event, the arm's rate twice the reference's."""
    looks = [10, 20, 40]
    z = group_sequential_boundary(np.array(looks) / 40, spending="pocock").z
    random = np.random.default_rng(5)
    times = np.hstack([random.exponential(0.5, (20_000, 60)), random.exponential(1.0, (20_000, 50))])
    arm = np.cumsum(np.argsort(times, axis=1) < 60, axis=1)
    first = np.zeros((20_000, 3), dtype=bool)
    for n, (look, bound) in enumerate(zip(looks, z, strict=True)):
        p = hypergeom.sf(arm[:, look - 1] - 1, 110, look, 60)
        first[:, n] = (p <= norm.sf(bound)) & ~first[:, :n].any(axis=1)
    found = group_sequential_events_crossing([60] * 3, [50] * 3, looks, z, ratio=2.0)
    assert first.mean(axis=0) == pytest.approx(found.above, abs=0.015)
    assert found.total == pytest.approx(first.any(axis=1).mean(), abs=0.014)


def test_one_look_is_hypergeometric_and_of_many_participants_binomial() -> None:
    (cross,) = group_sequential_events_crossing([30], [28], [11], [1.6], ratio=1.0).above
    x = np.arange(12)
    beyond = hypergeom.sf(x - 1, 58, 11, 30) <= norm.sf(1.6)
    assert cross == pytest.approx(hypergeom.pmf(x, 58, 11, 30)[beyond].sum(), abs=1e-12)
    many = group_sequential_events_crossing([10**6], [10**6], [10], [norm.isf(0.025)], ratio=3.0)
    assert many.total == pytest.approx(binom.sf(8, 10, 0.75), abs=1e-5), "0.244: nine of ten or more"
    normal = group_sequential_crossing([1.0], [norm.isf(0.025)], drift=np.log(3) * np.sqrt(2.5))
    assert normal.total == pytest.approx(0.411, abs=1e-3)


def test_the_arms_may_be_swapped_and_no_event_comes_from_nobody() -> None:
    found = group_sequential_events_crossing([3, 3], [9, 9], [2, 12], [1.0, 1.0], ratio=50.0)
    assert found.above[1] == 0, "everybody has it at the end"
    nobody = group_sequential_events_crossing([0], [9], [4], [-40.0], ratio=2.0)
    assert nobody.total == pytest.approx(1.0), "p is 1"
    no_bound = group_sequential_events_crossing([5], [9], [4], [np.inf], ratio=2.0)
    assert no_bound.total == 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"events": [3, 3]}, "events must increase"),
        ({"events": [3, 40]}, "events must be ≤ n_arm"),
        ({"n_arm": [20_000, 20_000], "events": [3, 4001]}, "events must be ≤ 4000"),
        ({"n_ref": [9, 8]}, "n_ref must not fall"),
        ({"z": [1.0]}, "must have the same length"),
        ({"ratio": 0.0}, "ratio must be > 0"),
    ],
)
def test_what_cannot_be(changed: dict[str, Any], said: str) -> None:
    given = {"n_arm": [9, 9], "n_ref": [9, 9], "events": [3, 6], "z": [2.0, 2.0], "ratio": 1.0, **changed}
    call: Callable[..., Any] = group_sequential_events_crossing
    with pytest.raises(ValueError, match=said):
        call(**given)
