"""The mixed model: SAS and R on the same data, formulas with whole matrices, closed forms, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import linalg

from pvtracker.stats import mmrm
from pvtracker.stats.mixed.covariances import ORDER, STRUCTURES
from pvtracker.stats.mixed.patterns import patterns
from pvtracker.stats.mixed.reml import Fitted, State, _ended, _state, fitted
from pvtracker.stats.mixed.small_samples import adjusted, satterthwaite
from pvtracker.stats.mmrm import LEFT_OUT
from tests.pure.stats import fev_figures as sas
from tests.pure.stats.against import Against

WHO, VISIT = np.repeat(np.arange(200), 4), np.tile([1, 2, 3, 4], 200)


def on_fev(**options: Any) -> Any:
    value, arm = sas.fev()
    return mmrm(WHO, VISIT, value.ravel(), np.repeat(arm, 4), **options)


# --- SAS: one mean for each arm over all visits ----------------------------------------------------------------------
def sas_data() -> tuple[Any, np.ndarray]:
    value, arm = sas.fev()
    some = ~np.isnan(value).all(axis=1)
    z = np.column_stack([np.ones(some.sum()), arm[some]])
    return patterns(value[some] - 40, z), np.tile(np.eye(2), (4, 1))


def estimate(data: Any, fit: Fitted) -> list[float]:
    contrast = np.zeros((1, 8))
    contrast[0, 1] = 1
    error = np.sqrt(adjusted(data, fit)[1, 1])
    return [fit.state.beta[0, 1], float(error), float(satterthwaite(fit, contrast)[0])]


@pytest.mark.parametrize(
    ("structure", "figures", "within"),
    [
        ("toeplitz", sas.SAS_TOEPLITZ, 5e-6),
        ("compound symmetry", sas.SAS_COMPOUND, 2e-6),
        ("ar1", sas.SAS_AR1, 1e-4),
    ],
)
def test_kenward_roger_is_that_of_sas(
    structure: str, figures: tuple[float, ...], within: float, against: Against
) -> None:
    """Data have four decimals here; SAS ends its search of ARH(1) and UN early (see the next test)."""
    data, one_mean = sas_data()
    found = estimate(data, fitted(data, structure, one_mean))
    against("mmrm", "SAS PROC MIXED, DDFM=KR, FEV data of R mmrm", "published", found, figures, within=within)


def test_an_unstructured_covariance_is_that_of_sas(against: Against) -> None:
    """SAS ends where a step would change −2 log L by less than 10⁻⁸ of it: its standard error is 10⁻⁴ from the peak's.
    At SAS's own covariance, of six printed digits, ours are SAS's."""
    data, one_mean = sas_data()
    fit = fitted(data, "unstructured", one_mean)
    source = "SAS PROC MIXED, TYPE=UN, DDFM=KR(FIRSTORDER), FEV data of R mmrm"
    against("mmrm", source, "published", estimate(data, fit), sas.SAS_UNSTRUCTURED, within=3e-4)
    against("mmrm", source, "published", fit.state.minus_two, sas.SAS_MINUS_TWO, within=5e-8)
    assert fit.state.minus_two < sas.SAS_MINUS_TWO + 1e-4
    there = np.array(sas.SAS_COVARIANCE)
    state = _state(data, STRUCTURES["unstructured"].made(there, 4), one_mean)
    assert isinstance(state, State)
    at_sas = _ended(data, state, there, 0, enough=1e-3)
    source = "the same at the covariance that SAS prints"
    against("mmrm", source, "published", estimate(data, at_sas), sas.SAS_UNSTRUCTURED, within=2e-5)


def test_one_mean_alone_is_that_of_sas(against: Against) -> None:
    value, _ = sas.fev()
    some = ~np.isnan(value).all(axis=1)
    data = patterns(value[some] - 40, np.ones((some.sum(), 1)))
    fit = fitted(data, "unstructured", np.ones((4, 1)))
    source = "SAS PROC MIXED, TYPE=UN, FEV1 ~ 1"
    against("mmrm", source, "published", fit.state.minus_two, sas.SAS_MINUS_TWO_MEAN_ONLY, within=1e-7)
    cells = np.array(sas.SAS_COVARIANCE_MEAN_ONLY)  # of visits 2, 3, 4, 1
    order = np.ix_([3, 0, 1, 2], [3, 0, 1, 2])
    made = STRUCTURES["unstructured"].made(cells, 4).matrix[order][np.tril_indices(4)]
    state = _state(data, STRUCTURES["unstructured"].made(made, 4), np.ones((4, 1)))
    assert isinstance(state, State)
    found = [40 + state.beta[0, 0], np.sqrt(state.phi[0, 0])]
    against("mmrm", source + ", at its covariance", "published", found, [42.8338, 0.3509], within=5e-5)


# --- R ---------------------------------------------------------------------------------------------------------------
# d: id, arm, visit, y of the FEV data; v = factor(visit); b = 40 + 10 * sin(id).
# gls(y ~ arm*v, d, correlation = …(form = ~visit | id), weights = varIdent(form = ~1 | visit), method = "REML",
#     control = glsControl(tolerance = 1e-12, msTol = 1e-14, maxIter = 500, msMaxIter = 500, opt = "nlminb")):
# -2 logLik, then estimate and standard error of the arm at each visit
GLS: dict[str, tuple[dict[str, Any], float, list[float], list[float]]] = {
    "corSymm": (
        {}, 3450.4080856843,
        [4.4651986690708, 4.19946223227352, 3.64095667359718, 4.9681651643357],
        [1.1145071931450, 0.89805177481838, 0.78499431745807, 1.7276668007931],
    ),
    "corSymm, + b*v": (
        {"baseline": 40 + 10 * np.sin(WHO)}, 3462.6026106116,
        [4.37757277629, 4.168040393728, 3.756014556782, 5.11460038890],
        [1.13512480756, 0.906050016561, 0.798200593046, 1.74983249671],
    ),
    "corAR1": (
        {"covariance": "ar1"}, 3467.6200330159,
        [4.50865225368, 4.246052148021, 3.528394505998, 4.70915662629],
        [1.11255075642, 0.895796597285, 0.802632484938, 1.75093266725],
    ),
    "corCompSymm without varIdent": (
        {"covariance": "compound symmetry"}, 3568.8648943187,
        [4.15496005781, 4.23767125225, 3.52801466868, 4.91564697799],
        [1.19501299700, 1.17157125146, 1.22194811686, 1.19493662616],
    ),
}  # fmt: skip


@pytest.mark.parametrize("correlation", GLS)
def test_estimates_and_likelihood_are_those_of_nlme(correlation: str, against: Against) -> None:
    options, minus_two, differences, errors = GLS[correlation]
    found = on_fev(degrees="satterthwaite", **options)
    source = f"R nlme gls({correlation}, REML)"
    against("mmrm", source, "program", -2 * found.log_likelihood, minus_two, within=1e-10)
    assert -2 * found.log_likelihood < minus_two + 1e-7  # no lower peak than theirs
    against("mmrm", source, "program", found.difference, differences, within=1e-6)
    against("mmrm", source, "program", found.standard_error, errors, within=7e-6)


def test_degrees_of_freedom_are_those_of_lmertest(against: Against) -> None:
    """m = lmer(y ~ arm*v + (1|id), d); contest1D(m, l, ddf = "Satterthwaite" | "Kenward-Roger"), arm at each visit.
    pbkrtest, which is behind the latter, takes the expected information where SAS and we take the observed."""
    found = on_fev(covariance="compound symmetry")
    satterthwaites = [515.7639375847716, 511.6810401496032, 518.8660816169786, 515.6291764809696]
    against("mmrm", "R lmerTest, Satterthwaite", "program", found.degrees, satterthwaites, within=1e-8)
    errors = [1.1959825732405, 1.1724333026973, 1.2230396698865, 1.1958998270817]
    degrees = [515.8588441936577, 511.8042461296737, 518.9391787580815, 515.7250244000045]
    source = "R pbkrtest, Kenward-Roger (expected information)"
    against("mmrm", source, "program", found.standard_error, errors, within=1e-5)
    against("mmrm", source, "program", found.degrees, degrees, within=3e-4)


# --- formulas, with whole matrices -----------------------------------------------------------------------------------
def covariance_of(structure: str, parameters: np.ndarray, weeks: int) -> np.ndarray:
    """Cell by cell."""
    made = np.zeros((weeks, weeks))
    cells = iter(parameters)
    if structure == "unstructured":
        for i in range(weeks):
            for j in range(i + 1):
                made[i, j] = made[j, i] = next(cells)
        return made
    for i in range(weeks):
        for j in range(weeks):
            lag = abs(i - j)
            if structure == "compound symmetry":
                made[i, j] = parameters[1] + (parameters[0] if i == j else 0)
                continue
            rho = parameters[weeks + lag - 1] if structure == "toeplitz" else parameters[weeks] ** lag
            made[i, j] = parameters[i] if i == j else np.sqrt(parameters[i] * parameters[j]) * rho
    return made


def turned(function: Any, at: np.ndarray, place: int, step: float) -> Any:
    """Central difference with Richardson's correction."""
    unit = np.zeros(len(at))
    unit[place] = 1
    one, two = ((function(at + h * unit) - function(at - h * unit)) / (2 * h) for h in (step, 2 * step))
    return (4 * one - two) / 3


