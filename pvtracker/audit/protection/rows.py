"""Row-level security: the rows of a study are seen and written only by a transaction that entered it (`pv.study`)."""

from __future__ import annotations

from typing import Any


def apply(cursor: Any) -> None:
    """Put every table with a study under its policy; run as the owner of the schema, as often as one likes."""


def release(cursor: Any) -> None:
    """Free the owner, and nobody else, from the policies until they are applied again."""
