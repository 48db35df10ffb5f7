"""The hierarchical model over periods against JAGS, and against the models that it is made of.

JAGS 4.3.1 (rjags, R 4.2.2), by hand: 2 chains, 7,000 dropped, 200,000 kept every 20th; x[i] ~ dpois(U[i] * exp(g[i])),
y[i] ~ dpois(T[i] * exp(g[i] + th[i])), th[i] <- z[i] * raw[i], z[i] ~ dbern(1 - pi[s[i]]) and so on, s[i] the body
system ("systems") or the body system within the period ("top"); standard errors of means and probabilities below 0.005.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pvtracker.stats import berry_berry_periods, berry_berry_poisson
from pvtracker.stats.berry_berry_periods import ENTRIES, OF_PARAMETERS
from tests.pure.stats.against import Against
from tests.pure.stats.test_berry_berry import OTHER_PRIORS

REFERENCE = np.array([12, 8, 3, 0, 20, 5, 9, 1, 4, 2, 6, 9, 2, 1, 11, 2, 5, 0, 3, 3])
ARM = np.array([25, 19, 9, 2, 22, 4, 8, 3, 3, 7, 14, 12, 5, 0, 10, 4, 6, 2, 1, 6])
YEARS_ARM, YEARS_REF = np.repeat([60.0, 35.0], 10), np.repeat([58.0, 33.0], 10)
SYSTEM = np.tile(np.repeat(["skin", "gut", "eye"], [4, 3, 3]), 2)
PERIOD = np.repeat(["procedure", "follow-up"], 10)
GIVEN = (ARM, YEARS_ARM, REFERENCE, YEARS_REF, SYSTEM, PERIOD)
QUICK: dict[str, Any] = {"chains": 4, "warm_up": 50, "draws": 100, "most_draws": 100}
JAGS = {
    "systems": {
        "mean": [
            *(0.6853, 0.7247, 0.5691, 0.2405, 0.0302, -0.0474, -0.0104, 0.1083, 0.0138, 0.3665),
            *(0.696, 0.3146, 0.4222, 0.0285, 0.0113, 0.0374, 0.028, 0.1398, -0.046, 0.3397),
        ],
        "sd": [
            *(0.3779, 0.4195, 0.4879, 0.463, 0.139, 0.2472, 0.1777, 0.3679, 0.3026, 0.504),
            *(0.4624, 0.3817, 0.4873, 0.4728, 0.1673, 0.2582, 0.2216, 0.4285, 0.3891, 0.4997),
        ],
        "p_zero": [
            *(0.1088, 0.1206, 0.2487, 0.4339, 0.825, 0.7748, 0.8059, 0.6396, 0.6848, 0.4886),
            *(0.1568, 0.39, 0.3386, 0.4983, 0.8075, 0.7687, 0.7839, 0.618, 0.6494, 0.51),
        ],
        "p_positive": [
            *(0.8861, 0.8729, 0.7263, 0.4472, 0.1267, 0.0751, 0.0868, 0.2546, 0.1714, 0.4766),
            *(0.8314, 0.5628, 0.6042, 0.2905, 0.1094, 0.1444, 0.1343, 0.2766, 0.155, 0.4478),
        ],
    },
    "top": {
        "mean": [
            *(0.7089, 0.7446, 0.5775, 0.2192, 0.0384, -0.0462, -0.0102, 0.114, 0.0069, 0.374),
            *(0.5159, 0.1763, 0.2289, -0.1405, 0.0262, 0.0691, 0.0541, 0.103, -0.0985, 0.2621),
        ],
        "sd": [
            *(0.4003, 0.4409, 0.5122, 0.4789, 0.1544, 0.2663, 0.1995, 0.3868, 0.3185, 0.5203),
            *(0.5021, 0.3304, 0.4329, 0.539, 0.2001, 0.3184, 0.2632, 0.4342, 0.4263, 0.4619),
        ],
        "p_zero": [
            *(0.1222, 0.1336, 0.2664, 0.4764, 0.7894, 0.741, 0.7758, 0.6397, 0.6803, 0.4901),
            *(0.3452, 0.585, 0.5514, 0.5914, 0.7583, 0.6996, 0.7278, 0.6312, 0.6499, 0.562),
        ],
        "p_positive": [
            *(0.8732, 0.8605, 0.7084, 0.4042, 0.1556, 0.093, 0.1042, 0.257, 0.169, 0.4731),
            *(0.6385, 0.3574, 0.375, 0.1426, 0.1474, 0.2012, 0.181, 0.2484, 0.1245, 0.381),
        ],
    },
}


# 2.5 % and 97.5 % points: 3 chains, 7,000 dropped, 200,000 kept every tenth, apply(draws, 2, quantile, c(.025, .975))
LIMITS = {
    "systems": {
        "low": [
            *(0, 0, -0.0149, -0.5127, -0.143, -0.7899, -0.4946, -0.5435, -0.7311, -0.0922),
            *(0, -0.1306, -0.2016, -1.0658, -0.367, -0.479, -0.4164, -0.5734, -1.0906, -0.1474),
        ],
        "high": [
            *(1.3728, 1.4848, 1.5469, 1.3496, 0.477, 0.3737, 0.3819, 1.1325, 0.7779, 1.5528),
            *(1.5612, 1.1535, 1.4832, 1.0102, 0.4784, 0.8033, 0.6695, 1.288, 0.7529, 1.5334),
        ],
    },
    "top": {
        "low": [
            *(0, 0, -0.0088, -0.5492, -0.1676, -0.8409, -0.5422, -0.5645, -0.7898, -0.1087),
            *(0, -0.1671, -0.3115, -1.7262, -0.3851, -0.4943, -0.4226, -0.7022, -1.3319, -0.2439),
        ],
        "high": [
            *(1.4367, 1.5436, 1.6003, 1.3724, 0.5222, 0.4526, 0.4527, 1.1534, 0.7857, 1.5943),
            *(1.5423, 1.0565, 1.3545, 0.7313, 0.5958, 0.9774, 0.8291, 1.2794, 0.6711, 1.4535),
        ],
    },
}
# JAGS's draws of the worst term of "top" are worth 3,000
WITHIN = {"systems": 0.06, "top": 0.12}


@pytest.mark.parametrize("sharing", JAGS)
def test_periods_that_share_in_jags(sharing: Any, against: Against) -> None:
    found = berry_berry_periods(*GIVEN, sharing=sharing)
    assert not any(found.warning)
    for name, expected in JAGS[sharing].items():
        against(
            "berry_berry_periods",
            "JAGS 4.3.1, two periods",
            "program",
            getattr(found, name),
            expected,
            within=0.025,
        )
    for name, limits in LIMITS[sharing].items():
        source = "JAGS 4.3.1, two periods, limits"
        against(
            "berry_berry_periods",
            source,
            "program",
            getattr(found, name),
            limits,
            within=WITHIN[sharing],
        )


@pytest.mark.parametrize("sharing", ["none", "systems"])
def test_priors_and_options_are_handed_on(sharing: Any) -> None:
    """As given to the model without periods: to each period's own, or to that of all entries as one."""
    priors = OTHER_PRIORS | {"tau2_gamma_0_0": 2.2, "tau2_theta_0_0": 0.9}
    assert len(set(priors.values())) == 14, "none can be taken for another"
    options: dict[str, Any] = {**priors, **QUICK, "gamma_variance": "common", "confidence_level": 0.8}
    options |= {"margin": 1.5, "seed": 9}
    found = berry_berry_periods(*GIVEN, sharing=sharing, **options)
    parts = [slice(0, 10), slice(10, 20)] if sharing == "none" else [slice(0, 20)]
    own = [
        berry_berry_poisson(ARM[its], YEARS_ARM[its], REFERENCE[its], YEARS_REF[its], SYSTEM[its], **options)
        for its in parts
    ]
    assert (found.margin, found.confidence_level, found.seed) == (1.5, 0.8, 9)
    for name in OF_PARAMETERS:
        expected = np.concatenate([getattr(one.parameters, name) for one in own])
        assert np.isfinite(expected).all()
        np.testing.assert_array_equal(getattr(found.parameters, name), expected)
    for name in ("r_hat", "ess_bulk", "ess_probability"):
        expected = np.concatenate([getattr(one, name) for one in own])
        np.testing.assert_array_equal(getattr(found, name), expected)


