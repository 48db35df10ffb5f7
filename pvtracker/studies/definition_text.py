"""Settings that are lists, as a person writes and reads them: `CODE = 28`, `Any dose = LOW, HIGH`, `LOW, HIGH`.

Terms of a dictionary may have commas: they stand one a line, and in a query between semicolons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
    """Name → days of each line; ValueError names the line and the form that is needed."""
    found: dict[str, int | None] = {}
    for name, value in _lines(text):
        if value.lower() == NO_END:
            found[name] = None
        elif value.isascii() and value.isdigit() and len(value) < 9:
            found[name] = int(value)
        else:
            raise ValueError(f"“{name} = {value[:40]}”: write a number of days, or {NO_END} for no end.")
    return found


def pools_of(text: str) -> dict[str, list[str]]:
    """Name → codes of arms of each line."""
    return {name: words_of(value) for name, value in _lines(text)}


def reasons_of(text: str) -> dict[str, str]:
    """Subject identifier → reason of each line."""
    return {name: " ".join(value.split()) for name, value in _lines(text)}


def words_of(text: str) -> list[str]:
    """Codes, which have no comma."""
    return [word.strip() for word in text.replace("\n", ",").split(",") if word.strip()]


def queries_of(text: str) -> dict[str, list[str]]:
    """Name → terms of each line, the terms between semicolons."""
    return {name: _terms(value.split(";")) for name, value in _lines(text)}


def terms_of(text: str) -> list[str]:
    """One term a line."""
    return _terms(text.splitlines())


def _terms(texts: Sequence[str]) -> list[str]:
    return [term for term in (" ".join(text.split()) for text in texts) if term]


def _lines(text: str) -> list[tuple[str, str]]:
    pairs: dict[str, Any] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, sign, value = (part.strip() for part in line.partition("="))
        if not (name and sign and value):
            raise ValueError(
                f"“{line[:60]}”: write one line for each, a name, a sign of equality, and its value."
            )
        if name in pairs:
            raise ValueError(f"{name[:40]!r} stands twice. Name each once.")
        pairs[name] = value
    return list(pairs.items())
