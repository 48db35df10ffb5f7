"""Systolic blood pressure of the CDISC pilot, counted again in plain Python from the transport files alone."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from datetime import date

import numpy as np
import pytest
from scipy import stats

from pvtracker.signals import laboratory, laboratory_courses, laboratory_detail
from pvtracker.signals.laboratory import Laboratory
from tests.pure.signals.pilot import domain
from tests.pure.signals.pilot_laboratory import delivered, laboratory_cut

REFERENCE = "Placebo"
ARMS = (REFERENCE, "Xanomeline Low Dose", "Xanomeline High Dose")
# By the visit's planned day in the protocol's schedule: −7, −1, 1, 13, 30 and 168 besides those that say their week.
WEEK = {"SCREENING 1": -1, "SCREENING 2": 0, "BASELINE": 0, "AMBUL ECG PLACEMENT": 2, "AMBUL ECG REMOVAL": 4}
WEEK |= {"RETRIEVAL": 24, **{f"WEEK {week}": week for week in (2, 4, 6, 8, 12, 16, 20, 24, 26)}}
Value = tuple[str, str, int, float]  # participant, visit, days since the first dose, value


@pytest.fixture(scope="module")
def lab() -> Laboratory:
    return laboratory.read(laboratory_cut(), analysis_arm="planned", scale="", analyte="SYSBP")


@pytest.fixture(scope="module")
def values() -> list[Value]:
    """Every systolic pressure of the treated: lying and twice standing at each visit."""
    first = {}
    for subject, start in zip(*(domain("ex")[name] for name in ("USUBJID", "EXSTDTC")), strict=True):
        first[subject] = min(start, first.get(subject, start))
    frame = delivered("vs")
    found = []
    for subject, test, visit, day, value in zip(
        *(frame[name] for name in ("USUBJID", "VSTESTCD", "VISIT", "VSDTC", "VSSTRESN")), strict=True
    ):
        if test == "SYSBP" and subject in first and not math.isnan(value):
            since = date.fromisoformat(day[:10]) - date.fromisoformat(first[subject][:10])
            found.append((subject, visit, since.days, float(value)))
    return found


@pytest.fixture(scope="module")
def arm_of() -> dict[str, str]:
    dm = domain("dm")
    return dict(zip(dm["USUBJID"], dm["ARM"], strict=True))


@pytest.fixture(scope="module")
def weekly(values: list[Value], arm_of: dict[str, str]) -> dict[tuple[int, str], list[float]]:
    """Of each week and arm the participants' means."""
    own: dict[tuple[int, str], list[float]] = defaultdict(list)
    for subject, visit, _, value in values:
        if visit in WEEK:
            own[WEEK[visit], subject].append(value)
    found: dict[tuple[int, str], list[float]] = defaultdict(list)
    for (week, subject), several in own.items():
        found[week, arm_of[subject]].append(sum(several) / len(several))
    return found


def test_values_participants_and_fences(lab: Laboratory, values: list[Value]) -> None:
    (summary,) = laboratory.overview(lab)
    assert (summary.values, summary.participants) == (len(values), 254) == (8205, len({v[0] for v in values}))
    first, _, third = statistics.quantiles([math.log(v[3]) for v in values], n=4, method="inclusive")
    low, high = math.exp(first - 3 * (third - first)), math.exp(third + 3 * (third - first))
    fences = laboratory_detail.detail(lab).fences
    assert (fences.low, fences.high) == pytest.approx((low, high), rel=1e-9)
    assert summary.outlying == sum(not low <= v[3] <= high for v in values) == 1


def test_the_spread_of_every_week_and_arm(
    lab: Laboratory, weekly: dict[tuple[int, str], list[float]]
) -> None:
    boxes = laboratory_detail.boxes(lab)
    assert len(boxes) == len(weekly) == 11 * 3
    for box in boxes:
        own = weekly[box.week, box.arm]
        first, _, third = statistics.quantiles(own, n=4, method="inclusive")
        assert box.n == len(own)
        told = (box.least, box.first, box.median, box.third, box.most)
        assert told == pytest.approx((min(own), first, statistics.median(own), third, max(own)))


def test_means_and_differences_of_every_week_are_welchs(
    lab: Laboratory, weekly: dict[tuple[int, str], list[float]]
) -> None:
    (means,) = laboratory_courses.sections(lab, inference=True)
    compared = set()
    for row in means.table["rows"]:
        week, arm, n_arm, _, n_ref, *_ = (cell["text"] for cell in row["cells"])
        own, other = (weekly[int(week.replace("−", "-")), name] for name in (arm, REFERENCE))
        assert (int(n_arm), int(n_ref)) == (len(own), len(other))
        tested = stats.ttest_ind(own, other, equal_var=False)
        limits = tested.confidence_interval()
        difference = row["cells"][6]["values"]
        expected = (statistics.mean(own) - statistics.mean(other), limits.low, limits.high)
        assert difference == pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert row["cells"][7]["values"] == pytest.approx([tested.pvalue], rel=1e-9)
        compared.add((week, arm))
    assert len(compared) == 11 * 2


def test_slopes_from_baseline_on_are_least_squares(
    lab: Laboratory, values: list[Value], arm_of: dict[str, str]
) -> None:
    last: dict[str, int] = {}
    for subject, _, day, _ in values:
        if day <= 0:
            last[subject] = max(day, last.get(subject, day))
    own: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for subject, _, day, value in values:
        if day > 0 or day == last.get(subject):
            own[subject].append((day / 28, value))
    slopes: dict[str, list[float]] = defaultdict(list)
    for subject, points in own.items():
        if len({when for when, _ in points}) > 1:
            slopes[arm_of[subject]].append(np.polyfit(*zip(*points, strict=True), 1)[0])
    found = laboratory_detail.detail(lab).slopes
    assert found is not None and sorted(found.arm) == sorted(ARMS)
    for arm, n, mean in zip(found.arm, found.participants, found.mean, strict=True):
        assert n == len(slopes[arm])
        assert mean == pytest.approx(statistics.mean(slopes[arm]), rel=1e-7)
