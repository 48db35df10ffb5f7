"""The declared random fields: what may differ between twins, each with its reason. This table is the whole licence.

A mask hides a value, never that it is there, what it equals, or where it stands: the first distinct value of a kind
becomes 1, the second 2, and so on through everything that is compared, in one order. Two rows that changed places, an
id that appears once more, an id of one place that appears in another: all of that still differs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

BREAK = "\N{ZERO WIDTH SPACE}"  # where a long id may break over lines, on pages and on paper
# How a masked value is written: by its number among the values of its kind; by its place among the moments of one
# text (so that their order counts, not their distance); or by its kind alone.
NUMBERED, RANKED, PLAIN = "numbered", "ranked", "plain"


@dataclass(frozen=True, slots=True)
class Mask:
    """One kind of random field: how it is recognised, how it is written, and why it may differ."""

    kind: str
    pattern: str
    how: str
    why: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the open database that may differ: masked in the dump, where it is found by its name."""

    table: str
    column: str
    why: str


MASKS = (
    Mask(
        "uuid",
        r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        NUMBERED,
        "ids are random, so that they tell nothing",
    ),
    Mask(
        "sha256",
        r"[0-9a-f]{64}",
        NUMBERED,
        "over files and records that hold random ids or the time of their making",
    ),
    Mask("id32", r"[0-9a-f]{32}", NUMBERED, "ids of requests, and random ids without dashes"),
    Mask(
        "short id",
        r"[0-9a-f]{16}|[0-9a-f]{12}",
        NUMBERED,
        "the first twelve or sixteen digits of an id or a hash",
    ),
    Mask(
        "secret",
        r"gAAAA[\w-]+|pbkdf2_sha256\$[^\"\s]+|argon2[\w$=,.+/-]+",
        PLAIN,
        "drawn for each secret, or salted",
    ),
    Mask(
        "form token",
        r'(?<="csrf": ")[A-Za-z0-9]{64}'
        r'|(?<=csrfmiddlewaretoken" value=")[A-Za-z0-9]{64}|(?<=X-CSRFToken": ")[A-Za-z0-9]{64}'
        r"|(?<=X-CSRFToken&quot;: &quot;)[A-Za-z0-9]{64}",
        PLAIN,
        "drawn for each answer, so that it cannot be guessed from another",
    ),
    Mask(
        "cookie",
        r"(?<=_csrf=)[A-Za-z0-9]+|(?<=_session=)[a-z0-9]+|(?<=expires=)[^;]+",
        PLAIN,
        "drawn at sign-in and for each visitor; the day it ends is counted from now",
    ),
    Mask(
        "cursor",
        r"Wy[IJ][\w-]{20,}(?::|%3A)\w+(?::|%3A)[\w-]+",
        PLAIN,
        "a place in the feed with the feed's random ids, signed at the moment of the answer",
    ),
    Mask(
        "moment",
        "a day of the run with a time",
        RANKED,
        "the twins are made one after the other; to the second or minute: plain",
    ),
    Mask(
        "policy",
        r"(?<=Content-Security-Policy: ).*",
        PLAIN,
        "its directives come in the order of the process's hashes: compared in alphabetical order",
    ),
    Mask(
        "session clock",
        r'(?<=data-session-left=")\d+|(?<="seconds": )\d+',
        PLAIN,
        "seconds until the session ends, counted at the moment of the answer",
    ),
    Mask(
        "process",
        r"0x[0-9a-f]{8,16}\b|(?<=\.> transport: ).*|redis[+\w]*://\S+|(?<= succeeded in )[\d.e-]+s",
        PLAIN,
        "where a worker's object lies in memory, the key space that a twin was given, how long a task took",
    ),
    Mask(
        "bell",
        r"(?<=\[)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=\] (?:received|succeeded))",
        PLAIN,
        "Celery's own id of one ring for a job; in a log, rings for one task count once: the sweeper rings again for a "
        "job that a busy worker has not begun. The jobs are compared as rows",
    ),
    Mask(
        "clock of the broker",
        r"\b1[6-9]\d{8}(?:\d{3})?\.\d+\b",
        PLAIN,
        "when the broker forgets a worker that is gone, in seconds since 1970",
    ),
)

COLUMNS = (
    Column("django_session", "session_key", "drawn at sign-in"),
    Column("django_session", "session_data", "signed, with the moment of signing"),
    Column("accounts_account", "password", "salted hashes of passwords drawn for each installation"),
    Column("mfa_authenticator", "data", "secrets of authenticators, drawn at enrolment and sealed"),
    Column(
        "entry",
        "at",
        "the clock at each row, of which two may share a microsecond; compared in the order of ids",
    ),
    Column("jobs_job", "fence", "grows with every claim, and a slow machine may claim again"),
    Column("jobs_job", "rung_at", "the sweeper rings again for a job that a busy worker has not begun"),
)


# Tables whose rows are not compared (they are searched all the same), and why.
PROGRESS = {
    "audit.waiting": "how far the sealing of the trail got; its entries are compared",
    "audit.link": "hashes over entries with random ids, as far as the sealing got; the entries are compared",
    "audit.head": "the last of those hashes",
}


