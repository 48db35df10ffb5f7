"""What stands beside a silence: how large a harm this data would have shown, and what agrees with no event at all.

Method and limits: docs/methods/detectable.md and proportion.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from pvtracker import stats
from pvtracker.lib.rounding import fixed, share

POWER, ALPHA = 0.8, 0.05
REFERENCE_RISKS = (0.0, 0.01, 0.05, 0.1, 0.25)  # of the table that is about no term
PAGE_WORK = 300_000  # what a page may take; beyond it the normal approximation, which is close at such sizes
NOTE = (
    "Smallest true risk in the arm for which Fisher’s two-sided p would have been below 0.05 with a probability of "
    "80 %, when the reference’s true risk is the one that stands there; the term looked at alone: among many terms, "
    "with adjusted p, only larger ones show. “None had it”: the largest risk that agrees with no event, one-sided "
    "exact, 95 %."
)


class Counted(Protocol):
    """A term of a run: a row as it is stored or as it is computed."""

    @property
    def term(self) -> str: ...
    @property
    def n_arm(self) -> int: ...
    @property
    def N_arm(self) -> int: ...
    @property
    def n_ref(self) -> int: ...
    @property
    def N_ref(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Detectable:
    """The smallest risk of the arm, as a fraction, that would have been shown; None where no risk would.

    `ratio` is None against a risk of nought, where every ratio is infinite.
    """

    reference_risk: float
    risk: float | None
    difference: float | None
    ratio: float | None
    method: str
    warning: str


@lru_cache(maxsize=4096)
def detectable(N_arm: int, N_ref: int, reference_risk: float) -> Detectable:
    """For two arms of this size and a risk in the reference."""
    found = stats.smallest_detectable(
        N_arm, N_ref, reference_risk, power=POWER, alpha=ALPHA, most_work=PAGE_WORK
    )
    known = [float(values[0]) for values in (found.risk, found.difference, found.ratio)]
    risk, difference, ratio = (value if np.isfinite(value) else None for value in known)
    return Detectable(reference_risk, risk, difference, ratio, found.method[0] or "", found.warning[0] or "")


def of_row(row: Counted) -> Detectable:
    """For a term: the reference's risk is the observed one."""
    return detectable(row.N_arm, row.N_ref, row.n_ref / row.N_ref if row.N_ref else 0.0)


def limit_for_none(N: int) -> float:
    """The largest risk that agrees with no event among N participants."""
    return float(stats.upper_limit_for_zero(N)[0])


def overview(arms: Iterable[Mapping[str, Any]], reference: str) -> list[dict[str, Any]]:
    """For each active arm, whatever the term: what would have been shown at several risks of the reference.

    arms: name and participants, as in a run's settings. Plain data, to stand in the settings of a run.
    """
    sizes = {arm["name"]: int(arm["participants"]) for arm in arms}
    return [
        {
            "arm": name,
            "reference": reference,
            "N_arm": size,
            "N_ref": sizes.get(reference, 0),
            "upper_limit_for_none_arm": limit_for_none(size),
            "upper_limit_for_none_ref": limit_for_none(sizes.get(reference, 0)),
            "power": POWER,
            "alpha": ALPHA,
            "detectable": [asdict(detectable(size, sizes.get(reference, 0), r)) for r in REFERENCE_RISKS],
        }
        for name, size in sizes.items()
        if name != reference
    ]


def table(rows: Sequence[Counted]) -> dict[str, Any]:
    """Beside each term that is shown."""
    labels = (
        "Term",
        "Arm, n/N",
        "Reference, n/N",
        "Risk that would have shown",
        "Difference, points",
        "Ratio",
        "None had it: at most",
    )
    lines = []
    for row in rows:
        found = of_row(row)
        texts = (
            row.term,
            share(row.n_arm, row.N_arm),
            share(row.n_ref, row.N_ref),
            *_numbers(found),
            _none_had_it(row),
        )
        lines.append({"cells": _cells(texts), "warning": found.warning})
    return _table("What this data would have shown of each term, with a power of 80 %", labels, lines)


def overview_table(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The same for no term in particular; `found` is from `overview`."""
    labels = (
        "Arm against reference",
        "Risk in the reference",
        "Risk that would have shown",
        "Difference, points",
        "Ratio",
        "None had it: at most",
    )
    lines = []
    for one in found:
        for said in one["detectable"]:
            case = Detectable(**said)
            nobody = case.reference_risk == 0
            limits = (
                f"arm {_percent(one['upper_limit_for_none_arm'])}, "
                f"reference {_percent(one['upper_limit_for_none_ref'])}"
            )
            texts = (
                f"{one['arm']}, {one['N_arm']} against {one['N_ref']}",
                _percent(case.reference_risk),
                *_numbers(case),
                limits if nobody else "",
            )
            lines.append({"cells": _cells(texts), "warning": case.warning})
    return _table("What this run would have shown, with a power of 80 %", labels, lines)


def _table(caption: str, labels: Sequence[str], lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "caption": caption,
        "columns": [{"label": label, "numeric": index > 0} for index, label in enumerate(labels)],
        "rows": lines,
        "note": NOTE,
        "empty": "Nothing was counted, so nothing would have shown.",
    }


def _cells(texts: Sequence[str]) -> list[dict[str, Any]]:
    return [{"text": text, "numeric": index > 0} for index, text in enumerate(texts)]


def _numbers(found: Detectable) -> tuple[str, str, str]:
    """Risk, difference and ratio as text; the normal approximation is marked by ≈."""
    about = "≈ " if found.method not in ("", "exact") else ""
    if found.risk is None or found.difference is None:
        return ("none", "–", "–")
    ratio = "∞" if found.ratio is None else fixed(found.ratio, 1)
    return (f"{about}{_percent(found.risk)}", fixed(100 * found.difference, 1), ratio)


def _none_had_it(row: Counted) -> str:
    said = []
    if row.n_arm == 0 and row.N_arm:
        said.append(f"arm {_percent(limit_for_none(row.N_arm))}")
    if row.n_ref == 0 and row.N_ref:
        said.append(f"reference {_percent(limit_for_none(row.N_ref))}")
    return ", ".join(said)


def _percent(value: float) -> str:
    return f"{fixed(100 * value, 1 if value >= 0.001 or value == 0 else 3)}%"
