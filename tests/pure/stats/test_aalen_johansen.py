from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats as scipy_stats

from pvtracker.stats import aalen_johansen, kaplan_meier
from tests.pure.stats.against import Against
from tests.pure.stats.survival_data import BREAST_CANCER, MADE_ARM, MADE_EVENT, MADE_TIME, some_trials, trial

Trial = tuple[np.ndarray, np.ndarray, np.ndarray]
AT = [0, 3, 7, 12, 19, 23, 28]
FIRST = MADE_ARM == 0


def test_the_example_worked_by_hand_in_the_british_journal_of_cancer(against: Against) -> None:
    """Satagopan et al. (2004), Table 2b, in per cent: what each death of breast cancer adds to the incidence, survival
    at all. (Its last column adds up the rounded 0.3, to 1.2 for 1.3.)"""
    source = "Satagopan et al. 2004, Table 2"
    found = aalen_johansen(*BREAST_CANCER, at=[0, 10, 16, 23, 27])
    added = 100 * np.diff(found.estimate, prepend=0)
    against("aalen_johansen", source, "published", added, [0, 0.3, 0.3, 0.3, 0.3], within=0.05)
    survival = aalen_johansen(*BREAST_CANCER, at=[10, 16, 18, 23, 26, 27])
    alive = 100 * (1 - survival.estimate - survival.dead)
    printed = np.array([99.7, 99.3, 99.0, 98.7, 98.3, 98.0])
    against("aalen_johansen", source, "published", alive / 100, printed / 100, within=5e-4)


def test_the_example_of_the_vignette_of_r_survival(against: Against) -> None:
    """Vignette "survival" of survival 3.5-3, section 2.3.1, `crdata`: three ends, each against the other two."""
    time = np.array([*range(1, 9), 6, 7, 8])
    end = np.array([1, 1, 2, 0, 1, 1, 3, 0, 2, 3, 0])
    printed = {
        1: [0.0909, 0.1818, 0.1818, 0.2857, 0.3896, 0.3896],
        2: [0, 0, 0.0909, 0.0909, 0.1948, 0.1948],
        3: [0, 0, 0, 0, 0, 0.208],
    }
    for one, incidence in printed.items():
        event = np.where(end == 0, 0, np.where(end == one, 1, 2))
        found = aalen_johansen(time, event, at=[1, 2, 3, 5, 6, 7])
        assert found.at_risk.tolist() == [11, 10, 9, 7, 6, 4]
        within = 5.1e-4 if one == 3 else 5.1e-5
        source = "vignette of R survival, section 2.3.1"
        against("aalen_johansen", source, "published", found.estimate, incidence, within=within)


def test_aalens_variance_is_that_of_r_cmprsk(against: Against) -> None:
    source = "R cmprsk 2.2-11, cuminc"
    found = aalen_johansen(MADE_TIME[FIRST], MADE_EVENT[FIRST], at=AT, variance="aalen")
    assert found.variance_method == "aalen"
    # timepoints(cuminc(t[a == 0], e[a == 0]), c(0, 3, 7, 12, 19, 23, 28))
    event = [0.0789473684211, 0.0789473684211, 0.0789473684211, 0.165063855217, 0.279941291409, 0.378337206345,
             0.525931078748]  # fmt: skip
    death = [0.0263157894737, 0.0263157894737, 0.0534290271132, 0.111557655700, 0.228079133913, 0.326475048849,
             0.400271985051]  # fmt: skip
    variance = [0.001965261660553, 0.001965261660553, 0.00196526166055, 0.00393066590229, 0.00695827828491,
                0.00951943733987, 0.0137402705305]  # fmt: skip
    for ours, theirs in ((found.estimate, event), (found.dead, death), (found.variance, variance)):
        against("aalen_johansen", source, "program", ours, theirs, within=1e-12)
    swapped = aalen_johansen(MADE_TIME[FIRST], (3 - MADE_EVENT[FIRST]) % 3, at=AT, variance="aalen")
    of_death = [0.000692520775623, 0.000692520775623, 0.00138811804639, 0.00286154236891, 0.00630705453352,
                0.00915111456144, 0.0125469411909]  # fmt: skip
    against("aalen_johansen", source, "program", swapped.variance, of_death, within=1e-12)


