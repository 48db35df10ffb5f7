"""Reporting by site against SciPy's binomial test, every exchange of participants, and simulation under the null."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pvtracker.stats import rate_ratio_exact, site_reporting
from tests.pure.stats.against import Against

EVENTS = np.array([0, 1, 0, 2, 4, 3, 7, 1, 5, 2, 0, 6])
YEARS = np.array([1.0, 0.5, 1.5, 1.0, 1.2, 0.8, 1.0, 0.6, 1.1, 0.4, 0.0, 2.0])
SITE = np.array(["A"] * 4 + ["B"] * 5 + ["C"] * 3)


def test_p_of_independent_events_is_the_binomial_one(against: Against) -> None:
    found = site_reporting(EVENTS, YEARS, SITE, replicates=99)
    for i, name in enumerate("ABC"):
        own, time = EVENTS[np.equal(name, SITE)].sum(), YEARS[np.equal(name, SITE)].sum()
        expected = scipy_stats.binomtest(int(own), int(EVENTS.sum()), time / YEARS.sum()).pvalue
        against("site_reporting", "SciPy binomtest", "program", found.p[i], expected, within=1e-10)
        rest = rate_ratio_exact(own, time, EVENTS.sum() - own, YEARS.sum() - time)
        assert (found.ratio[i], found.low[i], found.high[i]) == (rest.estimate[0], rest.low[0], rest.high[0])
        assert found.rate[i] == pytest.approx(own / time)
    assert found.participants.tolist() == [4, 5, 3] and found.events.tolist() == [3, 20, 8]


def test_the_permuted_p_nears_that_of_every_exchange(against: Against) -> None:
    """Of all ways to give so many of the participants to the site: 495 for A, 792 for B, 220 for C."""
    found = site_reporting(EVENTS, YEARS, SITE, replicates=40_000, seed=3)
    beyond = EVENTS - YEARS * EVENTS.sum() / YEARS.sum()
    for i, name in enumerate("ABC"):
        ways = list(combinations(range(12), int((np.equal(name, SITE)).sum())))
        sums = np.array([beyond[list(way)].sum() for way in ways])
        observed = beyond[np.equal(name, SITE)].sum()
        tails = (sums <= observed + 1e-9).mean(), (sums >= observed - 1e-9).mean()
        expected = min(1.0, 2 * min(tails))
        against(
            "site_reporting",
            "every exchange of participants",
            "brute force",
            found.p_permuted[i],
            expected,
            within=0.015,
        )


def test_of_many_participants_the_exchanges_are_normal() -> None:
    chance = np.random.default_rng(5)
    site, years = np.repeat(np.arange(8), 250), chance.uniform(0.5, 2, 2000)
    events = chance.poisson(years * chance.gamma(1, 3, 2000) * np.where(site == 3, 0.6, 1.0))
    drawn = site_reporting(events, years, site, replicates=1999)
    normal = site_reporting(events, years, site, null="normal")
    assert normal.p_permuted == pytest.approx(drawn.p_permuted, abs=0.07)  # three errors of the draws
    assert normal.p_adjusted[3] < 0.05 and normal.p.tolist() == drawn.p.tolist()
    small, exact = (site_reporting(EVENTS, YEARS, SITE, null=null) for null in ("normal", "drawn"))
    assert small.p_permuted == pytest.approx(exact.p_permuted, abs=0.15)
    alike = site_reporting([1, 1, 1], 1.0, ["A", "B", "C"], null="normal")
    assert alike.p_permuted.tolist() == [1, 1, 1]


def test_half_of_the_participants_leave_the_other_half_no_freedom() -> None:
    """Two sites of half the participants each: a sum drawn without replacement varies half as much as with it."""
    chance, site = np.random.default_rng(2), np.repeat([0, 1], 250)
    events = chance.poisson(np.where(site == 1, 3.05, 3.1))
    drawn = site_reporting(events, 1.0, site, replicates=3999).p_permuted
    normal = site_reporting(events, 1.0, site, null="normal").p_permuted
    assert 0.02 < drawn[0] < 0.5 and normal == pytest.approx(drawn, abs=0.03)


def test_adjusted_p_is_benjamini_and_hochberg_over_the_sites() -> None:
    found = site_reporting(EVENTS, YEARS, SITE)
    expected = scipy_stats.false_discovery_control(found.p_permuted)
    assert found.p_adjusted == pytest.approx(expected)


def test_clustered_events_mislead_the_exact_p_but_not_the_permuted_one() -> None:
    """Participants of twelve sites alike, with rates that differ between participants: who is called different?"""
    chance, exact, permuted, dispersion = np.random.default_rng(11), 0, 0, []
    site = np.repeat(np.arange(12), 10)
    for _ in range(60):
        rates = chance.gamma(0.5, 6.0, len(site))
        found = site_reporting(chance.poisson(rates), 1.0, site, replicates=199)
        exact += int((found.p <= 0.05).sum())
        permuted += int((found.p_permuted <= 0.05).sum())
        dispersion.append(found.dispersion)
    assert 0.03 < permuted / 720 < 0.07
    assert exact / 720 > 0.3
    assert np.median(dispersion) == pytest.approx(7, abs=1.5)  # 1 + 3 · 6 / 3


def test_a_site_that_reports_nothing_is_found() -> None:
    site = np.repeat(["01", "02", "03"], 30)
    events = np.where(site == "02", 0, np.random.default_rng(1).poisson(3, 90))
    found = site_reporting(events, 1.0, site)
    assert found.ratio[1] == 0 and found.high[1] < 0.1
    assert found.p_adjusted[1] <= 0.01 and found.p_adjusted[[0, 2]].min() < 1


def test_order_and_names_of_participants_do_not_matter() -> None:
    order = np.random.default_rng(2).permutation(12)
    one, other = site_reporting(EVENTS, YEARS, SITE), site_reporting(EVENTS[order], YEARS[order], SITE[order])
    assert one.p == pytest.approx(other.p) and one.events.tolist() == other.events.tolist()
    assert one.p_permuted == pytest.approx(other.p_permuted, abs=0.05)
    again = site_reporting(EVENTS, YEARS, SITE, seed=1)
    assert again.p_permuted.tolist() == one.p_permuted.tolist()
    assert site_reporting(EVENTS, YEARS, SITE, seed=2).p_permuted.tolist() != one.p_permuted.tolist()
    wider = site_reporting(EVENTS, YEARS, SITE, confidence_level=0.99)
    assert (wider.low < one.low).all() and (wider.high > one.high).all()


def test_what_does_not_exist_is_nan_and_says_why() -> None:
    alone = site_reporting([1, 2], [1.0, 1.0], ["A", "A"])
    assert np.isnan(alone.ratio[0]) and np.isnan(alone.p_permuted[0])
    assert alone.warning.tolist() == ["there is no other site to compare with"]
    unseen = site_reporting([0, 2, 1], [0.0, 1.0, 1.0], ["A", "B", "C"])
    assert unseen.warning.tolist() == ["no follow-up: no rate exists", None, None]
    assert np.isnan(unseen.rate[0]) and not np.isnan(unseen.p_adjusted[1])
    only = site_reporting([0, 2], [0.0, 1.0], ["A", "B"])
    assert only.warning.tolist() == ["no follow-up: no rate exists", "no follow-up at the other sites"]
    none = site_reporting(0, [1.0, 2.0], ["A", "B"])
    assert none.warning.tolist() == ["no event at any site: no ratio exists"] * 2
    assert np.isnan(none.dispersion) and (none.p == 1).all()
    empty = site_reporting([], [], [])
    assert len(empty.site) == 0


def test_what_subtraction_leaves_is_no_follow_up_elsewhere() -> None:
    """0.1 + 0.2 + 0.3 = 0.6 of site A, added in another order than the sum of all; B has none."""
    years = [0.0, 0.1, 0.2, 0.3, 0.4, 0.7, 1.1]
    for order in range(50):
        own = np.random.default_rng(order).permutation(years[1:] * 3)
        apart = np.random.default_rng(order).permutation(len(own) + 1)
        given = np.append(own, 0.0)[apart], np.array(["A"] * len(own) + ["B"])[apart]
        found = site_reporting(1, *given, replicates=99)
        assert found.warning.tolist() == ["no follow-up at the other sites", "no follow-up: no rate exists"]
        assert not np.isfinite(found.ratio).any() and np.isnan(found.p_permuted).all()


def test_wrong_input_is_refused() -> None:
    for wrong, told in (
        ({"events": [-1, 2]}, "events must be ≥ 0"),
        ({"years": [1.0, -2.0]}, "years must be ≥ 0"),
        ({"site": [["A"], ["B"]]}, r"site must have shape \(N,\)"),
        ({"site": ["A", "B", "C"]}, "arguments must have the same length"),
        ({"null": "exact"}, "null must be drawn or normal, got 'exact'"),
        ({"replicates": 50}, "replicates must be ≥ 99, got 50"),
        ({"confidence_level": 1}, "confidence_level must lie strictly"),
    ):
        given: dict[str, Any] = {"events": [1, 2], "years": [1.0, 1.0], "site": ["A", "B"], **wrong}
        with pytest.raises(ValueError, match=told):
            site_reporting(**given)
