"""What the sections say, against counts made another way."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from pvtracker.reports.blocks import Bullets, Figure, Paragraph, Row, Section, Table
from pvtracker.reports.build import report_of
from pvtracker.reports.measured import analytes, values_of
from pvtracker.reports.screening import closed_snapshot
from pvtracker.reports.sections import (
    baseline,
    comparison,
    courses,
    enrolment,
    events,
    exposure,
    overview,
    problems,
    relatedness,
    serious,
    summary,
)
from pvtracker.reports.snapshot import Snapshot, take
from pvtracker.reports.tabulate import capitals, quartiles
from pvtracker.stats import risk_difference_mn
from tests.pure.sections import trial
from tests.pure.sections.snapshots import by_arm, closed_report, column, open_report, pooled, table_of
from tests.pure.signals.pilot import domain, pilot_cut


def words(section: Section) -> str:
    return " ".join(
        text
        for block in section.blocks
        for text in (
            (block.text,)
            if isinstance(block, Paragraph)
            else block.items
            if isinstance(block, Bullets)
            else ()
        )
    )


def emptied(*datasets: str) -> Snapshot:
    return take(trial.without(trial.open_cut(), *datasets), audience="open")


def test_serious_events_by_arm_are_those_of_the_records() -> None:
    """Counted from the simulated records: participants of an arm with a serious event on or after first exposure."""
    made = trial.trial()
    arm_of = {row.participant: row.actual_code for row in made.closed.allocations}
    first: dict[str, str] = {}
    for given in made.open.exposures:
        first[given.participant] = min(given.start, first.get(given.participant, "9999"))
    cells: dict[Any, Any] = {
        row.cells[0]: row.cells for row in table_of(overview.build(by_arm()), "overview").rows
    }
    keys = [c.key for c in table_of(overview.build(by_arm()), "overview").columns]
    for code in ("OZ1", "PLACEBO"):
        having = {
            event.participant
            for event in made.open.events
            if event.serious
            and arm_of.get(event.participant) == code
            and event.onset >= first[event.participant]
        }
        n, total = cells["Serious"][keys.index(f"n_{code}")]
        assert n == len(having) > 0
        assert total == sum(arm == code for arm in arm_of.values())


def test_differences_are_those_of_miettinen_and_nurminen() -> None:
    table = table_of(overview.build(by_arm()), "overview")
    active, reference = by_arm().active[0], by_arm().reference
    assert reference is not None
    ours: list[Any] = column(table, f"difference_{active.key}")
    arms: list[Any] = column(table, f"n_{active.key}")
    references: list[Any] = column(table, f"n_{reference.key}")
    for (estimate, low, high), (n, total), (n_ref, total_ref) in zip(ours, arms, references, strict=True):
        expected = risk_difference_mn(n, total, n_ref, total_ref)
        assert estimate == pytest.approx(100 * (n / total - n_ref / total_ref), abs=1e-5)
        assert (low, high) == pytest.approx((100 * expected.low[0], 100 * expected.high[0]), abs=1e-5)


def test_an_open_report_has_no_differences() -> None:
    for section in open_report().sections:
        for block in section.blocks:
            if isinstance(block, Table):
                assert not [
                    c.key for c in block.columns if c.key.startswith(("difference", "p_", "rate_ratio"))
                ]


def test_the_pilot_by_planned_arm_equals_a_count_with_pandas() -> None:
    """Participants and events of every organ class and term of the CDISC pilot; 86, 84 and 84 participants."""
    data = pilot_cut()
    snapshot = closed_snapshot(data, analysis_arm="planned")
    table = table_of(events.build(snapshot), "terms")
    dm, ae, ex = domain("dm"), domain("ae"), domain("ex")
    first = ex[ex["EXSTDTC"] != ""].groupby("USUBJID")["EXSTDTC"].min()
    joined = ae.merge(dm[["USUBJID", "ARMCD"]], on="USUBJID")
    # "~" sorts after every digit, so a partial or unknown onset counts when its last day may be on or after the first
    joined = joined[(joined["AESTDTC"] + "~") > joined["USUBJID"].map(first)]
    assert {g.key: g.treated for g in snapshot.groups} == {"Pbo": 86, "Xan_Lo": 84, "Xan_Hi": 84}
    for arm in ("Pbo", "Xan_Lo", "Xan_Hi"):
        mine = joined[joined["ARMCD"] == arm]
        for level, name in ((0, "AEBODSYS"), (1, "AEDECOD")):
            rows = [row for row in table.rows if row.level == level]
            place = [c.key for c in table.columns].index(f"n_{arm}")
            ours: dict[str, Any] = {}
            for row in rows:
                share: Any = row.cells[place]
                if row.cells[place + 1]:
                    ours[str(row.cells[0])] = (share[0], row.cells[place + 1])
            grouped = mine.groupby(name)["USUBJID"]
            theirs = {str(k): (int(n), int(e)) for k, n, e in zip(
                grouped.nunique().index, grouped.nunique(), grouped.size(), strict=True)}  # fmt: skip
            assert ours == theirs and len(ours) > 15


def test_relatedness_is_counted_for_each_intervention_apart() -> None:
    made = trial.trial().open
    table = table_of(relatedness.build(pooled()), "related")
    names = [str(row.cells[0]) for row in table.rows]
    assert names == ["Any study intervention", *[i.name for i in made.protocol.interventions]]
    first = pooled().people.set_index("subject")["first_exposure"].dt.strftime("%Y-%m-%d").to_dict()
    for name, share in zip(names[1:], column(table, "n_all")[1:], strict=True):
        having = {
            event.participant
            for event in made.events
            if event.participant in first
            and event.onset + "~" > first[event.participant]
            and any(
                judged.intervention == name and judged.assessor == "investigator"
                and judged.causality in ("possible", "probable", "definite")
                for judged in event.assessments
            )
        }  # fmt: skip
        assert share == [len(having), 74]


def test_what_is_silent_is_said_in_words() -> None:
    assert serious.NO_DEATH in words(serious.build(emptied("adverse_events", "assessments", "participants")))
    quiet = emptied("adverse_events", "assessments")
    assert serious.NO_SERIOUS in words(serious.build(quiet))
    assert "No treatment-emergent adverse event was reported." in words(summary.build(quiet))
    assert table_of(events.build(quiet), "terms").rows == ()
    assert "No treatment-emergent" in table_of(events.build(quiet), "terms").empty
    assert "No measurement" in words(courses.build(emptied("measurements")))


@pytest.mark.parametrize(
    "missing",
    [
        ("adverse_events", "assessments"),
        ("exposures",),
        ("measurements", "visits", "dispositions"),
        ("assessments",),
        (
            "participants",
            "exposures",
            "visits",
            "dispositions",
            "adverse_events",
            "assessments",
            "measurements",
        ),
    ],
)
def test_a_report_of_little_or_nothing_is_made_all_the_same(missing: tuple[str, ...]) -> None:
    report_of(emptied(*missing))
    closed = trial.without(trial.closed_cut(), *missing)
    report_of(closed_snapshot(closed, analysis_arm="actual"))


def test_every_figure_of_both_reports_has_numbers_and_a_description() -> None:
    for report in (open_report(), closed_report(), report_of(by_arm(4))):
        figures = [b for s in report.sections for b in s.blocks if isinstance(b, Figure)]
        assert len(figures) >= 6
        assert all(figure.description.endswith(".") for figure in figures)


def test_values_below_the_limit_stand_at_the_limit_and_the_note_says_so() -> None:
    load = next(analyte for analyte in analytes(trial.open_cut()) if analyte.log)
    measured = values_of(trial.open_cut(), load)
    below = measured[measured["below"]]
    assert len(below) == sum(m.value_text == "<50" for m in trial.trial().open.measurements)
    assert set(below["value"]) == {50.0}
    table = next(
        b for b in courses.build(pooled()).blocks if isinstance(b, Table) and "Viral load" in b.title
    )
    assert "below a limit and stand at that limit" in table.note


def test_a_mean_of_the_course_is_the_mean_of_the_records() -> None:
    table = next(b for b in courses.build(by_arm()).blocks if isinstance(b, Table) and "CD4" in b.title)
    arm_of = {row.participant: row.actual_code for row in trial.trial().closed.allocations}
    values = [
        m.value
        for m in trial.trial().open.measurements
        if m.analyte == "CD4"
        and m.visit == "Week 48"
        and m.value is not None
        and arm_of.get(m.participant) == "OZ1"
    ]
    row = next(row for row in table.rows if row.cells[0] == 48)
    cells = dict(zip([c.key for c in table.columns], row.cells, strict=True))
    assert cells["measured_OZ1"] == len(values)
    assert cells["value_OZ1"][0] == pytest.approx(sum(values) / len(values), abs=1e-5)  # type: ignore[index]


def test_a_study_without_cd4_and_viral_load_shows_what_it_measured_most() -> None:
    measured = trial.open_cut().measurements
    others = measured[~measured["analyte"].isin(["CD4", "HIVRNA"])]
    data = trial.altered(trial.open_cut(), measurements=others)
    counted = others[others["value"].notna()].groupby("analyte").size()
    assert [a.code for a in analytes(data)] == sorted(counted.index, key=lambda code: (-counted[code], code))[
        :2
    ]
    assert len([b for b in courses.build(take(data, audience="open")).blocks if isinstance(b, Figure)]) == 2


def test_the_summary_puts_the_strongest_evidence_first_with_its_interval() -> None:
    told = next(b for b in reversed(summary.build(by_arm()).blocks) if isinstance(b, Bullets)).items
    table = table_of(comparison.build(by_arm()), "strongest_OZ1")
    assert [text.split(":")[0] for text in told] == [row.cells[0] for row in table.rows[: len(told)]]
    assert all("[" in text and " of 38 against " in text and text.endswith(" of 36.") for text in told)


def test_the_closed_report_says_what_it_could_not_have_seen() -> None:
    assert "a risk of up to 7.6 % with OZ1 remains possible" in words(summary.build(by_arm()))
    row = table_of(comparison.build(by_arm()), "detectable").rows[0]
    assert row.cells[-1] == pytest.approx(100 * (1 - 0.05 ** (1 / 38)), abs=1e-5)


@pytest.mark.parametrize("word", ["significan", "safe and", "causes", "proves", "*"])
def test_a_report_speaks_no_verdict(word: str) -> None:
    for report in (open_report(), closed_report()):
        for section in report.sections:
            assert word not in words(section)


def test_problems_in_the_data_are_counted() -> None:
    cut = trial.open_cut()
    events_frame = cut.adverse_events.copy()
    events_frame.loc[0, "grade"] = pd.NA
    events_frame.loc[1, "preferred_term"] = ""
    events_frame.loc[2, "outcome"] = "fatal"
    events_frame.loc[2, "serious"] = False
    events_frame.loc[2, "criteria"] = ""
    broken = take(trial.altered(cut, adverse_events=events_frame), audience="open")
    said = {row.cells[0]: row.cells[1] for row in table_of(problems.build(broken), "problems").rows}
    before = {row.cells[0]: row.cells[1] for row in table_of(problems.build(pooled()), "problems").rows}
    assert said["No severity grade"] == said["Term not coded"] == [1, len(events_frame)]
    assert said["Fatal outcome, not reported serious"] == [1, len(events_frame)]
    assert not {"No severity grade", "Term not coded"} & set(before)
    partial = sum(len(event.onset) < 10 for event in trial.trial().open.events)
    assert before["Onset known in part only"] == [partial, len(events_frame)]


def test_a_participant_without_an_arm_is_in_no_column_and_is_told() -> None:
    cut = trial.closed_cut()
    missing = cut.arms.iloc[1:]
    snapshot = closed_snapshot(trial.altered(cut, arms=missing), analysis_arm="actual")
    said = {row.cells[0]: row.cells[1] for row in table_of(problems.build(snapshot), "problems").rows}
    assert said["Enrolled participant without an arm"] == [1, 74]
    assert sum(group.treated for group in snapshot.groups) == 73


def test_the_serious_listing_tells_the_arm_in_the_closed_report_only() -> None:
    closed, opened = (table_of(serious.build(s), "listing") for s in (by_arm(), pooled()))
    assert [c.key for c in closed.columns if c.key not in {c.key for c in opened.columns}] == ["arm"]
    arm_of = {row.participant: row.actual for row in trial.trial().closed.allocations}
    code_of = {p.code: p.participant for p in trial.trial().open.participants}
    for row in closed.rows:
        assert row.cells[1] == arm_of[code_of[str(row.cells[0])]]
    assert len(opened.rows) == sum(bool(e.serious) for e in trial.trial().open.events)


def test_a_study_day_counts_from_one_and_knows_no_zero() -> None:
    first = pd.Timestamp("2026-03-02")

    def day(text: str) -> int | None:
        return serious._day(pd.Timestamp(text), pd.Timestamp(text), first)[0]

    assert [day("2026-03-01"), day("2026-03-02"), day("2026-03-03")] == [-1, 1, 2]
    partial = serious._day(pd.Timestamp("2026-03-01"), pd.Timestamp("2026-03-31"), first)
    assert partial[0] is None and "in part" in partial[1]


def test_follow_up_and_sites_add_up() -> None:
    bars = column(table_of(exposure.build(by_arm()), "follow_up"), "n_OZ1")
    assert sum(bars) == 38  # type: ignore[arg-type]
    *sites, total = table_of(enrolment.build(pooled()), "places").rows
    assert [sum(cells) for cells in zip(*[row.cells[2:] for row in sites], strict=True)] == list(
        total.cells[2:]
    )
    assert total.cells[2:] == (90, 74, 74)


def test_baseline_is_measured_before_first_exposure() -> None:
    row: Row = next(
        row
        for row in table_of(baseline.build(pooled()), "measures").rows
        if str(row.cells[0]).startswith("CD4")
    )
    first = pooled().people.set_index("subject")["first_exposure"].to_dict()
    last: dict[str, tuple[str, float]] = {}
    for m in trial.trial().open.measurements:
        if m.analyte != "CD4" or m.value is None or m.participant not in first:
            continue
        if pd.Timestamp(m.taken_on[:10]) <= first[m.participant]:
            last[m.participant] = max(last.get(m.participant, ("", 0.0)), (m.taken_on, m.value))
    assert row.cells[1] == len(last)
    assert row.cells[2] == quartiles([value for _, value in last.values()])


def test_quartiles_are_those_of_definition_two() -> None:
    """Hyndman and Fan (1996): the average of the two neighbours at a step; R: quantile(x, type = 2)."""
    assert quartiles([1, 2, 3, 4]) == [2.5, 1.5, 3.5]
    assert quartiles([1, 2, 3, 4, 5]) == [3.0, 2.0, 4.0]
    assert quartiles([]) == [None, None, None]
    assert quartiles([7.0, math.nan]) == [7.0, 7.0, 7.0]


def test_words_in_capitals_are_written_as_a_reader_writes_them() -> None:
    assert capitals("BLACK OR AFRICAN AMERICAN") == "Black or African American"
    assert capitals("USA") == "USA"
    assert capitals("Not stated") == "Not stated"


def test_a_criterion_on_an_event_that_is_not_reported_serious_is_shown_beside() -> None:
    cut = trial.open_cut()
    frame = cut.adverse_events.copy()
    counted = pooled().events[["subject", "number"]].merge(frame, on=["subject", "number"])
    plain = counted[~counted["serious"].fillna(True).astype(bool)].iloc[0]
    frame.loc[(frame["subject"] == plain["subject"]) & (frame["number"] == plain["number"]), "criteria"] = (
        "disability"
    )
    snapshot = take(trial.altered(cut, adverse_events=frame), audience="open")
    rows: dict[Any, Any] = {
        row.cells[0]: row.cells for row in table_of(overview.build(snapshot), "overview").rows
    }
    before: dict[Any, Any] = {
        row.cells[0]: row.cells for row in table_of(overview.build(pooled()), "overview").rows
    }
    assert rows["Serious"] == before["Serious"]
    assert "With a seriousness criterion" in rows and "With a seriousness criterion" not in before
    listing = table_of(serious.build(snapshot), "listing")
    listed = [row for row, said in zip(listing.rows, column(listing, "serious"), strict=True) if said == "No"]
    assert len(listed) == 1 and "Disability" in listed[0].cells
    told = words(summary.build(snapshot))
    assert "with a seriousness criterion, whatever was reported" in told
    assert "whatever was reported" not in words(summary.build(pooled()))


def test_what_was_not_recorded_is_not_printed_as_zero() -> None:
    """Without any action taken there is no row of withdrawals because of an event, and the note says why."""
    cut = trial.open_cut()
    silent = cut.assessments.assign(action_taken="")
    table = table_of(
        overview.build(take(trial.altered(cut, assessments=silent), audience="open")), "overview"
    )
    label = "Leading to withdrawal of an intervention"
    assert label in column(table_of(overview.build(pooled()), "overview"), "kind")
    assert label not in column(table, "kind")
    total = len(pooled().events)
    assert f"is not recorded for any of the {total:,} events" in table.note


def test_serious_events_and_deaths_are_listed_in_the_order_of_the_participants() -> None:
    listed = column(table_of(serious.build(by_arm()), "listing"), "participant")
    assert listed == sorted(listed, key=str) and len(set(listed)) > 1


def test_the_rates_of_the_comparison_come_with_their_numerators_and_years() -> None:
    for row in table_of(comparison.build(by_arm()), "rates_OZ1").rows:
        for n, years, rate in (row.cells[1:4], row.cells[4:7]):
            assert isinstance(n, int) and isinstance(years, float) and isinstance(rate, float)
            assert rate == pytest.approx(100 * n / years, abs=1e-4)
