"""One term in words: what is said of it follows from its numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvtracker.signals.methods import METHODS
from pvtracker.signals.rows import ResultRow
from pvtracker.signals.sentences import overview_of, said_of

ROW = ResultRow(
    *("PT", "Rash", "all", "OZ1", "Placebo", 6, 38, 0, 36, 7, 0, 60.0, 64.0, 68.8, 65.9, "rd_mn"),
    *(6 / 38, 0.053, 0.305, None, None, None, True, "", "actual"),
)
FISHER = replace(
    ROW, method="fisher", estimate=None, low=None, high=None, p=0.0255, p_adjusted=0.62, flag=False
)


def said(*rows: ResultRow, inference: bool = True) -> str:
    return " ".join(said_of(rows, terms=120, inference=inference))


def test_counts_rate_interval_adjustment_and_flags_in_this_order() -> None:
    assert said_of([ROW, FISHER], terms=120, inference=True) == [
        "6/38 (15.8%) of the participants with OZ1 had it, and 0/36 (0.0%) of those with Placebo: 15.8 percentage "
        "points more in the arm.",
        "By the time followed that is 10.0 first events per 100 participant-years with OZ1 and 0.0 with Placebo; 7 and "
        "0 events in all.",
        "The data agree with any difference from 5.3 to 30.5 percentage points (95 % interval), all of them more in "
        "the arm: chance alone is a poor explanation of this term by itself.",
        "Fisher’s exact test gives p = 0.026. Terms of this level that were compared: 120; some of many differ by "
        "chance. Adjusted for that (Benjamini–Hochberg), p = 0.620.",
        "Flagged by 1 of 2 methods: Risk difference, Miettinen–Nurminen. A flag asks for a look, it is no verdict.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"low": -0.02}, "That includes no difference, and it includes 30.5 points more with OZ1"),
        ({"low": -0.3, "high": -0.01}, "all of them fewer in the arm"),
        ({"n_arm": 0, "n_ref": 4}, "11.1 percentage points fewer in the arm"),
        ({"n_arm": 19, "n_ref": 18}, "the same share, to a tenth of a percentage point"),
        ({"person_years_ref": 0.0}, "so there is no rate"),
        ({"flag": False}, "None of 2 methods flags it. That is no proof of safety."),
    ],
)
def test_each_case_has_its_words(changed: dict[str, object], told: str) -> None:
    assert told in said(replace(ROW, **changed), FISHER)


def test_without_inference_only_counts_and_rates() -> None:
    told = said(ROW, FISHER, inference=False)
    assert "15.8 percentage points more" in told
    assert not [word for word in ("95 %", "p =", "Fisher", "lagged", "chance") if word in told]


def test_less_than_nothing_has_the_sign_of_mathematics() -> None:
    told = said(replace(ROW, low=-0.053, flag=False))
    assert "any difference from −5.3 to 30.5" in told and "-5.3" not in told
    assert (
        "difference from −5.3"
        in overview_of(
            "OZ1", "Placebo", compared=1, adjusted=0, flagged=0, strongest=[replace(ROW, low=-0.053)]
        )[1]
    )


def test_names_of_methods_have_commas_so_that_semicolons_part_them() -> None:
    flagging = [replace(ROW, method=key, flag=True) for key, one in METHODS.items() if one.flags]
    told = said(*flagging).split(" methods: ")[1].removesuffix(". A flag asks for a look, it is no verdict.")
    labels = [method.label for method in METHODS.values() if method.flags]
    assert told.split("; ") == labels and any("," in label for label in labels)
    assert not [label for label in labels if ";" in label]


def test_the_overview_says_how_many_of_how_many_and_the_strongest() -> None:
    told = overview_of(
        "OZ1", "Placebo", compared=223, adjusted=0, flagged=16, strongest=[FISHER, replace(ROW, flag=False)]
    )
    assert told == [
        "OZ1 against Placebo: 223 comparisons of terms, over all levels and selections of events. None is flagged "
        "after adjustment for so many; 16 by any method, adjusted or not, some of them by chance.",
        "The strongest evidence among preferred terms, by Fisher’s exact test, is for Rash: 6/38 (15.8%) against "
        "0/36 (0.0%), 15.8 percentage points more in the arm; the data agree with a difference from "
        "5.3 to 30.5 (95 % interval).",
    ]  # fmt: skip
    some = overview_of("OZ1", "Placebo", compared=9, adjusted=1, flagged=2, strongest=[])
    none = overview_of("OZ1", "Placebo", compared=9, adjusted=0, flagged=0, strongest=[])
    assert none[0].endswith(
        "None is flagged after adjustment for so many, nor by any method without adjustment."
    )
    assert len(some) == 1 and "1 is flagged after adjustment for so many; 2 by any method" in some[0]


def test_a_method_that_flags_nothing_is_none_of_those_that_could_have() -> None:
    other = replace(ROW, method="breslow_day", flag=False)
    assert said(FISHER, other) == said(FISHER)
