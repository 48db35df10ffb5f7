"""Only actions write, and an action is a transaction with an audit context."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.architecture.walkers import Function, functions, modules

ALWAYS = {"save", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "delete"}
OF_A_QUERYSET = {"create", "update"}  # a dictionary and a digest have `update` too
SQL = re.compile(
    r"\b(insert into \w|update \w+ set |delete from \w|copy (\w+|\{\}) .*\bfrom stdin)", re.IGNORECASE
)

# Modules other than actions that may write, and why.
WRITERS = {
    "cuts/closed.py": "the closed half of the cuts: the one file of the app that may ask who received what",
    "audit/looks.py": "access records, on a connection of their own so that no rollback takes them away",
    "accounts/factors.py": "spends a code at the door, before anybody is signed in",
    "accounts/lockout.py": "counts wrong tries at the door, before anybody is signed in",
    "accounts/sessions.py": "notes that a session was opened, used or ended: no record of a study",
    "ops/blind/walk.py": "says in the walker's own session why it looks; a session is no record of a study",
    "ops/benchmarks/verify_audit.py": "makes a million rows in a scratch installation, to have a trail of them",
    "audit/bulk.py": "the COPY that actions use for many rows; refuses to run outside a transaction",
}
# Functions of actions modules that write without being an action, and why.
NO_ACTION = {
    "feeds/actions.py number": "gives numbers to rows that are committed already; whoever asks first does it",
    "feeds/actions.py number_all": "the same for every study that has something to number",
    "jobs/actions.py Claim.progress": "a lease is not a clinical fact; who holds it is in the row",
    "jobs/actions.py Claim.completing": "marks the row done around the effect, which is an action",
    "jobs/actions.py ring": "notes when the bell was rung",
    "jobs/actions.py claim": "takes a lease by a conditional UPDATE, in no larger transaction",
    "jobs/actions.py run": "moves the row through its states around the work, which is made of actions",
    "jobs/actions.py sweep": "returns leases that ran out, gives up rows that were tried too often",
}


def is_write(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    receiver = ast.unparse(call.func.value)
    managed = any(
        word in receiver for word in (".objects", "_default_manager", ".filter(", ".exclude(", ".all()")
    )
    return call.func.attr in ALWAYS or (call.func.attr in OF_A_QUERYSET and managed)


def says_write(value: object) -> bool:
    return isinstance(value, str) and SQL.search(" ".join(value.split())) is not None


def note(function: Function) -> Function:
    """Fill in what the function writes and calls."""
    docstring = ast.get_docstring(function.node, clean=False)
    for node in ast.walk(function.node):
        if isinstance(node, ast.Call):
            if is_write(node):
                function.writes.append(ast.unparse(node.func))
            if isinstance(node.func, ast.Name):
                function.calls.add(node.func.id)
            elif isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "self":
                function.calls.add(f"{function.name.partition('.')[0]}.{node.func.attr}")
        elif isinstance(node, ast.Constant) and node.value != docstring and says_write(node.value):
            function.writes.append("SQL")
    return function


def constants_that_write(tree: ast.Module) -> list[str]:
    """Names of module constants that hold writing SQL."""
    return [
        ast.unparse(node.targets[0])
        for node in tree.body
        if isinstance(node, ast.Assign)
        for inner in ast.walk(node.value)
        if isinstance(inner, ast.Constant) and says_write(inner.value)
    ]


def is_actions(module: str) -> bool:
    return module.endswith("/actions.py") or "/actions/" in module


def violations(module: str, tree: ast.Module) -> Iterator[str]:
    """Public functions of an actions module that reach a write without being an action."""
    known = {function.name: note(function) for function in functions(module, tree)}
    writing = {name for name, function in known.items() if function.writes}
    sql = set(constants_that_write(tree))
    for name, function in known.items():
        if sql & {node.id for node in ast.walk(function.node) if isinstance(node, ast.Name)}:
            writing.add(name)
    grown = True
    while grown:  # what calls a writer that is no action of its own writes too
        plain = {name for name in writing if "action" not in known[name].decorators}
        more = {name for name, function in known.items() if function.calls & plain} - writing
        grown, writing = bool(more), writing | more
    for name in sorted(writing):
        if "action" not in known[name].decorators and not name.rpartition(".")[2].startswith("_"):
            yield f"{module} {name}"


def test_the_search_knows_a_write_when_it_sees_one() -> None:
    tree = ast.parse(
        "def ask():\n    seen.update(x)\n    return Study.objects.filter(code=x)\n"
        "def one():\n    thing.save()\n"
        "def two():\n    Study.objects.filter(id=1).update(code=2)\n"
        "def _three():\n    cursor.execute('insert into studies_study values (1)')\n"
        "def four():\n    _three()\n"
        "@action\ndef five(*, by):\n    _three()\n"
        "RAW = 'delete from studies_study'\n"
        "def six():\n    cursor.execute(RAW)\n"
    )
    assert list(violations("m", tree)) == ["m four", "m one", "m six", "m two"]


def test_only_actions_write() -> None:
    found = set()
    for module, tree in modules(without=("migrations", "management")):
        if is_actions(module):
            continue
        writing = [function.name for function in functions(module, tree) if note(function).writes]
        if writing or constants_that_write(tree):
            found.add(module)
    assert found == set(WRITERS), (
        "a module writes that is no actions module, or one in WRITERS no longer does"
    )


def test_every_function_that_writes_is_an_action() -> None:
    found = {name for module, tree in modules() if is_actions(module) for name in violations(module, tree)}
    # helpers of an events action, public because another file of the same package calls them inside its action
    package = {name for name in found if name.startswith("events/actions/")}
    assert found - package == set(NO_ACTION)
    callers = {
        call
        for module, tree in modules()
        if not module.startswith("events/actions/")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("pvtracker.events.actions")
        for call in (alias.name for alias in node.names)
    }
    assert not {name.split()[1] for name in package} & callers, (
        "a helper that is no action is used outside its package"
    )


def test_an_action_takes_keywords_only_and_an_actor() -> None:
    seen = 0
    for module, tree in modules():
        for function in functions(module, tree):
            if "action" in function.decorators:
                seen += 1
                arguments = function.node.args
                where = f"{module} {function.name}"
                assert not arguments.args and not arguments.posonlyargs and not arguments.vararg, where
                assert "by" in {argument.arg for argument in arguments.kwonlyargs}, where
                assert ast.get_docstring(function.node), f"{where} says nothing of itself"
    assert seen > 20
