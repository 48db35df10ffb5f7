"""What changed between two runs, on rows written by hand."""

from dataclasses import dataclass

import pytest

from pvtracker.signals.comparing import DEFINITIONS, ORDER, compare, counted


@dataclass
class Row:
    """A result row of the preferred term level, all events, one arm."""

    term: str
    flag: bool
    low: float | None = None
    p_adjusted: float | None = None
    method: str = "rd_mn"
    level: str = "PT"
    selection: str = "all"
    arm: str = "Low dose"
    n_arm: int = 5
    N_arm: int = 38
    n_ref: int = 1
    N_ref: int = 36
    estimate: float | None = None
    p: float | None = None
    posterior: float | None = None


def kinds(now: list[Row], before: list[Row]) -> list[tuple[str, str]]:
    return [(change.kind, change.row.term) for change in compare(now=now, before=before)]


def test_a_finding_is_new_stronger_weaker_as_before_or_gone() -> None:
    now = [
        Row("New", True, low=0.01),
        Row("Seen before, unflagged", True, low=0.01),
        Row("Stronger", True, low=0.03),
        Row("Weaker", True, low=0.01),
        Row("Same", True, low=0.02),
        Row("No longer", False, low=-0.01),
        Row("Never", False, low=-0.2),
    ]
    before = [
        Row("Seen before, unflagged", False, low=-0.01),
        Row("Stronger", True, low=0.02),
        Row("Weaker", True, low=0.02),
        Row("Same", True, low=0.02),
        Row("No longer", True, low=0.01),
        Row("Recoded", True, low=0.01),
        Row("Never", False, low=-0.1),
    ]
    assert kinds(now, before) == [
        ("new", "New"),
        ("new", "Seen before, unflagged"),
        ("stronger", "Stronger"),
        ("weaker", "Weaker"),
        ("as before", "Same"),
        ("gone", "No longer"),
        ("gone", "Recoded"),
    ]
    assert counted(compare(now=now, before=before)) == {
        "new": 2,
        "stronger": 1,
        "weaker": 1,
        "as before": 1,
        "gone": 2,
    }


def test_of_a_p_value_the_smaller_is_the_stronger() -> None:
    now, before = (
        Row("A", True, p_adjusted=0.01, method="fisher"),
        Row("A", True, p_adjusted=0.05, method="fisher"),
    )
    assert kinds([now], [before]) == [("stronger", "A")]
    assert kinds([before], [now]) == [("weaker", "A")]


def test_of_a_posterior_the_greater_is_the_stronger() -> None:
    now, before = (
        Row("A", True, posterior=0.99, method="berry_berry"),
        Row("A", True, posterior=0.96, method="berry_berry"),
    )
    assert kinds([now], [before]) == [("stronger", "A")]
    assert kinds([before], [now]) == [("weaker", "A")]


def test_the_same_term_at_another_level_selection_or_arm_is_another_finding() -> None:
    now = [
        Row("A", True, low=0.01),
        Row("A", True, low=0.01, level="SOC"),
        Row("A", True, low=0.01, selection="serious"),
        Row("A", True, low=0.01, arm="High dose"),
    ]
    assert {kind for kind, _ in kinds(now, now)} == {"as before"} and len(kinds(now, now)) == 4
    assert [kind for kind, _ in kinds(now, now[:1])] == ["new", "new", "new", "as before"]


def test_rows_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(ValueError, match="one method"):
        compare(now=[Row("A", True)], before=[Row("A", True, method="fisher")])
    with pytest.raises(ValueError, match="told twice"):
        compare(now=[Row("A", True), Row("A", True)], before=[])


def test_every_kind_is_defined_and_nothing_of_nothing_is_nothing() -> None:
    assert tuple(DEFINITIONS) == ORDER
    assert compare(now=[], before=[]) == []
