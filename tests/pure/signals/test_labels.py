"""What a run keeps by its keys is shown in words."""

from __future__ import annotations

import pytest

from pvtracker.cuts.derive import LEVELS, QUERY, SELECTIONS
from pvtracker.cuts.wording import ORDER, USUAL, in_order, words
from pvtracker.signals.labels import (
    COLUMN_LABELS,
    events_label,
    level_label,
    rules_in_words,
    threshold_words,
)
from pvtracker.signals.methods import METHODS
from pvtracker.signals.pieces import Piece
from pvtracker.studies.definitions import DEFAULTS, Definitions


@pytest.mark.parametrize("key", list(METHODS))
def test_the_threshold_of_every_method_is_told_in_words(key: str) -> None:
    own = METHODS[key].threshold
    sign = "at most" if own.column in ("p", "p_adjusted") else "above"
    assert (
        threshold_words(str(own)) == f"more in the arm, and {COLUMN_LABELS[own.column]} {sign} {own.limit:g}"
    )


def test_every_level_and_selection_is_shown_in_words() -> None:
    for level in (*LEVELS, QUERY):
        assert level_label(level) not in ("", level)
    told = [events_label(one) for one in SELECTIONS]
    assert (
        len(set(told)) == len(told)
        and all("event" in one for one in told)
        and not set(told) & set(SELECTIONS)
    )
    piece = Piece(("boschloo",), ("criterion", "grade3plus"))
    assert piece.label == "Boschloo’s test: events with a seriousness criterion; events of grade 3 or more"


def test_selections_have_their_names_among_the_definitions_and_other_rules_stay() -> None:
    kept = {"grade3plus": "Severe.", "follow-up": "To the end.", "all": "Every one."}
    assert rules_in_words(kept) == {
        "grade 3 or more": "Severe.",
        "follow-up": "To the end.",
        "all": "Every one.",
    }


def test_definitions_stand_in_one_order_whatever_the_database_kept() -> None:
    rules = Definitions(
        open_exposure="continues",
        crossover="excluded",
        pools=(("Both", ("LOW", "HIGH")),),
        strata=("sex",),
        special_interest=("Sepsis",),
        queries=(("Falls", ("Fall",)),),
    )
    said = words(rules, {"arms": [], "interventions": []})
    assert tuple(said) == ORDER  # each of them has its place
    methods = [of.label for of in METHODS.values()]
    kept = {**said, **dict.fromkeys(methods, "How."), "Of an earlier version": "Gone."}
    by_length = dict(sorted(kept.items(), key=lambda one: (len(one[0]), one[0])))  # as jsonb keeps keys
    assert list(by_length) != list(kept)
    assert list(in_order(by_length, methods)) == list(kept)
    assert in_order(by_length, methods) == kept
    assert list(in_order(words(DEFAULTS, {}))) == list(USUAL)