def test_periods_that_share_nothing_are_models_of_their_own() -> None:
    found = berry_berry_periods(*GIVEN, sharing="none", **QUICK)
    for period, rows in (("procedure", slice(0, 10)), ("follow-up", slice(10, 20))):
        own = berry_berry_poisson(
            ARM[rows], YEARS_ARM[rows], REFERENCE[rows], YEARS_REF[rows], SYSTEM[rows], **QUICK
        )
        for name in ENTRIES:
            np.testing.assert_array_equal(getattr(found, name)[rows], getattr(own, name))
        its = [i for i, one in enumerate(found.parameters.name) if one.endswith(f" of {period}")]
        assert [found.parameters.name[i] for i in its] == [
            f"{one} of {period}" for one in own.parameters.name
        ]
        for name in OF_PARAMETERS:
            np.testing.assert_array_equal(getattr(found.parameters, name)[its], getattr(own.parameters, name))


def test_entries_come_back_in_the_order_in_which_they_were_given() -> None:
    order = np.random.default_rng(1).permutation(20)
    mixed = berry_berry_periods(*(np.asarray(one)[order] for one in GIVEN), sharing="none", **QUICK)
    straight = berry_berry_periods(*GIVEN, sharing="none", **QUICK)
    np.testing.assert_array_equal(mixed.raw, straight.raw[order])
    assert straight.raw[0] == pytest.approx(np.log(25 / 60 / (12 / 58)))


