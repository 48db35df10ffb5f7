"""Laboratory statistics against figures that are printed somewhere.

Beside each: where it is printed, and through what it was read where that is another document.
"""

from __future__ import annotations

import gzip
import io
from functools import cache

import numpy as np
import pandas as pd

from pvtracker.stats import (
    detected_by_week,
    hys_law_cases,
    mean_by_week,
    outliers,
    participant_slopes,
    shift_table,
    slope_difference,
    time_weighted_area,
    worst_grades,
)
from tests.pure.stats.against import Against
from tests.shared import shared_path

# Norris (NIST Statistical Reference Datasets, linear regression), read in SciPy's test_stats.py, test_nist_norris
NORRIS_X = [
    0.2, 337.4, 118.2, 884.6, 10.1, 226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4, 0.6, 775.5, 666.9, 338.0, 447.5,
    11.6, 556.0, 228.1, 995.8, 887.6, 120.2, 0.3, 0.3, 556.8, 339.1, 887.2, 999.0, 779.0, 11.1, 118.3, 229.2, 669.1,
    448.9, 0.5,
]  # fmt: skip
NORRIS_Y = [
    0.1, 338.8, 118.1, 888.0, 9.2, 228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3, 0.1, 778.1, 668.8, 339.3, 448.9, 10.8,
    557.7, 228.3, 998.0, 888.8, 119.6, 0.3, 0.6, 557.6, 339.3, 888.0, 998.5, 778.9, 10.2, 117.6, 228.9, 668.4, 449.2,
    0.2,
]  # fmt: skip


def test_the_line_of_norris(against: Against) -> None:
    """Certified values to fifteen digits; the other participant has the line backwards."""
    people = ["A"] * len(NORRIS_X) + ["B"] * len(NORRIS_X)
    found = participant_slopes(people, [*NORRIS_X, *[-x for x in NORRIS_X]], [*NORRIS_Y, *NORRIS_Y])
    source, slope, error = "NIST StRD, Norris", 1.00211681802045, 0.429796848199937e-3
    against("participant_slopes", source, "published", found.slope, [slope, -slope], within=5e-14)
    against("participant_slopes", source, "published", found.intercept, -0.262323073774029, within=5e-13)
    against("participant_slopes", source, "published", found.standard_error, error, within=5e-16)


# Distances of Potthoff & Roy (1964) Biometrika 51:313-326 at ages 8, 10, 12 and 14, as R nlme Orthodont: boys, girls
BOYS = """
22 21.5 23.5 25|20 23.5 22.5 26|21.5 22.5 23 26.5|23 23 23.5 25|22 22 24.5 26.5|24 21.5 24.5 25.5|23 22.5 24 27.5
|21.5 23.5 24 28|17 24.5 26 29.5|22.5 25.5 25.5 26|23 20.5 31 26|23 24.5 26 30|24.5 25.5 27 28.5|25.5 27.5 26.5 27
|26 25 29 31|27.5 28 31 31.5"""
GIRLS = """
16.5 19 19 19.5|20 21 22 21.5|20 21 21 22.5|21 20 21.5 23|21.5 23 22.5 23.5|21.5 22.5 23 25|21 21.5 24 25.5
|23 23 23.5 24|20.5 24 24.5 26|23.5 24.5 25 26.5|24.5 25 28 28"""


def test_growth_of_boys_and_girls(against: Against) -> None:
    """All have the same four ages: the slope of the group is the mean of slopes. Printed: lm(distance ~ age * Sex), in
    a course's text; the mean of all slopes, in the tests of R lme4 (lmList)."""
    children = [line.split() for line in f"{BOYS}|{GIRLS}".split("|")]
    people = np.repeat(np.arange(len(children)), 4)
    sex = np.where(people < 16, "boy", "girl")
    ages = np.tile([8.0, 10.0, 12.0, 14.0], len(children))
    found = slope_difference(people, ages, np.array(children, float).ravel(), sex, reference="boy")
    source = "Potthoff & Roy 1964, regression printed in a course's text"
    against("slope_difference", source, "published", found.mean[0], 0.7844, within=5.1e-5)
    against("slope_difference", source, "published", found.difference[1], -0.3048, within=5.1e-5)
    slopes = participant_slopes(people, ages, np.array(children, float).ravel()).slope
    source = "Potthoff & Roy 1964, by the tests of R lme4"
    against("participant_slopes", source, "published", slopes.mean(), 0.660185185185185, within=5e-15)


