"""Holds a statistic against something we did not write, and keeps what was found for the page of validation.

Each process of the tests leaves one file of what it compared; `tests/last/test_validation.py` puts them together and
compares them with docs/reference/validation-statistics.md.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.catalogue import STATISTICS

KINDS = ("published", "program", "brute force")


@dataclass
class Found:
    """What comparisons with one source came to."""

    kind: str
    cases: int = 0
    largest: float = 0.0  # difference, relative where the true value is beyond one
    bound: float = 0.0  # the largest difference that would have passed


@dataclass
class Against:
    """The fixture: `against("fisher", "SciPy fisher_exact", "program", found, expected, within=1e-12)`."""

    kept: dict[tuple[str, str], Found] = field(default_factory=dict)

    def __call__(
        self, statistic: str, source: str, kind: str, found: ArrayLike, expected: ArrayLike, *, within: float
    ) -> None:
        """Fails unless found and expected agree within that difference: absolute up to one, relative beyond. Infinite
        and missing numbers must be so in both.

        `statistic`: its key in the catalogue. `source`: paper with table, program with function, or what was
        enumerated. `within`: of published figures half of the last printed digit.
        """
        assert statistic in STATISTICS, f"{statistic} is not in the catalogue"
        assert kind in KINDS, f"{kind} is none of {KINDS}"
        ours, theirs = np.broadcast_arrays(np.asarray(found, float), np.asarray(expected, float))
        assert ours.size, "nothing was compared"
        same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
        with np.errstate(invalid="ignore"):
            apart = np.where(same, 0.0, np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs)))
        wrong = ~(apart <= within)
        assert not wrong.any(), (
            f"{statistic} against {source}: {wrong.sum()} of {ours.size} differ by more than {within}; the first: "
            f"{ours[wrong][0]!r}, expected {theirs[wrong][0]!r}"
        )
        entry = self.kept.setdefault((statistic, source), Found(kind))
        entry.cases += ours.size
        entry.largest = max(entry.largest, float(apart.max()))
        entry.bound = max(entry.bound, within)

    def write(self, folder: Path) -> None:
        rows = [
            {"statistic": statistic, "source": source, **vars(found)}
            for (statistic, source), found in sorted(self.kept.items())
        ]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{os.getpid()}.json").write_text(json.dumps(rows))