def test_the_variance_by_the_delta_method_and_all_limits_are_those_of_r_etm(against: Against) -> None:
    """summary(etmCIF(Surv(entry, exit, e != 0) ~ 1, data.frame(entry = 0, exit = t[a == 0] + 1, e = e[a == 0]),
    etype = e), ci.fun = cf, level = .9): rows of time 1, 13, 20, 24, 29 (shifted, since etm begins after 0)."""
    limits = {  # "complement" is etm's cloglog, "plain" its linear
        "complement": [[0.0313067236511, 0.191542972225], [0.0877709873909, 0.298310214768],
            [0.1698274661721, 0.439833103487], [0.2444497962919, 0.553415701987], [0.3613633172569, 0.711309683460]],
        "log-log": [[0.0263729381678, 0.169785659000], [0.0792142849980, 0.278085756079],
            [0.1563266679968, 0.417504040016], [0.2263009897130, 0.529513111587], [0.3343623312279, 0.685978194506]],
        "plain": [[0.00699476516398, 0.150899971678], [0.06341395768269, 0.266713752751],
            [0.14564229273465, 0.414240290084], [0.22225532401589, 0.534419088673], [0.34563375018533, 0.706228407310]],
    }  # fmt: skip
    variance = [0.00191354424843, 0.00381908546064, 0.00666639488553, 0.00900431074371, 0.01201500816318]
    for interval, expected in limits.items():
        found = aalen_johansen(
            MADE_TIME,
            MADE_EVENT,
            arm=MADE_ARM,
            at=[0, 12, 19, 23, 28],
            interval=interval,
            confidence_level=0.9,
        )  # type: ignore[call-overload]
        assert (found.interval, found.confidence_level, found.variance_method) == (interval, 0.9, "delta")
        rows = found.arm == "0"
        ours = np.column_stack([found.low, found.high])[rows]
        against("aalen_johansen", "R etm 1.1.1, etmCIF", "program", ours, expected, within=1e-11)
        against(
            "aalen_johansen", "R etm 1.1.1, etmCIF", "program", found.variance[rows], variance, within=1e-12
        )


def incidence(hazards: list[tuple[Fraction, Fraction]]) -> Fraction:
    """Of the event, after times with these hazards of event and death."""
    alive, total = Fraction(1), Fraction(0)
    for event, death in hazards:
        total += alive * event
        alive *= 1 - event - death
    return total


@pytest.mark.parametrize("one", some_trials(40))
def test_the_estimate_and_its_variance_in_fractions(against: Against, one: Trial) -> None:
    """The delta method as it is defined: slopes of the estimate in each hazard (it is linear in each, so a difference
    is exact) times the multinomial covariance of the hazards of one time."""
    time, event, _ = one
    found = aalen_johansen(time, event)
    hazards: list[tuple[Fraction, Fraction]] = []
    at_risk: list[int] = []
    for row, moment in enumerate(found.time):
        n = int((time >= moment).sum())
        at_risk.append(n)
        here = event[time == moment]
        hazards.append((Fraction(int((here == 1).sum()), n), Fraction(int((here == 2).sum()), n)))
        estimate, variance = incidence(hazards), Fraction(0)
        for place, ((e, d), size) in enumerate(zip(hazards, at_risk, strict=True)):
            moved = []
            for change in ((1, 0), (0, 1)):
                other = list(hazards)
                other[place] = (e + change[0], d + change[1])
                moved.append(incidence(other) - estimate)
            g, h = moved
            variance += (g * g * e + h * h * d - (g * e + h * d) ** 2) / size
        expected = [float(estimate), float(variance) if estimate < 1 else np.nan]
        pair = [found.estimate[row], found.variance[row]]
        against("aalen_johansen", "fractions", "brute force", pair, expected, within=1e-14)
        assert found.at_risk[row] == n


@given(trial(deaths=False))
@settings(max_examples=30, deadline=None)
def test_without_deaths_it_is_one_minus_kaplan_meier(one: Trial) -> None:
    time, event, arm = one
    found, km = aalen_johansen(time, event, arm=arm), kaplan_meier(time, event, arm=arm)
    np.testing.assert_allclose(1 - found.estimate, km.estimate, atol=1e-14)
    np.testing.assert_allclose(found.one_minus_km, found.estimate, atol=1e-14)
    np.testing.assert_allclose(found.variance, km.variance, atol=1e-14)
    np.testing.assert_allclose(1 - found.low, km.high, atol=1e-12)
    np.testing.assert_allclose(1 - found.high, km.low, atol=1e-12)


