"""Reading our own source text: what a page says about a module that the process must not import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from pvtracker.ops.environment import ROOT

PACKAGE = ROOT / "pvtracker"


def parse(path: Path) -> ast.Module:
    """The syntax tree of a file of ours."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the last part of its name: `read` for `read(…)` and for `environment.read(…)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id, node
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr, node


def text_of(node: ast.AST) -> str:
    """A string as the reader will see it, with … where a value is filled in; other expressions as written."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ast.unparse(node)