def test_students_sleep(against: Against) -> None:
    """Student (1908) Biometrika 6:1-25; R's t.test of both groups as if of different people, as printed in the README
    of R pvaluefunctions."""
    one = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    two = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = mean_by_week(np.arange(20), np.ones(20), [*one, *two], np.repeat([1, 0], 10))
    source = "Student 1908, Welch's test printed in the README of R pvaluefunctions"
    means = [found.mean_arm[0], found.mean_ref[0]]
    against("mean_by_week", source, "published", means, [0.75, 2.33], within=1e-14)
    against("mean_by_week", source, "published", found.degrees, 17.77647, within=5e-6 / 17)
    against("mean_by_week", source, "published", found.p, 0.07939, within=5.1e-6)
    limits = [found.low[0], found.high[0]]
    against("mean_by_week", source, "published", limits, [-3.3654832, 0.2054832], within=5.1e-8)


def test_areas_of_two_who_took_theophylline(against: Against) -> None:
    """Han (2018), validation of R NonCompart, test 1: AUClast by Phoenix WinNonlin, linear trapezia, of the first two
    of R's Theoph. A window as long as the first one's measurements leaves the second with what he has."""
    first = [0, 0.25, 0.57, 1.12, 2.02, 3.82, 5.1, 7.03, 9.05, 12.12, 24.37]
    second = [0, 0.27, 0.52, 1, 1.92, 3.5, 5.02, 7.03, 9, 12, 24.3]
    levels = [0.74, 2.84, 6.57, 10.5, 9.66, 8.58, 8.36, 7.47, 6.89, 5.94, 3.28]
    levels += [0, 1.72, 7.91, 8.31, 8.33, 6.85, 6.08, 5.4, 4.55, 3.01, 0.9]
    people = np.repeat([1, 2], 11)
    found = time_weighted_area(people, [*first, *second], levels, people - 1, start=0, end=24.37)
    source, areas = "Han 2018, NonCompart against Phoenix WinNonlin", np.array([148.92305, 91.5268])
    against("time_weighted_area", source, "published", found.area, areas, within=5e-6 / 100)
    against("time_weighted_area", source, "published", found.level, areas / [24.37, 24.3], within=5e-7)


def test_shares_of_a_book_on_contingency_tables(against: Against) -> None:
    """Fagerland, Lydersen & Laake (2017), as in the tests of their R contingencytables: 13 of 16 (chapter 2), and 0 of
    16 against 15 of 72 (chapter 4)."""
    source = "Fagerland et al. 2017, by the tests of R contingencytables"
    week = np.repeat([1.0, 2.0], 88)
    in_arm = np.tile(np.repeat([1, 0], [16, 72]), 2)
    above = np.concatenate([np.repeat([1, 0], [13, 75]), np.repeat([0, 1, 0], [16, 15, 57])])
    found = detected_by_week(np.tile(np.arange(88), 2), week, 1 - above, in_arm)
    exact = [found.low_arm[0], found.high_arm[0]]
    against("detected_by_week", source, "published", exact, [0.5435, 0.9595], within=5.1e-5)
    score = [found.difference[1], found.low[1], found.high[1]]
    against("detected_by_week", source, "published", score, [-0.2083, -0.3164, -0.0056], within=5.1e-5)
    against("detected_by_week", source, "published", found.p[1], 0.06287, within=5.1e-6)


NINETY = """30 171 184 201 212 250 265 270 272 289 305 306 322 322 336 346 351 370 390 404 409 411 436 437 439 441 444
448 451 453 470 480 482 487 494 495 499 503 514 521 522 527 548 550 559 560 570 572 574 578 585 592 592 607 616 618 621
629 637 638 640 656 668 707 709 719 737 739 752 758 766 792 792 794 802 818 830 832 843 858 860 869 918 925 953 991 1000
1005 1068 1441"""


def test_the_fences_of_a_handbook(against: Against) -> None:
    """NIST/SEMATECH e-Handbook, 7.1.6: of ninety values the largest lies beyond the inner fence, none beyond the outer.
    (Its quartiles are those of the (N + 1)th part, its fences -39, 1211, -507.75 and 1679.75; ours differ by a few.)"""
    values = np.array(NINETY.split(), float)
    source = "NIST/SEMATECH e-Handbook, 7.1.6"
    inner, outer = outliers(values, fence=1.5), outliers(values)
    against("outliers", source, "published", inner.flag, values == 1441, within=0)
    against("outliers", source, "published", outer.flag, np.zeros(90), within=0)
    against("outliers", source, "published", inner.centre, 559.5, within=0)


def test_modified_scores_of_ten_values(against: Against) -> None:
    """Iglewicz & Hoaglin (1993), the ten values of their section 3.3; scores as printed in a teaching text (Bao,
    python-urbanPlanning), without their sign. The last two lie beyond 3.5."""
    values = [2.1, 2.6, 2.4, 2.5, 2.3, 2.1, 2.3, 2.6, 8.2, 8.3]
    found = outliers(values, method="mad")
    printed = [
        1.57383333,
        0.6745,
        0.22483333,
        0.22483333,
        0.6745,
        1.57383333,
        0.6745,
        0.6745,
        25.85583333,
        26.3055,
    ]
    source = "Iglewicz & Hoaglin 1993, scores printed in a teaching text"
    against("outliers", source, "published", np.abs(found.score), printed, within=5.1e-9)
    against("outliers", source, "published", found.flag, np.arange(10) >= 8, within=0)


