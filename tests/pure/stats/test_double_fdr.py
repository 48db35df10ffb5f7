import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvtracker.stats import double_fdr_2004, double_fdr_2012, double_fdr_2012_within
from tests.pure.stats.against import Against
from tests.pure.stats.c212_figures import FDR_P, FDR_SYSTEM

# Example 4.1 of Mehrotra & Adewale (2012): p-values of 42 adverse events in six body systems
EXAMPLE = [
    [0.031, 0.023, 0.029, 0.005, 0.031, 0.000, 0.874, 0.399, 0.293, 0.077],
    [0.216, 0.843, 0.864],
    [1, 0.878, 0.766, 0.598, 0.011, 0.864],
    [0.889, 0.557, 0.767, 0.009, 0.644],
    [1, 0.583, 0.147, 0.789, 0.217, 1, 0.02, 0.784, 0.579, 0.439],
    [0.898, 0.619, 0.193, 0.806, 0.611, 0.526, 0.702, 0.196],
]
EXAMPLE_P = [p for system in EXAMPLE for p in system]
EXAMPLE_SYSTEM = [i for i, system in enumerate(EXAMPLE) for _ in system]

# Help page of c212.DFDR (R package c212), with the ten events that it prints as significant at 0.05
C212_SYSTEM = [1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4]
C212_P = [
    *(0.135005, 0.010000, 0.001000, 0.005000, 0.153501, 0.020000, 0.0013, 0.0023),
    *(0.011, 0.023000, 0.016, 0.0109, 0.559111, 0.751986, 0.308339, 0.837154, 0.325882),
]
C212_SIGNIFICANT = {3, 7, 8, 4, 2, 12, 9, 11, 6, 10}  # AE3, AE7, …

some_trial = st.lists(
    # Thousandths, and levels that no multiple of a thousandth meets: no comparison hangs on a rounding.
    st.tuples(st.integers(0, 3), st.one_of(st.integers(0, 40), st.integers(0, 1000)).map(lambda k: k / 1000)),
    min_size=1,
    max_size=14,
)


def rejected(p: dict[int, float], alpha: float) -> set[int]:
    """Benjamini and Hochberg's step-up procedure in the words of the paper."""
    smallest_first = sorted(p, key=lambda key: p[key])
    passing = [i for i, key in enumerate(smallest_first, start=1) if p[key] * len(p) / i <= alpha]
    return set(smallest_first[: max(passing, default=0)])


def smallest_adjusted(p: dict[int, float]) -> float:
    return min(value * len(p) / i for i, value in enumerate(sorted(p.values()), start=1))


def by_system(trial: list[tuple[int, float]]) -> dict[int, dict[int, float]]:
    systems: dict[int, dict[int, float]] = {}
    for event, (system, p) in enumerate(trial):
        systems.setdefault(system, {})[event] = p
    return systems


def flagged_2004(trial: list[tuple[int, float]], first: float, second: float) -> set[int]:
    systems = by_system(trial)
    selected = rejected({system: min(p.values()) for system, p in systems.items()}, first)
    return {event for system in selected for event in rejected(systems[system], second)}


def flagged_2012(trial: list[tuple[int, float]], alpha: float) -> set[int]:
    systems = by_system(trial)
    selected = rejected({system: smallest_adjusted(p) for system, p in systems.items()}, alpha)
    family = {event: p for system in selected for event, p in systems[system].items()}
    return rejected(family, alpha)


def flagged_2012_within(trial: list[tuple[int, float]], alpha: float) -> set[int]:
    """The second step in each selected body system by itself."""
    systems = by_system(trial)
    selected = rejected({system: smallest_adjusted(p) for system, p in systems.items()}, alpha)
    return {event for system in selected for event in rejected(systems[system], alpha)}


def columns(trial: list[tuple[int, float]]) -> tuple[list[float], list[int]]:
    return [p for _, p in trial], [system for system, _ in trial]


def events(flag: np.ndarray) -> set[int]:
    return set(np.flatnonzero(flag).tolist())


def test_the_published_example_at_ten_percent(against: Against) -> None:
    """Second steps by hand: 0.031 · 10/6 = 0.052 and 0.077 · 10/7 = 0.11; 0.011 · 6 = 0.066; 0.009 · 5 =
    0.045."""
    first_version = double_fdr_2004(EXAMPLE_P, EXAMPLE_SYSTEM, alpha_body_system=0.1, alpha_event=0.1)
    by_hand = np.isin(np.arange(len(EXAMPLE_P)), [0, 1, 2, 3, 4, 5, 17, 22])
    source = "Mehrotra & Adewale (2012), Example 4.1"
    against(
        "double_fdr_2004", f"{source}, flags by hand", "brute force", first_version.flag, by_hand, within=0
    )
    for later in (double_fdr_2012, double_fdr_2012_within):
        flag = later(EXAMPLE_P, EXAMPLE_SYSTEM, alpha=0.1).flag
        against(later.__name__, f"{source}, flags", "published", flag, np.arange(len(flag)) < 6, within=0)


