"""Mantel-Haenszel and stratified score limits against R metafor, and written out for tables that are drawn."""

from __future__ import annotations

from fractions import Fraction
from math import exp, sqrt
from typing import Any

import numpy as np
import pytest
from scipy import optimize as scipy_optimize
from scipy import stats as scipy_stats

from pvtracker.stats import risk_difference_mh, risk_difference_mn_stratified, risk_ratio_mh
from tests.pure.stats.against import Against
from tests.pure.stats.oracles import RiskOfArm, most_likely_reference_risk
from tests.pure.stats.strata import ADMISSIONS, DOLL_HILL, RABBITS, SPARSE, Strata, drawn_strata

THREE_SITES: Strata = ([4, 9, 2], [12, 15, 11], [1, 6, 3], [11, 17, 10])
SIX_SITES: Strata = ([7, 0, 1, 15, 3, 2], [20, 4, 6, 22, 3, 9], [5, 1, 1, 9, 1, 6], [18, 5, 6, 25, 4, 8])
# R 4.2.2, metafor 3.8-1: rma.mh(measure, ai, n1i, ci, n2i, correct = FALSE, level = 95, drop00 = FALSE), its beta,
# ci.lb and ci.ub (of "RR" exp of them), and limits at level = 80. Its variance of "RD" is that of Sato and others.
DIFFERENCE: list[tuple[Strata, list[float], list[float]]] = [
    (DOLL_HILL, [0.32942028201486, 0.2227201934701, 0.43612037055962], [0.25965284414514, 0.39918771988458]),
    (
        RABBITS,
        [0.228035538005923, 0.041966669504802, 0.414104406507044],
        [0.10637164437949, 0.34969943163236],
    ),
    (
        SPARSE,
        [-0.044075083911542, -0.104144006108464, 0.015993838285381],
        [-0.0833520409828258, -0.0047981268402573],
    ),
    (
        ADMISSIONS,
        [-0.0172636261033233, -0.0444577829064638, 0.0099305306998172],
        [-0.03504492948421607, 0.00051767727756944],
    ),
    (
        THREE_SITES,
        [0.144674878512716, -0.059955671602688, 0.349305428628119],
        [0.010874153638585, 0.278475603386846],
    ),
    (
        SIX_SITES,
        [0.094478180180562, -0.074332099993808, 0.263288460354931],
        [-0.015900929101007, 0.204857289462131],
    ),
]
RATIO: list[tuple[Strata, list[float], list[float]]] = [
    (DOLL_HILL, [2.4751191035161, 1.5830866619243, 3.8697910379359], [1.8479343956626, 3.3151688669087]),
    (RABBITS, [1.5526315789474, 1.0306382782183, 2.3390018310905], [1.1876958030791, 2.0296988620276]),
    (SPARSE, [0.41153443286523, 0.11627340754905, 1.45657199701711], [0.18008722429201, 0.94043644739112]),
    (
        ADMISSIONS,
        [0.97240709520396, 0.93081301080251, 1.01585984277097],
        [0.94500488641802, 1.00060388299912],
    ),
    (THREE_SITES, [1.55874284508454, 0.81648447087357, 2.9757813452382], [1.0212965520965, 2.3790144518892]),
    (SIX_SITES, [1.26822792075447, 0.83062971387863, 1.93636470271545], [0.96166450924508, 1.67251889148309]),
]
METAFOR = "R metafor 3.8-1, rma.mh"
WRITTEN = "the formula written out, tables drawn"
KEPT = [  # a difference, a ratio and their variances exist
    one
    for one in drawn_strata(120, 14, strata=4)
    if sum(x * (b > 0) for x, _, _, b in zip(*one, strict=True))
    and sum(y * (a > 0) for _, a, y, _ in zip(*one, strict=True))
][:50]


@pytest.mark.parametrize(("key", "figures"), [("risk_difference_mh", DIFFERENCE), ("risk_ratio_mh", RATIO)])
def test_difference_and_ratio_of_metafor(
    key: str, figures: list[tuple[Strata, list[float], list[float]]], against: Against
) -> None:
    method = {"risk_difference_mh": risk_difference_mh, "risk_ratio_mh": risk_ratio_mh}[key]
    for strata, at_95, at_80 in figures:
        found, narrow = method(*strata), method(*strata, confidence_level=0.8)
        told = [found.estimate[0], found.low[0], found.high[0], narrow.low[0], narrow.high[0]]
        against(key, METAFOR, "program", told, at_95 + at_80, within=1e-12)