def test_worst_grades_of_a_trial(against: Against) -> None:
    """Br J Cancer (2013) 109:552-558, table 2: of 76 patients grades 1 to 4, and grade 3 or 4 in percent."""
    table = {
        "neutropenia": ([3, 5, 2, 4], 8),
        "anaemia": ([12, 20, 3, 0], 4),
        "nausea and vomiting": ([28, 14, 2, 0], 3),
        "fatigue": ([24, 16, 6, 0], 8),
        "mucositis": ([22, 5, 2, 0], 3),
    }
    for counts, percent in table.values():
        grades = np.repeat(np.arange(5), [76 - sum(counts), *counts])
        found = worst_grades(grades, "all")
        source = "Br J Cancer 2013; 109:552-558, table 2"
        assert found.participants[1:].tolist() == counts
        share = found.at_least[3] / found.measured[3]
        against("worst_grades", source, "published", share, percent / 100, within=5e-3)


# Table 14-6.06 of the CDISC pilot's report, read as outputs/14-6.06.rtf of atorus-research/CDISC_pilot_replication:
# of each arm [normal, high at baseline], of them [still normal, no longer normal] after it. In the print 80, 78 and 77
# have both values for Hy's law, not 84, 80 and 80: the program (there, too) took the highest value over both laws, so
# who had a raised transaminase alone is in neither row. Of that law only the cases are compared.
TABLE = "CDISC pilot report, table 14-6.06"
ARMS = ("Placebo", "Xanomeline Low Dose", "Xanomeline High Dose")
TRANSAMINASE = {
    "baseline": [82, 2, 78, 2, 80, 0],
    "normal": [79, 0, 77, 1, 77, 0],
    "abnormal": [3, 2, 1, 1, 3, 0],
}
HYS_LAW = [1, 0, 0, 0, 0, 0]


@cache
def adlbhy() -> pd.DataFrame:
    """The pilot's data set behind that table. SAS writes a zero that pandas reads as 5e-79."""
    packed = shared_path("data/cdisc-pilot/adam/adlbhy.xpt.gz").read_bytes()
    rows = pd.read_sas(io.BytesIO(gzip.decompress(packed)), format="xport", encoding="cp1252")
    return rows[rows["BASE"].notna() & (rows["AVISITN"] >= 1) & (rows["AVISITN"] <= 24)]


def test_shifts_of_the_pilots_liver_tests(against: Against) -> None:
    after = {law: shifts(law) for law in ("TRANSHY", "HYLAW")}
    for law, worst, printed in (
        ("TRANSHY", "normal", TRANSAMINASE["normal"]),
        ("TRANSHY", "high", TRANSAMINASE["abnormal"]),
        ("HYLAW", "high", HYS_LAW),
    ):
        cells = [(arm, base, worst) for arm in ARMS for base in ("normal", "high")]
        found = [after[law][cell] for cell in cells]
        against("shift_table", TABLE, "published", [people for people, _ in found], printed, within=0)
        if law == "TRANSHY":
            had = [of_baseline for _, of_baseline in found]
            against("shift_table", TABLE, "published", had, TRANSAMINASE["baseline"], within=0)


def shifts(law: str) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Arm, baseline and worst: participants, and participants with this baseline."""
    of = adlbhy()[adlbhy()["PARAMCD"] == law]
    each = of.groupby("USUBJID").agg(base=("BASE", "first"), worst=("AVAL", "max"), arm=("TRTP", "first"))
    before, after = (
        np.where(each[name] >= 0.5, "high", "normal").astype(object) for name in ("base", "worst")
    )
    table = shift_table(before, after, each["arm"].to_numpy(), categories=["normal", "high"])
    cells = zip(table.arm, table.baseline, table.worst, strict=True)
    return dict(
        zip(cells, zip(table.participants.tolist(), table.of_baseline.tolist(), strict=True), strict=True)
    )


def test_the_pilots_hy_s_law_cases_by_arm(against: Against) -> None:
    """More than 1.5 times the limit at one visit, both; alkaline phosphatase is not asked."""
    of = adlbhy()
    values = of[of["PARAMCD"].isin(["ALT", "AST", "BILI"])]
    columns = [values[name].to_numpy() for name in ("USUBJID", "PARAMCD", "AVISITN", "R2A1HI")]
    beyond = np.nextafter(1.5, 2)
    cases = hys_law_cases(
        *columns, transaminase=beyond, bilirubin=1.5, alkaline_phosphatase=None, window_days=0
    )
    arms = dict(zip(of["USUBJID"], of["TRTP"], strict=True))
    found = [sum(arms[who] == arm for who in cases.participant) for arm in ARMS]
    against("hys_law_cases", TABLE, "published", found, HYS_LAW[::2], within=0)
