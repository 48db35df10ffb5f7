"""A screening on small cuts: empty arms, zero cells, what is refused, the table of methods."""

from collections.abc import Collection
from functools import cache
from typing import Any

import numpy as np
import pytest

from pvtracker import stats
from pvtracker.cuts.data import CutData, CutError
from pvtracker.signals.methods import DEFAULT_METHODS, FURTHER_METHODS, METHODS, Method
from pvtracker.signals.rows import ResultRow, to_dict
from pvtracker.signals.screen import Screen, screen
from pvtracker.stats import berry_berry
from pvtracker.stats.berry_berry import ALTERNATIVES
from pvtracker.stats.results import PriorSensitivity
from pvtracker.studies.definitions import parse
from tests.shared import ROOT
from tests.small_cut import allocated, cut, day, event, manifest, person, treated

# design.md section 5: the names of a row, and the analysis arm that is printed with every result
CONTRACT = [
    "level",
    "term",
    "selection",
    "arm",
    "reference",
    "n_arm",
    "N_arm",
    "n_ref",
    "N_ref",
    "events_arm",
    "events_ref",
    "person_years_arm",
    "person_years_ref",
    "follow_up_years_arm",
    "follow_up_years_ref",
    "method",
    "estimate",
    "low",
    "high",
    "p",
    "p_adjusted",
    "posterior",
    "flag",
    "warning",
    "analysis_arm",
]


def trial(arms: dict[str, str], with_event: tuple[str, ...] = (), **said: object) -> CutData:
    """Treated participants by arm code; those named have a headache on day 5."""
    return cut(
        participants=[person(subject) for subject in arms],
        exposures=[treated(subject) for subject in arms],
        arms=[allocated(subject, code) for subject, code in arms.items()],
        adverse_events=[event(subject, 1, day("onset", "2026-01-05")) for subject in with_event],
        **said,  # type: ignore[arg-type]
    )


def row_of(screened: Screen, method: str, *, arm: str = "Low dose", level: str = "PT") -> ResultRow:
    found = [
        r
        for r in screened.rows
        if (r.method, r.arm, r.level, r.selection, r.part) == (method, arm, level, "all", "")
    ]
    assert len(found) == 1
    return found[0]


def test_a_row_has_the_names_of_the_contract() -> None:
    screened = screen(trial({"A": "LOW", "B": "PBO"}, ("A",)), analysis_arm="planned")
    assert list(to_dict(screened.rows[0])) == CONTRACT


def the_source_ten_times(*counts: Any, **options: Any) -> PriorSensitivity:
    """The model with the priors of the source in the place of every prior; ten fits take a minute (test_priors.py)."""
    found, times = berry_berry(*counts, **options), len(ALTERNATIVES)
    told = ("mean", "low", "high", "p_zero", "p_positive", "p_beyond_margin", "r_hat", "warning")
    return PriorSensitivity(
        np.repeat(np.array(list(ALTERNATIVES), dtype=object), len(found.mean)),
        np.tile(np.arange(len(found.mean)), times),
        *(np.tile(getattr(found, name), times) for name in told),
    )


