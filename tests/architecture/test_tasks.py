"""A message to a worker carries the id of a job and nothing else: every task of both rooms takes just that."""

from __future__ import annotations

import ast

from tests.architecture.walkers import modules


def tasks() -> dict[str, ast.FunctionDef]:
    """Every function that a worker can be asked for, by module and name."""
    return {
        f"{module}:{node.name}": node
        for module, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any("shared_task" in ast.unparse(decorator) for decorator in node.decorator_list)
    }


def test_a_task_takes_the_id_of_a_job_and_nothing_else() -> None:
    found = tasks()
    assert len(found) >= 4
    for name, node in found.items():
        told = node.args
        assert [a.arg for a in told.args] == ["job_id"], f"{name} takes more than a job's id"
        assert ast.unparse(told.args[0].annotation or ast.Constant("")) == "str"
        assert not (told.kwonlyargs or told.vararg or told.kwarg or told.defaults), name


def test_a_task_is_in_a_module_of_tasks() -> None:
    assert {name.rpartition("/")[2].partition(":")[0] for name in tasks()} == {"tasks.py"}


def test_messages_are_sent_in_one_place() -> None:
    """`ring` alone speaks to the broker."""
    senders = {
        f"{module}:{node.name}"
        for module, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any(
            isinstance(inner, ast.Attribute) and inner.attr in {"send_task", "delay", "apply_async"}
            for inner in ast.walk(node)
        )
    }
    assert senders == {"jobs/actions.py:ring"}
