"""The CDISC pilot study, whole: the counts that its description gives, and no arm on the open side."""

import gzip
import io
from collections import Counter
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from pvtracker.formats import DomainFiles, expect_rows, read_domain_files
from pvtracker.formats.sdtm import (
    CLOSED_COLUMNS,
    OPEN_COLUMNS,
    ClosedRecords,
    OpenRecords,
    closed_domains,
    closed_records,
    open_records,
)
from tests.shared import shared_path

ROWS = {
    "AE": 1191, "CM": 7510, "DM": 306, "DS": 596, "EX": 591, "LB": 59_580, "MH": 1818, "SV": 3559,
    "VS": 29_643,
}  # fmt: skip
ARM_WORDS = ("xanomeline", "placebo", "pbo", "xan_", "actarm", "armcd", "extrt", "exdose")


@cache
def open_files(folder: Path) -> DomainFiles:
    return read_domain_files(folder, choice=OPEN_COLUMNS)


@pytest.fixture(scope="module")
def folder() -> Path:
    return shared_path("data/cdisc-pilot/sdtm")


@pytest.fixture(scope="module")
def opened(folder: Path) -> OpenRecords:
    return open_records(open_files(folder).domains)


@pytest.fixture(scope="module")
def closed(folder: Path) -> ClosedRecords:
    files = read_domain_files(folder, choice=CLOSED_COLUMNS, domains=closed_domains())
    return closed_records(files.domains)


def test_every_row_of_every_domain_is_a_record(opened: OpenRecords) -> None:
    assert opened.faults == () and opened.refused == ()
    assert {count.domain: count.rows for count in opened.counts} == ROWS
    assert {count.domain: count.records for count in opened.counts} == ROWS


def test_expected_rows_are_met(folder: Path) -> None:
    assert expect_rows(open_files(folder), ROWS).faults() == ()


def test_what_is_not_imported_is_named(folder: Path) -> None:
    assert {ignored.source_file.split(".")[0] for ignored in open_files(folder).ignored} == {
        "relrec", "se", "suppae", "suppds", "ta", "te", "ti", "ts", "tv"
    }  # fmt: skip


def test_306_were_screened_and_52_of_them_failed(opened: OpenRecords) -> None:
    assert len(opened.participants) == 306
    assert sum(person.screen_failure for person in opened.participants) == 52
    assert sum(person.died for person in opened.participants) == 3


def test_the_flaws_of_the_events_arrive_as_they_are(opened: OpenRecords) -> None:
    assert len({event.participant for event in opened.events}) == 225
    precision = Counter(len(event.onset) for event in opened.events)
    assert (precision[7], precision[4], precision[0]) == (15, 11, 0)
    assert sum(not event.end for event in opened.events) == 473
    assert not any(event.ongoing for event in opened.events)
    repeats = Counter((event.participant, event.verbatim, event.onset) for event in opened.events)
    assert sum(times - 1 for times in repeats.values()) == 310
    fatal = [event for event in opened.events if event.outcome == "fatal"]
    assert [event.serious for event in fatal] == [False] * 3
    assert all("death" in event.criteria for event in fatal)


def test_severity_and_causality_are_counted_as_delivered(opened: OpenRecords) -> None:
    assert Counter(event.grade for event in opened.events) == {1: 770, 2: 378, 3: 43}
    judgements = Counter(part.causality for event in opened.events for part in event.assessments)
    assert judgements == {"probable": 361, "possible": 343, "not_related": 322, "unlikely": 161}


def test_no_arm_is_reachable_from_the_open_side(folder: Path, opened: OpenRecords) -> None:
    shown = repr(opened).lower() + repr(open_files(folder).ignored).lower()
    assert not [word for word in ARM_WORDS if word in shown]
    exposures = repr(opened.exposures)
    assert "54" not in {part for row in opened.exposures for part in (row.intervention, row.phase)}
    assert "54.0" not in exposures and "81.0" not in exposures
    tables = [table for name in ("DM", "EX") for table in open_files(folder).domains[name]]
    assert not [word for word in ARM_WORDS if word in repr(tables).lower()]


def test_the_closed_side_has_the_planned_and_the_actual_arms(closed: ClosedRecords) -> None:
    assert closed.faults == () and closed.refused == ()
    assert sorted(Counter(row.planned for row in closed.allocations).values()) == [84, 84, 86]
    assert Counter(row.actual for row in closed.allocations) == {
        "Placebo": 86,
        "Xanomeline Low Dose": 96,
        "Xanomeline High Dose": 72,
    }
    assert [(count.domain, count.records, count.left_out) for count in closed.counts] == [
        ("DM", 254, 52),
        ("EX", 591, 0),
    ]


def test_the_closed_side_knows_the_doses(closed: ClosedRecords) -> None:
    assert {row.dose for row in closed.treatments} == {0.0, 54.0, 81.0}
    assert len({row.participant for row in closed.treatments}) == 254


@pytest.mark.parametrize("name", ["ae", "cm", "dm", "vs"])
def test_values_equal_those_of_an_independent_reader(folder: Path, name: str) -> None:
    """pandas has its own reader of transport files."""
    found = sorted(folder.glob(f"{name}.xpt*"))[0]
    content = gzip.decompress(found.read_bytes()) if found.suffix == ".gz" else found.read_bytes()
    other = pd.read_sas(io.BytesIO(content), format="xport", encoding="cp1252")
    [table] = read_domain_files(folder, domains=[name.upper()]).domains[name.upper()]
    assert not isinstance(table, Exception)
    assert list(table.values) == list(other.columns)
    for column in table.columns:
        ours = pd.Series(list(table.values[column.name]))
        if column.kind == "number":
            pd.testing.assert_series_equal(
                ours.astype(float), other[column.name].astype(float), check_names=False
            )
        else:
            assert ours.str.rstrip().tolist() == other[column.name].fillna("").str.rstrip().tolist()
