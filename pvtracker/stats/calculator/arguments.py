"""What a statistic takes, read from its signature, and texts as its values."""

from __future__ import annotations

import difflib
import inspect
import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.catalogue import STATISTICS, Statistic
from pvtracker.stats.inputs import Labels

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
SPECIAL = {"nan": np.nan, "na": np.nan, "inf": np.inf, "infinity": np.inf, "∞": np.inf}
YES_OR_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
NO_LABEL = "-"  # as the parent of a root; a cell left empty is rather a slip
LARGEST = 2**62  # a whole number beyond it is handed on as a float, and the statistic says what is too much
MUST_BE_GIVEN: Final = inspect.Parameter.empty


class Refused(ValueError):
    """It cannot be computed from what was given; the sentence names argument, rule and remedy."""


class WrongUsage(Refused):
    """It was asked in a way that the calculator does not know."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a statistic."""

    name: str
    kind: str  # numbers, labels (both: one for each table or participant); number, whole number, yes or no, word
    default: Any  # MUST_BE_GIVEN where there is none
    choices: tuple[str, ...] = ()
    size: int = 0  # of an option that is so many numbers together, as a beta prior is two

    @property
    def many(self) -> bool:
        """One value for each table or participant, rather than one for the whole call."""
        return self.kind in ("numbers", "labels")

    @property
    def needed(self) -> bool:
        return self.default is MUST_BE_GIVEN

    @property
    def takes(self) -> str:
        """In words, with the default."""
        words = " or ".join(self.choices) if self.choices else self.kind
        if self.needed:
            return words
        return f"{words}; {'none' if self.default is None else told(self.default)} unless told"


