"""Who is behind a number of the laboratory is exactly whom the number counts: every cell of an analyte, in both
analysis arms, against the raw values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np
import pytest

from pvtracker.signals import (
    laboratory,
    laboratory_counts,
    laboratory_courses,
    laboratory_detail,
    laboratory_tables,
)
from pvtracker.signals import laboratory_closed_tables as closed_tables
from pvtracker.signals.laboratory_counted_tables import counted_table
from pvtracker.signals.laboratory_counts import (
    GRADE,
    GRADE_SHIFT,
    NUMBER,
    SHIFT,
    Count,
    Counted,
    asked_in,
    counted,
)
from tests.pure.signals.test_laboratory_values import measured
from tests.small_cut import ARMS, allocated, cut, day, person, treated

LOW, HIGH = 5.0, 40.0
DAYS = {"Screening": "2025-12-20", "Week 2": "2026-01-15", "Week 4": "2026-01-29"}
NAMES = {code: name for code, name, _ in ARMS}
KINDS = {laboratory.NEW_HIGH: "high", laboratory.NEW_LOW: "low"}


def trial() -> tuple[Any, dict[str, dict[str, float]], dict[str, dict[str, str]]]:
    """A cut of 60 participants of three arms; their values by visit, and their arms."""
    rng = np.random.default_rng(7)
    values: dict[str, dict[str, float]] = {}
    arms: dict[str, dict[str, str]] = {"planned": {}, "actual": {}}
    for number in range(60):
        subject = f"P{number:02}"
        planned = ("PBO", "LOW", "HIGH")[number % 3]
        arms["planned"][subject] = NAMES[planned]
        arms["actual"][subject] = NAMES["HIGH" if number % 7 == 0 else planned]
        values[subject] = {
            visit: float(rng.choice([2, 20, 30, 60, 150, 250, 900])) for visit in DAYS if rng.random() < 0.8
        }
    rows = [
        measured(subject, "ALT", "Day 1", value, unit="U/L", low=LOW, high=HIGH)
        | {"visit": visit, **day("taken_on", DAYS[visit])}
        for subject, own in values.items()
        for visit, value in own.items()
    ]
    codes = {name: code for code, name in NAMES.items()}
    data = cut(
        participants=[person(subject) for subject in values],
        exposures=[treated(subject) for subject in values],
        arms=[
            allocated(subject, codes[arms["planned"][subject]], codes[arms["actual"][subject]])
            for subject in values
        ],
        visits=[
            {"subject": "P00", "source_id": f"V-{name}", "name": name, "planned_day": planned}
            for name, planned in (("Screening", -12), ("Week 2", 15), ("Week 4", 29))
        ],
        measurements=rows,
    )
    return data, values, arms


DATA, VALUES, ARMS_OF = trial()


def category(value: float) -> str:
    return "low" if value < LOW else "high" if value > HIGH else "normal"


def grade(value: float) -> str:
    """DAIDS 2.1, ALT against the upper limit."""
    return str(sum(value / HIGH >= limit for limit in (1.25, 2.5, 5, 10)))


def worst(own: dict[str, float]) -> str:
    seen = {category(value) for visit, value in own.items() if visit != "Screening"}
    if seen >= {"low", "high"}:
        return "low and high"
    return next((one for one in ("low", "high", "normal") if one in seen), "missing")


def worst_grade(own: dict[str, float]) -> str:
    return max((grade(value) for visit, value in own.items() if visit != "Screening"), default="missing")


def is_behind(own: dict[str, float], count: Count) -> bool:
    """From the raw values of a participant, by the sentences of the definitions; who has none is in no table."""
    if not own:
        return False
    start = own.get("Screening")
    before = {"": "", SHIFT: category, GRADE_SHIFT: grade}.get(count.kind, "")
    if callable(before):
        if count.before != ("missing" if start is None else before(start)):
            return False
        after = worst(own) if count.kind == SHIFT else worst_grade(own)
        return count.after in ("", after)
    if count.kind in KINDS:
        limit = KINDS[count.kind]
        known = start is not None and worst(own) != "missing"
        return known and category(start or 0.0) != limit and limit in worst(own)
    if count.kind == laboratory.GRADE_3:
        return worst_grade(own) in ("3", "4")
    if count.kind == GRADE:
        return worst_grade(own) == count.after if count.after else worst_grade(own) != "missing"
    if count.kind == NUMBER:
        return any(
            count.week in (None, week) and visit in own
            for visit, week in (("Screening", -2), ("Week 2", 2), ("Week 4", 4))
        )
    return True


def opened(n: int, **what: Any) -> str:
    return f"?{urlencode(what)}" if n else ""


def tables_of(lab: laboratory.Laboratory) -> Iterator[dict[str, Any]]:
    """Every table of the pages that counts participants."""

    def told(count: str) -> Any:
        return lambda n, **what: opened(n, count=count, **what)

    found = laboratory_detail.detail(lab)
    arms = lab.arms.names
    assert found.shift and found.grade_shift and found.grades
    overview = laboratory.overview(lab)
    yield laboratory_tables.overview_table(lab, overview, url=lambda code: "", inference=False, opens=opened)
    yield laboratory_tables.contrasts_table(found.summary.contrasts, arms[0], inference=False, opens=opened)
    yield laboratory_tables.shift_rows(found.shift, arms, what="", note="", opens=told(SHIFT))
    yield laboratory_tables.shift_rows(found.grade_shift, arms, what="", note="", opens=told(GRADE_SHIFT))
    yield laboratory_tables.grades_table(found.grades, arms, "DAIDS", opens=opened)
    yield closed_tables.closed_table(overview, url=lambda code: "", opens=opened)
    yield closed_tables.detections_table(lab.values, lab, opens=opened)
    share = laboratory_courses.detected(lab.values, lab, inference=True, opens=opened)
    assert share
    yield share.table


def test_outliers_open_where_they_are_listed_with_their_participants() -> None:
    lab = laboratory.read(DATA, analysis_arm="planned", scale="daids-2.1", analyte="ALT")
    for outlying, opens in ((0, None), (7, "/analyte/?analyte=ALT#outliers")):
        summary = replace(laboratory.overview(lab)[0], outlying=outlying)
        table = laboratory_tables.overview_table(
            lab, [summary], url=lambda code: f"/analyte/?analyte={code}", inference=False
        )
        cell = table["rows"][0]["cells"][-1]
        assert (cell["text"], cell.get("url")) == (str(outlying), opens)
        assert "Outliers: values of all arms beyond Tukey’s outer fences" in table["note"]


@pytest.mark.parametrize("arm", ["planned", "actual"])
def test_every_number_opens_to_exactly_those_whom_it_counts(
    arm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = laboratory.read(DATA, analysis_arm=arm, scale="daids-2.1", analyte="ALT")
    people = laboratory.by_participant(lab)
    monkeypatch.setattr(laboratory_counts, "by_participant", lambda lab: people)  # the same for every number
    met = dict.fromkeys((*laboratory.KINDS, SHIFT, GRADE_SHIFT, GRADE, NUMBER, "measured"), 0)
    for table in tables_of(lab):
        for row in table["rows"]:
            for cell in row["cells"]:
                counts = re.fullmatch(r"(\d+)(?:/(\d+)( \(.*)?)?", cell["text"])
                if not cell.get("url"):
                    assert not counts or not counts[2] or counts[1] == "0", (table["caption"], cell)
                    continue
                count = asked_in(dict(parse_qsl(cell["url"][1:])))
                assert count
                found = counted(lab, count)
                subjects = lab.people["subject"].iloc[found.participants].tolist()
                expected = [
                    subject
                    for subject, own in VALUES.items()
                    if count.arm in ("", ARMS_OF[arm][subject]) and is_behind(own, count)
                ]
                assert sorted(subjects) == expected, count
                assert len(subjects) == cell["values"][0] and len(subjects) > 0
                if len(cell["values"]) > 2:
                    assert found.of == cell["values"][1], count
                check_rows(lab, found, count)
                met[count.kind] += 1
    assert all(n >= 3 or kind == "measured" for kind, n in met.items()) and met["measured"] == 1, met
    assert met[SHIFT] > 25 and met[GRADE_SHIFT] > 25


def check_rows(lab: laboratory.Laboratory, found: Counted, count: Count) -> None:
    """Each participant is listed with a value that put them there, if one did; as it was measured, on its day."""
    table = counted_table(lab, found, count, among=found.participants, caption="", url=lambda row: "")
    heads = [column["label"] for column in table["columns"]]
    listed = []
    for row in table["rows"]:
        said = dict(zip(heads, (cell["text"] for cell in row["cells"]), strict=True))
        own = VALUES[said["Participant"]]
        listed.append(said["Participant"])
        after = worst(own)
        if "Range" in said and count.kind == SHIFT:
            assert (said["Range"] == "missing") == (after == "missing") and said["Range"] in after
            assert said["Range at baseline"] == count.before
        if said["Visit"] == "–":
            assert after == "missing" and said["Value"] == "–"
            continue
        assert float(said["Value"].split()[0]) == own[said["Visit"]]
        assert said["Day"] == {"Screening": "−12", "Week 2": "15", "Week 4": "29"}[said["Visit"]]
        if count.kind in KINDS:
            assert category(own[said["Visit"]]) == KINDS[count.kind] == said["Range"]
        if count.kind in (GRADE, GRADE_SHIFT):
            assert grade(own[said["Visit"]]) == worst_grade(own) == said["Grade"]
        if count.kind == laboratory.GRADE_3:
            assert grade(own[said["Visit"]]) in ("3", "4")
            assert int(said["Such values"]) == sum(
                grade(value) in ("3", "4") for visit, value in own.items() if visit != "Screening"
            )
    names = lab.people["subject"].iloc[found.participants].tolist()
    assert list(dict.fromkeys(listed)) == names
    both = sum(worst(VALUES[name]) == "low and high" for name in names) if count.kind == SHIFT else 0
    assert len(listed) == len(names) + both


@pytest.mark.parametrize(
    "asked",
    [
        {"count": "x"},
        {"count": SHIFT},
        {"count": SHIFT, "before": "2"},
        {"count": GRADE, "after": "5"},
        {"count": GRADE, "before": "normal"},
        {"count": "quadrant"},
        {"count": NUMBER, "quadrant": "below both"},
        {"count": NUMBER, "week": "2.5"},
        {"count": NUMBER, "week": "9999999"},
        {"count": "measured", "week": "2"},
    ],
)
def test_what_cannot_be_counted_is_nothing(asked: dict[str, str]) -> None:
    assert asked_in(asked) is None


def test_an_arm_of_no_protocol_is_refused() -> None:
    lab = laboratory.read(DATA, analysis_arm="planned", scale="", analyte="ALT")
    for kind in (NUMBER, laboratory.NEW_HIGH):
        with pytest.raises(KeyError):
            counted(lab, Count(kind, "Another arm"))
