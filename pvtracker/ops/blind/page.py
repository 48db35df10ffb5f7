"""The page that a blindcheck writes about itself."""

from __future__ import annotations

from collections.abc import Sequence

from pvtracker.lib.code_version import code_version
from pvtracker.ops.blind.masks import COLUMNS, MASKS, PROGRESS
from pvtracker.ops.blind.result import Result, as_markdown

HEAD = """# Blindcheck: the blind, attacked

Written by the command itself; repeat it with

```
python3 manage.py blindcheck --study demo DIR --revealing ANISO --report docs/reference/blindcheck.md
```

`DIR` is a folder of SDTM files (for example the CDISC pilot); `--revealing` declares analytes of it as telling the arm,
and may be left out. A short form runs with every `python3 manage.py test` (`tests/wall/test_blind.py`): fewer pages of
each kind, and answers are not timed. The channels that are closed are listed in [blinding.md](blinding.md).

* **T1, twin run.** The study is loaded into scratch installations of both rooms by the real commands and worked through
  by real workers (import or simulation, cut, comparison of the arms, both reports): once as it is, and again with the
  arms exchanged. Then the whole open database is dumped by the administrator (rows in the order they lie in, sequences,
  statistics), every file of open storage, log and broker key is read, and every blinded role, a visitor and the
  sponsor's program fetch every page: along the links, and every address of the URL conf with the ids they saw. Every
  byte must be equal after the masks below.
* **T2, canary search.** Drug names, units, results and the seed of the closed half are words that exist nowhere else.
  They, and the closed passwords and keys, are looked for in all of that, unpacked (gzip, zlib, ZIP, PDF, Parquet,
  base64) and in twelve forms (UTF-16, hexadecimal, base64, percent-encoded, backwards, …); the ids of closed rows and
  the names of people whom only the closed room knows as they are.
* **T3, classifier.** Order, running numbers, moments, random ids, counts, blanks and sizes of every participant try to
  tell the arm. Technical features must not; the rule is written in `pvtracker/ops/blind/classifier.py`. Clinical
  features are reported.
* **L14, time of answers.** The page of every participant is fetched many times in an order drawn at random, 1,000 times
  and more for each arm in each twin. Between twins a page shows the same and its participant has another arm, so that
  what was entered cancels out: an arm that costs time shows in how the times of those who came into it moved against
  those of the ones who left it (Kolmogorov and Smirnov). It fails at p ≤ 0.01, adjusted by Holm over the arms; *found
  from* is the delay, as a share of a page's time, that these measurements would have found. What does not depend on a
  clock is compared by T1: how many statements and rows every answer asks of the database.
"""


FORM = {
    True: "This page is of a run in the short form (`--short`): fewer pages of each kind, and answers were not timed.",
    False: "This page is of a run in the full form.",
}


def page(results: Sequence[Result], *, short: bool) -> str:
    """The whole page in Markdown."""
    lines = [HEAD, f"{FORM[short]} Version of the code: {code_version().partition('+')[0]}.", ""]
    lines += ["## What is masked, and why", "", "| field | written as | why it may differ |", "|---|---|---|"]
    lines += [f"| {mask.kind} | {mask.how} | {mask.why} |" for mask in MASKS]
    lines += [f"| table `{name}` | not at all | {why} |" for name, why in PROGRESS.items()]
    lines += [f"| `{one.table}.{one.column}` | plain | {one.why} |" for one in COLUMNS]
    lines += [
        "",
        "*numbered*: by its place among the distinct values of its kind, so that order and identity still count; "
        "*ranked*: by its place among the moments of its page or table; *plain*: by its kind alone.",
        "",
    ]
    return "\n".join([*lines, "\n\n".join(as_markdown(result) for result in results), ""])