@pytest.mark.parametrize("structure", ORDER)
def test_every_number_follows_from_its_formula(structure: str, against: Against) -> None:
    """18 participants, 3 weeks, gaps: V, P, Φ, Q, R as Kenward and Roger have them; derivatives of V by differences."""
    rng = np.random.default_rng(12)
    weeks, people = 3, 18
    true = covariance_of("toeplitz", np.array([1, 2, 1.5, 0.6, 0.3]), weeks)
    y = rng.multivariate_normal([5, 6, 7], true, people)
    y[rng.random(y.shape) < 0.2] = np.nan
    y[0] = [4.0, np.nan, 5.0]
    arm, base = np.arange(people) % 2, rng.normal(10, 2, people)
    z = np.column_stack([np.ones(people), arm, base])
    data = patterns(y, z)
    fit = fitted(data, structure)
    theta = fit.parameters
    row = [(i, t) for i in range(people) for t in range(weeks) if not np.isnan(y[i, t])]
    X = np.zeros((len(row), weeks * 3))
    for n, (i, t) in enumerate(row):
        X[n, 3 * t : 3 * t + 3] = z[i]
    values = np.array([y[one] for one in row])

    def whole(parameters: np.ndarray) -> np.ndarray:
        small = covariance_of(structure, parameters, weeks)
        return np.array([[small[t, s] if i == j else 0.0 for j, s in row] for i, t in row])

    def minus_two(parameters: np.ndarray) -> float:
        inverse = np.linalg.inv(whole(parameters))
        beta = np.linalg.solve(X.T @ inverse @ X, X.T @ inverse @ values)
        left = values - X @ beta
        dets = np.linalg.slogdet(whole(parameters))[1] + np.linalg.slogdet(X.T @ inverse @ X)[1]
        return float(dets + left @ inverse @ left + (len(values) - X.shape[1]) * np.log(2 * np.pi))

    V = np.linalg.inv(whole(theta))
    phi = np.linalg.inv(X.T @ V @ X)
    P = V - V @ X @ phi @ X.T @ V
    many = range(len(theta))
    first = [turned(whole, theta, h, 1e-3) for h in many]
    second = [
        [turned(lambda at, h=h: turned(whole, at, h, 1e-2), theta, k, 1e-2) for k in many] for h in many
    ]
    Py = P @ values
    bend = np.array(
        [
            [
                -np.trace(P @ first[h] @ P @ first[k]) + 2 * Py @ first[h] @ P @ first[k] @ Py
                + np.trace(P @ second[h][k]) - Py @ second[h][k] @ Py
                for k in many
            ]
            for h in many
        ]
    )  # fmt: skip
    W = 2 * np.linalg.inv(bend)
    Ps = [-X.T @ V @ one @ V @ X for one in first]
    total = np.zeros_like(phi)
    for h in many:
        for k in many:
            Q = X.T @ V @ first[h] @ V @ first[k] @ V @ X
            R = X.T @ V @ second[h][k] @ V @ X
            total += W[h, k] * (Q - Ps[h] @ phi @ Ps[k] - R / 4)
    phi_adjusted = phi + 2 * phi @ total @ phi
    slope = np.array([-(phi @ one @ phi)[4, 4] for one in Ps])
    degrees = 2 * phi[4, 4] ** 2 / (slope @ W @ slope)
    contrast = np.zeros((1, 9))
    contrast[0, 4] = 1
    source = "whole matrices, derivatives by differences"
    against("mmrm", source, "brute force", fit.state.minus_two, minus_two(theta), within=1e-12)
    against("mmrm", source, "brute force", fit.state.beta.ravel(), phi @ X.T @ V @ values, within=1e-10)
    against("mmrm", source, "brute force", adjusted(data, fit), phi_adjusted, within=1e-6)
    against("mmrm", source, "brute force", satterthwaite(fit, contrast), degrees, within=1e-6)
    peak = [turned(minus_two, theta, h, 1e-4) for h in many]
    np.testing.assert_allclose(peak, 0, atol=1e-6)
    assert (linalg.eigvalsh(bend) > 0).all()


