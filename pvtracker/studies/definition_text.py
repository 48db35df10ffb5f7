"""Settings that are lists, as a person writes and reads them: `CODE = 28`, `Any dose = LOW, HIGH`, `LOW, HIGH`.

Terms of a dictionary may have commas: they stand one a line, and in a query between semicolons. A query of many terms
is written by its name and how many there are, and read back as the one that stands.

Readers give what can be read and the faults of the rest, so that all of a text's faults can be told at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pvtracker.studies.definition_faults import Fault
from pvtracker.studies.definitions import CHOICES, MAPPINGS

NO_END = "none"
MOST_WRITTEN = 40  # terms of a query that are written out
STANDS = re.compile(r"\(as it stands: \d+ terms\)")
# How a line is written
SHAPES = {
    "intervention_windows": f"CODE = 28, or CODE = {NO_END}",
    "phase_windows": f"PHASE = 7, or PHASE = {NO_END}",
    "not_per_protocol": "SUBJECT = reason",
    "pools": "NAME = CODE, CODE",
    "queries": "NAME = TERM; TERM",
}


class Read(NamedTuple):
    """What could be read of a text, and what is wrong with the rest."""

    value: Any
    faults: list[Fault]


def windows_text(windows: Mapping[str, int | None]) -> str:
    return "\n".join(f"{name} = {NO_END if days is None else days}" for name, days in windows.items())


def reasons_text(reasons: Mapping[str, str]) -> str:
    return "\n".join(f"{subject} = {reason}" for subject, reason in reasons.items())


def pools_text(pools: Mapping[str, Sequence[str]]) -> str:
    return "\n".join(f"{name} = {words_text(arms)}" for name, arms in pools.items())


def words_text(words: Sequence[str]) -> str:
    return ", ".join(words)


def ages_text(ages: Sequence[int]) -> str:
    return ", ".join(map(str, ages))


def queries_text(queries: Mapping[str, Sequence[str]]) -> str:
    """Each with all its terms, or with how many there are."""
    return "\n".join(
        f"{name} = {'; '.join(terms) if len(terms) <= MOST_WRITTEN else f'(as it stands: {len(terms)} terms)'}"
        for name, terms in queries.items()
    )


def some_of(terms: Sequence[str]) -> str:
    """The terms of a query for a reader, who is told how many there are where there are many."""
    more = len(terms) - MOST_WRITTEN
    return "; ".join(terms[:MOST_WRITTEN]) + (f"; and {more} more terms" if more > 0 else "")


def terms_text(terms: Sequence[str]) -> str:
    return "\n".join(terms)


def windows_of(text: str, shape: str) -> Read:
    """Name → days of each line."""

    def days(value: str) -> int | None:
        if value.lower() == NO_END:
            return None
        if value.isascii() and value.isdigit() and len(value) < 9:
            return int(value)
        raise ValueError(f"write a number of days, or {NO_END} for no end: {shape}.")

    return _lines(text, shape, days)


def pools_of(text: str) -> Read:
    """Name → codes of arms of each line."""
    return _lines(text, SHAPES["pools"], _between_commas)


def reasons_of(text: str) -> Read:
    """Subject identifier → reason of each line."""
    return _lines(text, SHAPES["not_per_protocol"], lambda value: " ".join(value.split()))


def words_of(text: str) -> Read:
    """Codes, which have no comma."""
    return Read(_between_commas(text.replace("\n", ",")), [])


def ages_of(text: str) -> Read:
    """Whole numbers between commas."""
    words = _between_commas(text)
    wrong = [word for word in words if not (word.isascii() and word.isdigit() and len(word) < 4)]
    rule = "write whole years, separated by commas: 18, 65."
    return Read([int(word) for word in words if word not in wrong], [Fault(rule, word) for word in wrong])


def queries_of(text: str, standing: Mapping[str, Sequence[str]]) -> Read:
    """Name → terms of each line, the terms between semicolons; or those that the query of this name has now."""
    read = _lines(text, SHAPES["queries"], lambda value: value)
    found, faults = {}, list(read.faults)
    for name, value in read.value.items():
        if not STANDS.fullmatch(value):
            found[name] = _terms(value.split(";"))
        elif name in standing:
            found[name] = list(standing[name])
        else:
            faults.append(
                Fault(
                    "no query of this name stands. Keep its name, or write its terms: NAME = TERM; TERM.",
                    name,
                )
            )
    return Read(found, faults)


def terms_of(text: str) -> Read:
    """One term a line."""
    return Read(_terms(text.splitlines()), [])


def lines_of(text: str) -> dict[str, int]:
    """The first line of everything that a fault may name: whole lines, names, and what stands after them."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name, _, value = line.partition("=")
        for part in (line, name, value, *value.split(";"), *value.split(",")):
            found.setdefault(" ".join(part.split()), number)
    return found


def _between_commas(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _terms(texts: Sequence[str]) -> list[str]:
    return [term for term in (" ".join(text.split()) for text in texts) if term]


def _lines(text: str, shape: str, value_of: Callable[[str], Any]) -> Read:
    """Name and value of each line that has both."""
    pairs: dict[str, Any] = {}
    faults = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, sign, value = (part.strip() for part in line.partition("="))
        if not (name and sign and value):
            faults.append(Fault(f"write each on a line of its own, as {shape}.", line.strip(), line=number))
        elif name in pairs:
            faults.append(Fault("stands twice. Name each once.", name, line=number))
        else:
            try:
                pairs[name] = value_of(value)
            except ValueError as fault:
                pairs[name] = None  # the name is examined all the same
                faults.append(Fault(str(fault), f"{name} = {value}", line=number))
    return Read(pairs, faults)


def value_text(name: str, value: Any) -> str:
    """A setting in words."""
    if name in CHOICES:
        return CHOICES[name][value]
    if name.endswith("_days"):
        return "no end" if value is None else f"{value} days"
    if name == "queries":
        return " | ".join(f"{one} = {some_of(terms)}" for one, terms in value.items()) or "none"
    if name == "age_groups":
        return ages_text(value)
    if name == "special_interest":
        return "; ".join(value) or "none"
    if name == "not_per_protocol":  # who they are stands where it is changed, and in the history
        return f"{len(value)} participant{'s' if len(value) > 1 else ''}" if value else "none"
    if name == "pools":
        return pools_text(value).replace("\n", "; ") or "none"
    if name in MAPPINGS:
        return windows_text(value).replace("\n", "; ") or "none"
    return words_text(value) or "none"
