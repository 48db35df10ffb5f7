"""The curves of one term: times by the run's rules, curves against hand counts, tables that agree with the pictures."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import vl_convert

from pvtracker.cuts.data import CutData
from pvtracker.signals import curve_charts, curves
from pvtracker.signals.numerators import Emergent
from pvtracker.signals.screen import screen
from pvtracker.signals.times import ARM, REFERENCE, Times, times_of
from pvtracker.stats.event_times import CENSORED, DEATH, EVENT
from tests.pure.signals.pilot import pilot_cut
from tests.small_cut import allocated, cut, day, event, person, treated

PLACES = {"level": "PT", "selection": "all", "term": "Headache"}
SIDES = {"arm": "Low dose", "reference": "Placebo"}
SKIN = {"level": "SOC", "term": "SKIN AND SUBCUTANEOUS TISSUE DISORDERS"}
NAMES = {REFERENCE: "Placebo", ARM: "Low dose"}


def ended(subject: str, on: str, died: str = "") -> dict[str, Any]:
    return person(subject, **day("ended_on", on), **day("died_on", died))


DATA = cut(
    participants=[
        ended("S-1", "2026-01-20"),
        ended("S-2", "2026-03-01", died="2026-01-31"),
        ended("S-3", "2026-01-10"),
        ended("S-4", "2026-01-31"),
        ended("S-5", "2026-02-28", died="2026-02-10"),
        ended("S-6", "2026-01-31"),
    ],
    exposures=[treated(f"S-{n}") for n in range(1, 7)],
    arms=[
        *(allocated(f"S-{n}", "LOW") for n in (1, 2, 3)),
        *(allocated(f"S-{n}", "PBO") for n in (4, 5)),
        allocated("S-6", "HIGH"),
    ],
    adverse_events=[
        event("S-1", 1, day("onset", "2026-01-05")),
        event("S-1", 2, day("onset", "2026-01-15")),
        event("S-3", 1, day("onset", "")),  # of unknown day: at the end of follow-up
        event("S-4", 1, day("onset", "2026-01-05"), preferred_term="Rash"),
        event("S-5", 1, day("onset", "2026-02-09")),
        event("S-6", 1, day("onset", "2026-01-05")),  # of another arm
    ],
)


def planned(data: CutData) -> Emergent:
    return Emergent.of(data, analysis_arm="planned")


def test_times_by_hand() -> None:
    found = times_of(planned(DATA), **PLACES, **SIDES)
    told = list(
        zip(
            found.in_arm.tolist(),
            found.end.tolist(),
            found.time.tolist(),
            found.what.tolist(),
            strict=True,
        )
    )
    assert told == [
        (True, 20, 5, EVENT),
        (True, 31, 31, DEATH),
        (True, 10, 10, EVENT),
        (False, 31, 31, CENSORED),
        (False, 41, 40, EVENT),
    ]
    assert (found.who.tolist(), found.when.tolist()) == ([0, 0, 2, 4], [5, 15, 10, 40])
    assert (found.unknown, found.left_out) == (1, 0)


def test_who_has_no_day_of_first_exposure_is_in_no_curve() -> None:
    data = cut(
        participants=[person("S-1"), person("S-2", started_on="", started_on_earliest=None)],
        exposures=[treated("S-1"), {**treated("S-2"), **day("start", "")}],
        arms=[allocated("S-1", "LOW"), allocated("S-2", "LOW")],
        adverse_events=[event("S-2", 1, day("onset", "2026-01-05"))],
    )
    found = times_of(planned(data), **PLACES, **SIDES)
    assert (len(found.end), len(found.when), found.left_out) == (1, 0, 1)


@pytest.mark.parametrize(
    ("arm", "selection"), [("Xanomeline Low Dose", "all"), ("Xanomeline High Dose", "related")]
)
def test_as_many_have_the_event_as_the_run_counted(arm: str, selection: str) -> None:
    data = pilot_cut()
    made = screen(data, analysis_arm="planned", levels=("SOC",), selections=(selection,), methods=("rd_mn",))
    chosen, of = [row for row in made.rows if row.arm == arm], planned(data)
    assert len(chosen) > 15
    for row in chosen:
        where = {"level": row.level, "selection": row.selection, "term": row.term}
        found = times_of(of, **where, arm=arm, reference=row.reference)
        had = found.what == EVENT
        assert (int((had & found.in_arm).sum()), int((had & ~found.in_arm).sum())) == (row.n_arm, row.n_ref)
        assert (int(found.in_arm.sum()), int((~found.in_arm).sum())) == (row.N_arm, row.N_ref)
        assert len(found.when) == row.events_arm + row.events_ref
        assert found.time[found.in_arm].sum() / 365.25 == pytest.approx(row.person_years_arm, rel=1e-9)


def pilot_times() -> Times:
    arms = {"arm": "Xanomeline High Dose", "reference": "Placebo"}
    return times_of(planned(pilot_cut()), selection="all", **SKIN, **arms)


def incidence(times: Times, side: str, until: int) -> float:
    """Aalen and Johansen's sum in whole fractions, day by day."""
    mine = times.in_arm == (side == ARM)
    time, what = times.time[mine].tolist(), times.what[mine].tolist()
    free, had = Fraction(1), Fraction(0)
    for today in range(1, until + 1):
        at_risk = sum(t >= today for t in time)
        if at_risk:
            now = list(zip(time, what, strict=True))
            events, deaths = (sum((t, w) == (today, kind) for t, w in now) for kind in (EVENT, DEATH))
            had += free * Fraction(events, at_risk)
            free *= 1 - Fraction(events + deaths, at_risk)
    return float(had)