def test_the_example_of_the_r_package_c212(against: Against) -> None:
    result = double_fdr_2012(C212_P, C212_SYSTEM, alpha=0.05)
    expected = [event + 1 in C212_SIGNIFICANT for event in range(len(C212_P))]
    against(
        "double_fdr_2012",
        "R c212, help page of c212.DFDR, flags",
        "published",
        result.flag,
        expected,
        within=0,
    )


def test_the_example_that_c212_opens_with(against: Against) -> None:
    """README.md of rcarragh/c212, "Example": DFDR at 5 % flags the seven events of the third body system only."""
    flag = double_fdr_2012(FDR_P, FDR_SYSTEM, alpha=0.05).flag
    against(
        "double_fdr_2012", "R c212, README, flags", "published", flag, np.array(FDR_SYSTEM) == 3, within=0
    )


def test_flags_of_random_trials_are_those_of_the_steps_of_the_paper(against: Against) -> None:
    rng = np.random.default_rng(20120101)
    for size in range(1, 60):
        p, system = np.round(rng.random(size) ** 2, 3).tolist(), rng.integers(0, 5, size).tolist()
        trial = list(zip(system, p, strict=True))
        for method, flags, expected in (
            (
                "double_fdr_2004",
                double_fdr_2004(p, system, alpha_body_system=0.1109, alpha_event=0.2311).flag,
                flagged_2004(trial, 0.1109, 0.2311),
            ),
            ("double_fdr_2012", double_fdr_2012(p, system, alpha=0.1109).flag, flagged_2012(trial, 0.1109)),
            (
                "double_fdr_2012_within",
                double_fdr_2012_within(p, system, alpha=0.1109).flag,
                flagged_2012_within(trial, 0.1109),
            ),
        ):
            wanted = np.isin(np.arange(size), list(expected))
            against(method, "steps of the paper, flags of 59 trials", "brute force", flags, wanted, within=0)


@given(
    trial=some_trial,
    first=st.sampled_from([0.0371, 0.1109, 0.5003]),
    second=st.sampled_from([0.0521, 0.2311]),
)
@settings(max_examples=80, deadline=None)
def test_2004_flags_what_the_steps_of_the_paper_flag(
    trial: list[tuple[int, float]], first: float, second: float
) -> None:
    result = double_fdr_2004(*columns(trial), alpha_body_system=first, alpha_event=second)
    assert events(result.flag) == flagged_2004(trial, first, second)


@given(trial=some_trial, alpha=st.sampled_from([0.0131, 0.0521, 0.1109, 0.2311, 0.6121]))
@settings(max_examples=120, deadline=None)
def test_2012_flags_what_the_steps_of_the_paper_flag(trial: list[tuple[int, float]], alpha: float) -> None:
    assert events(double_fdr_2012(*columns(trial), alpha=alpha).flag) == flagged_2012(trial, alpha)
    within = double_fdr_2012_within(*columns(trial), alpha=alpha)
    assert events(within.flag) == flagged_2012_within(trial, alpha)


@given(trial=some_trial)
@settings(max_examples=60, deadline=None)
def test_p_adjusted_is_the_smallest_level_that_flags(trial: list[tuple[int, float]]) -> None:
    """Just above p_adjusted the procedure flags; at no smaller level of a fine grid does it."""

    def flags_2004(level: float) -> set[int]:
        return flagged_2004(trial, level, level)

    def flags_2012(level: float) -> set[int]:
        return flagged_2012(trial, level)

    def flags_within(level: float) -> set[int]:
        return flagged_2012_within(trial, level)

    for method, flags in (
        (double_fdr_2004, flags_2004),
        (double_fdr_2012, flags_2012),
        (double_fdr_2012_within, flags_within),
    ):
        for event, smallest in enumerate(method(*columns(trial)).p_adjusted):
            assert event in flags(smallest * (1 + 1e-12) + 1e-300)
            below = [level for level in np.linspace(0.05, 0.95, 19) if level < smallest * (1 - 1e-12)]
            assert not any(event in flags(level) for level in below)


