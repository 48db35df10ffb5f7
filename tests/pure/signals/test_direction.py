"""A flag says "more in the arm": as the method measures it, which may be the other way round than the counts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from pvtracker.signals.methods import METHODS
from pvtracker.signals.screen import screen
from pvtracker.studies.definitions import parse
from tests.small_cut import allocated, cut, day, event, manifest, person, treated

START = date(2026, 1, 1)
TWO_ARMS = [
    {"code": "PBO", "name": "Placebo", "is_reference": True},
    {"code": "LOW", "name": "Low dose", "is_reference": False},
]
TIMED = ("log_rank", "gray", "cox", "time_lost", "eair_ratio", "rate_ratio_midp", "rate_difference_mn")


def on(number: int) -> str:
    return (START + timedelta(days=number)).isoformat()


def flags(
    sides: dict[str, tuple[int, list[int], int]], methods: tuple[str, ...], **said: Any
) -> dict[str, bool]:
    """Arm code → participants, days of their first events from the first participant on, days of follow-up."""
    people, exposures, events, arms = [], [], [], []
    for code, (size, days, follow_up) in sides.items():
        for number in range(size):
            name = f"{code}-{number:03d}"
            people.append(person(name, **day("ended_on", on(follow_up))))
            exposures.append(treated(name, on(0)))
            arms.append(allocated(name, code))
            if number < len(days):
                events.append(event(name, 1, day("onset", on(days[number]))))
    data = cut(
        stated=manifest(arms=TWO_ARMS, **said),
        participants=people,
        exposures=exposures,
        adverse_events=events,
        arms=arms,
    )
    run = screen(data, analysis_arm="actual", levels=("PT",), selections=("all",), methods=methods)
    return {row.method: row.flag for row in run.rows}


def test_longer_follow_up_alone_is_no_harm() -> None:
    """47 of 80 over 170 days against 28 of 80 within 25: more by the count, later and rarer by the time."""
    late = [20 + 3 * number for number in range(47)]
    early = [1 + number % 24 for number in range(28)]
    found = flags({"LOW": (80, late, 170), "PBO": (80, early, 25)}, ("fisher_midp", *TIMED))
    assert found["fisher_midp"], "the counts differ that way"
    assert not any(found[method] for method in TIMED)


def test_the_same_events_in_less_time_are_harm() -> None:
    """20 of 100 within 30 days against 25 of 100 over 150: fewer by the count."""
    soon = [1 + number for number in range(20)]
    later = [40 + 4 * number for number in range(25)]
    found = flags({"LOW": (100, soon, 30), "PBO": (100, later, 150)}, ("fisher_midp", *TIMED))
    assert not found["fisher_midp"]
    assert {method for method in TIMED if found[method]} >= {
        "log_rank",
        "gray",
        "cox",
        "eair_ratio",
        "rate_ratio_midp",
    }
    assert found["rate_difference_mn"]


def test_every_method_says_which_way() -> None:
    """By its estimate, by columns of its own, or it is a test of the counts alone."""
    of_counts = {
        "fisher",
        "fisher_midp",
        "dfdr_2004",
        "dfdr_2012",
        "boschloo",
        "barnard",
        "by",
        "group_bh",
        "tree_scan",
    }
    own = {"log_rank", "gray", "cmh_exact", "breslow_day"}
    assert {key for key, method in METHODS.items() if method.null_value is None} == of_counts | own


def test_strata_turn_what_the_counts_say() -> None:
    """1/100 against 15/300 at one site, 150/300 against 80/100 at the other: more in all, fewer at each."""
    sizes = {
        ("A", "LOW"): (100, 1),
        ("A", "PBO"): (300, 15),
        ("B", "LOW"): (300, 150),
        ("B", "PBO"): (100, 80),
    }
    people = [
        (f"{site}-{arm}-{number:03d}", site, arm, number < had)
        for (site, arm), (size, had) in sizes.items()
        for number in range(size)
    ]
    data = cut(
        stated=manifest(arms=TWO_ARMS),
        participants=[person(name, site=site) for name, site, *_ in people],
        exposures=[treated(name) for name, *_ in people],
        adverse_events=[
            event(name, 1, day("onset", "2026-01-09"), phase="") for name, *_, had in people if had
        ],
        arms=[allocated(name, arm) for name, _, arm, _ in people],
    )
    rows = screen(
        data,
        analysis_arm="actual",
        levels=("PT",),
        selections=("all",),
        methods=("fisher_midp", "rd_mn_stratified", "cmh_exact"),
        rules=parse({"strata": ["site"]}),
    ).rows
    found = {row.method: row for row in rows}
    assert found["fisher_midp"].flag
    assert found["cmh_exact"].p is not None and found["cmh_exact"].p < 1e-6
    assert not found["cmh_exact"].flag and not found["rd_mn_stratified"].flag


def test_a_participant_without_any_day_of_exposure_is_counted() -> None:
    """Exposed on a day that nobody wrote down: the event counts, with no day, and the run is made."""
    data = cut(
        stated=manifest(arms=TWO_ARMS),
        participants=[{"subject": "X"}, person("Y"), person("Z")],
        exposures=[treated("X", ""), treated("Y"), treated("Z")],
        adverse_events=[event(name, 1, day("onset", "2026-01-09")) for name in ("X", "Y")],
        arms=[allocated("X", "LOW"), allocated("Y", "LOW"), allocated("Z", "PBO")],
    )
    rows = screen(data, analysis_arm="actual", levels=("PT",), selections=("all",)).rows
    assert {(row.term, row.n_arm, row.N_arm, row.N_ref) for row in rows} == {("Headache", 2, 2, 1)}
