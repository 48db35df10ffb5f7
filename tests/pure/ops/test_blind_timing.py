"""Time by arm: found where an arm costs a few percent, not where the pages of one arm show more."""

from __future__ import annotations

import numpy as np
import pytest

from pvtracker.ops.blind.halves import donors
from pvtracker.ops.blind.timing import REQUESTS, Timing, compare_times, measure, rounds

SIZES = {"A": 37, "B": 37}
THREE = {"P": 86, "L": 84, "H": 84}


def exchanged(sizes: dict[str, int]) -> tuple[dict[str, str], dict[str, str]]:
    """The arms of both twins, by participant."""
    arms = {f"{arm}{number}": arm for arm, size in sizes.items() for number in range(size)}
    return arms, {person: arms[donor] for person, donor in donors(list(arms.items())).items()}


def measured(sizes: dict[str, int], *, cost: float = 0.0, seed: int = 7) -> tuple[Timing, ...]:
    """Pages of 20 to 60 ms, longer in one arm as they show more there; noise of requests; a slower second twin."""
    rng, arms = np.random.default_rng(seed), exchanged(sizes)
    slow = sorted(sizes)[0]
    shows = {who: rng.uniform(0.02, 0.06) + 0.02 * (arm == slow) for who, arm in arms[0].items()}
    twins = [
        {
            who: list(
                speed * shows[who] * (1 + cost * (arm == slow)) * rng.lognormal(0, 0.15, rounds(arms[0]))
            )
            for who, arm in held.items()
        }
        for held, speed in zip(arms, (1.0, 1.4), strict=True)
    ]
    return compare_times(*twins, arms)


@pytest.mark.parametrize("sizes", [SIZES, THREE])
def test_pages_that_show_more_in_one_arm_are_no_leak(sizes: dict[str, int]) -> None:
    timings = measured(sizes)
    assert len(timings) == (1 if sizes == SIZES else 3)
    for one in timings:
        assert not one.fails and one.requests >= 2 * REQUESTS
        assert 0.005 < one.found_from < 0.06, "it says what it would have found"


@pytest.mark.parametrize("sizes", [SIZES, THREE])
def test_an_arm_that_costs_a_tenth_of_a_pages_time_is_found(sizes: dict[str, int]) -> None:
    timings = measured(sizes, cost=0.1)
    [slow] = [one for one in timings if one.arm == sorted(sizes)[0]]
    assert slow.fails and 0.07 < slow.slower < 0.13


def test_what_is_said_to_be_found_is_found() -> None:
    [before] = measured(SIZES)
    [after] = measured(SIZES, cost=before.found_from + 0.02)
    assert after.fails


def test_few_participants_are_not_judged() -> None:
    assert measured({"A": 9, "B": 9}) == ()


def test_every_page_is_asked_for_as_often_as_any_other_in_no_order() -> None:
    asked: list[str] = []
    taken = measure({"x": "/x", "y": "/y"}, asked.append, times=50)
    assert {who: len(seconds) for who, seconds in taken.items()} == {"x": 50, "y": 50}
    assert asked[:2] == ["/x", "/y"] and sorted(asked[2:52]) != ["/x"] * 50, "warmed, then mixed"
    assert rounds({f"{n}": "A" for n in range(40)} | {f"b{n}": "B" for n in range(25)}) == 40
