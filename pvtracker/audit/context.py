"""Who does what, why, and in which study: told to the database for one transaction only.

The database keeps the context in transaction-local settings (``pv.actor``, ``pv.study`` and so on), where triggers and
row policies read it. Nothing survives the transaction, so a pooled connection never carries one person's name, or one
study, into another's work.
"""

from __future__ import annotations

import contextlib
import functools
import uuid
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from django.db import connection, transaction

P = ParamSpec("P")
R = TypeVar("R")

request_id: ContextVar[str] = ContextVar("request_id", default="")


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or process that acts. `id` is an account's id, or a process name such as ``command:import_study``."""

    id: str
    name: str
    role: str = ""

    @classmethod
    def process(cls, name: str) -> Actor:
        """A command or scheduler acting without a person."""
        return cls(id=f"process:{name}", name=name, role="process")


def acting(*, by: Actor, reason: str, source: str) -> None:
    """Set the audit context of the current transaction; outside a transaction this is a programming error."""
    if not connection.in_atomic_block:
        raise RuntimeError("The audit context belongs to a transaction; call it inside an action.")
    if not by.id:
        raise ValueError("An action needs an actor; by.id is empty.")
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('pv.actor', %s, true), set_config('pv.actor_name', %s, true),"
            " set_config('pv.role', %s, true), set_config('pv.reason', %s, true),"
            " set_config('pv.source', %s, true), set_config('pv.request_id', %s, true)",
            [by.id, by.name, by.role, reason, source, request_id.get()],
        )


def enter_study(study_id: uuid.UUID | None) -> None:
    """Make the rows of one study visible for the rest of this transaction (None: of no study)."""
    if not connection.in_atomic_block:
        raise RuntimeError(
            "A study is entered for one transaction; use `within`, or call this inside an action."
        )
    with connection.cursor() as cursor:
        cursor.execute("select set_config('pv.study', %s, true)", [str(study_id or "")])


@contextlib.contextmanager
def within(study_id: uuid.UUID) -> Iterator[None]:
    """A transaction in which the rows of one study are visible; work over many studies goes study by study."""
    with transaction.atomic():
        enter_study(study_id)
        yield


def action(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function that writes: one transaction, keyword-only, with the audit context of `by`, `reason`, `source`.

    The function takes `by: Actor` and may take `reason: str` and `source: str`; what it names, it receives.
    """

    @functools.wraps(function)
    def act(*args: P.args, **kwargs: P.kwargs) -> R:
        if args:
            raise TypeError(f"{function.__name__} takes keyword arguments only.")
        by, reason, source = kwargs.get("by"), kwargs.get("reason", ""), kwargs.get("source", "form")
        if not isinstance(by, Actor):
            raise TypeError(f"{function.__name__} needs by=Actor(...), got {type(by).__name__}.")
        with transaction.atomic():
            acting(by=by, reason=str(reason), source=str(source))
            return function(*args, **kwargs)

    act.is_action = True  # type: ignore[attr-defined]  # read by tests/architecture
    return act


__all__ = ["Actor", "acting", "action", "enter_study", "request_id", "within"]