@pytest.mark.parametrize("degrees", ["kenward-roger", "satterthwaite"])
def test_without_gaps_each_week_is_its_own_analysis_of_covariance(degrees: str, against: Against) -> None:
    """38 and 36 participants, 5 weeks, nobody missing: least squares in each week, N − 3 degrees of freedom."""
    rng = np.random.default_rng(3)
    arm, base = np.repeat([1, 0], [38, 36]), rng.normal(500, 150, 74)
    y = base[:, None] + rng.normal(0, 90, (74, 1)) + rng.normal(0, 60, (74, 5)) * [1, 2, 3, 2, 1]
    week = np.tile([4, 12, 24, 48, 100], 74)
    found = mmrm(
        np.repeat(np.arange(74), 5),
        week,
        y.ravel(),
        np.repeat(arm, 5),
        baseline=np.repeat(base, 5),
        degrees=degrees,
    )  # type: ignore[arg-type]
    X = np.column_stack([np.ones(74), arm, base])
    inverse = np.linalg.inv(X.T @ X)
    for t in range(5):
        beta = inverse @ X.T @ y[:, t]
        error = np.sqrt(np.sum((y[:, t] - X @ beta) ** 2) / 71 * inverse[1, 1])
        at = [beta[0] + beta[1] * side + beta[2] * base.mean() for side in (1, 0)]
        ours = [
            found.difference[t],
            found.standard_error[t],
            found.degrees[t],
            found.mean_arm[t],
            found.mean_ref[t],
        ]
        source = "least squares in each week, nobody missing"
        against("mmrm", source, "brute force", ours, [beta[1], error, 71, *at], within=1e-9)


