"""A row that is stored whatever its values are: what cannot be read becomes a problem, which becomes a query.

For AE and DM: a safety event must not be lost for a spelling, nor a participant, whose events would go too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pvtracker.formats.records import Problem
from pvtracker.formats.sdtm.rows import Row, RowRefusal
from pvtracker.lib.partial_dates import PartialDateError, parse

LONGEST_SHOWN = 300  # characters of a delivered value in a message


@dataclass(slots=True)
class KeptRow:
    """The cells of one row, and the problems met while reading them."""

    row: Row
    _problems: dict[tuple[str, str], Problem] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """In the order in which they were met; one per rule and field."""
        return tuple(self._problems.values())

    def ask(self, rule: str, about: str, message: str, *, value: str = "") -> None:
        """Add a problem with the field `about`; what the same rule said of that field before stays in front."""
        before = self._problems.get((rule, about))
        if before is not None:
            message, value = f"{before.message} {message}", f"{before.value}; {value}"
        self._problems[rule, about] = Problem(rule, about, message, value)

    def text(self, column: str, about: str) -> str:
        """The text without what no database takes, which is asked about."""
        raw = self.row.raw(column)
        if raw.isascii() and "\x00" not in raw:
            return raw
        text = "".join(c for c in raw if c != "\x00" and not "\ud800" <= c <= "\udfff").strip()
        if text != raw:
            message = f"{column} holds characters that are no text; they were left out: {shown(text)}."
            self.ask("text-characters", about, f"{message} Deliver that text again.", value=text)
        return text

    def date(self, column: str, about: str) -> str:
        """The partial date as delivered; '' and a problem where it cannot be read."""
        text = self.text(column, about)
        try:
            parse(text)
        except PartialDateError as error:
            message = f"{column} is {shown(text)} and stored as unknown. {error}"
            self.ask("date-readable", about, message, value=text)
            return ""
        return text

    def flag(self, column: str, about: str, *, rule: str) -> bool | None:
        """Y, N, or not stated; None and a problem for another word."""
        try:
            return self.row.flag(column)
        except RowRefusal:
            text = self.text(column, about)
            message = (
                f"{column} is {shown(text)}, neither Y nor N; it is stored as not stated. Say which it is."
            )
            self.ask(rule, about, message, value=text)
            return None

    def term(self, column: str, about: str, terms: dict[str, str]) -> tuple[str, str]:
        """The key of a word and ''; or '' and the word as delivered, where it is none of `terms`."""
        text = self.text(column, about)
        key = terms.get(text.upper(), "")
        return key, "" if key else text


def shown(text: str) -> str:
    """A delivered value inside a message."""
    return f"“{text}”" if len(text) <= LONGEST_SHOWN else f"“{text[:LONGEST_SHOWN]}…”"
