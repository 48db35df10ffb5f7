"""eDISH and Hy's law: against every pair of values walked by hand, and the pilot's published Hy's law data set."""

from __future__ import annotations

import gzip
import io
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pvtracker.stats import edish, hys_law_cases
from pvtracker.stats.liver import LIVER_TESTS, NO_ALP, NOT_BOTH
from tests.pure.stats.against import Against
from tests.shared import shared_path

ALONE = {"alkaline_phosphatase": None}
Value = tuple[str, str, float, float]  # participant, analyte, day, multiple of the upper limit


def called(function: Any, values: list[Value], **options: Any) -> Any:
    return function(*(list(column) for column in zip(*values, strict=True)), **options)


def random_values(rng: np.random.Generator) -> list[Value]:
    """A dozen values of four participants on a coarse grid, so that limits and windows are met exactly."""
    return [
        (
            f"P{rng.integers(4)}",
            str(rng.choice(LIVER_TESTS)),
            float(rng.choice([0, 5, 10, 30, 40, 60, np.nan], p=[0.2, 0.2, 0.2, 0.1, 0.15, 0.1, 0.05])),
            float(rng.choice([0.5, 1.9, 2.0, 2.1, 2.9, 3.0, 8.0])),
        )
        for _ in range(12)
    ]


def first_pair(
    values: list[Value], person: str, *, alp_limit: float | None, window: float, either: bool
) -> Any:
    """By the definition, walking every pair; nan is never within a window."""
    own = [value for value in values if value[0] == person]
    pairs = []
    for _, a_test, a_day, a in own:
        for _, b_test, b_day, b in own:
            if a_test in ("ALT", "AST") and b_test == "BILI" and a >= 3.0 and b > 2.0:
                apart = b_day - a_day
                if not (-window if either else 0) <= apart <= window:
                    continue
                before = [(d, m) for _, t, d, m in own if t == "ALP" and a_day - window <= d <= a_day]
                level = max(before)[1] if before else np.nan  # the last day, the highest of it
                if alp_limit is None or not level >= alp_limit:
                    pairs.append((a_day, -a, b_day, -b, level))
    return min(pairs, key=lambda pair: pair[:4]) if pairs else None


@pytest.mark.parametrize(
    ("alp_limit", "window", "order"), [(2.0, 30.0, "after"), (None, 10.0, "either"), (2.0, 5.0, "either")]
)
def test_cases_are_those_of_every_pair_walked(
    against: Against, alp_limit: float | None, window: float, order: str
) -> None:
    rng = np.random.default_rng(20)
    found, expected, people = [], [], 0
    for _ in range(400):
        values = random_values(rng)
        cases = called(hys_law_cases, values, alkaline_phosphatase=alp_limit, window_days=window, order=order)
        known = dict(zip(cases.participant, range(len(cases.participant)), strict=True))
        peaks = called(edish, values, alkaline_phosphatase=alp_limit, window_days=window, order=order)
        for person, case in zip(peaks.participant, peaks.case, strict=True):
            pair = first_pair(values, person, alp_limit=alp_limit, window=window, either=order == "either")
            assert (person in known) == case == (pair is not None)
            people += case
            if pair is not None:
                row = known[person]
                found.append(
                    [
                        cases.transaminase_day[row],
                        -cases.transaminase[row],
                        cases.bilirubin_day[row],
                        -cases.bilirubin[row],
                        cases.alkaline_phosphatase[row],
                    ]
                )
                expected.append(pair)
                assert (cases.warning[row] == NO_ALP) == (alp_limit is not None and bool(np.isnan(pair[4])))
    assert people > 40
    against("hys_law_cases", "every pair of values walked", "brute force", found, expected, within=0)


def test_peaks_are_the_largest_values(against: Against) -> None:
    rng = np.random.default_rng(21)
    found, expected = [], []
    for _ in range(100):
        values = random_values(rng)
        peaks = called(edish, values)
        for row, person in enumerate(peaks.participant):
            tests: dict[str, list[tuple[float, float]]] = {"AT": [], "BILI": [], "ALP": []}
            for who, test, day, times in values:
                if who == person:
                    tests["AT" if test in ("ALT", "AST") else test].append((times, day))
            best = {kind: max((times for times, _ in own), default=np.nan) for kind, own in tests.items()}
            found.append([peaks.transaminase[row], peaks.bilirubin[row], peaks.alkaline_phosphatase[row]])
            expected.append(list(best.values()))
            if np.isnan(best["AT"]) or np.isnan(best["BILI"]):
                assert (peaks.quadrant[row], peaks.warning[row]) == ("", NOT_BOTH)
            else:
                name = [["below both", "hyperbilirubinaemia"], ["Temple’s corollary", "Hy’s law quadrant"]]
                assert peaks.quadrant[row] == name[best["AT"] >= 3][best["BILI"] > 2]
                days = [day for times, day in tests["AT"] if times == best["AT"] and day == day]
                assert (
                    np.isnan(peaks.transaminase_day[row])
                    if not days
                    else peaks.transaminase_day[row] == min(days)
                )
    against("edish", "maxima over all values", "brute force", found, expected, within=0)


