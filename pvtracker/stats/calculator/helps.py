"""What each argument of a statistic means, in one line, as the docstring of its function says it.

A docstring says `name: what it is`, or `name, other: what they are`, in its text after the first paragraph; or names in
backticks the statistic "as for" which it takes them. What means the same in every statistic is said here, once.
"""

from __future__ import annotations

import inspect
import re
from functools import cache

from pvtracker.stats.calculator.arguments import arguments_of
from pvtracker.stats.catalogue import STATISTICS, Statistic

EVERYWHERE = {
    "confidence_level": "share of trials in which the limits hold what is true, in (0, 1)",
    "alpha": "level: the error that is accepted, in (0, 1)",
    "replicates": "how many random replicates are drawn",
    "seed": "start of the random numbers: the same seed gives the same result",
    "threads": "processor threads that work at once; the result does not depend on it",
}
SHAPE = re.compile(r",? ?\b(?:all of )?shape \(\w+,\)(?: or one(?: number)?(?: for all)?)?")
SENTENCE_END = re.compile(r"\.(?= |$)")


@cache
def helps(statistic: Statistic) -> dict[str, str]:
    """Of each argument that its own docstring, one that it names, or `EVERYWHERE` explains."""
    return {name: found for name in arguments_of(statistic) if (found := _help(statistic, name, ()))}


def _help(statistic: Statistic, name: str, seen: tuple[str, ...]) -> str:
    """Its own word first, then that of the statistics it names, in their order, then everybody's."""
    own = _own(statistic).get(name, "")
    if own:
        return own
    for key in re.findall(r"`(\w+)`", inspect.getdoc(statistic.function) or ""):
        other = STATISTICS.get(key)
        if other and key not in (statistic.key, *seen) and name in arguments_of(other):
            found = _help(other, name, (*seen, statistic.key))
            if found:
                return found
    return EVERYWHERE.get(name, "")


def _own(statistic: Statistic) -> dict[str, str]:
    names = "|".join(map(re.escape, sorted(arguments_of(statistic), key=len, reverse=True)))
    head = re.compile(rf"(?<![\w`])((?:{names})(?:(?:, | and )(?:{names}))*)(?:: | (?=\"))")
    _, _, rest = (inspect.getdoc(statistic.function) or "").partition("\n\n")
    text = " ".join(rest.split("\n\nSource")[0].split())
    heads = list(head.finditer(text))
    said: dict[str, str] = {}
    # what is said of one alone comes before what is said of several, as when each is "one row for each measurement"
    for place, one in sorted(enumerate(heads), key=lambda found: found[1][1].count(",")):
        until = heads[place + 1].start() if place + 1 < len(heads) else len(text)
        words = SENTENCE_END.split(text[one.end() : until])[0]
        words = SHAPE.sub("", words).strip(" ,;")
        if words.startswith("as for "):
            continue
        for name in re.split(r", | and ", one[1]):
            said.setdefault(name, words)
    return said


def sentence(said: str) -> str:
    """A help as a sentence; one that begins with a name, a number or a quotation begins as it is."""
    return said[:1].upper() + said[1:] + "."
