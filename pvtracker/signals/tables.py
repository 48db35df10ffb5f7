"""Result rows as the tables and facts that the pages show (the shapes of `components/table.html`, `facts.html`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.urls import reverse

from pvtracker.cuts.wording import in_order
from pvtracker.lib.partial_dates import spaced
from pvtracker.lib.rounding import p_text, share, shown
from pvtracker.signals.cells import (
    Cell,
    cell,
    column,
    estimate_cell,
    estimate_column,
    fixed_cell,
    p_cell,
    share_cell,
    share_column,
    text_column,
    times,
    whole_cell,
    words,
)
from pvtracker.signals.comparing import DEFINITIONS, Change
from pvtracker.signals.labels import (
    ARM_LABELS,
    SELECTION_LABELS,
    events_label,
    level_label,
    period_label,
    rules_in_words,
)
from pvtracker.signals.method import MARGIN
from pvtracker.signals.methods import METHODS, Method
from pvtracker.signals.models import Result, Run
from pvtracker.signals.numerators import Counted
from pvtracker.signals.planning import plan_of_run
from pvtracker.stats.definitions import estimate_only

Table = dict[str, Any]
EVENT = ("Participant", "Arm", "Event", "Term", "As reported", "Onset", "Day", "Grade", "Serious", "Outcome")
LIKELY = "P(more in the arm)"
PARTED = " Of a period: who had the event within it, of those followed in it, and their years within it."
NO_EVENT = "No treatment-emergent event of this selection occurred in any arm."


def run_facts(run: Run, *, inference: bool = True) -> list[dict[str, object]]:
    """What a run rests on."""
    without = run.settings["treated_without_arm"]
    analysed = run.settings.get("rules", {}).get("analysis_set", "treated")
    arms, pools = (
        "; ".join(
            f"{side['name']}: {side['participants']} {analysed}, {shown(side['follow_up_years'], 1)} years"
            for side in run.settings.get(sides, [])
        )
        for sides in ("arms", "pools")
    )
    facts = [
        ("Cut-off date", str(run.cut.date)),
        ("Analysis arm", arm_label(run.analysis_arm)),
        ("Reference", run.settings["reference"]),
        ("Arms", arms),
        *([("Pools of arms", pools)] if pools else []),
        *([(f"{analysed.capitalize()} without an arm", without)] if without else []),
        ("Rows; flagged", f"{run.rows:,}; {run.flagged:,}") if inference else ("Rows", f"{run.rows:,}"),
        ("Cut sha256", run.cut.sha256),
        ("Result sha256", run.sha256),
        ("Code version", run.code_version),
        *plan_facts(run),
    ]
    return [{"label": label, "value": value} for label, value in facts]


def plan_facts(run: Run) -> list[tuple[str, object]]:
    """By which plan, signed when, with which seed and dictionaries; nothing of a run made before there were plans."""
    plan = plan_of_run(run.settings)
    if not plan:
        return []
    by = f" by {plan['signed_by']}" if plan["signed_by"] else ""
    coded = ", ".join(f"{one['dictionary']} {one['number']}" for one in run.settings.get("dictionaries", []))
    return [
        ("Plan", f"{plan['name']}{by}. {plan['order'] if plan['version'] else ''}".strip()),
        ("Plan sha256", plan["sha256"]),
        ("Seed", run.settings.get("seed", "")),
        ("Dictionary", coded or "none: nothing is coded"),
    ]


def definitions_of(run: Run, *, inference: bool) -> dict[str, str]:
    """What a run counted by; in the order of `cuts/wording.py`, then of the methods; without inference none of a
    method that is no estimate, and of the others the estimate."""
    kept = dict(run.settings["definitions"])
    for key, of in METHODS.items() if not inference else ():
        if of.label in kept:
            said = kept.pop(of.label)
            kept |= {of.label: estimate_only(said)} if is_estimate(key) else {}
    return rules_in_words(in_order(kept, [of.label for of in METHODS.values()]))


def counted_facts(run: Run, rows: Sequence[Result]) -> list[dict[str, object]]:
    """The numerators and denominators that the list of participants is behind."""
    arms = [(row.arm, share(row.n_arm, row.N_arm), row.events_arm) for row in rows]
    first = rows[0]
    arms.append((first.reference, share(first.n_ref, first.N_ref), first.events_ref))
    facts = [("Cut-off date", str(run.cut.date)), ("Analysis arm", arm_label(run.analysis_arm))]
    facts += [("Period", period_label(first.period))] if first.period else []
    facts += [(arm, f"{counted} participants, {events} events") for arm, counted, events in arms]
    return [{"label": label, "value": value} for label, value in facts]


def arm_label(analysis_arm: str) -> str:
    """What an analysis arm is, in words."""
    return ARM_LABELS[analysis_arm]


def results_table(results: Sequence[Result], chosen: dict[str, str], *, inference: bool = True) -> Table:
    """Rows of one method, with its warnings under them; each term opens its page, each numerator its participants."""
    method = METHODS[chosen["method"]]
    selection = events_label(chosen["selection"])
    estimated = method.null_value is not None
    tested = inference and any(row.p is not None for row in results)
    likely = likely_columns(results) if inference else []
    parted = [name for name in ("period", "prior") if any(getattr(row, name) for row in results)]
    columns = [
        text_column("Term"),
        *(text_column(name.capitalize()) for name in parted),
        share_column("Arm, n/N"),
        share_column("Reference, n/N"),
        column("Events", "Events, arm", "Events, reference"),
        column("Years, arm", "Person-years, arm"),
        column("Years, ref.", "Person-years, reference"),
        *([estimate_column("Estimate", unit_of(method), limits=inference)] if estimated else []),
        *([column("p", "p"), column("Adjusted p", "Adjusted p")] if tested else []),
        *(column(label, label) for label, *_ in likely),
        *([text_column("Flag")] if inference else []),
    ]

    def cells(row: Result) -> list[Cell]:
        listed = participants_url(row)
        return [
            words(row.term, url=term_url(row)),
            *(words(period_label(getattr(row, name))) for name in parted),
            share_cell(row.n_arm, row.N_arm, url=listed),
            share_cell(row.n_ref, row.N_ref, url=listed),
            cell(f"{row.events_arm} : {row.events_ref}", row.events_arm, row.events_ref),
            fixed_cell(row.person_years_arm, 1),
            fixed_cell(row.person_years_ref, 1),
            *([estimated_cell(row, limits=inference)] if estimated else []),
            *([p_cell(row.p), p_cell(row.p_adjusted)] if tested else []),
            *likely_cells(row, likely),
            *([words("flagged" if row.flag else "")] if inference else []),
        ]

    return {
        "caption": f"{method.label}: {selection}, {chosen['arm']} against the reference",
        "columns": columns,
        "rows": [{"cells": cells(row), "warning": warning_of(row, inference=inference)} for row in results],
        "note": f"{_estimated(method)}n: participants with the event; N: participants of the analysis set; years: to "
        f"first event or end of follow-up.{PARTED if 'period' in parted else ''}",
        "empty": NO_EVENT,
    }


Likely = Sequence[tuple[str, str, int]]  # label, field of the row, digits


def likely_columns(rows: Sequence[Result]) -> Likely:
    """What only a posterior has, where a row has it: more in the arm, above the margin of the run, and R-hat."""
    margin = rows[0].run.settings.get("margin", MARGIN) if rows else MARGIN
    ratios = {METHODS[row.method].scale.words[0].lower() for row in rows if row.beyond_margin is not None}
    ratio = ratios.pop() if len(ratios) == 1 else "odds or rate ratio"
    columns = (
        (LIKELY, "posterior", 3),
        (f"P({ratio} > {margin:g})", "beyond_margin", 3),
        ("R-hat", "r_hat", 3),
    )
    return [one for one in columns if any(getattr(row, one[1]) is not None for row in rows)]


def likely_cells(row: Result, columns: Likely) -> list[Cell]:
    """The numbers of a row in these columns."""
    return [fixed_cell(getattr(row, name), digits) for _, name, digits in columns]


def warning_of(row: Result, *, inference: bool) -> str:
    """What the method warns of; without inference, of an estimate that is missing."""
    if inference:
        return row.warning
    return (
        "The estimate does not exist, or is infinite: a zero cell or an empty arm."
        if row.estimate is None
        else ""
    )


def term_url(row: Result) -> str:
    """The page of a row's term."""
    return reverse("signal_term", args=[row.run.study.code, row.id])