@cache
def by_every_method() -> Screen:
    """Of one participant in each of two arms, one of them with an event."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stats, "prior_sensitivity", the_source_ten_times)
        return screen(
            trial({"A": "LOW", "B": "PBO"}, ("A",)),
            analysis_arm="planned",
            methods=(*DEFAULT_METHODS, *FURTHER_METHODS),
            selections=("all",),
        )


def test_an_arm_without_participants_gives_a_warning_and_no_number() -> None:
    for method in METHODS:
        row = row_of(by_every_method(), method, arm="High dose")
        assert (row.N_arm, row.estimate, row.p, row.flag) == (0, None, None, False)
        assert row.warning


def test_no_event_in_the_reference_gives_a_lower_limit_and_says_that_there_is_no_upper_one() -> None:
    arms = {f"A{i}": "LOW" for i in range(10)} | {f"B{i}": "PBO" for i in range(10)}
    screened = screen(trial(arms, tuple(f"A{i}" for i in range(8))), analysis_arm="planned")
    ratio = row_of(screened, "rr_koopman")
    assert (ratio.estimate, ratio.high) == (None, None)
    assert ratio.low is not None and ratio.low > 1
    assert "infinite" in ratio.warning
    difference = row_of(screened, "rd_mn")
    assert difference.estimate == pytest.approx(0.8) and not difference.warning


def test_only_an_excess_in_the_arm_is_flagged() -> None:
    arms = {f"A{i}": "LOW" for i in range(20)} | {f"B{i}": "PBO" for i in range(20)}
    one_stratum = parse({"strata": ["sex"], "phase_windows": {"PROCEDURE": 7}})

    def of(with_event: list[str], methods: Collection[str] = METHODS) -> Screen:
        data = trial(arms, tuple(with_event))
        return screen(
            data, analysis_arm="planned", methods=tuple(methods), selections=("all",), rules=one_stratum
        )

    flagging = {key for key, method in METHODS.items() if method.flags}
    assert set(METHODS) - flagging == {"breslow_day"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stats, "prior_sensitivity", the_source_ten_times)
        harmful, protective = of([f"A{i}" for i in range(18)]), of([f"B{i}" for i in range(18)])
    needs_both = {
        "time_lost",
        "rr_mh",
        "or_mh",
    }  # no limits, or too narrow ones, where the reference has none
    one_in_the_reference = of([*(f"A{i}" for i in range(18)), "B0"], [*needs_both, "breslow_day"])
    assert {method for method in METHODS if row_of(harmful, method).flag} == flagging - needs_both
    assert all(row_of(harmful, method).warning for method in needs_both)
    assert {row.method for row in one_in_the_reference.rows if row.flag} == needs_both
    assert not any(row_of(protective, method).flag for method in METHODS)
    assert harmful.settings["thresholds"]["breslow_day"] == "gives p; flags nothing"
    assert harmful.settings["thresholds"]["time_lost"] == "more in the arm, and low > 0"
    assert row_of(protective, "fisher").p == row_of(harmful, "fisher").p


def test_a_level_above_the_preferred_term_has_no_double_fdr_and_says_so() -> None:
    screened = screen(trial({"A": "LOW", "B": "PBO"}, ("A",)), analysis_arm="planned")
    row = row_of(screened, "dfdr_2012", level="SOC")
    assert row.p_adjusted is None and "organ class" in row.warning
    assert row_of(screened, "dfdr_2012").p_adjusted == 1


def test_a_cut_without_events_has_no_rows_and_still_its_denominators() -> None:
    screened = screen(trial({"A": "LOW", "B": "PBO"}), analysis_arm="actual")
    assert screened.rows == []
    assert [arm["participants"] for arm in screened.settings["arms"]] == [1, 1, 0]


def test_treated_participants_without_an_arm_are_counted_apart() -> None:
    screened = screen(trial({"A": "LOW", "B": "PBO", "C": "NOTASSGN"}, ("C",)), analysis_arm="planned")
    assert screened.settings["treated_without_arm"] == 1
    assert screened.rows == []


def test_a_protocol_without_a_reference_arm_is_refused_with_the_remedy() -> None:
    arms = [{"code": "LOW", "name": "Low dose", "is_reference": False}]
    with pytest.raises(CutError, match="--reference"):
        screen(trial({"A": "LOW"}, stated=manifest(arms=arms)), analysis_arm="planned")


def test_a_protocol_with_the_reference_alone_is_refused() -> None:
    arms = [{"code": "PBO", "name": "Placebo", "is_reference": True}]
    with pytest.raises(CutError, match="no arm besides the reference"):
        screen(trial({"A": "PBO"}, stated=manifest(arms=arms)), analysis_arm="planned")


def test_the_rows_do_not_depend_on_the_order_of_the_events() -> None:
    arms = {f"A{i}": "LOW" for i in range(6)} | {f"B{i}": "PBO" for i in range(6)}
    first = screen(trial(arms, ("A0", "A1", "B3")), analysis_arm="planned")
    second = screen(trial(arms, ("B3", "A1", "A0")), analysis_arm="planned")
    assert first.rows == second.rows


def test_the_table_of_methods_is_whole() -> None:
    assert list(DEFAULT_METHODS) == [
        "rd_mn",
        "rr_koopman",
        "or_conditional",
        "fisher",
        "fisher_midp",
        "eair_ratio",
        "dfdr_2004",
        "dfdr_2012",
    ]
    assert list(FURTHER_METHODS) == [
        *("boschloo", "rd_exact", "berry_berry", "berry_berry_priors", "berry_berry_poisson", "tree_scan"),
        *("rd_newcombe", "or_midp", "barnard", "rate_ratio_midp", "rate_difference_mn", "by", "group_bh"),
        *("berry_berry_periods", "log_rank", "gray", "cox", "time_lost", "incidence_difference"),
        *("rd_mn_stratified", "cmh_exact", "rd_mh", "rr_mh", "or_mh", "or_stratified_exact", "breslow_day"),
    ]
    assert set(METHODS) == {*DEFAULT_METHODS, *FURTHER_METHODS}
    assert all(key == method.key and method.version and method.label for key, method in METHODS.items())


def test_a_run_has_the_methods_of_every_run_and_those_it_names() -> None:
    data = trial({"A": "LOW", "B": "PBO"}, ("A",))
    usual = screen(data, analysis_arm="planned", selections=("all",))
    more = by_every_method()
    assert tuple(usual.methods) == DEFAULT_METHODS
    assert [row for row in more.rows if row.method in DEFAULT_METHODS] == usual.rows
    assert {row.method for row in more.rows} == set(METHODS)
    assert row_of(more, "boschloo").p == pytest.approx(1.0)  # Fisher’s p is 1
    assert row_of(more, "rd_exact").estimate == 1


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_method_has_its_page(method: Method) -> None:
    assert (ROOT / "docs" / "methods" / method.page).is_file()


def test_the_hierarchical_model_speaks_of_preferred_terms_alone() -> None:
    arms = {f"A{i}": "LOW" for i in range(20)} | {f"B{i}": "PBO" for i in range(20)}
    screened = screen(
        trial(arms, (*(f"A{i}" for i in range(12)), "B0")),
        analysis_arm="planned",
        methods=("berry_berry",),
        selections=("all",),
    )
    term, system = row_of(screened, "berry_berry"), row_of(screened, "berry_berry", level="SOC")
    direct = berry_berry([12], [20], [1], [20], ["any"])
    assert (term.estimate, term.low, term.high) == pytest.approx(
        [np.exp(values[0]) for values in (direct.mean, direct.low, direct.high)]
    )
    assert term.posterior == direct.p_positive[0] and term.posterior > 0.95 and term.flag
    assert (term.p, term.p_adjusted, term.warning) == (None, None, "")
    assert (system.estimate, system.posterior, system.flag) == (None, None, False)
    assert "nothing is said at this level" in system.warning


def test_only_a_method_with_a_posterior_gives_one() -> None:
    rows = screen(trial({"A": "LOW", "B": "PBO"}, ("A",)), analysis_arm="planned").rows
    assert {row.posterior for row in rows} == {None}
