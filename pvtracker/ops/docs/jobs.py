"""docs/reference/jobs.md: what the workers do."""

from __future__ import annotations

import ast

from pvtracker.ops.docs.markdown import code, document, table
from pvtracker.ops.docs.source import PACKAGE, parse, text_of

STATES = (
    ("queued", "stored; a worker was rung, and the sweeper rings again while nobody takes it"),
    ("running", "one worker holds the lease and renews it; its fence number is in every effect it writes"),
    ("done", "the effect and this state were written in one transaction"),
    ("failed", "refused with a sentence; will not be tried again by itself"),
    ("dead", "lost or broken too often (`JOB_ATTEMPTS`); somebody has to look"),
)


def page() -> str:
    """Tasks by name with the action each calls, then the states of a job."""
    rows = [row for path in sorted(PACKAGE.glob("*/tasks.py")) for row in _tasks(path.parent.name)]
    parts = [
        "A job is a row in its room's database; the message on the broker carries the row's id and nothing else. "
        "`manage.py enqueue TASK STUDY NAME=VALUE … --wait`, in a room, queues one and follows it.",
        table(("task", "calls"), rows),
        "## States",
        table(("state", "meaning"), [(code(state), meaning) for state, meaning in STATES]),
    ]
    return document(title="Background jobs", source="the `tasks.py` of each app", parts=parts)


def _tasks(app: str) -> list[tuple[str, str]]:
    rows = []
    for node in ast.walk(parse(PACKAGE / app / "tasks.py")):
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and text_of(decorator.func) == "shared_task":
                    name = next(text_of(k.value) for k in decorator.keywords if k.arg == "name")
                    rows.append((code(name), code(f"{app}.{_work(node)}")))
    return rows


def _work(task: ast.FunctionDef) -> str:
    """The function that `jobs.actions.run` is given."""
    for node in ast.walk(task):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "run":
            return text_of(node.args[1])
    raise ValueError(f"The task {task.name} does not call jobs.actions.run.")
