"""docs/reference/calculator.md: what `calculate` computes."""

from __future__ import annotations

from pvtracker.ops.docs.markdown import code, document, table
from pvtracker.ops.environment import ROOT
from pvtracker.stats.calculator.arguments import arguments_of, meaning
from pvtracker.stats.calculator.helps import helps
from pvtracker.stats.catalogue import STATISTICS

INTRODUCTION = (
    "`manage.py calculate METHOD name=value …` calls the functions that the screens call. A list is "
    "written with commas (`n_arm=6,8`); one number goes with a list of any length; `6,` is a list of one. "
    "Decimals have a point. `--cases FILE.csv`: columns are arguments, rows are tables or participants, "
    "and a column `case` makes a call of each of its values; a method that takes no list is called for "
    "each row. Options may stand beside the file. `--json FILE` (`-`: standard output) gives every digit: "
    'what does not exist is `null`, infinite numbers are the texts `"Infinity"` and `"-Infinity"`. '
    "`--list` prints this page. Exit 0: computed; 1: a value or a file cannot be computed; 2: it was "
    "asked wrongly; then one sentence says what to do. In the closed room the same is a page, "
    "`/calculator/`. How to qualify a method with it: [qualify-a-method](../how-to/qualify-a-method.md)."
)


def page() -> str:
    """A section for each method; its methods page must exist."""
    parts = [
        INTRODUCTION,
        "*numbers* and *labels*: one for each table or participant. The others: one for the whole call.",
    ]
    for statistic in STATISTICS.values():
        if not (ROOT / "docs" / "methods" / statistic.page).exists():
            raise FileNotFoundError(
                f"The statistic {statistic.key} has no page docs/methods/{statistic.page}."
            )
        said = helps(statistic)
        parts += [
            f"## {statistic.key}",
            f"[{statistic.label}](../methods/{statistic.page}). {meaning(statistic)}",
            f"Definition, printed with each result: {statistic.definition}",
            table(
                ("argument", "takes", "meaning"),
                [(code(one.name), one.takes, said[one.name]) for one in arguments_of(statistic).values()],
            ),
        ]
    source = "`pvtracker/stats/catalogue.py` and the functions named there"
    return document(title="The calculator", source=source, parts=parts)
