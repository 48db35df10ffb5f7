"""Every method of a run prints what it is: the sentence of the calculator's statistic, and what a run adds."""

from __future__ import annotations

import re

import pytest

from pvtracker import stats
from pvtracker.signals.methods import METHODS
from pvtracker.signals.screen import screen
from pvtracker.stats.catalogue import STATISTICS
from pvtracker.stats.definitions import DEFINITIONS, estimate_only
from tests.pure.signals.test_screen import trial
from tests.shared import ROOT

STATISTIC = {  # of the calculator, where it has another name than the method
    "rd_mn": "risk_difference_mn",
    "rr_koopman": "risk_ratio_koopman",
    "or_conditional": "odds_ratio_conditional",
    "eair_ratio": "rate_ratio_exact",
    "dfdr_2004": "double_fdr_2004",
    "dfdr_2012": "double_fdr_2012",
    "rd_exact": "risk_difference_exact",
    "rd_newcombe": "risk_difference_newcombe",
    "berry_berry_priors": "prior_sensitivity",
    "by": "benjamini_yekutieli",
    "time_lost": "restricted_mean_time_lost",
    "rd_mh": "risk_difference_mh",
    "rr_mh": "risk_ratio_mh",
    "or_mh": "odds_ratio_mh",
    "or_stratified_exact": "odds_ratio_stratified_exact",
    "or_midp": "odds_ratio_midp",
    "rd_mn_stratified": "risk_difference_mn_stratified",
}
INFERENTIAL = re.compile(r"limits|sided|posterior|\bp\b|flag|interval|%", re.IGNORECASE)


@pytest.mark.parametrize("key", METHODS)
def test_a_method_says_what_its_statistic_is_in_the_words_of_the_calculator(key: str) -> None:
    assert DEFINITIONS[STATISTIC.get(key, key)] in METHODS[key].definition


@pytest.mark.parametrize("key", METHODS)
def test_the_calculator_calls_the_function_whose_numbers_a_run_prints(key: str) -> None:
    """test_named_statistics.py, test_periods.py and test_priors.py hold the numbers of a run against it."""
    name = STATISTIC.get(key, key)
    assert STATISTICS[name].function is getattr(stats, name)
    assert STATISTICS[name].page == METHODS[key].page


@pytest.mark.parametrize("key", METHODS)
def test_no_definition_is_empty_and_a_p_names_its_side(key: str) -> None:
    said = METHODS[key].definition
    assert len(said) > 50 and said.endswith(".")
    if METHODS[key].threshold.column == "p":
        assert "two-sided p" in said.lower() or "p of any differences" in said
    if METHODS[key].threshold.column == "p_adjusted":
        assert "two-sided p" in said.lower() or "of fisher’s p" in said.lower() or "one-sided" in said


def test_of_an_estimate_something_is_left_where_inference_is_hidden() -> None:
    estimates = (key for key, one in METHODS.items() if one.null_value is not None and "berry" not in key)
    told = {key: estimate_only(METHODS[key].definition) for key in estimates}
    assert {"rd_mn", "eair_ratio", "cox"} <= set(told)
    for key, said in told.items():
        assert len(said) > 20 and not INFERENTIAL.search(said), (key, said)


def test_a_run_prints_every_method_that_it_asks_for() -> None:
    methods = tuple(key for key in METHODS if not key.startswith("berry"))
    run = screen(trial({"A": "LOW", "B": "PBO"}), analysis_arm="planned", methods=methods, seed=7, margin=1.5)
    printed = run.settings["definitions"]
    assert {METHODS[key].label: printed[METHODS[key].label] for key in methods} == {
        METHODS[key].label: METHODS[key].definition.replace("{seed}", "7") for key in methods
    }


def test_the_table_of_methods_pages_names_every_method_beside_its_page() -> None:
    table = (ROOT / "docs" / "methods" / "README.md").read_text(encoding="utf-8").splitlines()
    named = [line.split("|")[1:3] for line in table if line.startswith("|")]
    for key, method in METHODS.items():
        assert any(f"`{key}`" in keys and f"({method.page})" in page for keys, page in named), key