# --- what must hold --------------------------------------------------------------------------------------------------
def test_order_arms_units_and_names_do_not_matter() -> None:
    value, arm = sas.fev()
    y, side = value.ravel(), np.repeat(arm, 4)
    order = np.random.default_rng(2).permutation(800)
    one, shuffled = on_fev(), mmrm(WHO[order].astype(str), VISIT[order], y[order], side[order])
    np.testing.assert_allclose(shuffled.low, one.low, rtol=1e-7)
    swapped = mmrm(WHO, VISIT, 1000 - 7 * y, 1 - side, covariance="toeplitz")
    same = on_fev(covariance="toeplitz")
    np.testing.assert_allclose(swapped.difference, 7 * same.difference, rtol=1e-7)
    np.testing.assert_allclose(swapped.standard_error, 7 * same.standard_error, rtol=1e-7)
    np.testing.assert_allclose(swapped.degrees, same.degrees, rtol=1e-6)
    np.testing.assert_allclose(swapped.mean_ref, 1000 - 7 * same.mean_arm, rtol=1e-7)
    np.testing.assert_allclose(swapped.log_likelihood, same.log_likelihood - (537 - 8) * np.log(7), rtol=1e-9)
    wide = on_fev(confidence_level=0.99)
    assert (wide.low < one.low).all() and (wide.p == one.p).all()
    np.testing.assert_allclose(np.diag(one.correlation), 1)


def test_on_the_scale_log10_ratios_are_told_and_limits_of_detection_stand_as_told() -> None:
    value, arm = sas.fev()
    y, side = 10 ** (value.ravel() / 10), np.repeat(arm, 4)
    below = (y < 1000).astype(int)
    y[below == 1] = 1000
    found = mmrm(
        WHO, VISIT, y, side, scale="log10", below=below, below_as="half", baseline=10.0 ** (1 + WHO % 3)
    )
    by_hand = np.log10(np.where(below == 1, 500, y))
    plain = mmrm(WHO, VISIT, by_hand, side, baseline=1.0 + WHO % 3)
    np.testing.assert_allclose(found.low, plain.low)
    np.testing.assert_allclose(found.ratio, 10**plain.difference)
    np.testing.assert_allclose([found.ratio_low, found.ratio_high], [10**plain.low, 10**plain.high])
    assert np.isnan(plain.ratio).all()


def test_a_single_week_is_a_t_test_of_pooled_variance() -> None:
    found = mmrm(list("abcdef"), [4] * 6, [1, 2, 4, 3, 5, 9], [1, 1, 1, 0, 0, 0], covariance="ar1")
    pooled = (np.var([1, 2, 4]) * 3 + np.var([3, 5, 9]) * 3) / 4
    assert found.standard_error[0] == pytest.approx(np.sqrt(pooled * 2 / 3))
    assert found.degrees[0] == pytest.approx(4) and found.covariance == "unstructured"


