"""docs/reference/commands.md: what can be typed."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from pvtracker.ops.docs.markdown import code, document, table
from pvtracker.ops.docs.source import PACKAGE, calls, parse, text_of
from pvtracker.ops.launcher import COMMANDS

ROOM_COMMANDS = PACKAGE / "ops" / "management" / "commands"
WHERE = {
    "module": "launcher",
    "file": "launcher",
    "migrate": "launcher",
    "open": "open room",
    "closed": "closed room",
    "audience": "the audience's room",
}
# Halves of the launcher's commands, which it starts itself.
INNER = {
    "blind_walk",
    "import_open",
    "import_closed",
    "load_simulation_open",
    "load_simulation_closed",
    "demo_accounts",
}


@dataclass(slots=True)
class Recorder:
    """Stands in for a parser and keeps what it is told."""

    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add_argument(self, *names: str, **options: Any) -> None:
        """Record one argument as a row: how it is written, its default, its help."""
        takes_value = options.get("action") not in {"store_true", "store_false"}
        placeholder = _placeholder(names[-1], options) if takes_value else ""
        written = names[-1] if not names[-1].startswith("-") else f"{names[-1]} {placeholder}".strip()
        default = options.get("default")
        shown = "" if default in (None, "", [], ()) or callable(default) else str(default)
        if options.get("required"):
            shown = "required"
        self.rows.append((code(written), shown, str(options.get("help") or "")))


def _placeholder(name: str, options: dict[str, Any]) -> str:
    choices = options.get("choices")
    if isinstance(choices, list | tuple):
        return "|".join(map(str, choices))
    return str(options.get("metavar") or name.lstrip("-").upper().replace("-", "_"))


def page() -> str:
    """The launcher's commands with their arguments, then those of a room's own processes."""
    overview = [(code(c.name), WHERE[c.where], c.help) for c in COMMANDS.values()]
    parts = [
        "`python3 manage.py COMMAND` makes what the command needs (Python environment, services, schema), then does "
        "it. Exit 0: done; 1: refused or failed, with a sentence; 2: wrong usage. JSON goes to the named file, or to "
        "standard output with `--json -`; progress goes to standard error.",
        table(("command", "runs in", "does"), overview),
    ]
    for command in COMMANDS.values():
        if command.where in {"module", "file"} and command.name != "test":
            recorder = Recorder()
            import_module(f"pvtracker.ops.commands.{command.name}").add_arguments(recorder)
            parts += _section(command.name, "", recorder)
        elif command.where in {"open", "closed", "audience"}:
            parts += _section(command.name, *_room_command(ROOM_COMMANDS / f"{command.name}.py"))
    parts += [
        "## Commands of a room",
        "With `PVTRACKER_ROOM` and the settings of one room in the environment (`settings.md`), `manage.py` is a "
        "process of that room: these, the room's commands above, and Django's own.",
    ]
    for path in sorted(ROOM_COMMANDS.glob("*.py")):
        if path.stem not in {"__init__", *COMMANDS, *INNER}:
            parts += _section(path.stem, *_room_command(path))
    return document(
        title="Commands",
        source="`pvtracker/ops/launcher.py` and the commands under `pvtracker/ops`",
        parts=parts,
    )


def _section(name: str, text: str, recorder: Recorder) -> list[str]:
    arguments = [table(("argument", "default", "meaning"), recorder.rows)] if recorder.rows else []
    return [f"### {name}", *([text] if text else []), *arguments]


def _room_command(path: Path) -> tuple[str, Recorder]:
    """Help and arguments of a management command, read from its text: the other room's cannot be imported."""
    tree = parse(path)
    recorder, text = Recorder(), ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and text_of(node.targets[0]) == "help":
            text = text_of(node.value)
    for name, call in calls(tree):
        if name == "add_argument":
            options = {keyword.arg: _value(keyword.value) for keyword in call.keywords if keyword.arg}
            recorder.add_argument(*(text_of(argument) for argument in call.args), **options)
    return text, recorder


def _value(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return text_of(node)