def _estimated(method: Method) -> str:
    """What the estimate is, where there is one."""
    return "" if method.null_value is None else f"Estimate: {' '.join(method.scale.words).lower()}; "


def about(row: Result) -> str:
    """Level and selection of a row in words."""
    return f"{level_label(row.level)}, {events_label(row.selection)}"


def participants_url(row: Result) -> str:
    """Where the participants behind a row are listed."""
    return reverse("signal_participants", args=[row.run.study.code, row.id])


def estimated_cell(row: Result, *, limits: bool) -> Cell:
    """Estimate and limits on the method's scale; what does not exist as a dash, what is infinite as ∞."""
    scale = METHODS[row.method].scale
    estimate, low, high = (times(scale.factor, value) for value in (row.estimate, row.low, row.high))
    return estimate_cell(estimate, low, high, digits=scale.digits, limits=limits)


def interval(row: Result) -> str:
    """The text of `estimated_cell`, with its limits."""
    return str(estimated_cell(row, limits=True)["text"])


def unit_of(method: Method) -> str:
    """What a method's estimate is, in its unit."""
    return method.scale.words[0].lower()


def is_estimate(method: str) -> bool:
    """Whether a method's estimate stands without inference: it has one, and it is no mean of a posterior."""
    known = METHODS.get(method)
    return known is not None and known.null_value is not None and known.threshold.column != "posterior"