@given(trial())
@settings(max_examples=30, deadline=None)
def test_one_minus_kaplan_meier_is_never_smaller_and_all_shares_add_up(one: Trial) -> None:
    time, event, _ = one
    found = aalen_johansen(time, event)
    assert (found.one_minus_km >= found.estimate - 1e-14).all()
    free = kaplan_meier(time, (event > 0).astype(int)).estimate
    np.testing.assert_allclose(found.estimate + found.dead + free, 1, atol=1e-13)
    swapped = aalen_johansen(time * 7.5, (3 - event) % 3)
    np.testing.assert_allclose(swapped.estimate, found.dead, atol=1e-14)


def test_where_none_had_the_event_the_limit_is_that_of_a_binomial_share(against: Against) -> None:
    """Of 12 followed so long: SciPy's exact limits of 0 of 12; two who left before say nothing."""
    time, event = [1, 2] + [5] * 12, [0, 2] + [0] * 12
    for level in (0.95, 0.8):
        limits = scipy_stats.binomtest(0, 12).proportion_ci(level, method="exact")
        found = aalen_johansen(time, event, at=[3, 5], confidence_level=level)
        against("aalen_johansen", "SciPy binomtest", "program", found.high, limits.high, within=1e-12)
        km = kaplan_meier(time, event, at=[3, 5], confidence_level=level)
        against("kaplan_meier", "SciPy binomtest", "program", km.low, 1 - limits.high, within=1e-12)


def test_how_much_one_minus_kaplan_meier_exaggerates() -> None:
    """Ten participants: five die at 1, and of the five left three have the event at 2. Three of ten had it; one minus
    Kaplan–Meier says three of five."""
    found = aalen_johansen([1] * 5 + [2] * 3 + [3] * 2, [2] * 5 + [1] * 3 + [0] * 2, at=2)
    np.testing.assert_allclose([found.estimate[0], found.one_minus_km[0], found.dead[0]], [0.3, 0.6, 0.5])
    np.testing.assert_allclose(found.variance, 0.3 * 0.7 / 10)  # nobody was censored before: a binomial share
    assert (found.events[0], found.deaths[0], found.at_risk[0]) == (3, 5, 5)


def test_what_cannot_be_estimated_is_said() -> None:
    found = aalen_johansen([0, 1, 2], [2, 0, 2])
    assert found.estimate.tolist() == [0, 0, 0] and found.low.tolist() == [0, 0, 0]
    assert set(found.warning) == {"no event up to this time: the limits are exact, from those still followed"}
    # after the death at 0 two are followed, and the one censored at 1 is, up to then; at 2 nobody is left alive
    np.testing.assert_allclose(found.high, [1 - 0.025**0.5, 1 - 0.025**0.5, 1])
    all_had = aalen_johansen([1, 2], 1)
    assert all_had.estimate.tolist() == [0.5, 1] and np.isnan(all_had.high).tolist() == [False, True]
    assert all_had.warning[1] == "all who were at risk had the event: the variance does not exist"
    later = aalen_johansen([1, 2, 1, 2], [1, 0, 1, 2], arm=[0, 0, 1, 1], at=3)
    np.testing.assert_array_equal(later.estimate, [np.nan, 0.5])
    np.testing.assert_array_equal(later.dead, [np.nan, 0.5])
    assert later.warning.tolist() == ["nobody is observed so long: the estimate is not known", None]
    assert len(aalen_johansen([], []).time) == 0
    assert aalen_johansen(0, 1).estimate.tolist() == [1]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"event": [0.5, 1]}, "event must be whole numbers"),
        ({"variance": "gray"}, "variance must be one of delta, aalen, got 'gray'"),
        ({"interval": "log"}, "interval must be one of complement, log-log, plain, got 'log'"),
        ({"at": [-1.0]}, "at must be ≥ 0"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"time": [1, 2], "event": [1, 0], **changed}
    with pytest.raises(ValueError, match=message):
        aalen_johansen(**arguments)  # type: ignore[arg-type]
