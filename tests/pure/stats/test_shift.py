"""Shift tables and worst grades: against counting participant by participant."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvtracker.stats import range_category, shift_table, worst_category, worst_grades
from tests.pure.stats.against import Against

CATEGORIES = ["low", "normal", "high", "low and high", ""]


def rows_of(table: Any) -> dict[tuple[str, str, str], tuple[int, int, int, int]]:
    keys = zip(table.arm, table.baseline, table.worst, strict=True)
    numbers = zip(table.participants, table.measured, table.of_baseline, table.total, strict=True)
    return {key: tuple(map(int, value)) for key, value in zip(keys, numbers, strict=True)}  # type: ignore[misc]


def test_every_pair_is_counted_as_by_hand(against: Against) -> None:
    rng = np.random.default_rng(1)
    found, expected = [], []
    for _ in range(60):
        size = int(rng.integers(1, 30))
        before, after = rng.choice(CATEGORIES, size), rng.choice(CATEGORIES, size)
        arm = rng.choice(["A", "B", "C"], size)
        named = [
            ("missing" if b == "" else b, "missing" if w == "" else w)
            for b, w in zip(before, after, strict=True)
        ]
        people = list(zip(arm, named, strict=True))
        pairs = Counter((a, *pair) for a, pair in people)
        rows = rows_of(shift_table(before, after, arm))
        assert sum(row[0] for row in rows.values()) == size
        assert set(pairs) <= set(rows)
        for (a, b, w), numbers in rows.items():
            found.append(numbers)
            expected.append(
                (
                    pairs[a, b, w],
                    sum(n for (x, y, z), n in pairs.items() if (x, y) == (a, b) and z != "missing"),
                    sum(n for (x, y, _), n in pairs.items() if (x, y) == (a, b)),
                    sum(n for (x, _, _), n in pairs.items() if x == a),
                )
            )
    against("shift_table", "counting pair by pair", "brute force", found, expected, within=0)


def test_missing_is_a_row_and_a_column_and_no_category_is_left_out() -> None:
    table = shift_table(["normal", ""], ["high", ""], ["A", "A"], categories=["low", "normal", "high"])
    rows = rows_of(table)
    assert len(rows) == 16
    assert rows["A", "normal", "high"] == (1, 1, 1, 2)
    assert rows["A", "missing", "missing"] == (1, 0, 1, 2)  # nobody of these was measured after it
    assert rows["A", "low", "low"] == (0, 0, 0, 2)
    assert list(dict.fromkeys(table.baseline)) == ["low", "normal", "high", "missing"]


def test_categories_stand_in_their_own_order() -> None:
    grades = shift_table(["10", "2", "0"], ["2", "10", "0"], "A")
    assert list(dict.fromkeys(grades.baseline)) == ["0", "2", "10", "missing"]
    ranges = shift_table(["high", "low"], ["low and high", "normal"], "A")
    assert list(dict.fromkeys(ranges.baseline)) == ["low", "normal", "high", "low and high", "missing"]
    words = shift_table(["b", "a"], ["a", "a"], "A")
    assert list(dict.fromkeys(words.worst)) == ["a", "b", "missing"]


@given(
    st.lists(
        st.tuples(st.sampled_from(CATEGORIES), st.sampled_from(CATEGORIES), st.sampled_from("AB")), min_size=1
    )
)
def test_order_of_participants_and_doubling_them(people: list[tuple[str, str, str]]) -> None:
    columns = list(zip(*people, strict=True))
    once, turned = (rows_of(shift_table(*(c[::step] for c in columns))) for step in (1, -1))
    assert once == turned
    twice = rows_of(shift_table(*(c * 2 for c in columns)))
    assert twice == {key: tuple(2 * n for n in numbers) for key, numbers in once.items()}


def test_a_value_at_a_limit_is_normal() -> None:
    values = [9.9, 10, 20, 20.1, np.nan, 5, 5, 5]
    low = [10, 10, 10, 10, 10, np.nan, np.nan, 6]
    high = [20, 20, 20, 20, 20, np.nan, 4, np.nan]
    expected = ["low", "normal", "normal", "high", "", "", "high", "low"]
    assert list(range_category(values, low, high)) == expected
    assert list(range_category(3.0, np.nan, 4.0)) == ["normal"]


def test_the_worst_category_of_a_participant() -> None:
    people = ["A", "A", "B", "B", "C", "D", "E", "E"]
    found = ["normal", "low", "high", "low", "normal", "", "high", ""]
    assert worst_category(people, found) == {
        "A": "low",
        "B": "low and high",
        "C": "normal",
        "D": "",
        "E": "high",
    }


def test_worst_grades_as_counted(against: Against) -> None:
    rng = np.random.default_rng(3)
    found, expected = [], []
    for highest in (4, 5):
        grade = rng.choice([*range(highest + 1), np.nan], 50)
        arm = rng.choice(["A", "B"], 50)
        table = worst_grades(grade, arm, highest=highest)
        assert list(table.grade) == [*range(highest + 1)] * 2
        for row, (name, step) in enumerate(zip(table.arm, table.grade, strict=True)):
            own = [g for g, a in zip(grade, arm, strict=True) if a == name]
            known = [g for g in own if g == g]
            found.append(
                [table.participants[row], table.at_least[row], table.measured[row], table.total[row]]
            )
            expected.append([known.count(step), sum(g >= step for g in known), len(known), len(own)])
    against("worst_grades", "counting participant by participant", "brute force", found, expected, within=0)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: shift_table(["low"], ["low"], [""]), "arm must not be empty"),
        (
            lambda: shift_table(["low"], ["odd"], ["A"], categories=["low"]),
            "categories must hold every category",
        ),
        (lambda: shift_table(["low", "low"], ["low"] * 3, ["A"]), "must have the same length"),
        (lambda: shift_table([["low"]], ["low"], ["A"]), "must be a label or have shape"),
        (lambda: worst_grades([1.5], ["A"]), "grade must be whole numbers"),
        (lambda: worst_grades([5], ["A"]), "grade must lie from 0 to 4"),
        (lambda: worst_grades([-1], ["A"]), "grade must lie from 0 to 4"),
        (lambda: worst_grades([1], [None]), "arm must not be empty"),
        (lambda: worst_grades([0], ["A"], highest=0), "highest must be ≥ 1"),
        (lambda: range_category(1, 3, 2), "low must be ≤ high"),
    ],
)
def test_what_cannot_be_is_refused(call: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()
