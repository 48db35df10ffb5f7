"""The page that `bench all --page` writes."""

from __future__ import annotations

import ast
import inspect
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from pvtracker.ops.benchmarks import Measurement
from pvtracker.ops.commands import bench


def test_the_page_says_how_to_repeat_it_on_which_machine_and_against_what() -> None:
    measured = {
        "fast": Measurement(
            what="a thing", seconds=0.5, peer="a peer", peer_seconds=1.0, goal="twice as fast"
        ),
        "alone": Measurement(what="another", seconds=2.0, goal="3 s", more={"peak, MB": 80}),
    }
    page = bench._page(
        measured, "all", "2 cores (a processor); load 0.1 before and 1.2 after the 6.0 minutes it took"
    )
    assert (
        "`python3 manage.py bench all --page docs/reference/benchmarks.md` in one run: 2 cores (a processor)"
        in page
    )
    assert "| `fast` | a thing | 0.500 | 1.000 | 2.00 | twice as fast |" in page
    assert "| `alone` | another | 2.000 | none installs |  | 3 s |" in page
    assert "* `fast`: a peer." in page and "* `alone`: peak, MB: 80." in page


def test_each_benchmark_that_is_offered_is_there() -> None:
    modules = [f"pvtracker.ops.benchmarks.{name.replace('-', '_')}" for name in bench.BENCHMARKS]
    assert [name for name in modules if find_spec(name) is None] == []
    assert {"audit-overhead", "verify-audit"} <= bench.BENCHMARKS.keys()


def goal_of(module: ModuleType) -> str:
    """What the benchmark gives its measurement as the goal, read from its code: nothing is measured."""
    calls = (node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.keyword))
    (goal,) = (call.value for call in calls if call.arg == "goal")
    return str(getattr(module, goal.id) if isinstance(goal, ast.Name) else ast.literal_eval(goal))


def test_the_page_that_stands_has_each_benchmark_with_its_goal_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "benchmarks.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    goals = {cells[0].strip("`"): cells[-1] for cells in rows}
    assert len(rows) == len(goals) and goals == {
        name: goal_of(import_module(f"pvtracker.ops.benchmarks.{name.replace('-', '_')}"))
        for name in bench.BENCHMARKS
    }
    further = re.findall(r"^\* `([a-z-]+)`: ", page, re.MULTILINE)
    assert further == list(bench.BENCHMARKS) == list(goals)
    assert "`python3 manage.py bench all --page docs/reference/benchmarks.md` in one run" in page