def test_the_pilot_s_hy_s_law_data_set_names_the_same_participant(against: Against) -> None:
    """ADLBHY asks for transaminase and bilirubin beyond 1.5 times the limit at one visit."""
    packed = shared_path("data/cdisc-pilot/adam/adlbhy.xpt.gz").read_bytes()
    rows = pd.read_sas(io.BytesIO(gzip.decompress(packed)), format="xport", encoding="cp1252")
    after = rows[rows["AVISITN"] > 0]
    stated = set(after.loc[(after["PARAMCD"] == "HYLAW") & (after["AVAL"] == 1), "USUBJID"])
    values = after[after["PARAMCD"].isin(["ALT", "AST", "BILI"])]
    columns = [values[name].to_numpy() for name in ("USUBJID", "PARAMCD", "AVISITN", "R2A1HI")]
    beyond = np.nextafter(1.5, 2)  # ours counts a transaminase at the limit, theirs does not
    cases = hys_law_cases(*columns, transaminase=beyond, bilirubin=1.5, window_days=0, **ALONE)
    assert set(cases.participant) == stated == {"01-705-1186"}
    peaks = edish(*columns, transaminase=beyond, bilirubin=1.5, window_days=0, **ALONE)
    flagged = {
        kind: set(values.loc[values["PARAMCD"].isin(tests) & (values["CRIT1FL"] == "Y"), "USUBJID"])
        for kind, tests in (("AT", ("ALT", "AST")), ("BILI", ("BILI",)))
    }
    theirs = [[who in flagged["AT"], who in flagged["BILI"]] for who in peaks.participant]
    ours = np.stack([peaks.transaminase >= beyond, peaks.bilirubin > 1.5], axis=1)
    against("edish", "CDISC pilot, ADLBHY criteria flags", "published", ours, theirs, within=0)


def test_limits_are_at_three_and_beyond_two() -> None:
    at_limit = [
        ("A", "ALT", 1.0, 3.0),
        ("A", "BILI", 1.0, 2.0),
        ("B", "AST", 1.0, 3.0),
        ("B", "BILI", 1.0, 2.01),
    ]
    assert list(called(hys_law_cases, at_limit).participant) == ["B"]
    below = [("B", "AST", 1.0, 2.99), ("B", "BILI", 1.0, 9.0)]
    assert not len(called(hys_law_cases, below).participant)


def test_cholestasis_at_the_rise_is_no_case_and_later_it_is_one() -> None:
    values = [("A", "ALT", 10.0, 5.0), ("A", "BILI", 20.0, 3.0), ("A", "ALP", 10.0, 2.0)]
    assert not called(edish, values).case.any()
    assert (
        called(edish, values, **ALONE).case.all()
        and called(edish, values, alkaline_phosphatase=2.5).case.all()
    )
    later = [*values[:2], ("A", "ALP", 15.0, 9.0)]
    case = called(hys_law_cases, later)
    assert list(case.participant) == ["A"] and case.warning[0] == NO_ALP


def test_order_and_participants_names_do_not_matter() -> None:
    values = [*random_values(np.random.default_rng(5)), ("X", "AST", 3.0, 4.0), ("X", "BILI", 9.0, 2.5)]
    one, other = called(edish, values), called(edish, values[::-1])
    assert set(zip(one.participant, one.transaminase, one.case, strict=True)) >= {("X", 4.0, True)}
    kept, turned = (dict(zip(each.participant, each.case, strict=True)) for each in (one, other))
    assert kept == turned
    numbered = called(edish, [(7, *value[1:]) for value in values])  # type: ignore[misc]
    assert list(numbered.participant) == ["7"]


def test_no_value_at_all() -> None:
    empty = np.array([], dtype=float)
    assert (
        len(edish([], [], empty, empty).participant)
        == len(hys_law_cases([], [], empty, empty).participant)
        == 0
    )


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"analyte": ["GGT"]}, "analyte must be one of ALT, AST, BILI, ALP, got 'GGT'"),
        ({"times_uln": [0.0]}, "times_uln must be > 0"),
        ({"times_uln": ["x"]}, "times_uln must hold numbers"),
        ({"day": [np.inf]}, "day must be finite or nan"),
        ({"day": [1.0, 2.0], "analyte": ["ALT", "ALT", "AST"]}, "must have the same length"),
        ({"transaminase": 0.0}, "transaminase must be > 0"),
        ({"bilirubin": np.inf}, "bilirubin must be > 0"),
        ({"alkaline_phosphatase": -1.0}, "alkaline_phosphatase must be > 0"),
        ({"window_days": -1.0}, "window_days must be ≥ 0"),
        ({"order": "before"}, "order must be after or either"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, Any], sentence: str) -> None:
    given = {"participant": ["A"], "analyte": ["ALT"], "day": [1.0], "times_uln": [1.0]} | changed
    for function in (edish, hys_law_cases):
        with pytest.raises(ValueError, match=sentence):
            function(**given)
