"""docs/reference/scales.md: the severity scales."""

from __future__ import annotations

from pvtracker.coding.scales import SCALES
from pvtracker.ops.docs.markdown import code, document, table


def page() -> str:
    """Each scale with its source and grades."""
    parts = ["A study names one scale; every event keeps the key of the scale it was graded on."]
    for scale in SCALES.values():
        parts += [
            f"## {scale.name}",
            f"Key {code(scale.key)}. Source: {scale.source}{' Retired: read only.' if scale.retired else ''}",
            table(
                ("grade", "name", "definition"), [(str(g.number), g.name, g.definition) for g in scale.grades]
            ),
        ]
    return document(title="Severity scales", source="`pvtracker/coding/scales`", parts=parts)
