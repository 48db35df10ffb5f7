"""What this report says, in half a page: sentences made from the counts."""

from __future__ import annotations

import pandas as pd

from pvtracker import stats
from pvtracker.lib.rounding import fixed
from pvtracker.reports.blocks import Block, Bullets, Paragraph, Section
from pvtracker.reports.contrast import screened
from pvtracker.reports.sections.comparison import POWER
from pvtracker.reports.sections.events import count
from pvtracker.reports.sections.problems import GRAVE, found
from pvtracker.reports.sections.serious import NO_DEATH, NO_SERIOUS, deaths
from pvtracker.reports.snapshot import Group, Screened, Snapshot
from pvtracker.reports.tabulate import events_in, joined, participants_with, points, spoken

MOST_TERMS = 4
MOST_TERMS_EACH = 3  # where several arms are compared, so that all fit on half a page
MOST_PROBLEMS = 4
COMMON = 0.05  # risk in the reference arm for the sentence on what could have been found


def build(snapshot: Snapshot) -> Section:
    """Who was followed, what happened, how serious; in the closed report then the strongest evidence and its limits."""
    blocks: list[Block] = [
        Paragraph(_followed(snapshot)),
        Bullets((*_happened(snapshot), _frequent(snapshot), _died(snapshot), _problems(snapshot))),
    ]
    if snapshot.is_closed:
        for arm in snapshot.active:
            blocks += _compared(snapshot, arm)
        if snapshot.active:
            blocks.append(Paragraph(_silence(snapshot)))
    return Section(
        key="summary", title="What this report says", audience=snapshot.audience, blocks=tuple(blocks)
    )


def _followed(snapshot: Snapshot) -> str:
    years = sum(group.follow_up_years for group in snapshot.groups)
    by_arm = ""
    if snapshot.is_closed:
        by_arm = " (" + joined(f"{g.treated:,} with {g.name}" for g in snapshot.groups) + ")"
    treated = sum(group.treated for group in snapshot.groups)
    return (
        f"Up to {snapshot.data.date.isoformat()}, {len(snapshot.enrolled):,} participants were enrolled. The analysis "
        f"set, {snapshot.analysed}, has {treated:,} of them{by_arm}, followed for {fixed(years, 1)} participant-years "
        "in all."
    )


def _happened(snapshot: Snapshot) -> list[str]:
    events = snapshot.events
    told = []
    for chosen, words in (
        (events, "adverse events"),
        (events[events["grade3plus"]], "adverse events of grade 3 or more"),
    ):
        told.append(_had(snapshot, chosen, f"treatment-emergent {words}"))
    serious = events[events["serious"]]
    if serious.empty:
        told.append(NO_SERIOUS.replace("No serious", "No serious treatment-emergent"))
    else:
        related = serious[serious["related"]]
        told.append(
            _had(snapshot, serious, "serious treatment-emergent adverse events").removesuffix(".")
            + (
                f"; {len(related):,} of these events {'was' if len(related) == 1 else 'were'} judged related to a "
                "study intervention."
                if len(related)
                else "; none of these events was judged related to a study intervention."
            )
        )
    told += _contradicted(snapshot)
    return told


def _contradicted(snapshot: Snapshot) -> list[str]:
    """Events with a seriousness criterion, where they are not the ones that were reported serious."""
    events = snapshot.events
    if not (events["criterion"] & ~events["serious"]).any():
        return []
    words = "treatment-emergent adverse events with a seriousness criterion, whatever was reported"
    return [_had(snapshot, events[events["criterion"]], words)]


def _had(snapshot: Snapshot, events: pd.DataFrame, words: str) -> str:
    """“38 of 38 with OZ1 (532 events) and 36 of 36 with Placebo (511 events) had …”."""
    shares, counts = participants_with(snapshot, events), events_in(snapshot, events)
    if not snapshot.is_closed:
        n = counts[0]
        return f"{spoken(shares, snapshot.groups)} had {n:,} {words.replace('events', 'event') if n == 1 else words}."
    told = joined(
        f"{n:,} of {total:,} with {group.name} ({count:,} {'event' if count == 1 else 'events'})"
        for (n, total), count, group in zip(shares, counts, snapshot.groups, strict=True)
    )
    return f"{told} had {words}."


