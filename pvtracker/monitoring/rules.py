"""What may be expected of a watched term, and when somebody is told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

DAYS_PER_YEAR = 365.25
PLAUSIBLE_RATE = 3.0  # first events per person-year: beyond it 95 % of all participants have it within a year
LEAST_RATE, MOST_RATE = 1e-6, 1e3
LEAST_YEARS, MOST_YEARS = 0.1, 1e6
SET_LABEL = "Set of terms"  # of several levels, as the study's queries are
WATCHED = "This is watched already. Change what is expected of it on its own page."
MOST_MEMBERS = 5_000  # the broadest standardised queries have some thousands
LONGEST_NAME = 200
LONGEST_TEXT = 1000


class WatchRefused(ValueError):
    """What was said of a watched term cannot be. `faults`: where each was said, and a sentence with the remedy; the
    text and `field` are the first's."""

    def __init__(self, field: str, sentence: str, *, faults: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(sentence)
        self.field = field
        self.faults = tuple(faults) or ((field, sentence),)


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of a watched term and when to warn: the columns of an `Expectation` that people give."""

    rate: float
    years: float
    based_on: str
    reason: str
    ratio_active: float = 1.0
    ratio_reference: float = 1.0
    margin: float = 2.0
    warn_posterior: float | None = None
    warn_predictive: float | None = None
    members: tuple[str, ...] = ()
    in_force: bool = True


def check_expected(entry: Expected, *, is_set: bool) -> None:
    """WatchRefused with everything that cannot be."""
    faults = faults_of({one.name: getattr(entry, one.name) for one in fields(entry)}, is_set=is_set)
    if faults:
        raise WatchRefused(*faults[0], faults=faults)


def faults_of(said: Mapping[str, Any], *, is_set: bool | None) -> list[tuple[str, str]]:
    """Field and sentence of everything that cannot be among the columns of an `Expected` that are given: those that
    could not even be read are missing, as is the level (None)."""
    faults = []
    if "rate" in said and not LEAST_RATE <= said["rate"] <= MOST_RATE:
        faults.append(
            ("rate", "The expected rate lies between 0.000001 and 1,000 per person-year. Enter such a rate.")
        )
    if "years" in said and not LEAST_YEARS <= said["years"] <= MOST_YEARS:
        faults.append(
            ("years", "The expectation is worth between 0.1 and 1,000,000 person-years. Enter how many.")
        )
    sides = [said[name] for name in ("ratio_active", "ratio_reference") if name in said]
    if not all(0.01 <= part <= 100 for part in sides):
        faults.append(
            ("ratio", "Each side of the allocation ratio lies between 0.01 and 100. Write it as in 2:1.")
        )
    if "margin" in said and not 1 <= said["margin"] <= 100:
        faults.append(
            ("margin", "The ratio of interest lies between 1 and 100: treatment ÷ background. Enter it.")
        )
    for name in ("warn_posterior", "warn_predictive"):
        if said.get(name) is not None and not 0 < said[name] < 1:
            faults.append(
                (name, "A threshold is a probability between 0 and 1. Enter one, as in 0.8, or none.")
            )
    if is_set is not None and "members" in said:
        faults += [("terms", sentence) for sentence in _of_members(said["members"], is_set=is_set)]
    for name in ("based_on", "reason"):
        if name in said and not 1 <= len(said[name].strip()) <= LONGEST_TEXT:
            faults.append((name, f"This says something, in at most {LONGEST_TEXT} characters. Write it."))
    return faults


def _of_members(members: Sequence[str], *, is_set: bool) -> list[str]:
    if not is_set:
        return ["Only a set lists terms. Empty this, or choose the level “set”."] if members else []
    if not members:
        return [
            "A set has at least one term. Write them, one a line, or give the set the name of one of the study’s "
            "queries, whose terms it then has."
        ]
    if len(members) > MOST_MEMBERS or any(not 1 <= len(name) <= LONGEST_NAME for name in members):
        return [f"A set has at most {MOST_MEMBERS:,} terms of at most {LONGEST_NAME} characters. Shorten it."]
    return []


def to_confirm(rate: float) -> str:
    """What is asked of an expected rate that is hardly meant; '' of a plausible one."""
    if rate <= PLAUSIBLE_RATE:
        return ""
    days = DAYS_PER_YEAR * math.log(2) / rate
    return (
        f"{rate:g} per person-year says that half of all participants have it within {days:.0f} days, without any "
        f"treatment. If {rate:g} in a hundred person-years are meant, write {rate / 100:g}; if it is meant as it "
        "stands, confirm it below."
    )
