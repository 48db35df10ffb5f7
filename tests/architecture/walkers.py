"""What the exhaustive tests walk over: our source files, and the URLs of the room that this process is in."""

from __future__ import annotations

import ast
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pvtracker.ops.environment import ROOT

if TYPE_CHECKING:
    from django.urls import URLResolver

PACKAGE = ROOT / "pvtracker"


def modules(*, without: tuple[str, ...] = ("migrations",)) -> Iterator[tuple[str, ast.Module]]:
    """Path under pvtracker/ and syntax tree of every module of ours that is in none of the folders `without`."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not any(f"/{folder}/" in f"/{name}" for folder in without):
            yield name, _tree(path)


@cache
def _tree(path: Path) -> ast.Module:
    """Nobody changes a tree, so each file is read once."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=path.relative_to(PACKAGE).as_posix())


def files(folder: Path, *endings: str) -> list[Path]:
    """Files of ours with one of the endings; what we vendor is not ours."""
    return sorted(path for path in folder.rglob("*") if path.suffix in endings and "vendor" not in path.parts)


@dataclass(slots=True)
class Function:
    """A function or method: where it is, what it calls in its own module, whether it writes by itself."""

    module: str
    name: str  # with its class: Claim.progress
    node: ast.FunctionDef
    calls: set[str] = field(default_factory=set)
    writes: list[str] = field(default_factory=list)

    @property
    def decorators(self) -> set[str]:
        return {ast.unparse(decorator) for decorator in self.node.decorator_list}


def functions(module: str, tree: ast.Module) -> Iterator[Function]:
    """Functions and methods of a module; what is inside a function belongs to it."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield Function(module, node.name, node)
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    yield Function(module, f"{node.name}.{inner.name}", inner)


def url_names(resolver: URLResolver, prefix: str = "/") -> Iterator[tuple[str, str]]:
    """Name and pattern of every URL of this process."""
    from django.urls import URLPattern

    for found in resolver.url_patterns:
        if isinstance(found, URLPattern):
            yield str(found.name), prefix + str(found.pattern)
        else:
            yield from url_names(found, prefix + str(found.pattern))


def address(pattern: str, *, code: str) -> str:
    """A pattern with its blanks filled in: the study's code where it asks for one, ids of nothing elsewhere."""
    parts = []
    for part in pattern.split("/"):
        if part.startswith("<"):
            kind, _, name = part.strip("<>").rpartition(":")
            part = str(uuid.UUID(int=1)) if kind == "uuid" else code if name == "code" else "1"
        parts.append(part)
    return "/".join(parts)