@dataclass(slots=True)
class Masker:
    """Masks texts of one twin, in the order in which they come; remembers the number of every value."""

    first_day: date  # of the run: only moments of its days are times of the run, all others are data
    last_day: date
    numbers: dict[str, dict[str, int]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    beginnings: set[str] = field(default_factory=set)

    def mask(self, text: str, *, page: bool = False, rows: bool = False) -> str:
        """The text without what is random in it; a page is looked through for what only answers hold. In rows of the
        database a moment without a fraction is one that fell on a whole second.
        """
        text = _CURSOR.sub(lambda match: self._plain("cursor"), text)
        text = _HEX.sub(self._hidden_id, text.replace(BREAK, ""))
        text = _SECRET.sub(lambda match: self._plain("secret"), text)
        if page:
            text = self._masked_answer(text)
        days = self._days()
        moments = _moment(days, whole=rows)
        keys = {moment: _instant(moment) for moment in set(moments.findall(text))}
        places = {key: place for place, key in enumerate(sorted(set(keys.values())), 1)}
        self._count("moment", sum(1 for _ in moments.finditer(text)))
        text = moments.sub(lambda match: f"‹moment {places[keys[match[0]]]}›", text)
        return _said_moment(days).sub("‹moment›", text)

    def _masked_answer(self, text: str) -> str:
        text = _FORM_TOKEN.sub(lambda match: self._plain("form token"), text)
        text = _COOKIE.sub(lambda match: self._plain("cookie"), text)
        text = _POLICY.sub(lambda match: "; ".join(sorted(match[0].split("; "))), text)
        return _CLOCK.sub(lambda match: self._plain("session clock"), text)

    def mask_machinery(self, text: str) -> str:
        """A log, or a key of the broker, without what is random in it; its lines are compared without their order, and
        those of a bell once.
        """
        text = _BELL.sub(lambda match: self._plain("bell"), text)
        text = _PROCESS.sub(lambda match: self._plain("process"), text)
        text = self.mask(_BROKER.sub(lambda match: self._plain("clock of the broker"), text))
        lines = sorted(_PLACE.sub("‹moment›", text).splitlines())
        return "\n".join(
            line
            for before, line in zip(["", *lines], lines, strict=False)
            if "‹bell›" not in line or line != before
        )

    def _plain(self, kind: str) -> str:
        self._count(kind, 1)
        return f"‹{kind}›"

    def _hidden_id(self, match: re.Match[str]) -> str:
        kind, value = _KIND_BY_LENGTH[len(match[0])], match[0]
        if kind == "short id" and value.isdigit() and value not in self.beginnings:
            return value  # a number of twelve digits
        self._count(kind, 1)
        known = self.numbers.setdefault(kind, {})
        if value not in known:
            known[value] = len(known) + 1
            self.beginnings |= {value.replace("-", "")[:length] for length in (12, 16)}
        return f"‹{kind} {known[value]}›"

    def _count(self, kind: str, more: int) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + more

    def _days(self) -> list[date]:
        return [
            self.first_day + timedelta(days=step) for step in range((self.last_day - self.first_day).days + 1)
        ]


_BY_KIND = {mask.kind: mask.pattern for mask in MASKS}
_KIND_BY_LENGTH = {36: "uuid", 64: "sha256", 32: "id32", 16: "short id", 12: "short id"}
_HEX = re.compile(
    rf"(?<![0-9A-Za-z])(?:{'|'.join(_BY_KIND[kind] for kind in _KIND_BY_LENGTH.values())})(?![0-9A-Za-z])"
)
_CURSOR, _SECRET, _FORM_TOKEN, _COOKIE, _POLICY, _CLOCK, _PROCESS, _BELL, _BROKER = (
    re.compile(_BY_KIND[kind])
    for kind in (
        "cursor",
        "secret",
        "form token",
        "cookie",
        "policy",
        "session clock",
        "process",
        "bell",
        "clock of the broker",
    )
)
_PLACE = re.compile(r"‹moment \d+›")
_CACHE: dict[tuple[str, ...], re.Pattern[str]] = {}


def _instant(moment: str) -> str:
    """The same for every way of writing one moment: digits, with all six of the fraction."""
    whole, _, fraction = re.sub(r"(?:Z|\+00(?::?00)?)$", "", moment).replace(",", ".").partition(".")
    return f"{whole[:10]} {whole[11:]}.{fraction.ljust(6, '0')}"


def _moment(days: list[date], *, whole: bool) -> re.Pattern[str]:
    """A day of the run with a time down to fractions of a second, or (`whole`) with none left, as machines write it."""
    fraction = r"(?:[.,]\d+)?" if whole else r"[.,]\d+"
    return _cached(
        [day.isoformat() for day in days],
        lambda named: rf"(?:{named})[T ]\d\d:\d\d:\d\d{fraction}(?:Z|\+00(?::?00)?)?",
    )


def _said_moment(days: list[date]) -> re.Pattern[str]:
    """A day of the run with or without a time, as pages write it: two looks may share a second, or not."""
    names = [day.isoformat() for day in days]
    names += [f"{day.day} {day:%B} {day.year}" for day in days] + [
        f"{day.day} {day:%b} {day.year}" for day in days
    ]
    return _cached(
        names, lambda named: rf"(?:{named})(?:(?:[T ,]| at )+\d\d:\d\d(?::\d\d)?(?:Z|\+00(?::?00)?)?)?"
    )


def _cached(names: list[str], pattern: Callable[[str], str]) -> re.Pattern[str]:
    text = pattern("|".join(map(re.escape, names)))
    found = _CACHE.get((text,))
    return found or _CACHE.setdefault((text,), re.compile(text))