@pytest.mark.parametrize("sharing", ["systems", "top", "none"])
def test_one_period_is_the_model_without_periods(sharing: Any) -> None:
    arm, years, reference, years_ref, system = (each[:10] for each in GIVEN[:5])
    given: dict[str, Any] = {"margin": 1.5, "seed": 4, **QUICK}
    period = np.repeat(1, 10)
    found = berry_berry_periods(arm, years, reference, years_ref, system, period, sharing=sharing, **given)
    plain = berry_berry_poisson(arm, years, reference, years_ref, system, **given)
    for name in ENTRIES[:-1]:  # a warning names the system, with its period
        np.testing.assert_array_equal(getattr(found, name), getattr(plain, name))


def test_what_periods_share_is_seen_in_the_parameters() -> None:
    ways: tuple[Any, ...] = ("systems", "top", "none")
    names = {
        sharing: berry_berry_periods(*GIVEN, sharing=sharing, **QUICK).parameters.name.tolist()
        for sharing in ways
    }
    count = {sharing: len(all_names) for sharing, all_names in names.items()}
    assert count["top"] == count["systems"] + 3 * 5 and count["none"] == 2 * count["systems"]
    assert any("procedure, skin" in name for name in names["top"])


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="sharing must be systems, top, none, got 'all'"):
        berry_berry_periods(*GIVEN, sharing="all")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"period must have shape \(20,\), one label for each entry"):
        berry_berry_periods(*GIVEN[:5], ["a"])
    with pytest.raises(ValueError, match=r"period must label every entry, got nan"):
        berry_berry_periods(*GIVEN[:5], [np.nan] * 20)
    with pytest.raises(ValueError, match="chains must be ≥ 2"):
        berry_berry_periods(*GIVEN, chains=1)
