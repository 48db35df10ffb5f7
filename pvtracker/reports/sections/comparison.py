"""The arms compared: the terms with the strongest evidence, and what this trial could not have seen. Closed only."""

from __future__ import annotations

import numpy as np

from pvtracker import stats
from pvtracker.reports import charts
from pvtracker.reports.blocks import Block, Column, Paragraph, Row, Section, Table
from pvtracker.reports.contrast import contrasts_of, screened
from pvtracker.reports.snapshot import Group, Snapshot
from pvtracker.reports.tabulate import heading, n_key, points

MOST = 20
MOST_RATES = 10
PER = 100  # participant-years of a printed rate
RISKS = (0.0, 0.05, 0.1, 0.2)  # in the reference arm
POWER = 0.8


def build(snapshot: Snapshot) -> Section:
    """Per active arm and pool a dot plot with its table; then the detectable differences."""
    snapshot.require_closed()
    blocks: list[Block] = []
    for arm in snapshot.compared:
        blocks += [_dots(snapshot, arm), _strongest(snapshot, arm), _rates(snapshot, arm)]
    blocks += [_detectable(snapshot), Paragraph(_reading())]
    return Section(key="comparison", title="Comparison of the arms", audience="closed", blocks=tuple(blocks))


def _reading() -> str:
    return (
        "Silence is no proof of safety: the table above says how large a risk would have had to be to be found, and "
        "which risks remain possible where no participant had the event."
    )


def _dots(snapshot: Snapshot, arm: Group) -> Block:
    return charts.figure(
        key=f"dots_{arm.key}",
        title=f"Terms with the strongest evidence of a difference, {arm.name} against {snapshot.reference_name}",
        table=f"strongest_{arm.key}",
        spec=charts.dot_plot(
            contrasts_of(snapshot, arm),
            arm=arm.name,
            reference=snapshot.reference_name,
            arms=[group.name for group in (*snapshot.groups, *snapshot.pools)],
            most=MOST,
        ),
    )


def _strongest(snapshot: Snapshot, arm: Group) -> Table:
    reference = snapshot.reference
    assert reference is not None  # noqa: S101 - a closed snapshot with active arms has one
    rows = screened(snapshot, arm)
    return Table(
        key=f"strongest_{arm.key}",
        title=f"The {min(MOST, len(rows))} of {len(rows):,} terms with the strongest evidence of a difference, "
        f"{arm.name} against {reference.name}",
        columns=(
            Column("term", "Term", weight=1.6),
            Column(n_key(arm), heading(arm, arm.treated), "n_of"),
            Column(n_key(reference), heading(reference, reference.treated), "n_of"),
            Column("difference", "Difference, points [95 %]", "interval", weight=1.3),
            Column("p", "p", "p", weight=0.5),
            Column("p_adjusted", "p adj.", "p", weight=0.5),
        ),
        rows=tuple(
            Row(
                (
                    row.term,
                    [row.n_arm, row.N_arm],
                    [row.n_ref, row.N_ref],
                    [points(row.difference), points(row.low), points(row.high)],
                    row.p,
                    row.p_adjusted,
                ),
                warning=row.warning,
            )
            for row in rows[:MOST]
        ),
        note="Ordered by p (Fisher’s exact test, two-sided), then by size of the difference. Differences with "
        "Miettinen–Nurminen limits; p adj.: Benjamini–Hochberg over the preferred terms of this arm. "
        "All terms are in the section on organ classes and terms.",
        empty="No treatment-emergent adverse event was reported in either arm.",
    )


def _rates(snapshot: Snapshot, arm: Group) -> Table:
    reference = snapshot.reference
    assert reference is not None  # noqa: S101 - a closed snapshot with active arms has one
    rows = screened(snapshot, arm)[:MOST_RATES]
    return Table(
        key=f"rates_{arm.key}",
        title=f"Participants per {PER} participant-years with the first {len(rows)} of these terms, {arm.name} against "
        f"{reference.name}",
        columns=(
            Column("term", "Term", weight=1.6),
            *[
                column
                for group in (arm, reference)
                for column in (
                    Column(n_key(group), f"{group.name}: n", "count", weight=0.6),
                    Column(f"years_{group.key}", "Years", "number", weight=0.6),
                    Column(f"rate_{group.key}", f"Per {PER}", "number", weight=0.6),
                )
            ],
            Column("rate_ratio", "Rate ratio [95 %]", "interval", digits=2, weight=1.3),
        ),
        rows=tuple(
            Row(
                (
                    row.term,
                    row.n_arm,
                    round(row.person_years_arm, 6),
                    _rate(row.n_arm, row.person_years_arm),
                    row.n_ref,
                    round(row.person_years_ref, 6),
                    _rate(row.n_ref, row.person_years_ref),
                    [row.rate_ratio, row.rate_low, row.rate_high],
                ),
                warning=row.rate_warning,
            )
            for row in rows
        ),
        note="n: participants with the term. Years: participant-years to their first event of it, or to the end of "
        "follow-up. Rate ratio with exact limits.",
        empty="No treatment-emergent adverse event was reported in either arm.",
    )


def _rate(n: int, years: float) -> float | None:
    return round(PER * n / years, 6) if years > 0 else None


def _detectable(snapshot: Snapshot) -> Table:
    reference = snapshot.reference
    assert reference is not None  # noqa: S101 - a closed snapshot with active arms has one
    rows = []
    for arm in snapshot.compared:
        found = stats.smallest_detectable(arm.treated, reference.treated, np.array(RISKS), power=POWER)
        zero = float(stats.upper_limit_for_zero(arm.treated)[0])
        rows.append(
            Row(
                (
                    f"{arm.name} ({arm.treated:,} v {reference.treated:,})",
                    *[_percent(risk) for risk in found.risk],
                    _percent(zero),
                ),
                warning="; ".join(dict.fromkeys(str(text) for text in found.warning if text)),
            )
        )
    return Table(
        key="detectable",
        title="The smallest risk in the arm, in per cent, that would be found with power 0.8",
        columns=(
            Column("arm", "Arm (participants)", weight=1.6),
            *[
                Column(f"risk_{place}", f"Reference risk {risk:.0%}".replace("%", " %"), "number")
                for place, risk in enumerate(RISKS)
            ],
            Column("zero", "Upper limit of the risk if no event was seen", "number", weight=1.3),
        ),
        rows=tuple(rows),
        note="Two-sided Fisher’s exact test at 0.05, not adjusted for the number of terms. Last column: one-sided "
        "exact 95 % limit.",
    )


def _percent(risk: float) -> float | None:
    return points(None if np.isnan(risk) else float(risk))
