"""The little Markdown that the pages need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

GENERATED = "<!-- Written by `generate_docs` from {source}; change that, not this. -->"


def document(*, title: str, source: str, parts: Iterable[str]) -> str:
    """A page with its title, where it comes from, and its parts with a blank line between them."""
    return "\n\n".join([f"# {title}", GENERATED.format(source=source), *parts]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar inside a cell is escaped, a line break becomes a space."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    return f"`{text}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
