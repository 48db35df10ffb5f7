"""The page that `bench all --page` writes."""

from __future__ import annotations

from importlib.util import find_spec

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
