"""Dates as people know them: a year, a month, a day, a moment; kept as written and compared as intervals.

One text form is read, ISO 8601 extended: ``2026``, ``2026-03``, ``2026-03-05``, ``2026-03-05T10:30``, each
time with optional seconds and offset (``2026-03-05T10:30:00+02:00``, ``Z``). Everything else is refused with
a sentence, in particular the basic, week and ordinal forms that `datetime.fromisoformat` takes, and the ``-``
placeholders of SDTM (``2026---05``): a known day in an unknown month is no interval.

The interval is one of calendar days where it happened: an offset is kept in the text and never shifts the
day. Two moments of one day are therefore never certainly in order; that is the price of one rule for form,
import and database.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

FIRST_YEAR = 1900
LAST_YEAR = 2100
FORMS = "YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm"

Precision = Literal["year", "month", "day", "time"]

# [0-9], not \d: \d also matches Arabic-Indic and other digits.
_DATE = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)
_PRECISION_BY_LENGTH: dict[int, Precision] = {4: "year", 7: "month", 10: "day"}
_LONGEST_QUOTE = 40


class PartialDateError(ValueError):
    """The text is not a date we read; the message is a sentence that names the rule and the remedy."""


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date as written and the days that it may mean, both ends included."""

    text: str
    earliest: date
    latest: date

    @property
    def precision(self) -> Precision:
        """The smallest unit that is known."""
        return _PRECISION_BY_LENGTH.get(len(self.text), "time")

    def __str__(self) -> str:
        return self.text


def spaced(written: str) -> str:
    """A date as it was written, with a space before its time where one was delivered: 2026-01-09 15:37."""
    return written.replace("T", " ")


def parse(text: str) -> PartialDate | None:
    """The partial date that `text` says; None for the empty text, which means unknown.

    Raises `PartialDateError`, whose message can be shown to whoever typed the text.
    """
    return _parse(text) if text else None


def certainly_before(a: PartialDate | None, b: PartialDate | None) -> bool:
    """Every day that `a` may mean lies before every day that `b` may mean. False when either is unknown."""
    return a is not None and b is not None and a.latest < b.earliest


def certainly_after(a: PartialDate | None, b: PartialDate | None) -> bool:
    """Every day that `a` may mean lies after every day that `b` may mean. False when either is unknown."""
    return certainly_before(b, a)


def possibly_on_or_after(a: PartialDate | None, b: PartialDate | None) -> bool:
    """Some day of `a` is the same as, or later than, some day of `b`. True when either is unknown."""
    return not certainly_before(a, b)


@lru_cache(maxsize=65_536)  # a laboratory file repeats few days many times
def _parse(text: str) -> PartialDate:
    match = _DATE.fullmatch(text)
    if match is None:
        raise _refusal(text, *_why_unreadable(text))
    year_text, month_text, day_text, hour, minute, second, offset = match.groups()
    year = int(year_text)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise _refusal(text, f"the year must be {FIRST_YEAR} to {LAST_YEAR}", "Check the year.")
    if month_text is None:
        return PartialDate(text, date(year, 1, 1), date(year, 12, 31))
    month = int(month_text)
    if not 1 <= month <= 12:
        raise _refusal(text, "the month must be 01 to 12", f"Write {year} if the month is not known.")
    last_day = calendar.monthrange(year, month)[1]
    if day_text is None:
        return PartialDate(text, date(year, month, 1), date(year, month, last_day))
    if not 1 <= int(day_text) <= last_day:
        rule = f"the day must be 01 to {last_day} in {year}-{month:02}"
        raise _refusal(text, rule, f"Write {year}-{month:02} if the day is not known.")
    if hour is not None:
        _check_time(text, hour=hour, minute=minute, second=second, offset=offset)
    day = date(year, month, int(day_text))
    return PartialDate(text, day, day)


def _check_time(text: str, *, hour: str, minute: str, second: str | None, offset: str | None) -> None:
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        raise _refusal(text, "the time must be 00:00 to 23:59:59", "Leave the time out if it is not known.")
    if offset is None or offset == "Z":
        return
    minutes = int(offset[1:3]) * 60 + int(offset[4:6])
    if minutes > 14 * 60 or int(offset[4:6]) > 59:
        raise _refusal(text, "the offset must be -14:00 to +14:00", "Check the offset, or leave it out.")


def _why_unreadable(text: str) -> tuple[str, str]:
    """The rule that `text` breaks and what to write instead."""
    if text != text.strip():
        return "it has blanks around it", "Remove the blanks."
    if text.startswith("-") or "--" in text or text.endswith("-"):
        return (
            "a missing part is left out from the right, not replaced by a hyphen",
            "Write the year, or the year and month, that are known.",
        )
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T.*", text):
        return "the time must be hh:mm or hh:mm:ss", "Leave the time out if it is not known."
    if not text.isascii():
        return "it must be written with the digits 0 to 9", f"Write it as {FORMS}."
    return f"it must be {FORMS}", "Write the parts that are known, the year first."


def _refusal(text: str, rule: str, remedy: str) -> PartialDateError:
    shown = text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"
    return PartialDateError(f"“{shown}” is not a date: {rule}. {remedy}")
