"""What the owner of a room's schema puts around its tables after every migration.

Each step is idempotent and reads the catalog, so a table that is added later is protected without being named here.
`release` undoes, for the owner alone, what would stand in the way of a migration; the room's login stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pvtracker.audit.protection import history, keys, rows

Step = Callable[[Any], None]  # takes a cursor of the owner's connection

RELEASE: tuple[Step, ...] = (rows.release,)
APPLY: tuple[Step, ...] = (rows.apply, keys.apply, history.apply)


def release(cursor: Any) -> None:
    """Let the owner reach every row, as a migration must."""
    for step in RELEASE:
        step(cursor)


def apply(cursor: Any) -> None:
    """Protect every table of the schema."""
    for step in APPLY:
        step(cursor)
