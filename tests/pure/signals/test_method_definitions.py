"""Every method of a run prints what it is: the sentence of the calculator's statistic, and what a run adds."""

from __future__ import annotations

import re

import pytest

from pvtracker import stats
from pvtracker.signals.methods import METHODS
from pvtracker.signals.run_definitions import IN_A_RUN, in_a_run
from pvtracker.signals.screen import screen
from pvtracker.stats.berry_berry import ALTERNATIVES
from pvtracker.stats.catalogue import STATISTICS
from pvtracker.stats.definitions import DEFINITIONS as OF_CALCULATOR
from pvtracker.stats.definitions import estimate_only
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
    name = STATISTIC.get(key, key)
    assert in_a_run(name) in METHODS[key].definition
    assert (in_a_run(name) == OF_CALCULATOR[name]) == (name not in IN_A_RUN)


@pytest.mark.parametrize("key", METHODS)
def test_a_method_says_what_is_done_and_not_what_the_calculator_may_be_told(key: str) -> None:
    assert not re.search(r"unless|mid_p|asked|as for ", METHODS[key].definition)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("rd_exact", "(Chan & Zhang)."),
        ("boschloo", "Fisher’s two-sided p (“minlike”)."),
        ("tree_scan", "arms permuted among participants, whose largest log-likelihood ratio"),
        ("group_bh", "(two stages)"),
        ("rd_mn_stratified", "÷ their sum (Mantel–Haenszel); limits"),
        ("rd_mh", "with Sato’s variance, cut at −1 and 1."),
        ("or_stratified_exact", "at half of 1 − the confidence level."),
        ("breslow_day", "with Tarone’s correction, as χ²"),
        ("berry_berry_periods", "body systems sharing their parameters over all periods; limits"),
    ],
)
def test_what_a_run_does_is_said(key: str, words: str) -> None:
    assert words in METHODS[key].definition


@pytest.mark.parametrize(
    "key", ["berry_berry", "berry_berry_priors", "berry_berry_poisson", "berry_berry_periods"]
)
def test_a_hierarchical_model_says_which_ratio_its_numbers_are(key: str) -> None:
    said = METHODS[key].said(seed=1, margin=1.5)
    ratio = "odds ratio" if key in ("berry_berry", "berry_berry_priors") else "rate ratio"
    assert f"Exponential of the posterior mean of the log {ratio} θ" in said
    assert "; limits are exponentials of equal tails of the posterior" in said
    assert f"P({ratio} > 1.5) is the posterior probability of" in said
    assert METHODS[key].scale.words[0].lower() == ratio
    other = {"odds ratio", "rate ratio"} - {ratio}
    assert other.pop() not in said


def test_the_sensitivity_names_every_prior_with_what_it_changes() -> None:
    said = METHODS["berry_berry_priors"].definition
    for name, changed in ALTERNATIVES.items():
        assert re.search(rf"{name}( \(|;)", said), name
        for value in changed.values():
            assert re.search(rf"{name} \([^)]* = {value:g}[,)]", said), name
    assert "top means known less (τ²_γ00 = 40, τ²_θ00 = 40)" in said
    assert "with ten times, 100, the chains did not meet" in said


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
