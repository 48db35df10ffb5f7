"""The terms of a run stand in the order of what the shown method itself says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from pvtracker.signals.methods import METHODS
from pvtracker.signals.ranking import BY_DIFFERENCE, ORDERS, by_evidence, heading, in_words
from pvtracker.signals.rows import ResultRow
from tests.pure.signals.test_sentences import ROW

# Of each kind of threshold a method, and numbers from the strongest evidence to none.
STRONGEST_FIRST: dict[str, list[dict[str, float | None]]] = {
    "rd_mn": [{"low": 0.05}, {"low": -0.01}, {"low": -0.2}, {"low": None}],
    "eair_ratio": [{"low": 2.0, "p": 0.04}, {"low": 1.2, "p": 0.001}, {"low": 0.3, "p": 0.9}],
    "fisher_midp": [{"p": 1e-4}, {"p": 0.02}, {"p": 1.0}, {"p": None}],
    "fisher": [{"p_adjusted": 0.01, "p": 0.009}, {"p_adjusted": 0.2, "p": 0.001}, {"p_adjusted": 0.2, "p": 0.1}],
    "berry_berry": [{"posterior": 0.99, "low": 0.8}, {"posterior": 0.6, "low": 1.1}, {"posterior": None}],
}  # fmt: skip


def backwards(rows: list[ResultRow]) -> list[ResultRow]:
    return list(reversed(rows))


@pytest.mark.parametrize("method", STRONGEST_FIRST)
def test_each_method_orders_by_its_own_evidence(method: str) -> None:
    nothing = dict.fromkeys(("low", "p", "p_adjusted", "posterior"))
    given = [
        replace(ROW, method=method, term=f"T{place}", **cast(Any, {**nothing, **numbers}))
        for place, numbers in enumerate(STRONGEST_FIRST[method])
    ]
    assert sorted(backwards(given), key=by_evidence) == given
    assert METHODS[method].label in in_words(method, inference=True)
    assert in_words(method, inference=False) == BY_DIFFERENCE


def test_equal_evidence_stands_by_participants_and_then_by_term() -> None:
    given = [
        replace(ROW, n_arm=9, term="B"),
        replace(ROW, n_arm=3, term="A"),
        replace(ROW, n_arm=3, term="C"),
    ]
    assert sorted(backwards(given), key=by_evidence) == given


def test_every_column_that_a_method_flags_by_has_its_order_in_words() -> None:
    assert {method.threshold.column for method in METHODS.values()} == ORDERS.keys()


def test_only_of_a_method_that_flags_are_the_terms_said_to_stand_by_evidence() -> None:
    assert heading("fisher", inference=True) == "Terms, strongest evidence first"
    assert heading("breslow_day", inference=True) == "Terms, smallest p first"
    assert "no evidence of more in the arm" in in_words("breslow_day", inference=True)
    assert {heading(key, inference=False) for key in METHODS} == {"Terms, largest excess in the arm first"}
