"""What is wrong with definitions: the line and the name where it stands, the rule, and the remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

MOST_TOLD = 20  # faults of one setting
LONGEST_SHOWN = 60  # characters of what is wrong


class Fault(NamedTuple):
    rule: str  # with the remedy
    what: str = ""  # the name, code or term that breaks it, as it was written
    of: str = ""  # the name of the line in which that stands, where it is not that name itself
    line: int = 0  # of a field of lines; 0: no field was written, or it has one line


class Faults(ValueError):
    """A setting that cannot hold, with everything that is wrong with it."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(told(faults))
        self.faults = faults


def told(faults: Sequence[Fault]) -> str:
    """All of `sentences` as one text."""
    return " ".join(sentences(faults))


def sentences(faults: Sequence[Fault]) -> list[str]:
    """Each rule once, after the places where it is broken: those of the first faults, and how many more there are."""
    places: dict[str, list[str]] = {}
    for fault in faults[:MOST_TOLD]:
        places.setdefault(fault.rule, []).append(_place(fault))
    more = len(faults) - MOST_TOLD
    said = [_sentence(list(filter(None, where)), rule) for rule, where in places.items()]
    return [*said, *([f"And {more} more such faults."] if more > 0 else [])]


def placed(faults: Sequence[Fault], lines: Mapping[str, int]) -> list[Fault]:
    """The same with the line of each, where `lines` has what is wrong, in the order of the lines."""
    known = [one if one.line else one._replace(line=lines.get(one.of or one.what, 0)) for one in faults]
    return sorted(known, key=lambda one: one.line)


def _place(fault: Fault) -> str:
    names = [] if fault.line else [fault.of]
    shown = [f"“{_short(name)}”" for name in (*names, fault.what) if name]
    return ", ".join([*([f"line {fault.line}"] if fault.line else []), *shown])


def _short(text: str) -> str:
    return f"{text[:LONGEST_SHOWN]}…" if len(text) > LONGEST_SHOWN else text


def _sentence(places: Sequence[str], rule: str) -> str:
    said = f"{'; '.join(places)}: {rule}" if places else rule
    return said[0].upper() + said[1:]
