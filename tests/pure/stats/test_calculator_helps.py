"""Every argument of the catalogue says what it is, in the words of its function's docstring."""

from __future__ import annotations

import inspect

import pytest

from pvtracker.stats.calculator import told
from pvtracker.stats.calculator.arguments import arguments_of
from pvtracker.stats.calculator.helps import EVERYWHERE, SHAPE, helps
from pvtracker.stats.catalogue import STATISTICS, Statistic

DOCSTRINGS = SHAPE.sub(
    "", " ".join(" ".join((inspect.getdoc(one.function) or "").split()) for one in STATISTICS.values())
)


@pytest.mark.parametrize("key", STATISTICS)
def test_every_argument_of_the_catalogue_has_a_help(key: str) -> None:
    """One line of the list, whole; no word of it is typed a second time."""
    statistic = STATISTICS[key]
    said = helps(statistic)
    assert list(said) == list(arguments_of(statistic))
    listed = told.listed(key)
    for name, words in said.items():
        assert len(words) > 5 and "\n" not in words and not words.startswith(("as for", "shape ("))
        assert f"  {words}\n" in listed
        first = words.split(",")[0].split(";")[0]
        assert first in DOCSTRINGS or words == EVERYWHERE.get(name)


def test_a_help_is_sought_in_the_statistic_that_is_named() -> None:
    """What the own docstring says of one alone, then of several, then what the other one says, then everybody's."""

    def own(p: float, q: float, alpha: float = 0.05) -> float:
        """Some number.

        p, q: two numbers, shape (n,). Arguments as for `fisher`. q: the second; ValueError for others.

        Source: p: none.
        """
        return p + q + alpha

    assert helps(Statistic("own", "Own", own, "own.md")) == {
        "p": "two numbers",
        "q": "the second; ValueError for others",
        "alpha": EVERYWHERE["alpha"],
    }
    assert helps(STATISTICS["fisher_midp"])["n_arm"] == "participants with the event, whole numbers ≥ 0"
    assert "N_arm" not in EVERYWHERE