def _frequent(snapshot: Snapshot) -> str:
    terms = count(snapshot, "PT")
    if not terms.terms:
        return "No treatment-emergent adverse event was reported."
    order = sorted(range(len(terms.terms)), key=lambda i: (-int(terms.participants[i].sum()), terms.terms[i]))
    total = sum(group.treated for group in snapshot.groups)
    named = [
        f"{terms.terms[i]} ({int(terms.participants[i].sum()):,} of {total:,})" for i in order[:MOST_TERMS]
    ]
    return f"Most frequent: {joined(named)}."


def _died(snapshot: Snapshot) -> str:
    dead = deaths(snapshot)
    if dead.empty:
        return NO_DEATH
    enrolled = snapshot.enrolled[snapshot.enrolled["subject"].isin(dead["subject"])]
    shares = [[int((enrolled["arm"] == group.index).sum()), group.enrolled] for group in snapshot.groups]
    return f"{spoken(shares, snapshot.groups)} died."


def _problems(snapshot: Snapshot) -> str:
    problems = [(label, int(chosen.sum())) for label, chosen, _ in found(snapshot) if chosen.any()]
    if not problems:
        return "None of the problems that are looked for in the data was found."
    told = sorted(problems, key=lambda item: (item[0] not in GRAVE, -item[1]))[:MOST_PROBLEMS]
    named = joined(f"{label[0].lower()}{label[1:]} ({n:,})" for label, n in told)
    return f"Problems in the data: {named}."


def _compared(snapshot: Snapshot, arm: Group) -> list[Block]:
    most = MOST_TERMS if len(snapshot.active) == 1 else MOST_TERMS_EACH
    strongest = [row for row in screened(snapshot, arm) if row.difference is not None][:most]
    if not strongest:
        return []
    return [
        Paragraph(
            f"{arm.name} against {snapshot.reference_name}: the terms with the strongest evidence of a difference, in "
            "percentage points with the 95 % interval, not adjusted for the number of terms.",
            emphasis=True,
        ),
        Bullets(tuple(_evidence(row) for row in strongest)),
    ]


def _evidence(row: Screened) -> str:
    estimate, low, high = (_points(value) for value in (row.difference, row.low, row.high))
    return (
        f"{row.term}: {estimate} [{low}, {high}]; {row.n_arm:,} of {row.N_arm:,} against {row.n_ref:,} of "
        f"{row.N_ref:,}."
    )


def _silence(snapshot: Snapshot) -> str:
    """What a trial of this size could not have seen, for every active arm at once."""
    reference = snapshot.reference
    assert reference is not None  # noqa: S101 - a closed snapshot with active arms has one
    reach, zero = [], []
    for arm in snapshot.active:
        risk = float(stats.smallest_detectable(arm.treated, reference.treated, COMMON, power=POWER).risk[0])
        found = "at no risk, however high," if risk != risk else f"from a risk of {_percent(risk)}"
        reach.append(f"{found} with {arm.name} (of {arm.treated:,})")
        zero.append(f"{_percent(float(stats.upper_limit_for_zero(arm.treated)[0]))} with {arm.name}")
    return (
        f"What silence means here: a term that {_percent(COMMON)} of participants have with {reference.name} (of "
        f"{reference.treated:,}) is found with power {POWER} only {joined(reach)}. Where nobody had an event, a risk "
        f"of up to {joined(zero)} remains possible (one-sided 95 %)."
    )


def _points(fraction: float | None) -> str:
    return fixed(points(fraction), 1).replace("-", "\N{MINUS SIGN}")


def _percent(risk: float) -> str:
    return f"{fixed(100 * risk, 1)} %".replace(".0 %", " %")
