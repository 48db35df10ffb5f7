"""docs/reference/coverage.md, in sections that can be done anew one by one, each marked with its name."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection
from time import process_time

from pvtracker.ops.coverage import one_arm_lines, proportion_lines, rate_lines, size_lines
from pvtracker.ops.coverage_blinded import blinded_lines
from pvtracker.ops.coverage_courses import course_lines
from pvtracker.ops.coverage_findings import finding_lines, scan_lines
from pvtracker.ops.coverage_hierarchical import discovery_lines, rank_lines
from pvtracker.ops.coverage_measured import measured_lines
from pvtracker.ops.coverage_recurrent import recurrent_lines, site_lines
from pvtracker.ops.coverage_strata import strata_lines
from pvtracker.ops.coverage_times import times_lines

SECTIONS: dict[str, Callable[[], list[str]]] = {
    "proportions": proportion_lines,
    "tests": size_lines,
    "rates": rate_lines,
    "one-arm": one_arm_lines,
    "strata": strata_lines,
    "recurrent": recurrent_lines,
    "times": times_lines,
    "measured": measured_lines,
    "courses": course_lines,
    "findings": finding_lines,
    "tree-scan": scan_lines,
    "hierarchical-ranks": rank_lines,
    "hierarchical-findings": discovery_lines,
    "blinded": blinded_lines,
    "sites": site_lines,
}
HEAD = """# Coverage, size and false discovery

Written by `python3 manage.py coverage --page docs/reference/coverage.md`, a section anew by `--only NAME`; the code is
`pvtracker/ops/coverage*.py`. Everything is of two trials: 38 against 36 participants, and 500 against 500.

In the tables of simulated trials, in percent of the trials that have limits: they hold the true value (± the standard
error of the simulation), it lies below them, above them; 95, 2.5 and 2.5 would be perfect. Then the share of trials
without limits, and what the first trial gave, so that a change of a method shows. Where a test stands instead, “holds”
is p > 5 % where what it tests is so. A comma after a name: an option of the method, or what the limits are of.
"""
MARK = "<!-- {} -->\n"


def page(*, only: Collection[str] = (), before: str = "") -> str:
    """The whole page, or the one before with these sections done anew. ValueError where that one lacks a section."""
    kept = sections(before)
    lacking = [name for name in SECTIONS if only and name not in only and name not in kept]
    if lacking:
        raise ValueError(f"the page lacks {', '.join(lacking)}: name them too, or write the whole page")
    told = HEAD
    for name, lines in SECTIONS.items():
        if only and name not in only:
            text = kept[name]
        else:
            started = process_time()
            text = "\n".join(lines()) + "\n"
            print(f"{name}: {process_time() - started:.0f} s", file=sys.stderr, flush=True)
        told += "\n" + MARK.format(name) + text
    return told


def sections(text: str) -> dict[str, str]:
    """The sections of a page by name."""
    parts = re.split(r"\n<!-- ([a-z-]+) -->\n", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