def informative(strata: Strata) -> list[tuple[Fraction, Fraction, Fraction, Fraction]]:
    return [
        (Fraction(x), Fraction(a), Fraction(y), Fraction(b))
        for x, a, y, b in zip(*strata, strict=True)
        if a and b
    ]


@pytest.mark.parametrize("variance", ["sato", "greenland-robins"])
def test_the_difference_and_its_variances_written_out(variance: Any, against: Against) -> None:
    """In fractions. Sato: δ̂ Σ P + Σ Q; Greenland and Robins: the binomial variances, weighted."""
    z = scipy_stats.norm.ppf(0.95)
    for strata in KEPT:
        kept = informative(strata)
        weight = sum(a * b / (a + b) for _, a, _, b in kept)
        estimate = sum((x / a - y / b) * a * b / (a + b) for x, a, y, b in kept) / weight
        if variance == "sato":
            P = sum((a**2 * y - b**2 * x + a * b * (b - a) / 2) / (a + b) ** 2 for x, a, y, b in kept)
            Q = sum((x * (b - y) + y * (a - x)) / (2 * (a + b)) for x, a, y, b in kept)
            spread = estimate * P + Q
        else:
            spread = sum(
                (a * b / (a + b)) ** 2 * (x * (a - x) / a**3 + y * (b - y) / b**3) for x, a, y, b in kept
            )
        half = z * sqrt(spread) / float(weight)
        limits = [float(estimate), max(-1.0, float(estimate) - half), min(1.0, float(estimate) + half)]
        found = risk_difference_mh(*strata, variance=variance, confidence_level=0.9)
        told = [found.estimate[0], found.low[0], found.high[0]]
        against("risk_difference_mh", f"{WRITTEN}, {variance}", "brute force", told, limits, within=1e-12)


def test_the_ratio_and_its_variance_written_out(against: Against) -> None:
    """Greenland and Robins' variance of the logarithm, in fractions."""
    z = scipy_stats.norm.ppf(0.95)
    for strata in KEPT:
        kept = informative(strata)
        above = sum(x * b / (a + b) for x, a, y, b in kept)
        below = sum(y * a / (a + b) for x, a, y, b in kept)
        spread = sum((a * b * (x + y) - x * y * (a + b)) / (a + b) ** 2 for x, a, y, b in kept)
        ratio, half = float(above / below), z * sqrt(spread / (above * below))
        found = risk_ratio_mh(*strata, confidence_level=0.9)
        told = [found.estimate[0], found.low[0], found.high[0]]
        limits = [ratio, ratio * exp(-half), ratio * exp(half)]
        against("risk_ratio_mh", WRITTEN, "brute force", told, limits, within=1e-11)


Tables = list[tuple[int, int, int, int]]


def excess(d: float, kept: Tables, weight: np.ndarray, estimate: float) -> float:
    """By how much the squared distance of d lies beyond what 90 % allow at the most likely risks that differ by d."""
    arm_of, variance = RiskOfArm(difference=d), 0.0
    for w, (x, a, y, b) in zip(weight, kept, strict=True):
        p = most_likely_reference_risk(x, a, y, b, arm_of, max(0.0, -d), min(1.0, 1 - d))
        own = arm_of(p) * (1 - arm_of(p)) / a + p * (1 - p) / b
        variance += w**2 * own * (a + b) / (a + b - 1)
    return float((estimate - d) ** 2 - scipy_stats.chi2.ppf(0.9, 1) * variance)


@pytest.mark.parametrize("weights", ["mantel-haenszel", "equal"])
def test_the_stratified_score_limits_by_search(weights: Any, against: Against) -> None:
    """Where the stratified score statistic is the quantile, by SciPy's search over likelihoods that are searched."""
    for strata in KEPT[:12]:
        kept: Tables = [one for one in zip(*strata, strict=True) if one[1] and one[3]]
        weight = np.array([a * b / (a + b) if weights == "mantel-haenszel" else 1.0 for _, a, _, b in kept])
        weight /= weight.sum()
        estimate = float(weight @ [x / a - y / b for x, a, y, b in kept])
        ends = [
            scipy_optimize.brentq(
                excess, estimate, side * (1 - 1e-9), args=(kept, weight, estimate), xtol=1e-9
            )
            for side in (-1, 1)
        ]
        found = risk_difference_mn_stratified(*strata, weights=weights, confidence_level=0.9)
        told = [found.estimate[0], found.low[0], found.high[0]]
        source = "SciPy brentq on the score statistic, tables drawn"
        against("risk_difference_mn_stratified", source, "brute force", told, [estimate, *ends], within=1e-6)
