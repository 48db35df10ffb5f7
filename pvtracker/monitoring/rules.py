"""What may be expected of a watched term, and when somebody is told."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_RATE, MOST_RATE = 1e-6, 1e3
LEAST_YEARS, MOST_YEARS = 0.1, 1e6
MOST_MEMBERS = 200
LONGEST_NAME = 200
LONGEST_TEXT = 1000


class WatchRefused(ValueError):
    """What was said of a watched term cannot be; `field` is where it was said, the text a sentence with the remedy."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


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
    """WatchRefused for the first thing that cannot be."""
    if not LEAST_RATE <= entry.rate <= MOST_RATE:
        _refuse(
            "rate", "The expected rate lies between 0.000001 and 1,000 per person-year. Enter such a rate."
        )
    if not LEAST_YEARS <= entry.years <= MOST_YEARS:
        _refuse("years", "The expectation is worth between 0.1 and 1,000,000 person-years. Enter how many.")
    for part in (entry.ratio_active, entry.ratio_reference):
        if not 0.01 <= part <= 100:
            _refuse(
                "ratio", "Each side of the allocation ratio lies between 0.01 and 100. Write it as in 2:1."
            )
    if not 1 <= entry.margin <= 100:
        _refuse("margin", "The ratio of interest lies between 1 and 100: treatment ÷ background. Enter it.")
    for name, value in (
        ("warn_posterior", entry.warn_posterior),
        ("warn_predictive", entry.warn_predictive),
    ):
        if value is not None and not 0 < value < 1:
            _refuse(name, "A threshold is a probability between 0 and 1. Enter one, as in 0.8, or none.")
    if is_set and not entry.members:
        _refuse("terms", "A set has at least one preferred term. Write them, one a line.")
    if not is_set and entry.members:
        _refuse("terms", "Only a set lists preferred terms. Empty this, or choose the level “set”.")
    if len(entry.members) > MOST_MEMBERS or any(not 1 <= len(name) <= LONGEST_NAME for name in entry.members):
        _refuse(
            "terms",
            f"A set has at most {MOST_MEMBERS} terms of at most {LONGEST_NAME} characters. Shorten it.",
        )
    for name, text in (("based_on", entry.based_on), ("reason", entry.reason)):
        if not 1 <= len(text.strip()) <= LONGEST_TEXT:
            _refuse(name, f"This says something, in at most {LONGEST_TEXT} characters. Write it.")


def _refuse(field: str, sentence: str) -> None:
    raise WatchRefused(field, sentence)
