"""Boundaries over the looks of a term: bounds as published, paths by hand, what they do against simulated trials."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
import vl_convert
from scipy.stats import binom, fisher_exact, hypergeom, norm

from pvtracker import stats
from pvtracker.signals import boundary_chart
from pvtracker.signals.boundaries import drawn, steps
from pvtracker.signals.boundary_design import Design, Look, against_reference, digits_of_z
from pvtracker.signals.boundary_sequential import z_of
from pvtracker.signals.boundary_settings import design_of, faults_of, in_words

LOOKS = [
    Look(date(2026, 1, 31), 2, 10, 0, 9),
    Look(date(2026, 2, 28), 4, 20, 1, 19),
    Look(date(2026, 3, 31), 9, 30, 2, 28),
]
KINDS = ("obrien_fleming", "pocock", "haybittle_peto", "maxsprt", "toxicity", "beta_binomial")
PLANNED = {"maxsprt": 30, "toxicity": 38, "beta_binomial": 38}


def design(kind: str, measure: str = "participants", planned: int = 0) -> Design:
    return Design(kind, measure, planned or PLANNED.get(kind, 74), 0.025, 0.1)


def even(n: int, of: int) -> Look:
    return Look(date(2026, n, 1), n, n * of // 5, n, n * of // 5)


def test_the_bounds_are_the_published_ones() -> None:
    """Five equal looks, one-sided 0.025: O'Brien-Fleming type spending (stats/test_group_sequential.py)."""
    looks = [even(n, 50) for n in range(1, 6)]
    found = drawn(looks, design("obrien_fleming", planned=100))
    assert [step.at for step in found.steps] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert [step.bound for step in found.steps] == pytest.approx(
        [4.877, 3.357, 2.680, 2.290, 2.031], abs=2e-3
    )


@pytest.mark.parametrize("look", LOOKS)
def test_the_path_is_the_quantile_of_fishers_one_sided_p(look: Look) -> None:
    table = [[look.n_arm, look.N_arm - look.n_arm], [look.n_ref, look.N_ref - look.n_ref]]
    assert norm.sf(z_of(look)) == pytest.approx(fisher_exact(table, alternative="greater").pvalue, rel=1e-9)


def test_counts_are_the_path_of_the_other_boundaries() -> None:
    sprt = drawn(LOOKS, design("maxsprt")).steps
    assert [(step.at, step.path) for step in sprt] == [(2, 2), (5, 4), (11, 9), (30, None)]
    arm = drawn(LOOKS, design("toxicity")).steps
    assert [(step.at, step.path) for step in arm] == [(10, 2), (20, 4), (30, 9), (38, None)]
    crossed = drawn(LOOKS, design("beta_binomial")).steps
    assert [step.crosses for step in crossed] == [False, False, True, False]


