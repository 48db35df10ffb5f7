"""What a run keeps by its keys is shown in words."""

from __future__ import annotations

import pytest

from pvtracker.signals.labels import COLUMN_LABELS, rules_in_words, threshold_words
from pvtracker.signals.methods import METHODS


@pytest.mark.parametrize("key", list(METHODS))
def test_the_threshold_of_every_method_is_told_in_words(key: str) -> None:
    own = METHODS[key].threshold
    sign = "at most" if own.column in ("p", "p_adjusted") else "above"
    assert (
        threshold_words(str(own)) == f"more in the arm, and {COLUMN_LABELS[own.column]} {sign} {own.limit:g}"
    )


def test_selections_have_their_names_among_the_definitions_and_other_rules_stay() -> None:
    kept = {"grade3plus": "Severe.", "follow-up": "To the end.", "all": "Every one."}
    assert rules_in_words(kept) == {
        "grade 3 or more": "Severe.",
        "follow-up": "To the end.",
        "all": "Every one.",
    }
