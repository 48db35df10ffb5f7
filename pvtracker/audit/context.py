"""Who does what, why, and in which study: told to the database for one transaction only.

The database keeps the context in transaction-local settings (``pv.actor``, ``pv.study`` and so on), where triggers and
row policies read it. Nothing survives the transaction, so a pooled connection never carries one person's name, or one
study, into another's work.
"""

from __future__ import annotations

import contextlib
import functools
import getpass
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from django.db import connection, transaction
from django.db.models import Model

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

    @classmethod
    def command(cls, name: str) -> Actor:
        """A command, and who ran it: the account of the operating system, which is how a human comes to one."""
        return cls(
            id=f"process:command:{name}", name=f"command:{name}, run by {getpass.getuser()}", role="process"
        )


@dataclass(frozen=True, slots=True)
class _Told:
    """What an action told the database of itself."""

    by: Actor
    reason: str
    source: str


_outer: ContextVar[_Told | None] = ContextVar("outer", default=None)


def acting(*, by: Actor, reason: str, source: str, study: str | None = None) -> None:
    """Set the audit context of the current transaction; outside a transaction this is a programming error.

    `study` enters a study by its id in the same statement ('' leaves whichever was entered; None says nothing of it).
    """
    if not connection.in_atomic_block:
        raise RuntimeError("The audit context belongs to a transaction; call it inside an action.")
    if not by.id:
        raise ValueError("An action needs an actor; by.id is empty.")
    told = {
        "pv.actor": by.id,
        "pv.actor_name": by.name,
        "pv.role": by.role,
        "pv.reason": reason,
        "pv.source": source,
        "pv.request_id": request_id.get(),
        **({} if study is None else {"pv.study": study}),
    }
    settings = ", ".join(["set_config(%s, %s, true)"] * len(told))
    with connection.cursor() as cursor:
        cursor.execute(f"select {settings}", [text for pair in told.items() for text in pair])


def enter_study(study_id: uuid.UUID | None) -> None:
    """Make the rows of one study visible for the rest of this transaction (None: of no study)."""
    _enter(str(study_id or ""))


def entered_study() -> uuid.UUID | None:
    """The study that this transaction entered, if any."""
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute("select nullif(current_setting('pv.study', true), '')")
        found = cursor.fetchone()[0]
    return uuid.UUID(found) if found else None


@contextlib.contextmanager
def within(study_id: uuid.UUID | None) -> Iterator[None]:
    """A transaction in which the rows of one study are visible; work over many studies goes study by study.

    Inside a larger transaction, the study that was entered there is entered again at the end.
    """
    part_of_larger = connection.in_atomic_block
    with transaction.atomic():
        before = _enter(str(study_id or ""))
        yield
        if part_of_larger and not connection.needs_rollback:
            _enter(before)


def _enter(study: str) -> str:
    """Enter a study, '' for none, and tell which one it was before. A rolled back savepoint takes the entry back."""
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('pv.study', true), set_config('pv.study', %s, true)", [study])
        return str(cursor.fetchone()[0] or "")


def require_transaction() -> None:
    """What is set for a transaction would be gone before the next statement: outside of one this is a mistake."""
    if not connection.in_atomic_block:
        raise RuntimeError(
            "A study is entered for one transaction; use `within`, or call this inside an action."
        )


def action(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function that writes: one transaction, keyword-only, with the audit context of `by`, `reason`, `source`.

    The function takes `by: Actor` and may take `reason: str` and `source: str`; what it names, it receives. An action
    that is given a `study`, a `study_id` or a row of a study works inside that study: without one entered, no row of a
    study can be seen or written. An action within an action that is given no reason or source has the outer one's, and
    the outer one's context stands again after it.
    """

    @functools.wraps(function)
    def act(*args: P.args, **kwargs: P.kwargs) -> R:
        if args:
            raise TypeError(f"{function.__name__} takes keyword arguments only.")
        by, outer = kwargs.get("by"), _outer.get()
        if not isinstance(by, Actor):
            raise TypeError(f"{function.__name__} needs by=Actor(...), got {type(by).__name__}.")
        told = _Told(
            by=by,
            reason=str(kwargs.get("reason") or (outer.reason if outer else "")),
            source=str(kwargs.get("source") or (outer.source if outer else _usual_source(by))),
        )
        with transaction.atomic():
            acting(by=by, reason=told.reason, source=told.source, study=_study_named(kwargs))
            token = _outer.set(told)
            try:
                result = function(*args, **kwargs)
            finally:
                _outer.reset(token)
            if outer and outer != told:  # a rolled back inner action takes its context back by itself
                acting(by=outer.by, reason=outer.reason, source=outer.source)
            return result

    act.is_action = True  # type: ignore[attr-defined]  # read by tests/architecture
    return act


def _usual_source(by: Actor) -> str:
    """A person works by a form; a process or a job is told as such."""
    return {"process": "process", "job": "task"}.get(by.role, "form")


def _study_named(arguments: Mapping[str, object]) -> str | None:
    """The id of the study that an action was given, or of the first row it was given that belongs to one."""
    named = [getattr(arguments.get("study"), "id", None), arguments.get("study_id")]
    named += [getattr(row, "study_id", None) for row in arguments.values() if isinstance(row, Model)]
    return next((str(study_id) for study_id in named if study_id), None)


__all__ = [
    "Actor",
    "acting",
    "action",
    "enter_study",
    "entered_study",
    "request_id",
    "require_transaction",
    "within",
]