def test_what_the_boundary_does_agrees_with_simulated_trials() -> None:
    """4,000 trials looked at three times and at the end; both with the risk of the reference and twice that."""
    found = drawn(LOOKS, design("obrien_fleming"))
    assert found.exact
    sizes = [(10, 9), (20, 19), (30, 28), (38, 36)]
    risk = 11 / 58
    random = np.random.default_rng(20260101)
    for ratio, (_, told, used) in zip((1.0, 2.0), (found.does[0], found.does[2]), strict=True):
        arm = random.random((4000, 38)) < risk * ratio
        ref = random.random((4000, 36)) < risk
        crossed = np.zeros(4000, dtype=bool)
        seen = np.zeros(4000)
        for (N_arm, N_ref), step in zip(sizes, found.steps, strict=True):
            seen[~crossed] = (N_arm + N_ref) / 74
            x, y = arm[:, :N_arm].sum(axis=1), ref[:, :N_ref].sum(axis=1)
            p = hypergeom.sf(x - 1, N_arm + N_ref, x + y, N_arm)
            crossed |= p <= norm.sf(step.bound) * (1 + 1e-9)
        assert crossed.mean() == pytest.approx(told, abs=4 * np.sqrt(told * (1 - told) / 4000))
        assert seen.mean() == pytest.approx(used, abs=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_the_error_is_kept_where_nothing_differs_and_grows_with_the_truth(kind: str) -> None:
    found = drawn(LOOKS, design(kind))
    crossing = [crosses for _, crosses, _ in found.does]
    assert crossing == sorted(crossing) and crossing[-1] > 5 * crossing[0]
    if kind != "beta_binomial":  # a posterior keeps no error
        assert crossing[0] <= 0.025 + 1e-9


def test_large_arms_and_events_go_by_the_normal_approximation() -> None:
    large = [Look(date(2026, n, 1), 200 * n, 500 * n, 200 * n, 500 * n) for n in (1, 2)]
    assert not drawn(large, design("pocock", planned=2000)).exact
    events = drawn(LOOKS, design("pocock", "events", planned=20))
    assert [step.at for step in events.steps] == pytest.approx([0.1, 0.25, 0.55, 1.0])
    assert events.exact and 0 < events.does[0][1] < 0.015, "exact: 20 events hardly spend 0.025"
    many = drawn(large, design("pocock", "events", planned=1601))
    assert not many.exact and many.does[0][1] == pytest.approx(0.025, abs=1e-6)


def test_few_events_of_large_arms_are_counted_out() -> None:
    """400 in each arm, a risk of 0.5 %, one look at the end: all pairs of counts, by Fisher's test."""
    looks = [Look(date(2026, 1, 1), 2, 400, 2, 400)]
    found = drawn(looks, design("pocock", planned=800))
    assert found.exact
    x, y = np.arange(60)[:, None], np.arange(60)[None, :]
    crosses = hypergeom.sf(x - 1, 800, x + y, 400) <= 0.025 * (1 + 1e-9)
    for ratio, (_, told, _) in zip((1, 1.5, 2, 3), found.does, strict=True):
        chance = binom.pmf(x, 400, 0.005 * ratio) * binom.pmf(y, 400, 0.005)
        assert told == pytest.approx(chance[crosses].sum(), abs=1e-12)
    normal = stats.group_sequential_crossing([1.0], [norm.isf(0.025)], drift=0.005 / np.sqrt(0.015 / 400))
    assert found.does[2][1] < normal.total / 2


@pytest.mark.parametrize("kind", KINDS[:3])
def test_a_look_just_before_the_end_is_the_end(kind: str) -> None:
    looks = [Look(date(2026, n, 1), 10 * n, 5000 * n, 10 * n, 5000 * n) for n in (1, 2)]
    short = [looks[0], Look(date(2026, 2, 1), 20, 10_000, 20, 9_999)]
    one, other = (drawn(of, design(kind, planned=20_000)) for of in (looks, short))
    assert [step.at for step in other.steps] == [0.5, 1.0] and other.steps[-1].look == short[1]
    assert [step.bound for step in other.steps] == [step.bound for step in one.steps]
    assert other.does[2][1] == pytest.approx(one.does[2][1], rel=1e-3)


def test_a_look_without_more_information_is_no_look_of_its_own() -> None:
    same = [*LOOKS, Look(date(2026, 4, 30), 12, 30, 3, 28)]
    found = drawn(same, design("obrien_fleming"))
    assert [step.look for step in found.steps] == [LOOKS[0], LOOKS[1], same[3], None] and found.dropped == 1


@pytest.mark.parametrize(
    ("looks", "planned", "said"),
    [
        (LOOKS, 20, "more than the 20 planned"),
        ([Look(date(2026, 1, 1), 0, 0, 0, 0)], 20, "no look has any"),
        ([Look(date(2026, 1, 1), 3, 9, 0, 0)], 20, "nobody of the reference is"),
        ([Look(date(2026, 1, 1), 0, 0, 1, 9)], 20, "nobody of the arm is"),
    ],
)
def test_what_cannot_be_drawn_is_said(looks: list[Look], planned: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        drawn(looks, design("obrien_fleming", planned=planned))


@pytest.mark.parametrize("kind", KINDS)
def test_each_picture_is_drawn_and_names_both_lines(kind: str) -> None:
    spec = boundary_chart.path_chart(drawn(LOOKS, design(kind)), "OZ1")
    svg = vl_convert.vegalite_to_svg({**spec, "width": 400}, allowed_base_urls=[])
    assert ">Boundary</text>" in svg and ">OZ1</text>" in svg


@pytest.mark.parametrize(
    ("path", "bound", "digits"),
    [
        (1.9595, 1.95996, 4),
        (1.95, 1.96, 2),
        (1.964, 1.956, 2),
        (1.96, 1.96, 2),
        (None, 2.0, 2),
        (2.0, None, 2),
        (1.96 - 2e-09, 1.96, 9),
        (1.96 - 9e-10, 1.96, 2),
    ],
)
def test_a_path_that_does_not_cross_is_printed_apart_from_its_bound(
    path: float | None, bound: float | None, digits: int
) -> None:
    assert digits_of_z(path, bound) == digits


def test_the_page_says_where_the_normal_approximation_misleads() -> None:
    large = [Look(date(2026, n, 1), 200 * n, 500 * n, 200 * n, 500 * n) for n in (1, 2)]
    many = drawn(large, design("pocock", "events", planned=1601))
    assert many.how.endswith("overstates the probabilities where events are few")
    assert drawn(LOOKS, design("pocock", "events", planned=20)).how == "Exact, from the counts themselves"
    assert drawn(LOOKS, design("pocock")).how == "Exact, from the counts themselves"


def test_what_a_boundary_by_events_does_is_that_of_the_participants_at_its_looks() -> None:
    found = drawn(LOOKS, design("pocock", "events", planned=20))
    z = [np.inf if step.bound is None else step.bound for step in found.steps]
    told = stats.group_sequential_events_crossing(
        [10, 20, 30, 30], [9, 19, 28, 28], [2, 5, 11, 20], z, ratio=2.0
    )
    assert found.does[2][1:] == pytest.approx((told.total, told.expected_fraction))
    assert found.truth == "True rate ratio"
    grown = drawn(
        LOOKS, design("pocock", "events", planned=110)
    )  # more than the 58 that are in: 580 would have 110
    z = [np.inf if step.bound is None else step.bound for step in grown.steps]
    told = stats.group_sequential_events_crossing(
        [10, 20, 30, 300], [9, 19, 28, 280], [2, 5, 11, 110], z, ratio=3.0
    )
    assert grown.exact and grown.does[3][1] == pytest.approx(told.total)


def fixed(kind: str, **settings: Any) -> Design:
    return design_of(kind, settings, fixed_before=True)


FIXED = (
    fixed("obrien_fleming", planned=80, alpha=0.025),
    fixed("pocock", measure="events", planned=20, alpha=0.025),
    fixed("haybittle_peto", planned=80, alpha=0.025),
    fixed("maxsprt", planned=30, alpha=0.05, part=0.5),
    fixed("cmaxsprt", planned=20, alpha=0.05, history_events=10, history_years=100.0),
    fixed("toxicity", planned=50, alpha=0.1, risk=0.1),
    fixed("beta_binomial", planned=50, threshold=0.95, risk=0.1),
)


@pytest.mark.parametrize("one", FIXED, ids=lambda one: one.kind)
def test_no_bound_that_was_fixed_depends_on_later_looks(one: Design) -> None:
    """Whatever is looked at later, and whatever is counted: the bounds of the looks before stay."""
    looks = [replace(look, years_arm=5.0 * n) for n, look in enumerate(LOOKS, 1)]
    whole = [step.bound for step in steps(looks, one) if step.look]
    for n in (1, 2):
        assert [step.bound for step in steps(looks[:n], one) if step.look] == pytest.approx(whole[:n])
    other = [*looks[:2], replace(looks[2], n_arm=12, N_arm=38, n_ref=1)]
    assert [step.bound for step in steps(other, one)][:2] == pytest.approx(whole[:2])


def test_the_first_look_with_its_information_spends_the_error_and_the_first_at_the_end_is_the_last() -> None:
    one = FIXED[0]
    again = [*LOOKS, Look(date(2026, 4, 30), 19, 30, 0, 28)]
    assert [step.look for step in steps(again, one)] == [*LOOKS, None]
    over = [LOOKS[0], Look(date(2026, 4, 1), 9, 43, 2, 42), Look(date(2026, 5, 1), 20, 60, 2, 50)]
    found = drawn(over, one)
    assert [step.look for step in found.steps] == over[:2] and found.dropped == 1
    times = np.array([19.0, 85.0])
    z = [step.bound for step in found.steps]
    spent = stats.group_sequential_crossing(times / 85, z).total
    assert spent == pytest.approx(0.025, abs=1e-9), "over-running spends no more"
    assert stats.group_sequential_crossing([19 / 80, 1.0], z).total != pytest.approx(0.025, abs=1e-9)


@pytest.mark.parametrize("kind", ["obrien_fleming", "pocock", "haybittle_peto"])
@pytest.mark.parametrize(
    ("planned", "of"), [(100, (2, 40_000)), (1_000_000, (50, 500_000)), (100, (80, 82, 800_000))]
)
def test_a_look_stands_however_much_came_after_it(kind: str, planned: int, of: tuple[int, ...]) -> None:
    """The first look came with less than 0.0001 of what was in later, or of what is planned: no bound of one that was
    held changes, no crossing is lost, no error is spent twice."""
    one = fixed(kind, planned=planned, alpha=0.025)
    looks = [Look(date(2026, n, 1), n_of // 2, n_of // 2, 0, n_of // 2) for n, n_of in enumerate(of, 1)]
    found = steps(looks, one)
    assert [step.look for step in found if step.look] == looks
    for n in range(1, len(looks)):
        before = [step for step in steps(looks[:n], one) if step.look]
        assert [step.bound for step in before] == pytest.approx([step.bound for step in found][:n])
        assert [step.crosses for step in before] == [step.crosses for step in found][:n]
    information = np.array([*of, *([planned] if of[-1] < planned else [])], dtype=float)
    z = np.array([np.inf if step.bound is None else step.bound for step in found])
    path = np.random.default_rng(7).normal(size=(200_000, len(z))) * np.sqrt(np.diff(information, prepend=0))
    beyond = (np.cumsum(path, axis=1) >= z * np.sqrt(information)).any(axis=1).mean()
    assert beyond == pytest.approx(0.025, abs=4 * np.sqrt(0.025 / 200_000))


def test_a_look_with_next_to_no_more_information_is_none_and_one_with_more_is_one() -> None:
    """More by 1 in 10,000 of what is in, not of what is planned: early in a large trial a look may follow soon."""
    one = fixed("pocock", planned=1_000_000, alpha=0.025)
    looks = [
        Look(date(2026, n, 1), 0, of // 2, 0, of // 2) for n, of in enumerate((50, 120, 400_000, 400_020), 1)
    ]
    assert [step.look for step in steps(looks, one)] == [*looks[:3], None]


@pytest.mark.parametrize("one", [FIXED[3], FIXED[5]], ids=lambda one: one.kind)
def test_a_look_beyond_the_end_crosses_where_the_end_must_have(one: Design) -> None:
    """Against every order in which what came could have come: the fewest that the arm had at the end."""
    end = one.planned
    last = steps([Look(date(2026, 1, 1), end, end, 0, 10 if one.kind == "toxicity" else end)], one)[-1]
    assert last.at == end and last.bound is not None
    for more in (1, 3):
        for n_arm in range(int(last.bound) - 1, int(last.bound) + more + 2):
            n = end + more
            N_arm, n_ref = (n, 0) if one.kind == "toxicity" else (200, n - n_arm)
            (step,) = steps([Look(date(2026, 1, 1), n_arm, N_arm, n_ref, 200)], one)
            fewest = n_arm - more
            assert step.crosses == (fewest >= last.bound)


def test_the_continuous_boundary_crosses_less_often_at_few_looks() -> None:
    for one in (FIXED[3], FIXED[5]):
        looked = drawn(LOOKS, one)
        assert looked.does[0][1] <= one.alpha and [p for _, p, _ in looked.does] == sorted(
            p for _, p, _ in looked.does
        )
    continuous = stats.toxicity_boundary(50, risk=0.1, alpha=0.1)
    at = steps(LOOKS, FIXED[5])
    assert [step.bound for step in at] == [float(continuous.events[n - 1]) for n in (10, 20, 30, 50)]


def test_the_conditional_boundary_holds_the_arm_against_the_history() -> None:
    one, found = FIXED[4], stats.cmaxsprt_boundary(10, cases=20, alpha=0.05)
    for n_arm, years in ((1, 0.05), (2, 1.0), (8, 20.0), (9, 20.0), (20, 100.0), (3, 400.0), (25, 90.0)):
        look = Look(date(2026, 1, 1), n_arm, 60, 1, 60, years)
        (step,) = steps([look], one)
        ratio = stats.cmaxsprt_ratio([min(n_arm, 20)], [years / 100], historical_cases=10)[0]
        assert step.crosses == (ratio >= found.critical), (n_arm, years)
        assert (step.at, step.path) == (years, n_arm)
    done = drawn([Look(date(2026, 1, 1), 3, 60, 1, 60, 20.0)], one)
    assert done.does[0][1] == pytest.approx(found.error, abs=1e-9) and done.how.startswith(
        "Exact, looked at whenever"
    )
    with pytest.raises(ValueError, match="no look has any person-years"):
        steps([Look(date(2026, 1, 1), 0, 9, 0, 9)], one)


def test_a_pool_has_the_odds_of_its_arms_together() -> None:
    """Two arms and a reference, 1 : 1 : 1, no difference, looked at after every event: simulated."""
    one = Design("maxsprt", planned=60, alpha=0.025, part=0.5, fixed=True)
    pool = against_reference(one, ["Low", "High"], "Placebo")
    assert pool.part == pytest.approx(2 / 3) and against_reference(one, ["Low"], "Placebo") == one
    plain = Design("toxicity", planned=60)
    assert against_reference(plain, ["Low", "High"], "Placebo") == plain
    of_pool = np.cumsum(np.random.default_rng(1).random((20_000, 60)) < 2 / 3, axis=1)
    crossed = []
    for design in (one, pool):
        bounds = [steps([Look(date(2026, 1, 1), n, 100, 0, 50)], design)[0].bound for n in range(1, 61)]
        needed = [np.inf if bound is None else bound for bound in bounds]
        crossed.append((of_pool >= needed).any(axis=1).mean())
    assert crossed[0] > 0.4 and crossed[1] < 0.027  # with the odds of one arm half of such trials would cross


@pytest.mark.parametrize(("arms", "share"), [(["Low"], 2 / 3), (["High"], 1 / 2), (["Low", "High"], 3 / 4)])
def test_of_unequal_arms_each_keeps_its_error_by_the_allocation(arms: list[str], share: float) -> None:
    """2 : 1 : 1, no difference, looked at after every event: 40,000 simulated trials. By one share of a half, the arm
    that gets two of three would cross in most of them."""
    signed = fixed("maxsprt", planned=60, alpha=0.05, allocation={"High": 1, "Low": 2, "Placebo": 1})
    one = against_reference(signed, arms, "Placebo")
    assert one.part == pytest.approx(share)
    path = np.cumsum(np.random.default_rng(5).random((40_000, 60)) < share, axis=1)

    def crossed(design: Design) -> float:
        looks = [Look(date(2026, 1, 1), n, 100, 0, 50) for n in range(1, 61)]
        bounds = [steps([look], design)[0].bound for look in looks]
        needed = [np.inf if bound is None else bound for bound in bounds]
        return float((path >= needed).any(axis=1).mean())

    exact = drawn([Look(date(2026, 1, 1), n, 100, 0, 50) for n in (1, 60)], one)
    told = stats.maxsprt_binomial_boundary(60, probability=share, alpha=0.05).error
    assert 0.03 < told <= 0.05 and exact.does[0][1] <= told
    assert crossed(one) == pytest.approx(told, abs=4 * np.sqrt(0.05 / 40_000))
    if share > 0.5:
        assert crossed(replace(signed, part=0.5, allocation=())) > 0.5
    with pytest.raises(ValueError, match="allocation does not name this arm"):
        steps([Look(date(2026, 1, 1), 1, 9, 0, 9)], against_reference(signed, ["Middle"], "Placebo"))


def test_haybittle_peto_spends_no_more_than_its_error_and_keeps_its_crossings() -> None:
    """Error 0.003 at z = 3: the second look before the last has what the first left, the others nothing. Simulated."""
    one = fixed("haybittle_peto", planned=100, alpha=0.002)
    looks = [Look(date(2026, n, 1), 9, 10 * n, 0, 10 * n) for n in (1, 2, 3, 4, 5)]
    found = steps(looks, one)
    bounds = [step.bound for step in found]
    assert bounds[0] == 3.0 and bounds[1] is not None and bounds[1] > 3.1 and bounds[2:] == [None] * 3
    assert found[0].crosses and steps(looks[:1], one)[0] == found[0]
    for n in (1, 2, 3, 4):
        assert [step.bound for step in steps(looks[:n], one) if step.look] == pytest.approx(bounds[:n])
    times = np.arange(1, 6) / 5
    spent = stats.group_sequential_crossing(times, [np.inf if z is None else z for z in bounds]).total
    assert spent == pytest.approx(0.002, abs=1e-9)
    assert drawn(looks, one).said.startswith("The looks so far have spent all of the error")
    assert drawn(looks[:1], one).said == ""
    bears = dict(in_words(one))["Looks that its error bears"]
    assert bears.startswith("1 before the last, evenly spaced")
    assert "Looks that its error bears" not in dict(in_words(replace(one, alpha=0.025)))


def test_planned_looks_that_haybittle_peto_does_not_bear_are_refused_beforehand() -> None:
    given = {"measure": "participants", "planned": 74, "alpha": 0.005, "interim_z": 3.0}
    assert not faults_of("haybittle_peto", given | {"looks": 5})
    said = faults_of("haybittle_peto", given | {"looks": 8})["interim_z"]
    assert said.startswith("7 looks before the last, evenly spaced, at z = 3 spend an error of 0.005")
    assert "plan fewer looks" in said
    assert "from 1 to 50" in faults_of("haybittle_peto", given | {"looks": 51})["looks"]


def test_an_early_look_of_many_can_cross_a_high_bound() -> None:
    """5 % of the information: the bound of O'Brien-Fleming type spending is 9.955, and p is far smaller."""
    (early, _) = steps(
        [Look(date(2026, 1, 1), 200, 250, 20, 250)], Design("obrien_fleming", planned=10_000, fixed=True)
    )
    assert early.bound == pytest.approx(9.955, abs=1e-3) and early.crosses


def test_a_haybittle_peto_boundary_whose_first_look_spends_all_is_refused() -> None:
    given = {"measure": "participants", "planned": 74, "alpha": 0.001, "interim_z": None}
    assert "spends an error of 0.0013" in faults_of("haybittle_peto", given)["interim_z"]
    assert not faults_of("haybittle_peto", given | {"interim_z": 3.5})
    assert not faults_of("haybittle_peto", given | {"alpha": 0.025})
