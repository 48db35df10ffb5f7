"""Stratified methods of a run on a cut counted by hand: two sites, and a pool of two doses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pvtracker import stats
from pvtracker.cuts import derive
from pvtracker.cuts.data import CutData
from pvtracker.signals.rows import ResultRow
from pvtracker.signals.screen import screen
from pvtracker.signals.stratified_methods import NO_STRATA
from pvtracker.stats.stratified import NO_STRATUM
from pvtracker.studies.definitions import parse
from tests.small_cut import allocated, cut, day, event, person, treated

# Site, arm: participants, and how many of them had a headache.
SIZES = {
    ("01", "LOW"): (4, 3),
    ("01", "HIGH"): (2, 2),
    ("01", "PBO"): (5, 1),
    ("02", "LOW"): (3, 1),
    ("02", "HIGH"): (3, 0),
    ("02", "PBO"): (4, 2),
}
RULES: dict[str, Any] = {"strata": ["site"], "pools": {"Any dose": ["LOW", "HIGH"]}}
OF_STRATA = {
    "rd_mn_stratified": stats.risk_difference_mn_stratified,
    "rd_mh": stats.risk_difference_mh,
    "rr_mh": stats.risk_ratio_mh,
    "or_mh": stats.odds_ratio_mh,
    "or_stratified_exact": stats.odds_ratio_stratified_exact,
}
METHODS = ("fisher", "cmh_exact", "breslow_day", *OF_STRATA)


def trial(sizes: dict[tuple[str, str], tuple[int, int]] = SIZES) -> CutData:
    people = [
        (f"{site}-{arm}-{place}", site, arm, place < had)
        for (site, arm), (size, had) in sizes.items()
        for place in range(size)
    ]
    return cut(
        participants=[person(subject, site=site, sex="F") for subject, site, *_ in people],
        exposures=[treated(subject) for subject, *_ in people],
        adverse_events=[event(s, 1, day("onset", "2026-01-09"), phase="") for s, *_, had in people if had],
        arms=[allocated(subject, arm) for subject, _, arm, _ in people],
    )


def found(**rules: Any) -> dict[tuple[str, str], ResultRow]:
    rows = screen(
        trial(), analysis_arm="planned", methods=METHODS, rules=parse(rules), selections=("all",)
    ).rows
    return {(row.arm, row.method): row for row in rows if row.level == "PT"}


@pytest.mark.parametrize(
    ("arm", "n_arm", "N_arm"),
    [("Low dose", [3, 1], [4, 3]), ("High dose", [2, 0], [2, 3]), ("Any dose", [5, 1], [6, 6])],
)
def test_the_strata_are_those_counted_by_hand(arm: str, n_arm: list[int], N_arm: list[int]) -> None:
    rows = found(**RULES)
    table = (np.array([n_arm]), np.array([N_arm]), np.array([[1, 2]]), np.array([[5, 4]]))
    for method, function in OF_STRATA.items():
        difference, said = function(*table), rows[arm, method]
        numbers = (difference.estimate[0], difference.low[0], difference.high[0])
        assert (said.estimate, said.low, said.high) == pytest.approx(
            tuple(value if np.isfinite(value) else None for value in numbers)
        )
    alike = rows[arm, "breslow_day"]
    assert alike.p == pytest.approx(stats.breslow_day(*table).p[0]) and not alike.flag
    assert rows[arm, "cmh_exact"].p == pytest.approx(stats.cmh_exact(*table).p[0])
    # the row itself is not stratified
    assert (said.n_arm, said.N_arm, said.n_ref, said.N_ref) == (sum(n_arm), sum(N_arm), 3, 9)
    assert rows[arm, "fisher"].n_arm == sum(n_arm)


def test_one_stratum_is_fishers_test_and_the_same_difference() -> None:
    rows = found(strata=["sex"])
    for arm in ("Low dose", "High dose"):
        assert rows[arm, "cmh_exact"].p == pytest.approx(rows[arm, "fisher"].p)
        said = rows[arm, "rd_mn_stratified"]
        assert said.estimate == pytest.approx(said.n_arm / said.N_arm - said.n_ref / said.N_ref)


def test_without_strata_nothing_is_said_and_the_row_says_why() -> None:
    rows = found()
    for method in ("cmh_exact", "breslow_day", *OF_STRATA):
        row = rows["Low dose", method]
        assert (row.estimate, row.p, row.flag, row.warning) == (None, None, False, NO_STRATA)


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        (SIZES, ""),
        (
            {("01", "LOW"): (9, 5), ("01", "PBO"): (8, 5), ("02", "LOW"): (4, 4), ("02", "PBO"): (15, 12)}
            | {("03", "LOW"): (30, 30), ("04", "PBO"): (2, 1)},
            "2 strata with 32 participants, 31 of them with the event, have one arm only and are left out",
        ),
        (
            SIZES | {("03", "LOW"): (1, 0), ("04", "HIGH"): (5, 5)},  # nobody of site 04 is compared with LOW
            "1 stratum with 1 participant, 0 of them with the event, has one arm only and is left out",
        ),
    ],
)
def test_who_is_in_a_stratum_of_one_arm_is_told_to_be_left_out(
    sizes: dict[tuple[str, str], tuple[int, int]], said: str
) -> None:
    """All the same to every stratified method; nothing is said where nobody is, nor by methods without strata."""
    rules = parse({"strata": ["site"]})
    rows = screen(
        trial(sizes), analysis_arm="planned", methods=METHODS, rules=rules, selections=("all",)
    ).rows
    low = {row.method: row.warning for row in rows if (row.level, row.arm) == ("PT", "Low dose")}
    assert low == {method: "" if method == "fisher" else said for method in METHODS}


def test_where_nobody_is_compared_the_row_says_so_and_how_many_are_left_out() -> None:
    rules = parse({"strata": ["site"]})
    apart = trial({("01", "LOW"): (3, 2), ("02", "PBO"): (4, 0)})
    rows = screen(apart, analysis_arm="planned", methods=METHODS, rules=rules, selections=("all",)).rows
    [said] = {row.warning for row in rows if (row.arm, row.level) == ("Low dose", "PT")} - {""}
    assert said == (
        f"{NO_STRATUM}; 2 strata with 7 participants, 2 of them with the event, have one arm only and are left out"
    )


def test_every_method_counts_a_pool() -> None:
    """Those that go back to the participants, too: the time to the event and the tree."""
    methods = ("fisher", "log_rank", "cox", "tree_scan")
    said = screen(trial(), analysis_arm="planned", methods=methods, rules=parse(RULES), selections=("all",))
    rows = {(row.arm, row.method): row for row in said.rows if row.level == "PT"}
    pooled = [rows["Any dose", method] for method in methods]
    assert {(row.n_arm, row.N_arm, row.n_ref, row.N_ref) for row in pooled} == {(6, 12, 3, 9)}
    for row in pooled:
        assert row.p is not None and 0 < row.p <= 1, row.method
    assert said.settings["pools"] == [
        {
            "name": "Any dose",
            "arms": ["Low dose", "High dose"],
            "participants": 12,
            "follow_up_years": pytest.approx(12 * 90 / derive.DAYS_PER_YEAR),
        }
    ]
    assert said.settings["rules"]["pools"] == {"Any dose": ["LOW", "HIGH"]}


def test_a_query_is_stratified_like_its_term() -> None:
    rules = parse({**RULES, "queries": {"Of the head": ["Headache"]}})
    said = screen(trial(), analysis_arm="planned", methods=METHODS, rules=rules, selections=("all",))
    rows = {(row.level, row.arm, row.method): row for row in said.rows}
    for arm in ("Low dose", "Any dose"):
        for method in METHODS:
            query, term = rows["query", arm, method], rows["PT", arm, method]
            assert (query.term, term.term) == ("Of the head", "Headache")
            assert (query.n_arm, query.estimate, query.p) == (term.n_arm, term.estimate, term.p)
