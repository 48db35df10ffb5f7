"""docs/reference/validation-statistics.md: what each statistic was compared with, put together from a run of the tests.

The processes of the tests leave their comparisons in a folder (`tests/pure/stats/against.py`). `manage.py test` with
`--validation-page FILE` writes the page from them; `tests/last/test_validation.py` holds every whole run to it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pvtracker.stats.catalogue import STATISTICS

FOLDER = "validation"  # under the home of the tests
OPTION = "--validation-page"
COMMAND = f"python3 manage.py test tests/pure/stats {OPTION} docs/reference/validation-statistics.md"
HEAD = f"""# Validation of the statistics

Written from a run of the tests by

```
{COMMAND}
```

Every statistic of the [calculator](calculator.md) against sources that do not share its code. *published*: figures
printed in a paper, a book or the documentation of a program, often as another document quotes them: the comment beside
the test says through which they were read. *program*: computed by another program, in the test or beforehand with its
command beside the figures. *brute force*: worked out from the definition in a slow, plain way (all tables enumerated,
the test inverted, whole-number arithmetic).

*cases* counts the numbers compared. *largest difference* is absolute up to one and relative beyond, rounded up to one
digit (to the bound where that is less); infinite and missing numbers had to be so in both. *bound* is what would have
failed the test; for published figures it is about half of their last printed digit. Every run of all tests fails where
statistics, sources or cases differ from this page, where a difference exceeds its bound, and where a statistic has no
source. Comparisons on examples drawn at random afresh (Hypothesis) are made too, but not counted here.

| statistic | source | kind | cases | largest difference | bound |
| --- | --- | --- | --- | --- | --- |
"""
ROW = re.compile(r"\| `(\w+)` \| (.+) \| (.+) \| (\d+) \| (\S+) \| (\S+) \|")


@dataclass(frozen=True, slots=True)
class Row:
    """What all comparisons of a statistic with one source came to."""

    statistic: str
    source: str
    kind: str
    cases: int
    largest: float
    bound: float

    @property
    def what(self) -> tuple[str, str, str, int]:
        """What must be the same in every run."""
        return self.statistic, self.source, self.kind, self.cases


def collected(folder: Path) -> list[Row]:
    """The comparisons of all processes of a run, in the order of the catalogue."""
    found: dict[tuple[str, str], Row] = {}
    for file in sorted(folder.glob("*.json")):
        for told in json.loads(file.read_text(encoding="utf-8")):
            new = Row(**told)
            old = found.get((new.statistic, new.source))
            if old is not None and old.kind != new.kind:
                raise ValueError(
                    f"{new.statistic}, {new.source}: is {old.kind} and {new.kind}; name them apart"
                )
            if old is not None:
                largest, bound = max(old.largest, new.largest), max(old.bound, new.bound)
                new = Row(new.statistic, new.source, new.kind, old.cases + new.cases, largest, bound)
            found[new.statistic, new.source] = new
    order = list(STATISTICS)
    return sorted(found.values(), key=lambda row: (order.index(row.statistic), row.source))


def page(rows: Iterable[Row]) -> str:
    """The page, one line per statistic and source."""
    lines = []
    for row in rows:
        bound = rounded_up(row.bound, 2)
        largest = min(rounded_up(row.largest, 1), bound, key=float)
        lines.append(
            f"| `{row.statistic}` | {row.source} | {row.kind} | {row.cases} | {largest} | {bound} |\n"
        )
    return HEAD + "".join(lines)


def read(text: str) -> list[Row]:
    """The rows of a page."""
    return [
        Row(statistic, source, kind, int(cases), float(largest), float(bound))
        for statistic, source, kind, cases, largest, bound in ROW.findall(text)
    ]


def rounded_up(value: float, digits: int) -> str:
    """With so many significant digits, never less than the value."""
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(value))
    scaled = value / 10.0 ** (exponent - digits + 1)
    # a bound of 1e-9 is stored a little above or below; that is no reason to print 2e-9
    whole = round(scaled) if math.isclose(scaled, round(scaled), rel_tol=1e-9) else math.ceil(scaled)
    return f"{whole * 10.0 ** (exponent - digits + 1):.{digits - 1}e}".replace(".0e", "e")


def without_option(arguments: list[str]) -> tuple[list[str], Path | None]:
    """The arguments without `--validation-page FILE`, and the file."""
    if OPTION not in arguments:
        return arguments, None
    at = arguments.index(OPTION)
    return [*arguments[:at], *arguments[at + 2 :]], Path(*arguments[at + 1 : at + 2])
