"""An open and a closed sample report of realistic content, made without a database.

The numbers are drawn from a seeded generator: they stand for no trial. Arms and sizes are those of the
founding trial (38 and 36 participants), events have the terms that its procedures cause.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from random import Random

from pvtracker.reports import charts
from pvtracker.reports.blocks import (
    Audience,
    Block,
    Bullets,
    Cell,
    Column,
    Paragraph,
    Report,
    Row,
    Section,
    Table,
)
from tests.pure.reports.sample_counts import (
    ACTIVE,
    COUNTS,
    POOLED,
    REFERENCE,
    SIZES,
    TERMS,
    Count,
    difference,
    fisher,
)

__all__ = ["ACTIVE", "REFERENCE", "closed_report", "contrasts", "open_report"]


def open_report() -> Report:
    return _report("open", [POOLED])


def closed_report() -> Report:
    return _report("closed", [ACTIVE, REFERENCE])


def _report(audience: Audience, arms: list[str]) -> Report:
    sections = [
        _section("summary", "What this report says", audience, _summary(audience)),
        _section("enrolment", "Enrolment and status", audience, _enrolment(arms)),
        _section("baseline", "Baseline", audience, [_baseline(arms)]),
        _section("exposure", "Exposure and follow-up", audience, _exposure(arms)),
        _section("overview", "Adverse events: overview", audience, _overview(arms)),
        _section("events", "Adverse events by organ class and term", audience, [_events(arms)]),
        _section("severity", "Severity", audience, _severity(arms)),
    ]
    if audience == "closed":
        sections.append(_section("comparison", "Comparison of the arms", audience, _comparison()))
    sections.append(_section("serious", "Serious adverse events and deaths", audience, _serious(audience)))
    sections.append(_section("courses", "CD4 count and viral load", audience, _courses(arms)))
    closed = audience == "closed"
    return Report(
        study="OZ1-SIM",
        title="Data and safety monitoring report",
        audience=audience,
        simulated=True,
        cut_id="3f0e6f0a-5a0e-4c58-9f0e-2b8f3f1c9d77",
        cut_date="2026-09-30",
        cut_sha256="9b1c5f7d" * 8,
        analysis_arm="actual" if closed else "",
        code_version="0.2.0",
        sections=tuple(sections),
        settings={
            "Treatment-emergent": "Onset on or after the day of first exposure. A partial onset date counts "
            "as treatment-emergent unless its latest possible day is before first exposure.",
            "Participants counted": "Once per term and once per organ class, however many events they had.",
            "Intervals": "95 %, Miettinen and Nurminen 1985, without adjustment for the number of terms.",
            "p": "Fisher's exact test, two-sided, unadjusted.",
            "Serious": "ICH E2A criteria as recorded by the investigator.",
            "Severity": "DAIDS table, corrected version 2.1 (July 2017).",
        },
    )


def _section(key: str, title: str, audience: Audience, blocks: list[Block]) -> Section:
    return Section(key=key, title=title, audience=audience, blocks=tuple(blocks))


def _summary(audience: Audience) -> list[Block]:
    blocks: list[Block] = [
        Paragraph("74 participants have been randomised and followed for 91.4 participant-years."),
        Bullets(
            (
                "71 of 74 participants had at least one adverse event; most follow mobilisation with G-CSF.",
                "Four participants had a serious adverse event. None was judged related to the cells.",
                "No participant has died.",
                "Three events wait for coding and two queries on onset dates are open.",
            )
        ),
    ]
    if audience == "closed":
        blocks.append(
            Paragraph(
                "No term shows a difference whose interval excludes zero after adjustment. With 38 against "
                "36 participants the data could have detected, with power 0.8, a rise from 5 % to 31 %.",
                emphasis=True,
            )
        )
    return blocks


def _enrolment(arms: list[str]) -> list[Block]:
    random = Random(11)
    start = date(2025, 1, 15)
    days = sorted(start + timedelta(days=random.randint(0, 420)) for _ in range(74))
    points = [charts.EnrolmentPoint(day, i) for i, day in enumerate(days, start=1)]
    plan = [charts.EnrolmentPoint(start, 0), charts.EnrolmentPoint(date(2026, 2, 28), 74)]
    months = sorted({day.replace(day=1) for day in days})
    rows = [
        Row((month.strftime("%Y-%m"), sum(day.replace(day=1) == month for day in days),
             sum(day.replace(day=1) <= month for day in days)))
        for month in months
    ]  # fmt: skip
    status = {
        "Randomised": 1.0,
        "Infused": 0.97,
        "Interrupted ART": 0.92,
        "In follow-up": 0.84,
        "Withdrew": 0.08,
    }
    return [
        charts.figure(
            key="enrolment",
            title="Participants enrolled over time",
            table="by_month",
            spec=charts.enrolment(points, planned=plan),
        ),
        Table(
            key="by_month",
            title="Participants enrolled by month",
            columns=(
                Column("month", "Month"),
                Column("new", "New", "count"),
                Column("total", "Total", "count"),
            ),
            rows=tuple(rows),
        ),
        Table(
            key="status",
            title="Status of the participants",
            columns=(Column("status", "Status"), *_arm_columns(arms)),
            rows=tuple(Row((name, *[_of(arm, share) for arm in arms])) for name, share in status.items()),
            note="Participants may appear in more than one row.",
        ),
    ]


def _baseline(arms: list[str]) -> Table:
    values: list[tuple[str, dict[str, Cell]]] = [
        ("Median [quartiles], years", {arm: [43.0, 36.5, 49.0] for arm in arms}),
    ]
    rows = [Row(("Age", *[None for _ in arms]), strong=True)]
    rows += [Row((label, *[cells[arm] for arm in arms]), level=1) for label, cells in values]
    return Table(
        key="baseline",
        title="Baseline characteristics",
        columns=(
            Column("item", "Characteristic"),
            *[Column(_key(arm), _label(arm), "interval") for arm in arms],
        ),
        rows=(
            *rows,
            Row(("CD4 count", *[None for _ in arms]), strong=True),
            Row(("Median [quartiles], cells/mm³", *[[652.0, 535.5, 781.0] for _ in arms]), level=1),
            Row(("Nadir, median [quartiles], cells/mm³", *[[410.0, 352.0, 498.0] for _ in arms]), level=1),
        ),
        note="Quartiles by definition 2 of Hyndman and Fan 1996.",
    )


def _exposure(arms: list[str]) -> list[Block]:
    bins = []
    for number, arm in enumerate(arms):
        random = Random(5 + number)
        weeks = [min(100.0, random.triangular(8, 118, 104)) for _ in range(SIZES[arm])]
        for start in range(0, 104, 8):
            inside = sum(start <= week < start + 8 for week in weeks)
            bins.append(charts.Bin(start, start + 8, arm, inside))
    starts = sorted({bar.start for bar in bins})
    return [
        charts.figure(
            key="follow_up",
            title="Follow-up since infusion",
            table="follow_up",
            spec=charts.follow_up(bins, title="Weeks of follow-up", reference=REFERENCE),
        ),
        Table(
            key="follow_up",
            title="Participants by weeks of follow-up",
            columns=(
                Column("weeks", "Weeks"),
                *[Column(_key(arm), _label(arm), "count") for arm in arms],
            ),
            rows=tuple(
                Row((f"{start:g} to {start + 7:g}", *[_bin(bins, start, arm) for arm in arms]))
                for start in starts
            ),
        ),
    ]


def _overview(arms: list[str]) -> list[Block]:
    kinds = {
        "Any adverse event": 0.96,
        "Related to any intervention": 0.7,
        "Grade 3 or higher": 0.22,
        "Serious": 0.055,
        "Leading to withdrawal": 0.014,
        "Fatal": 0.0,
    }
    shares = [
        charts.Share(kind, arm, _of(arm, share)[0], SIZES[arm])
        for kind, share in kinds.items()
        for arm in arms
    ]
    return [
        charts.figure(
            key="overview",
            title="Participants with treatment-emergent adverse events",
            table="overview",
            spec=charts.overview(shares, reference=REFERENCE),
        ),
        Table(
            key="overview",
            title="Participants with treatment-emergent adverse events",
            columns=(Column("kind", "Participants with"), *_arm_columns(arms)),
            rows=tuple(Row((kind, *[_of(arm, share) for arm in arms])) for kind, share in kinds.items()),
        ),
    ]


def _events(arms: list[str]) -> Table:
    closed = ACTIVE in arms
    columns = [Column("term", "Organ class and term", weight=3)]
    for arm in arms:
        columns.append(Column(_key(arm), _label(arm), "n_of"))
        columns.append(Column(f"{_key(arm)}_events", "Events", "count"))
    if closed:
        columns.append(Column("difference", "Difference, points [95 %]", "interval"))
        columns.append(Column("p", "p", "p"))
    rows = []
    for system in TERMS:
        mine = [count for count in COUNTS if count.system == system]
        worst = Count(
            system, system, min(38, sum(c.active for c in mine)), min(36, sum(c.reference for c in mine))
        )
        rows.append(Row(tuple(_event_cells(worst, arms)), strong=True))
        rows += [
            Row(tuple(_event_cells(count, arms)), level=1, warning=_warning(count, closed)) for count in mine
        ]
    return Table(
        key="events",
        title="Participants with treatment-emergent adverse events by organ class and term",
        columns=tuple(columns),
        rows=tuple(rows),
        note="Participants are counted once per term and once per organ class.",
    )


def _severity(arms: list[str]) -> list[Block]:
    labels = {1: "Mild", 2: "Moderate", 3: "Severe", 4: "Life-threatening"}
    parts = {1: 0.32, 2: 0.42, 3: 0.19, 4: 0.03}
    counts = [
        charts.GradeCount(arm, grade, f"{grade} {labels[grade]}", _of(arm, parts[grade])[0], SIZES[arm])
        for arm in arms
        for grade in parts
    ]
    return [
        charts.figure(
            key="severity",
            title="Participants by the worst grade of their events",
            table="severity",
            spec=charts.severity(counts, reference=REFERENCE),
        ),
        Table(
            key="severity",
            title="Participants by the worst grade of their events",
            columns=(Column("grade", "Worst grade"), *_arm_columns(arms)),
            rows=tuple(
                Row((f"{grade} {labels[grade]}", *[_of(arm, part) for arm in arms]))
                for grade, part in parts.items()
            ),
        ),
    ]


def contrasts() -> list[charts.Contrast]:
    return [
        charts.Contrast(count.term, count.active, 38, count.reference, 36, *difference(count), fisher(count))
        for count in COUNTS
    ]


def _comparison() -> list[Block]:
    ordered = charts.by_evidence(contrasts())
    return [
        charts.figure(
            key="dots",
            title="Terms with the strongest evidence of a difference",
            table="differences",
            spec=charts.dot_plot(ordered, arm=ACTIVE, reference=REFERENCE),
        ),
        charts.figure(
            key="volcano",
            title="All terms: size of the difference and p",
            table="differences",
            spec=charts.volcano(ordered, arm=ACTIVE, reference=REFERENCE),
        ),
        Table(
            key="differences",
            title="Differences between the arms, strongest evidence first",
            columns=(
                Column("term", "Term"),
                Column("oz1", _label(ACTIVE), "n_of"),
                Column("placebo", _label(REFERENCE), "n_of"),
                Column("difference", "Difference, points [95 %]", "interval"),
                Column("p", "p", "p"),
            ),
            rows=tuple(
                Row(
                    (
                        item.term,
                        [item.n_arm, item.total_arm],
                        [item.n_reference, item.total_reference],
                        _points(item),
                        item.p,
                    )
                )
                for item in ordered
            ),
        ),
    ]


def _serious(audience: Audience) -> list[Block]:
    columns = [
        Column("participant", "Participant"),
        Column("term", "Term"),
        Column("verbatim", "As written", weight=2),
        Column("onset", "Onset"),
        Column("day", "Day", "count"),
        Column("grade", "Grade", "count"),
        Column("criteria", "Serious because", weight=1.5),
        Column("related", "Related to", weight=1.2),
        Column("outcome", "Outcome"),
    ]
    listed: list[tuple[Cell, ...]] = [
        ("1003-007", "Pyelonephritis", "right sided pyelonephritis with fever 39.6, i.v. antibiotics",
         "2025-06-11", 74, 3, "Hospitalisation", "None", "Recovered", ACTIVE),
        ("1001-012", "Catheter site thrombosis", "clot at the apheresis line", "2025-08", None, 3,
         "Hospitalisation; other medically important", "Apheresis", "Recovered with sequelae", REFERENCE),
        ("2001-003", "Myocardial infarction", "NSTEMI", "2026-01-30", 212, 4,
         "Life-threatening; hospitalisation", "None", "Recovering", ACTIVE),
        ("2002-009", "Appendicitis", "acute appendicitis, laparoscopic removal", "2026-04-02T21:30", 155, 3,
         "Hospitalisation", "None", "Recovered", REFERENCE),
    ]  # fmt: skip
    if audience == "closed":
        columns.insert(1, Column("arm", "Arm"))
        rows = tuple(
            Row(
                (row[0], row[9], *row[1:9]),
                warning="Day unknown: onset date partial." if row[4] is None else "",
            )
            for row in listed
        )
    else:
        rows = tuple(
            Row(row[:9], warning="Day unknown: onset date partial." if row[4] is None else "")
            for row in listed
        )
    death_columns = (Column("participant", "Participant"), Column("date", "Date"), Column("cause", "Cause"))
    return [
        Table(
            key="serious", title="Serious adverse events", columns=tuple(columns), rows=rows,
            note="Day: days since first exposure, the day of exposure is day 1.",
        ),
        Table(key="deaths", title="Deaths", columns=death_columns, rows=(), empty="No participant has died."),
    ]  # fmt: skip


def _courses(arms: list[str]) -> list[Block]:
    cd4 = [point for arm in arms for point in _course(arm, log=False)]
    load = [point for arm in arms for point in _course(arm, log=True)]
    blocks: list[Block] = []
    for key, name, unit, points, log in (
        ("cd4", "CD4 count", "cells/mm³", cd4, False),
        ("load", "Viral load", "copies/ml", load, True),
    ):
        statistic = "Geometric mean with 95 % interval" if log else "Mean with 95 % interval"
        blocks.append(
            charts.figure(
                key=key,
                title=f"{name} over the weeks",
                table=key,
                spec=charts.course(
                    points, measure=name, unit=unit, statistic=statistic, reference=REFERENCE, log=log,
                    line_at=50 if log else None, line_label="limit of detection, 50",
                ),
            )
        )  # fmt: skip
        weeks = sorted({point.week for point in points})
        blocks.append(
            Table(
                key=key,
                title=f"{name}, {unit}: {statistic.lower()}",
                columns=(
                    Column("week", "Week", "count"),
                    *[
                        column
                        for arm in arms
                        for column in (
                            Column(f"{_key(arm)}_n", "n", "count"),
                            Column(_key(arm), _label(arm), "interval", digits=0),
                        )
                    ],
                ),
                rows=tuple(_course_row(points, week, arms) for week in weeks),
            )
        )
    return blocks


def _course(arm: str, *, log: bool) -> list[charts.CoursePoint]:
    random = Random(f"{arm}{log}")
    points = []
    for week in (0, 4, 8, 12, 16, 20, 24, 26, 28, 32, 36, 40, 44, 48, 56, 64, 72, 80, 88, 100):
        n = max(2, round(SIZES[arm] * (1 - week / 420)) - random.randint(0, 3))
        off_treatment = 24 < week <= 28 or week > 40
        better = 1 if arm == ACTIVE else 0
        if log:
            level = 4.6 - 0.15 * better if off_treatment else 1.75
            centre, half = 10 ** (level + random.uniform(-0.08, 0.08)), 10 ** (2.6 / math.sqrt(n))
            points.append(charts.CoursePoint(week, arm, n, centre, centre / half, centre * half))
        else:
            level = 650 - (150 - 30 * better if off_treatment else 0) + random.uniform(-12, 12)
            half = 420 / math.sqrt(n)
            points.append(charts.CoursePoint(week, arm, n, level, level - half, level + half))
    return points


def _course_row(points: list[charts.CoursePoint], week: float, arms: list[str]) -> Row:
    cells: list[Cell] = [week]
    for arm in arms:
        point = next(point for point in points if point.week == week and point.arm == arm)
        cells += [point.n, [point.centre, point.low, point.high]]
    return Row(tuple(cells))


def _event_cells(count: Count, arms: list[str]) -> list[Cell]:
    cells: list[Cell] = [count.term]
    for arm in arms:
        n = {ACTIVE: count.active, REFERENCE: count.reference, POOLED: count.both}[arm]
        cells += [[n, SIZES[arm]], round(n * 1.4)]
    if ACTIVE in arms:
        low, middle, high = sorted(difference(count))
        cells += [[100 * middle, 100 * low, 100 * high], fisher(count)]
    return cells


def _points(item: charts.Contrast) -> Cell:
    return [100 * value if value is not None else None for value in (item.difference, item.low, item.high)]


def _warning(count: Count, closed: bool) -> str:
    return "No event in one arm: no ratio exists." if closed and 0 in (count.active, count.reference) else ""


def _bin(bins: list[charts.Bin], start: float, arm: str) -> int:
    return next(bar.n for bar in bins if bar.start == start and bar.arm == arm)


def _of(arm: str, share: float) -> list[int]:
    return [round(SIZES[arm] * share), SIZES[arm]]


def _arm_columns(arms: list[str]) -> list[Column]:
    return [Column(_key(arm), _label(arm), "n_of") for arm in arms]


def _key(arm: str) -> str:
    return "all" if arm == POOLED else arm.lower()


def _label(arm: str) -> str:
    return f"{arm} (N={SIZES[arm]})"