def volcano_table(points: Sequence[Result], p_values: dict[str, float | None], test: str) -> Table:
    """The numbers of the volcano plot."""
    return {
        "caption": f"Risk difference in percentage points, and p of {test}",
        "columns": [
            text_column("Term"),
            column(
                "Difference [95 %]", *estimate_column("", unit_of(METHODS["rd_mn"]), limits=True)["fields"]
            ),
            column("p", "p"),
        ],
        "rows": [
            {"cells": [words(row.term), estimated_cell(row, limits=True), p_cell(p_values[row.term])]}
            for row in points
        ],
        "empty": NO_EVENT,
    }


def changes_table(changes: Sequence[Change[Result]], before: Run) -> Table:
    """What became of the findings of both runs, by one method."""
    weighed = _weight_of(METHODS[changes[0].row.method]) if changes else ""
    columns = [
        *(text_column(label) for label in ("Term", "Since then", "Level", "Events", "Arm")),
        *(_shares_column(label) for label in ("Now", "Before")),
        *(column(label, f"{label}: {weighed}") for label in ("Now", "Before")),
    ]
    rows = []
    for change in changes:
        row = change.row
        texts = (row.term, change.kind, level_label(row.level), SELECTION_LABELS[row.selection], row.arm)
        cells = [words(text) for text in texts]
        cells += [_shares(change.now), _shares(change.before), _weight(change.now), _weight(change.before)]
        if change.now is not None:
            cells[5]["url"] = participants_url(change.now)
        rows.append({"cells": cells})
    return {
        "caption": f"Findings of this run and of the run on the cut of {before.cut.date}",
        "columns": columns,
        "rows": rows,
        "note": " ".join(f"{kind.capitalize()}: {text}" for kind, text in DEFINITIONS.items()),
        "empty": "This method flagged nothing in either run.",
    }


def _shares_column(label: str) -> dict[str, Any]:
    sides = ("arm", "reference")
    return column(
        f"{label}: arm, ref.", *(f"{label}: {side}, {what}" for side in sides for what in ("n", "N"))
    )


def _shares(row: Result | None) -> Cell:
    if row is None:
        return cell("no event", None, None, None, None)
    said = f"{share(row.n_arm, row.N_arm)}, {share(row.n_ref, row.N_ref)}"
    return cell(said, row.n_arm, row.N_arm, row.n_ref, row.N_ref)


