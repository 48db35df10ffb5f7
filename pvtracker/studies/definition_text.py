"""Settings that are lists, as a person writes and reads them: `CODE = 28`, `Any dose = LOW, HIGH`, `LOW, HIGH`.

Terms of a dictionary may have commas: they stand one a line, and in a query between semicolons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pvtracker.studies.definitions import together

NO_END = "none"


def windows_text(windows: Mapping[str, int | None]) -> str:
    return "\n".join(f"{name} = {NO_END if days is None else days}" for name, days in windows.items())


def reasons_text(reasons: Mapping[str, str]) -> str:
    return "\n".join(f"{subject} = {reason}" for subject, reason in reasons.items())


def pools_text(pools: Mapping[str, Sequence[str]]) -> str:
    return "\n".join(f"{name} = {words_text(arms)}" for name, arms in pools.items())


def words_text(words: Sequence[str]) -> str:
    return ", ".join(words)


def queries_text(queries: Mapping[str, Sequence[str]]) -> str:
    return "\n".join(f"{name} = {'; '.join(terms)}" for name, terms in queries.items())


def terms_text(terms: Sequence[str]) -> str:
    return "\n".join(terms)


def windows_of(text: str) -> dict[str, int | None]:
    """Name → days of each line; ValueError names each line that is wrong, and the form that is needed."""
    pairs, faults = _lines(text)
    found: dict[str, int | None] = {}
    for name, value in pairs:
        if value.lower() == NO_END:
            found[name] = None
        elif value.isascii() and value.isdigit() and len(value) < 9:
            found[name] = int(value)
        else:
            faults.append(f"“{name} = {value[:40]}”: write a number of days, or {NO_END} for no end.")
    _told(faults)
    return found


def pools_of(text: str) -> dict[str, list[str]]:
    """Name → codes of arms of each line."""
    return {name: words_of(value) for name, value in _whole(text)}


def reasons_of(text: str) -> dict[str, str]:
    """Subject identifier → reason of each line."""
    return {name: " ".join(value.split()) for name, value in _whole(text)}


def words_of(text: str) -> list[str]:
    """Codes, which have no comma."""
    return [word.strip() for word in text.replace("\n", ",").split(",") if word.strip()]


def queries_of(text: str) -> dict[str, list[str]]:
    """Name → terms of each line, the terms between semicolons."""
    return {name: _terms(value.split(";")) for name, value in _whole(text)}


def terms_of(text: str) -> list[str]:
    """One term a line."""
    return _terms(text.splitlines())


def _terms(texts: Sequence[str]) -> list[str]:
    return [term for term in (" ".join(text.split()) for text in texts) if term]


def _whole(text: str) -> list[tuple[str, str]]:
    """Name and value of each line; ValueError for any that has not both."""
    pairs, faults = _lines(text)
    _told(faults)
    return pairs


def _lines(text: str) -> tuple[list[tuple[str, str]], list[str]]:
    """Name and value of each line that has both, and what is wrong with the others."""
    pairs: dict[str, Any] = {}
    faults = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, sign, value = (part.strip() for part in line.partition("="))
        if not (name and sign and value):
            faults.append(
                f"“{line[:60]}”: write one line for each, a name, a sign of equality, and its value."
            )
        elif name in pairs:
            faults.append(f"{name[:40]!r} stands twice. Name each once.")
        else:
            pairs[name] = value
    return list(pairs.items()), faults


def _told(faults: Sequence[str]) -> None:
    if faults:
        raise ValueError(together(faults))
