"""The allocation of the arms as a protocol says it, such as 2 : 1: typed, checked, and one arm’s share of it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Allocation = tuple[tuple[str, float], ...]  # name of the arm, how many it gets for those of the others

EXAMPLE = "Low dose = 2; Placebo = 1"
LEAST, MOST = 0.01, 1000.0
WIDEST = 19.0  # so that no arm has less than 5 % of itself and another one
MOST_NAME = 120


@dataclass(frozen=True, slots=True)
class NoAllocation(ValueError):
    """What was typed is no allocation: a sentence that says why and what to do."""

    said: str

    def __str__(self) -> str:
        return self.said


def parsed(text: str) -> Allocation:
    """The arms and their numbers as typed, ``Low dose = 2; Placebo = 1``; NoAllocation where it cannot be read."""
    found = []
    for part in (one.strip() for one in text.replace("\n", ";").split(";")):
        if not part:
            continue
        name, sign, number = part.rpartition("=")
        try:
            found.append((" ".join(name.split()), float(number)))
        except ValueError:
            sign = ""
        if not sign:
            raise NoAllocation(
                f"“{part[:60]}” is no arm with its number. Write each arm, an equals sign and its number, separated by "
                f"semicolons, such as {EXAMPLE}."
            )
    return ordered(found)


def ordered(given: Iterable[tuple[str, float]]) -> Allocation:
    """By name: the order in which arms were typed is no other plan."""
    return tuple(sorted((name, float(number)) for name, number in given))


def text_of(allocation: Allocation) -> str:
    """As it is typed."""
    return "; ".join(f"{name} = {number:g}" for name, number in allocation)


def fault_of(allocation: Allocation) -> str:
    """Why it cannot be, and what to do; '' where it can."""
    names = [name.casefold() for name, _ in allocation]
    numbers = [number for _, number in allocation]
    if len(allocation) < 2:
        return f"It names every arm, the reference too. Write at least two, such as {EXAMPLE}."
    if "" in names or any(len(name) > MOST_NAME for name in names):
        return f"Each arm has a name of at most {MOST_NAME} characters. Write it before its equals sign."
    if len(set(names)) < len(names):
        return "An arm stands in it twice. Keep one of the two."
    if not all(math.isfinite(number) and LEAST <= number <= MOST for number in numbers):
        return f"Each number is from {LEAST:g} to {MOST:,g}. Write such numbers, for example {EXAMPLE}."
    if max(numbers) > WIDEST * min(numbers) * (1 + 1e-9):
        return (
            f"One arm has more than {WIDEST:g} times another one, beyond what this boundary is computed for."
        )
    return ""


def strangers(allocation: Allocation, arms: Sequence[str]) -> str:
    """Where it does not name exactly the arms of the study: which, and what to do; '' where it does, or none are known
    yet."""
    if not (allocation and arms):
        return ""
    named, known = {name.casefold() for name, _ in allocation}, {arm.casefold() for arm in arms}
    unknown = [name for name, _ in allocation if name.casefold() not in known]
    missing = [arm for arm in arms if arm.casefold() not in named]
    if unknown:
        return f"The study has no arm {', '.join(unknown)}. Name {', '.join(arms)}."
    return f"It does not name {', '.join(missing)}. Name every arm of the study." if missing else ""


def share(allocation: Allocation, arms: Sequence[str], reference: str) -> float | None:
    """Of the participants of these arms and the reference, the arms' share; None where it does not name them all."""
    numbers = {name.casefold(): number for name, number in allocation}
    wanted = [name.casefold() for name in (*arms, reference)]
    if not arms or not all(name in numbers for name in wanted):
        return None
    *several, one = (numbers[name] for name in wanted)
    return sum(several) / (sum(several) + one)
