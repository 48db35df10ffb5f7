"""A fingerprint of what a record says, to see whether a second delivery says something else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import lru_cache
from typing import Any

# Where a record stood in its file, and our words about it, say nothing about what it says.
NOT_CONTENT = frozenset({"row", "message"})


def content_hash(record: Any) -> str:
    """SHA-256, in hex, over the names and values of a dataclass record, its row number
    and our messages left out.

    Values that equal the field's default are left out too, so that a field added later, with a default,
    does not make every record look changed.
    """
    text = json.dumps(_content(record), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _content(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_content(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return [
            [name, _content(said)]
            for name, default in _fields(type(value))
            if (said := getattr(value, name)) != default or type(said) is not type(default)
        ]
    return value


@lru_cache(maxsize=64)
def _fields(kind: type) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, _default(field)) for field in fields(kind) if field.name not in NOT_CONTENT)


def _default(field: Field[Any]) -> Any:
    return MISSING if field.default is MISSING else field.default