def told(value: object) -> str:
    """A default or an option as it is typed."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def statistic_named(key: str) -> Statistic:
    """The statistic; WrongUsage with names like it where there is none."""
    if key in STATISTICS:
        return STATISTICS[key]
    near = difflib.get_close_matches(key.lower(), STATISTICS, n=3, cutoff=0.5)
    near += [known for known in STATISTICS if key.lower() in known and known not in near][: 3 - len(near)]
    like = f"like it: {', '.join(near)}; " if near and key else ""
    raise WrongUsage(f"There is no method {key!r}; {like}--list names them all.")


@cache
def arguments_of(statistic: Statistic) -> dict[str, Argument]:
    """Its arguments by name, in the order of its signature."""
    signature = inspect.signature(statistic.function, eval_str=True)
    return {name: _argument(name, one) for name, one in signature.parameters.items()}


def meaning(statistic: Statistic) -> str:
    """The first sentence of its docstring."""
    return " ".join((inspect.getdoc(statistic.function) or "").split("\n\n")[0].split())


def _argument(name: str, parameter: inspect.Parameter) -> Argument:
    annotation, default = parameter.annotation, parameter.default
    if get_origin(annotation) in (Union, types.UnionType):
        without_none = set(get_args(annotation)) - {types.NoneType}
        if without_none == set(get_args(ArrayLike)):
            return Argument(name, "numbers", default)
        if len(without_none) == 1:
            annotation = without_none.pop()
    if annotation == Labels:
        return Argument(name, "labels", default)
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) is tuple and set(get_args(annotation)) == {float}:
        size = len(get_args(annotation))
        return Argument(name, f"{size} numbers together", default, size=size)
    if get_origin(annotation) is Literal:
        return Argument(name, "word", default, tuple(map(str, get_args(annotation))))
    kind = {bool: "yes or no", int: "whole number", float: "number", str: "word"}.get(annotation)
    if kind is None and (get_origin(annotation) in (np.ndarray, Sequence) or annotation is np.ndarray):
        kind = "numbers"
    if kind is None:
        raise TypeError(f"The calculator does not know how {name}: {annotation} is typed")
    return Argument(name, kind, default)


def split(text: str) -> list[str]:
    """The values of a comma list; line breaks part them too, as when a column was pasted."""
    return [one.strip() for one in re.split(r"[,\n]", text.strip().replace("\r\n", "\n"))]


def read(argument: Argument, text: str) -> Any:
    """What was typed for an argument, as its value; WrongUsage with argument, rule and remedy."""
    try:
        if not argument.many:
            return read_one(argument, text.strip())
        texts = split(text)
        if len(texts) > 1 and texts[-1] == "":
            texts = texts[:-1]  # "6," is a list of one
        values = read_many(argument, texts)
    except Refused as fault:
        raise WrongUsage(str(fault)) from None
    return values if len(texts) > 1 or text.strip().endswith(",") else values[0]


def read_many(argument: Argument, texts: Sequence[str], places: Sequence[str] = ()) -> np.ndarray:
    """One array of texts that stand for themselves; `places` says of each where it stood."""
    for position, text in enumerate(texts):
        wrong = "" if text else "is empty"
        if text and argument.kind == "numbers" and _number(text) is None:
            wrong = f"{text!r} is not a number"
        if wrong:
            place = places[position] if places else f"value {position + 1}" if len(texts) > 1 else ""
            labels = f"give a label, {NO_LABEL} for none"
            remedy = labels if argument.kind == "labels" else "give a number, nan for a missing one"
            raise Refused(f"{argument.name}{', ' * bool(place)}{place}: {wrong}; {remedy}.")
    if argument.kind == "labels":
        return np.asarray(["" if text == NO_LABEL else text for text in texts], dtype=str)
    values = [_number(text) for text in texts]
    whole = all(isinstance(value, int) and abs(value) <= LARGEST for value in values)
    return np.asarray(values, dtype=np.int64 if whole else np.float64)


def read_one(argument: Argument, text: str) -> Any:
    """The value of an option."""
    if argument.choices:
        if text in argument.choices:
            return text
        raise Refused(f"{argument.name} is {' or '.join(argument.choices)}, got {text!r}.")
    if argument.size:
        numbers = [_number(one) for one in split(text)]
        if len(numbers) == argument.size and None not in numbers:
            return tuple(float(one) for one in numbers if one is not None)
        raise Refused(f"{argument.name} takes {argument.kind}, got {text!r}; put a comma between them.")
    if argument.kind == "word" and text:
        return text
    if argument.kind == "yes or no" and text.lower() in YES_OR_NO:
        return YES_OR_NO[text.lower()]
    number = _number(text)
    if argument.kind == "number" and number is not None:
        return float(number)
    if argument.kind == "whole number" and isinstance(number, int) and abs(number) <= LARGEST:
        return number
    kind = {"word": "word", "yes or no": "yes or no"}.get(argument.kind, f"one {argument.kind}")
    raise Refused(f"{argument.name} takes {kind}, got {text!r}; give one value for the whole call.")


def _number(text: str) -> int | float | None:
    if WHOLE.fullmatch(text):
        return int(text) if len(text) < 30 else float(text)
    if NUMBER.fullmatch(text):
        return float(text)
    bare = text.lower().lstrip("+-")
    if bare in SPECIAL and len(text) - len(bare) <= 1:
        return -SPECIAL[bare] if text.startswith("-") else SPECIAL[bare]
    return None


def named(words: Sequence[str]) -> dict[str, str]:
    """`name=value` words as texts by name."""
    texts: dict[str, str] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise WrongUsage(f"{word!r} is not name=value; a list is written without spaces, as n_arm=6,8.")
        if name in texts:
            raise WrongUsage(f"{name} was given twice; give all its values in one comma list.")
        texts[name] = text
    return texts


def check_names(statistic: Statistic, given: Mapping[str, object], *, what: str = "argument") -> None:
    """WrongUsage for a name that the statistic does not know."""
    known = arguments_of(statistic)
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            like = f"; like it: {near[0]}" if near else ""
            raise WrongUsage(f"{statistic.key} has no {what} {name!r}{like}. It takes {', '.join(known)}.")


def check_complete(statistic: Statistic, given: Mapping[str, object], *, how: str = "name=value") -> None:
    """WrongUsage for an argument that has to be given."""
    missing = [a for a in arguments_of(statistic).values() if a.needed and a.name not in given]
    if missing:
        names = ", ".join(f"{one.name} ({one.takes})" for one in missing)
        raise WrongUsage(
            f"{statistic.key} lacks {names}; give {'it' if len(missing) == 1 else 'them'} as {how}."
        )
