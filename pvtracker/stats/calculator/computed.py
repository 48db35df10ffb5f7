"""The call of a statistic, and its result by names."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from pvtracker.stats.calculator.arguments import Refused
from pvtracker.stats.calculator.cases import Call
from pvtracker.stats.catalogue import Statistic

BARE = "value"  # a result that is an array or a number, not fields


@dataclass(frozen=True, slots=True)
class Computed:
    """One call: all arguments, defaults too, and the fields of its result as the function returned them."""

    arguments: Mapping[str, Any]
    result: Mapping[str, Any]
    case: str | None = None


def compute(statistic: Statistic, calls: Sequence[Call]) -> list[Computed]:
    """Each call computed; Refused with the statistic's own sentence where it refuses."""
    return [_compute(statistic, call) for call in calls]


def _compute(statistic: Statistic, call: Call) -> Computed:
    try:
        result = statistic.function(**call.given)
    except ValueError as fault:
        where = f"case {call.case}: " if call.case is not None else ""
        if call.short:
            raise Refused(f"{where}{call.short} ({fault}).") from fault
        raise Refused(
            f"{where}{fault}. Correct what was given: docs/methods/{statistic.page} says what it must be."
        ) from fault
    except (MemoryError, OverflowError) as fault:
        where = f"case {call.case}: " if call.case is not None else ""
        raise Refused(
            f"{where}These numbers are too large to be computed here. Give smaller ones."
        ) from fault
    bound = inspect.signature(statistic.function).bind(**call.given)
    bound.apply_defaults()
    return Computed(dict(bound.arguments), by_name(result), call.case)


def by_name(result: Any) -> dict[str, Any]:
    """The fields of a result; those of a result within it as `outer.inner`."""
    if not is_dataclass(result):
        return {BARE: result}
    found: dict[str, Any] = {}
    for field in fields(result):
        value = getattr(result, field.name)
        if is_dataclass(value):
            found |= {f"{field.name}.{inner}": one for inner, one in by_name(value).items()}
        else:
            found[field.name] = value
    return found