def test_weeks_and_participants_that_cannot_be_in_the_model_are_told() -> None:
    value, arm = sas.fev()
    y, side = value.copy(), np.repeat(arm, 4)
    y[arm == 1, 3] = np.nan
    y[np.flatnonzero(arm)[9], 3] = 50.0  # one value of the arm in the last week
    base = np.where(np.arange(200) < 5, np.nan, np.arange(200) % 7)
    found = mmrm(WHO, VISIT, y.ravel(), side, baseline=np.repeat(base, 4))
    np.testing.assert_array_equal(found.warning, [None, None, None, LEFT_OUT])
    assert np.isnan([found.difference[3], found.mean_ref[3], found.sd[3]]).all() and found.n_arm[3] == 1
    assert found.without_baseline == 5 and found.converged and found.participants <= 195
    three = mmrm(
        *(one[VISIT < 4] for one in (WHO, VISIT, y.ravel(), side)), baseline=np.repeat(base, 4)[VISIT < 4]
    )
    np.testing.assert_allclose(found.low[:3], three.low)
    nothing = mmrm(["a", "b"], [1, 1], [2, 3], [1, 0])
    assert list(nothing.warning) == [LEFT_OUT] and not nothing.converged and np.isnan(nothing.log_likelihood)
    assert nothing.fell_back is None and mmrm([], [], [], []).week.size == 0


def test_what_cannot_be_fitted_is_refused_or_falls_back_when_that_is_asked() -> None:
    rng = np.random.default_rng(5)
    who, week, arm = np.repeat(np.arange(12), 9), np.tile(np.arange(9), 12), np.repeat(np.arange(12) % 2, 9)
    y = (rng.normal(0, 1, (12, 1)) + rng.normal(0, 1, (12, 9))).ravel()
    y[(week > 4) & (who < 4)] = np.nan
    refused = mmrm(who, week, y, arm)
    assert (
        not refused.converged and np.isnan(refused.difference).all() and np.isnan(refused.correlation).all()
    )
    assert all("unstructured was not fitted" in one for one in refused.warning) and refused.fell_back is None
    fallen = mmrm(who, week, y, arm, fall_back=True)
    assert fallen.converged and fallen.covariance in ORDER[1:] and not any(fallen.warning)
    assert fallen.fell_back is not None and "covariance unstructured was not fitted" in fallen.fell_back
    direct = mmrm(who, week, y, arm, covariance=fallen.covariance)  # type: ignore[arg-type]
    np.testing.assert_array_equal(fallen.low, direct.low)
    apart = np.where((week == 0) & (who >= 6) | (week == 8) & (who < 6), np.nan, y)
    keep = np.isin(week, (0, 8))
    told = mmrm(who[keep], week[keep], apart[keep], arm[keep])
    assert "nobody was measured both in week 0 and in week 8" in told.warning[0]
    few = mmrm(who[who < 6], week[who < 6], y[who < 6], arm[who < 6])
    assert "6 participants are too few for" in few.warning[0]
    flat = mmrm(who, week, np.where(week == 3, 1.0, y), arm, covariance="ar1")
    assert not flat.converged and "without any residual" in flat.warning[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"covariance": "diagonal"}, "covariance must be unstructured or toeplitz"),
        ({"degrees": "containment"}, "degrees must be kenward-roger or satterthwaite"),
        ({"baseline": [1, 2]}, "baseline must be given for every value"),
        ({"baseline": [1, 2, 3, 3]}, "baseline must be the same in all rows of a participant, a has two"),
        ({"baseline": [0, 0, 1, 1], "scale": "log10"}, "baseline must be > 0"),
        ({"week": [1, 1, 1, 2]}, "once for a participant and week"),
        ({"confidence_level": 2}, "confidence_level"),
        (
            {"participant": range(31), "week": range(31), "value": range(31), "in_arm": 1},
            "at most 30 different",
        ),
        (
            {"participant": range(5001), "week": [1] * 5001, "value": range(5001), "in_arm": 1},
            "at most 5000 partic",
        ),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], words: str) -> None:
    usual: dict[str, Any] = {
        "participant": list("aabb"),
        "week": [1, 2, 1, 2],
        "value": [1, 2, 3, 4],
        "in_arm": [1, 1, 0, 0],
    }
    with pytest.raises(ValueError, match=words):
        mmrm(**(usual | options))