def test_an_event_that_a_larger_family_loses_says_so() -> None:
    """At 0.06 the first body system alone is selected; at 0.5 the large second one joins and drowns its
    weak event."""
    p = [0.01, 0.06] + [0.02] + [1.0] * 19
    system = ["eye"] * 2 + ["skin"] * 20
    assert events(double_fdr_2012(p, system, alpha=0.07).flag) == {0, 1}
    wide = double_fdr_2012(p, system, alpha=0.41)
    assert events(wide.flag) == {0, 2}
    assert wide.p_adjusted[1] == pytest.approx(0.06)
    assert wide.warning[1] == (
        "flagged at its p_adjusted but no longer at alpha, where more body systems join the family"
    )


def test_the_two_readings_of_2012_differ() -> None:
    """By hand at 0.05. Beside eight strong events of the eye skin's second has 0.04 · 12/10 = 0.048, within skin
    0.04 · 4/2 = 0.08. The eye's second of two has 0.04 · 2/2 within the eye, beside seven of skin 0.04 · 9/3 = 0.12."""
    for p, eye, second, over_all, within in (
        ([0.001] * 9 + [0.04, 0.9, 0.9], 8, 9, 0.048, 0.08),
        ([0.001, 0.04, 0.001] + [0.9] * 6, 2, 1, 0.12, 0.04),
    ):
        system = ["eye"] * eye + ["skin"] * (len(p) - eye)
        together, apart = (
            method(p, system, alpha=0.05) for method in (double_fdr_2012, double_fdr_2012_within)
        )
        assert together.p_event[second] == pytest.approx(over_all)
        assert apart.p_event[second] == pytest.approx(within)
        assert (
            bool(together.flag[second]) == (over_all <= 0.05) != (within <= 0.05) == bool(apart.flag[second])
        )


def test_levels_that_only_rounding_parts_are_one_level() -> None:
    """0.018 · 4/2 and 0.027 · 4/3 are 0.036 on paper and differ in the last digit in the machine."""
    trial = [
        (0, 0.009),
        (0, 0.018),
        (0, 0.027),
        (0, 0.037),
        (1, 0.0),
        (2, 0.009),
        (2, 0.018),
        (2, 0.033),
        (3, 0.0),
    ]
    p, system = columns(trial)
    p_adjusted = double_fdr_2012(p, system).p_adjusted
    for event, level in enumerate(p_adjusted):
        assert event in flagged_2012(trial, level * (1 + 1e-12) + 1e-300)


def test_a_missing_p_counts_in_no_family() -> None:
    p, system = [0.01, np.nan, 0.5, np.nan], ["eye", "eye", "skin", "ear"]
    for method in (double_fdr_2004, double_fdr_2012, double_fdr_2012_within):
        result, without = method(p, system), method([0.01, 0.5], ["eye", "skin"])
        np.testing.assert_array_equal(result.p_adjusted[[0, 2]], without.p_adjusted)
        np.testing.assert_array_equal(result.flag, [without.flag[0], False, without.flag[1], False])
        assert np.isnan(result.p_adjusted[[1, 3]]).all()
        assert result.warning[1] == "no p-value: the event is not counted in any family"
        assert method([], []).p_adjusted.shape == (0,)


@given(trial=some_trial)
@settings(max_examples=30, deadline=None)
def test_order_of_events_and_names_of_body_systems_do_not_matter(trial: list[tuple[int, float]]) -> None:
    p, system = columns(trial)
    names = [f"system {3 - label}" for label in system]
    for method in (double_fdr_2004, double_fdr_2012, double_fdr_2012_within):
        here, there = method(p, system), method(p[::-1], names[::-1])
        np.testing.assert_array_equal(here.p_adjusted, there.p_adjusted[::-1])
        np.testing.assert_array_equal(here.flag, there.flag[::-1])


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"p must lie in \[0, 1\] or be nan, got -0.1"):
        double_fdr_2004([-0.1], [1])
    with pytest.raises(ValueError, match=r"p and body_system must both have shape \(n,\)"):
        double_fdr_2012([0.1, 0.2], [1])
    with pytest.raises(ValueError, match="alpha must lie strictly between 0 and 1, got 5"):
        double_fdr_2012([0.1], [1], alpha=5)
    with pytest.raises(ValueError, match="alpha_event must lie strictly between 0 and 1, got 0"):
        double_fdr_2004([0.1], [1], alpha_event=0)
    with pytest.raises(ValueError, match="alpha_body_system must lie strictly between 0 and 1, got 1"):
        double_fdr_2004([0.1], [1], alpha_body_system=1)
