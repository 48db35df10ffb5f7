"""What is infinite is printed as such, and not as what does not exist: by every method, in a page and in a file."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

import numpy as np
import pytest

from pvtracker.formats.printed.comma import write_csv
from pvtracker.formats.printed.table import Printed, cell_of
from pvtracker.lib.rounding import with_infinite
from pvtracker.signals import blocks
from pvtracker.signals.cells import estimate_cell
from pvtracker.signals.methods import METHODS
from pvtracker.signals.screen import screen
from pvtracker.studies.definitions import parse
from tests.small_cut import allocated, cut, day, event, person, treated

# those that estimate; means of a sampled posterior are finite, and take their time
ESTIMATES = tuple(
    key for key, of in METHODS.items() if of.null_value is not None and of.threshold.column != "posterior"
)
# participants of ten with the term, arm and reference
TERMS = {"both": (8, 3), "one only": (1, 0), "most only": (8, 0), "none here": (0, 7), "all": (10, 10)}


def _cut() -> Any:
    arms = {f"A{i}": "LOW" for i in range(10)} | {f"B{i}": "PBO" for i in range(10)}
    events = []
    for subject, code in arms.items():
        for number, (term, (arm, reference)) in enumerate(TERMS.items(), 1):
            if int(subject[1:]) < (arm if code == "LOW" else reference):
                onset = day("onset", f"2026-01-{number + 4:02}")
                events.append(event(subject, number, onset, preferred_term=term))
    return cut(
        participants=[person(subject) for subject in arms],
        exposures=[treated(subject) for subject in arms],
        arms=[allocated(subject, code) for subject, code in arms.items()],
        adverse_events=events,
    )


def test_of_every_estimate_what_is_kept_tells_the_infinite_from_what_does_not_exist(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen, infinite = [], set()
    said = blocks._said

    def watched(threshold: Any, columns: Any, more: Any) -> Any:
        rows = said(threshold, columns, more)
        seen.append((columns, rows))
        return rows

    monkeypatch.setattr(blocks, "_said", watched)
    rules = parse({"strata": ["sex"], "phase_windows": {"PROCEDURE": 7}})
    screened = screen(_cut(), analysis_arm="planned", methods=ESTIMATES, selections=("all",), rules=rules)
    assert len(seen) >= len(ESTIMATES) > 8 and screened.rows
    for columns, rows in seen:
        for index, row in enumerate(rows):
            computed = [array[index] for array in (columns.estimate, columns.low, columns.high)]
            told = [np.nan if value is None else value for value in with_infinite(*row[:3])]
            np.testing.assert_array_equal(np.isinf(told), np.isinf(computed), err_msg=str((row, computed)))
            infinite |= {place for place, value in enumerate(computed) if np.isinf(value)}
    assert infinite == {0, 2}


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((None, 1.58, None), "∞ [1.58, ∞]"),
        ((None, 0.0, None), "– [0.00, ∞]"),
        ((2.0, 1.58, None), "2.00 [1.58, ∞]"),
        ((2.0, 1.58, 2.5), "2.00 [1.58, 2.50]"),
        ((None, None, None), "– [–, –]"),
    ],
)
def test_a_page_prints_the_infinite(numbers: tuple[float | None, ...], text: str) -> None:
    estimate, low, high = numbers
    made = estimate_cell(estimate, low, high, digits=2, limits=True)
    assert made["text"] == text
    assert [math.inf in made["values"], None in made["values"]] == ["∞" in text, "–" in text]
    assert estimate_cell(estimate, low, high, digits=2, limits=False)["text"] == text.split(" [")[0]


def test_a_file_has_a_text_that_reads_back_as_infinite() -> None:
    assert cell_of(math.inf, numeric=True) == "Infinity" and cell_of(-math.inf, numeric=True) == "-Infinity"
    assert cell_of(math.nan, numeric=True) == "" == cell_of(None, numeric=True)
    printed = Printed("t", ("Estimate", "Upper"), (True, True), ((math.inf, None),))
    _, row, *_ = csv.reader(io.StringIO(write_csv(printed).decode("utf-8-sig")))
    assert float(row[0]) == math.inf and row[1] == ""
