"""Every statistic says what it is in one sentence, wherever its numbers go; of a p its sentence names the rule."""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass
from typing import get_type_hints

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pvtracker.stats import boschloo, fisher, fisher_midp, rate_ratio_exact, rate_ratio_midp
from pvtracker.stats.calculator import told
from pvtracker.stats.catalogue import STATISTICS
from pvtracker.stats.definitions import DEFINITIONS, LIMITS, estimate_only

# How a p is told: to which side, or what of.
RULES = re.compile(r"two-sided|one-sided|any differences|Adjusted p|an excess", re.IGNORECASE)
P = re.compile(
    r"p|p_(?!zero|positive|beyond|margin|body|event|method|nominal)\w+"
)  # a posterior is no p, nor are steps of a family


def results_of(key: str) -> list[str]:
    """The names in the result of a statistic."""
    made = get_type_hints(STATISTICS[key].function)["return"]
    return [one.name for one in fields(made)] if is_dataclass(made) else []


def test_every_statistic_has_one_sentence() -> None:
    assert list(DEFINITIONS) and set(DEFINITIONS) == set(STATISTICS)
    for key, said in DEFINITIONS.items():
        assert len(said) > 50 and (said[0].isupper() or said[:2] in ("p ", "z-")) and said.endswith("."), key
        assert ". " not in said and "\n" not in said and "  " not in said, key
    assert len(set(DEFINITIONS.values())) == len(DEFINITIONS)


@pytest.mark.parametrize("key", [key for key in STATISTICS if any(map(P.fullmatch, results_of(key)))])
def test_of_a_p_the_sentence_names_the_rule(key: str) -> None:
    assert RULES.search(DEFINITIONS[key]), DEFINITIONS[key]


def test_whoever_gives_limits_names_them_after_the_estimate() -> None:
    for key, said in DEFINITIONS.items():
        names = results_of(key)
        if {"estimate", "low", "high"} <= set(names):
            assert LIMITS in said, key
        assert not re.search(r"limit|sided|χ²", estimate_only(said).lower()) or LIMITS not in said, key


def test_the_sentence_goes_with_json_with_tables_and_with_the_list() -> None:
    for statistic in STATISTICS.values():
        made = json.loads(told.as_json(statistic, []))
        assert made["definition"] == statistic.definition == DEFINITIONS[statistic.key]
        assert told.as_text(statistic, []).splitlines()[1] == statistic.definition
        assert f"Definition: {statistic.definition}" in told.listed(statistic.key)


def test_two_sided_rules_are_what_the_sentences_say() -> None:
    """On tables where the definitions that go by one name differ."""
    table = ([9], [38], [1], [19])
    chances = scipy_stats.hypergeom(57, 10, 38).pmf(np.arange(11))
    less, alike = (chances < chances[9] * (1 - 1e-7)), np.isclose(chances, chances[9], rtol=1e-7)
    assert "no more likely than the observed" in DEFINITIONS["fisher"]
    assert fisher(*table).p[0] == pytest.approx(chances[less | alike].sum())
    tail = chances[9:].sum()
    assert fisher(*table).p[0] != pytest.approx(2 * tail, rel=1e-2)
    assert (
        "less likely than the observed, and half that of all tables as likely" in DEFINITIONS["fisher_midp"]
    )
    assert fisher_midp(*table).p[0] == pytest.approx(chances[less].sum() + chances[alike].sum() / 2)
    assert "two-sided p (“minlike”) unless told “central”" in DEFINITIONS["boschloo"]
    risks = np.linspace(0.001, 0.999, 999)[:, None, None]
    k, j = np.arange(5)[:, None], np.arange(8)
    p = np.array([fisher(np.full(8, one), 4, np.arange(8), 7).p for one in range(5)])
    both = scipy_stats.binom(4, risks).pmf(k) * scipy_stats.binom(7, risks).pmf(j)
    chance = (both * (p <= p[3, 1] * (1 + 1e-9))).sum(axis=(1, 2)).max()
    assert boschloo([3], [4], [1], [7]).p[0] == pytest.approx(chance, abs=1e-4)
    split = scipy_stats.binom(9, 2 / 3).pmf(np.arange(10))
    assert "two-sided p: the probability of all splits no more likely" in DEFINITIONS["rate_ratio_exact"]
    exact = rate_ratio_exact([8], [2.0], [1], [1.0]).p[0]
    assert exact == pytest.approx(split[split <= split[8] * (1 + 1e-7)].sum())
    assert "twice the smaller of these tails" in DEFINITIONS["rate_ratio_midp"]
    half = split[9] + split[8] / 2
    assert rate_ratio_midp([8], [2.0], [1], [1.0]).p[0] == pytest.approx(2 * half)