@pytest.mark.parametrize("side", [ARM, REFERENCE])
def test_the_first_event_curve_and_its_table_by_whole_fractions(side: str) -> None:
    times = pilot_times()
    found = curves.first_events(times)
    marks = [mark for mark in found.marks if mark.side == side and mark.point]
    assert [mark.week for mark in marks[:3]] == [0, 8, 16]
    for mark in marks:
        assert mark.point is not None
        assert mark.point.value == pytest.approx(incidence(times, side, 7 * mark.week), abs=1e-12)
    for point in found.points[side][:: len(found.points[side]) // 6]:
        assert point.value == pytest.approx(incidence(times, side, round(7 * point.week)), abs=1e-12)
    assert found.points[side][-1].week == max(times.time[times.in_arm == (side == ARM)]) / 7


def test_mean_events_and_their_difference_by_hand() -> None:
    """In the arm 1/3 on day 5, 1/3 on day 10 (still followed then), 1/2 on day 15; in the reference 1/1 on day 40."""
    times = times_of(planned(DATA), **PLACES, **SIDES)
    found = curves.mean_events(times)
    steps = [(round(7 * point.week), point.value) for point in found.points[ARM]]
    assert steps == [
        (0, 0),
        (5, pytest.approx(1 / 3)),
        (10, pytest.approx(2 / 3)),
        (15, pytest.approx(7 / 6)),
        (31, pytest.approx(7 / 6)),
    ]
    assert found.points[REFERENCE][-1] == curves.Point(41 / 7, 1.0, 1.0, 1.0)
    week = {(mark.side, mark.week): mark for mark in found.marks}
    assert (week[ARM, 2].at_risk, week[ARM, 2].events) == (2, 2)
    apart = curves.difference(times)
    assert round(7 * apart.points[ARM][-1].week) == 31, "while both are followed"
    assert apart.points[ARM][-1].value == pytest.approx(7 / 6)


def test_who_is_followed_up_to_the_day_of_the_table_is_still_followed_then() -> None:
    """Follow-up of exactly 7, 14 and 21 days: at week 1 all three are under observation, at week 3 one."""
    end = np.array([7, 14, 21] * 2)
    none = np.zeros(6, dtype=np.int64)
    times = Times(np.arange(6) < 3, end, end, none, np.array([2, 5]), np.array([21, 14]), 0, 0)
    by_hand = {(side, week): n for side in (ARM, REFERENCE) for week, n in enumerate((3, 3, 2, 1))}
    for found in (curves.first_events(times), curves.mean_events(times), curves.difference(times)):
        at_risk = {(mark.side, mark.week): mark.at_risk for mark in found.marks if mark.side}
        assert at_risk == by_hand
    counted = {(m.side, m.week): m.events for m in curves.mean_events(times).marks}
    assert [counted[ARM, 2], counted[ARM, 3], counted[REFERENCE, 1], counted[REFERENCE, 2]] == [0, 1, 0, 1]


def test_a_curve_of_many_steps_is_thinned_and_keeps_first_and_last() -> None:
    size = 3000
    end = np.arange(1, size + 1)
    times = Times(
        in_arm=np.arange(size) % 2 == 0,
        end=end,
        time=end,
        what=np.full(size, EVENT),
        who=np.arange(size),
        when=end,
        unknown=0,
        left_out=0,
    )
    for found in (curves.first_events(times), curves.mean_events(times), curves.difference(times)):
        for points in found.points.values():
            assert len(points) <= curves.MOST_STEPS + curves.MOST_TICKS + 3
    assert curves.first_events(times).points[ARM][-1].value == pytest.approx(1.0)
    assert len(curves.ticks(end)) <= curves.MOST_TICKS + 1


def many_steps() -> Times:
    """700 days on each of which somebody has an event, more often in the arm."""
    rng = np.random.default_rng(9)
    in_arm = np.arange(300) % 2 == 0
    end = rng.integers(500, 701, 300)
    who = np.repeat(np.arange(300), rng.poisson(np.where(in_arm, 12, 9)))
    when = np.ceil(rng.uniform(0, 1, len(who)) * end[who]).astype(np.int64)
    return Times(in_arm, end, end, np.zeros(300, dtype=np.int64), who, when, 0, 0)


def events_each(times: Times, side: str, until: int) -> float:
    """Nelson's sum in whole fractions, day by day."""
    end, _, when = times.of(side)
    days = sorted({day for day in when.tolist() if day <= until})
    return float(sum(Fraction(int((when == day).sum()), int((end >= day).sum())) for day in days))


def test_the_tables_of_curves_with_many_steps_are_read_from_every_step() -> None:
    times = many_steps()
    assert len(np.unique(times.of(ARM)[2])) > 2 * curves.MOST_STEPS
    found, apart = curves.mean_events(times), curves.difference(times)
    for mark in found.marks:
        last = times.of(mark.side)[0].max()
        if 7 * mark.week > last:
            assert mark.point is None
            continue
        assert mark.point is not None
        assert mark.point.value == pytest.approx(events_each(times, mark.side, 7 * mark.week), abs=1e-12)
        assert mark.point in found.points[mark.side], "the picture has what the table says"
    between = [mark for mark in apart.marks if mark.side == ""]
    assert len(between) > 3
    for mark in between:
        one, other = (events_each(times, side, 7 * mark.week) for side in (ARM, REFERENCE))
        assert mark.point is not None and mark.point.value == pytest.approx(one - other, abs=1e-12)
        assert mark.point in apart.points[ARM]


def empty(in_arm: list[bool]) -> Times:
    size, none = len(in_arm), np.array([], dtype=np.int64)
    end = np.full(size, 30)
    return Times(np.array(in_arm, dtype=bool), end, end, np.zeros(size, dtype=np.int64), none, none, 0, 0)


@pytest.mark.parametrize("in_arm", [[], [True], [True, False]])
def test_nobody_or_no_event_is_drawn_without_a_fault(in_arm: list[bool]) -> None:
    for made in (curves.first_events, curves.mean_events, curves.difference):
        spec = curve_charts.curves(made(empty(in_arm)), names=NAMES, title=["%"])
        assert vl_convert.vegalite_to_svg({**spec, "width": 300}, allowed_base_urls=[])


def test_a_picture_names_both_lines_once_and_shows_who_is_still_followed() -> None:
    found = curves.first_events(times_of(planned(DATA), **PLACES, **SIDES))
    spec = curve_charts.curves(found, names=NAMES, title=["% with it"], percent=True)
    svg = vl_convert.vegalite_to_svg({**spec, "width": 400}, allowed_base_urls=[])
    for name in NAMES.values():
        assert svg.count(f">{name}</text>") == 1 and svg.count(f">Still followed, {name}</text>") == 1
    assert '"low"' in json.dumps(spec)
    bare = json.dumps(curve_charts.curves(found, names=NAMES, title=["%"], percent=True, limits=False))
    assert '"low"' not in bare and '"high"' not in bare