def _weight_of(method: Method) -> str:
    """What the number is that the method's threshold is about."""
    name = method.threshold.column
    return f"lower limit, {unit_of(method)}" if name == "low" else name.replace("_", " ")


def _weight(row: Result | None) -> Cell:
    """The number that the method's threshold is about."""
    if row is None:
        return cell("", None)
    method = METHODS[row.method]
    name = method.threshold.column
    value: float | None = getattr(row, name)
    if name == "low":
        limit = times(method.scale.factor, value)
        return cell(f"limit {shown(limit, method.scale.digits)}", limit)
    said = shown(value, 3) if name == "posterior" else p_text(value)
    return cell(f"{name.replace('_', ' ')} {said}", value)


def participants_table(events: Sequence[Counted], row: Result) -> Table:
    """The events behind a number, each with its participant and arm."""
    numbers = {"Event": "Event, number", "Day": "Day, since first exposure", "Grade": "Grade"}
    return {
        "caption": f"{row.term} ({level_label(row.level).lower()}): {events_label(row.selection)}",
        "columns": [
            column(label, numbers[label]) if label in numbers else text_column(label) for label in EVENT
        ],
        "rows": [{"cells": _event_cells(event)} for event in events],
        "note": "Day 1 is the day of first exposure. A participant counts once in a numerator, whatever the number of "
        "events.",
        "empty": NO_EVENT,
    }


def _event_cells(event: Counted) -> list[Cell]:
    """In the order of `EVENT`."""
    return [
        *map(words, (event.subject, event.arm)),
        whole_cell(event.number),
        *map(words, (event.term, event.verbatim, spaced(event.onset) or "unknown")),
        *map(whole_cell, (event.day, event.grade)),
        *map(words, ("yes" if event.serious else "", event.outcome.replace("_", " "))),
    ]


def findings_table(results: Sequence[Result]) -> Table:
    """What Fisher's test flagged after adjustment; each term opens its page."""
    return {
        **_found_table(
            results, {"p": lambda row: p_cell(row.p), "Adjusted p": lambda row: p_cell(row.p_adjusted)}
        ),
        "caption": "More in the arm than in the reference (Fisher’s exact test, Benjamini–Hochberg)",
        "note": "A flag asks for a look, it is no verdict. What is not flagged may still be harm: see the intervals.",
        "empty": "Nothing reached the threshold of Fisher’s test. That is no proof of safety: see the intervals of "
        "the run.",
    }


def largest_table(results: Sequence[Result]) -> Table:
    """The terms with the largest excess in an arm, by the counts alone; each term opens its page."""

    def difference(row: Result) -> Cell:
        return fixed_cell(100 * (row.n_arm / max(row.N_arm, 1) - row.n_ref / max(row.N_ref, 1)), 1)

    return {
        **_found_table(results, {"Difference, points": difference}),
        "caption": "The largest differences: preferred terms with more in an arm than in the reference",
        "note": "By the counts alone. Of many terms, some always differ most.",
        "empty": "No preferred term was more frequent in an arm than in the reference.",
    }


def _found_table(results: Sequence[Result], further: dict[str, Callable[[Result], Cell]]) -> Table:
    rows = []
    for row in results:
        listed = participants_url(row)
        rows.append(
            {
                "cells": [
                    words(row.term, url=term_url(row)),
                    *(
                        words(text)
                        for text in (level_label(row.level), SELECTION_LABELS[row.selection], row.arm)
                    ),
                    share_cell(row.n_arm, row.N_arm, url=listed),
                    share_cell(row.n_ref, row.N_ref, url=listed),
                    *(made(row) for made in further.values()),
                ]
            }
        )
    columns = [
        *(text_column(label) for label in ("Term", "Level", "Events", "Arm")),
        share_column("Arm, n/N"),
        share_column("Reference, n/N"),
        *(column(label, label.replace("points", "percentage points")) for label in further),
    ]
    return {"columns": columns, "rows": rows}
