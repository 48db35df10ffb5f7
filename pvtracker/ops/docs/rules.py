"""docs/reference/rules.md: what must hold between the fields of an adverse event."""

from __future__ import annotations

import ast

from pvtracker.ops.docs.markdown import code, document, table
from pvtracker.ops.docs.source import PACKAGE, calls, parse, text_of

FOLDER = PACKAGE / "events" / "rules"
CHANNELS = {"refuse": "refuses", "query": "saves and asks"}


def page() -> str:
    """One line per finding that a rule can make, in the order of the rules."""
    trees = {path.stem: parse(path) for path in sorted(FOLDER.glob("*.py"))}
    constants = {
        target.id: text_of(node.value)
        for tree in trees.values()
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    functions = {
        f"{module}.{node.name}": node
        for module, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
    rows = [row for name in _order(trees["__init__"]) for row in _findings(functions[name], constants)]
    parts = [
        "One rule has one id in every channel. A form refuses what cannot be right, so that the person who knows can "
        "mend it at once; it saves and asks about what can be right but is not plausible. An import stores every row "
        "that can be read and opens a query with the same id. A value that is filled in is shown as …",
        table(("rule", "field", "a form", "what it says", "remedy"), rows),
    ]
    return document(title="Rules of an adverse event", source="`pvtracker/events/rules/`", parts=parts)


def _order(tree: ast.Module) -> list[str]:
    """Names of the rules as `RULES` lists them."""
    for node in tree.body:
        if (
            isinstance(node, ast.AnnAssign)
            and text_of(node.target) == "RULES"
            and isinstance(node.value, ast.Tuple)
        ):
            return [text_of(element) for element in node.value.elts]
    raise ValueError("pvtracker/events/rules/__init__.py has no table RULES.")


def _findings(function: ast.FunctionDef, constants: dict[str, str]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, call in calls(function):
        if name in CHANNELS:
            rule, field, message, remedy = call.args
            for one in _ids(rule, function, constants):
                rows.append((code(one), _field(field), CHANNELS[name], text_of(message), _said(remedy)))
    return rows


def _ids(node: ast.expr, function: ast.FunctionDef, constants: dict[str, str]) -> list[str]:
    """The id as written, the value of a constant, or every value of the dictionary that the id is looked up in."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.Name) and node.id in constants:
        return [constants[node.id]]
    if isinstance(node, ast.Subscript):
        for inner in ast.walk(function):
            found = isinstance(inner, ast.Assign) and text_of(inner.targets[0]) == text_of(node.value)
            if found and isinstance(inner, ast.Assign) and isinstance(inner.value, ast.Dict):
                return [text_of(value) for value in inner.value.values]
    raise ValueError(f"The id of a finding in {function.name} cannot be read: {text_of(node)}.")


def _field(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else "each that applies"


def _said(node: ast.expr) -> str:
    """The remedy; where one of two is chosen, both."""
    if isinstance(node, ast.IfExp):
        return f"{_said(node.body)} / {_said(node.orelse)}"
    return text_of(node) if isinstance(node, ast.Constant | ast.JoinedStr) else "…"
