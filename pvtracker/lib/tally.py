"""What storing did with the rows of one domain: every row is counted once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One row that was not stored, and why. The message names a column and its value, never another
    column.
    """

    row: int  # 1-based in its file
    rule: str
    message: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows in = stored + changed + unchanged + refused. `queries`: questions opened, by rule; `of_study`: questions
    about the study as a whole, as sentences, which stand in no participant's record."""

    stored: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: tuple[RefusedRow, ...] = ()
    queries: Mapping[str, int] = field(default_factory=dict)
    of_study: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return self.stored + self.changed + self.unchanged + len(self.refused)

    def as_json(self) -> dict[str, Any]:
        """The tally as the import report prints it."""
        return {
            "stored": self.stored,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "refused": [
                {"row": row.row, "rule": row.rule, "message": row.message, "file": row.file}
                for row in self.refused
            ],
            "queries": dict(self.queries),
            **({"of_study": list(self.of_study)} if self.of_study else {}),
        }
