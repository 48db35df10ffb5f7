"""Log lines that hold no value of a record: one line per entry, and faults told by their type and place alone.

The text of an exception may quote what a person typed or a row that the database refused, so it never reaches a log.
What helps to find the fault is kept: its type, the database's own code and constraint, and the lines of the program.
"""

from __future__ import annotations

import logging
import traceback
import unicodedata
from types import TracebackType
from typing import Any

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class OneLine(logging.Formatter):
    """Escapes control characters, so that no text writes a line of its own; faults are told by type and place."""

    def format(self, record: logging.LogRecord) -> str:
        """The entry; the stack of a fault follows it, one line per frame."""
        copy = logging.makeLogRecord(record.__dict__)
        copy.args = _without_faults(record.args)
        copy.msg = type(record.msg).__name__ if isinstance(record.msg, BaseException) else record.msg
        copy.exc_text = None
        copy.stack_info = None
        exc_info, copy.exc_info = copy.exc_info, None
        line = printable(super().format(copy))
        return f"{line}\n{self.formatException(exc_info)}" if exc_info and exc_info[0] else line

    def formatException(self, ei: Any) -> str:
        """Types and places of a fault and of what caused it; never its text, never a local variable."""
        _, fault, _ = ei
        lines: list[str] = []
        seen: set[int] = set()
        while fault is not None and id(fault) not in seen:
            seen.add(id(fault))
            lines.append(f"  fault: {told(fault)}")
            frames = traceback.extract_tb(fault.__traceback__)
            lines += [f"    {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
            fault = fault.__cause__ or fault.__context__
        return "\n".join(lines)


def told(fault: BaseException) -> str:
    """The type of a fault, with the database's code and constraint where it has them."""
    parts = [type(fault).__name__]
    parts += [str(code) for code in [getattr(fault, "sqlstate", None)] if code]
    constraint = getattr(getattr(fault, "diag", None), "constraint_name", None)
    return " ".join([*parts, *([printable(str(constraint))] if constraint else [])])


def printable(text: str) -> str:
    """`text` on one line: control characters, line separators and marks of direction as escapes."""
    return "".join(_escaped(c) for c in text) if not text.isprintable() else text


def _escaped(character: str) -> str:
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"
    return character


def _without_faults(args: Any) -> Any:
    """The arguments of a message with every fault replaced by its type, also those that Celery tells as text."""
    if isinstance(args, dict):
        hidden = {"exc", "traceback", "args", "kwargs", "return_value"}
        return {k: "…" if k in hidden else _without_fault(v) for k, v in args.items()}
    return tuple(_without_fault(value) for value in args) if isinstance(args, tuple) else args


def _without_fault(value: Any) -> Any:
    return told(value) if isinstance(value, BaseException) else value
