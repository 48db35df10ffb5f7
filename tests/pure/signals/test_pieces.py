"""A run in pieces is the run as a whole, in whatever order its pieces come; and its rows as Parquet."""

from __future__ import annotations

import io
from dataclasses import replace

import pandas as pd
import pytest

from pvtracker.cuts.data import CutData
from pvtracker.cuts.derive import LEVELS
from pvtracker.signals.methods import DEFAULT_METHODS, METHODS
from pvtracker.signals.parquet import from_bytes, to_bytes
from pvtracker.signals.pieces import Asked, pieces_of
from pvtracker.signals.rows import FIELDS, rows_sha256
from pvtracker.signals.screen import Screen, prepare, screen
from tests.small_cut import allocated, cut, day, event, person, treated

# without the hierarchical model, which takes a minute and looks at one selection and arm at a time
METHODS_HERE = (*DEFAULT_METHODS, "boschloo", "rd_exact", "tree_scan")
SELECTIONS = ("all", "serious")


@pytest.fixture(scope="module")
def data() -> CutData:
    """Thirty treated in three arms, events of six terms of two organ classes, some serious."""
    arms = {f"S-{i:02}": ("LOW", "HIGH", "PBO")[i % 3] for i in range(30)}
    terms = [("Headache", "Nervous"), ("Dizziness", "Nervous"), ("Tremor", "Nervous")]
    terms += [("Nausea", "Gut"), ("Vomiting", "Gut"), ("Pain", "Gut")]
    events = []
    for i, subject in enumerate(arms):
        for number, (term, system) in enumerate(terms[: (i % 7)], start=1):
            told = event(
                subject, number, day("onset", f"2026-01-{5 + number:02}"), serious=(i + number) % 3 == 0
            )
            events.append({**told, "preferred_term": term, "system_organ_class": system})
    return cut(
        participants=[person(subject) for subject in arms],
        exposures=[treated(subject) for subject in arms],
        arms=[allocated(subject, code) for subject, code in arms.items()],
        adverse_events=events,
    )


@pytest.fixture(scope="module")
def whole(data: CutData) -> Screen:
    return screen(data, analysis_arm="planned", selections=SELECTIONS, methods=METHODS_HERE)


def test_pieces_in_any_order_give_the_bytes_of_the_whole(data: CutData, whole: Screen) -> None:
    asked = Asked("planned", selections=SELECTIONS, methods=METHODS_HERE)
    pieces = pieces_of(METHODS_HERE, SELECTIONS)
    assert len(pieces) == 1 + 3 * 2
    rows = []
    for piece in reversed(pieces):  # each by a worker of its own, over the file in which it is kept
        rows += from_bytes(to_bytes(prepare(data, asked).compute(piece)))
    put = prepare(data, asked).assemble(rows)
    assert rows_sha256(put.rows) == rows_sha256(whole.rows)
    assert put.settings == whole.settings and put.methods == whole.methods
    keys = [(row.level, row.selection, row.arm, row.term) for row in whole.rows]
    assert keys[:: len(METHODS_HERE)] == sorted(
        set(keys), key=lambda key: (key[0] != "SOC", key[1], key[2] != "Low dose", key[3])
    )


def test_a_limit_and_a_seed_of_the_plan_reach_the_rows(data: CutData, whole: Screen) -> None:
    chosen = ("rd_mn", "fisher", "tree_scan")
    usual, other = (
        screen(data, analysis_arm="planned", methods=chosen, limits=limits, seed=seed)
        for limits, seed in (({}, 1), ({"fisher": 0.999}, 2))
    )
    assert sum(row.flag for row in other.rows) > sum(row.flag for row in usual.rows)
    assert other.settings["thresholds"]["fisher"].endswith("≤ 0.999") and other.settings["seed"] == 2
    assert "from seed 2." in other.settings["definitions"][METHODS["tree_scan"].label]
    drawn = [[row.p_adjusted for row in one.rows if row.method == "tree_scan"] for one in (usual, other)]
    assert drawn[0] != drawn[1]
    computed = [[row.p for row in one.rows if row.method == "fisher"] for one in (usual, other)]
    assert computed[0] == computed[1]


def test_a_level_of_which_nothing_is_coded_is_left_out_and_said(data: CutData) -> None:
    found = screen(data, analysis_arm="planned", levels=("SOC", "HLT", "PT"), methods=("rd_mn",))
    assert {row.level for row in found.rows} == {"SOC", "PT"}
    assert found.settings["levels_without_terms"] == ["HLT"]


def test_the_same_rows_give_the_same_file_and_pandas_reads_it(whole: Screen) -> None:
    content = to_bytes(whole.rows)
    assert to_bytes([replace(row) for row in whole.rows]) == content
    assert from_bytes(content) == whole.rows
    frame = pd.read_parquet(io.BytesIO(content))
    assert tuple(frame.columns) == FIELDS and len(frame) == len(whole.rows)
    for name in ("n_arm", "person_years_arm", "term", "flag"):
        assert frame[name].tolist() == [getattr(row, name) for row in whole.rows]
    assert frame["p"].isna().tolist() == [row.p is None for row in whole.rows]
    assert to_bytes([]) and from_bytes(to_bytes([])) == []


def test_every_level_of_a_coded_event_is_counted_by_itself() -> None:
    """A participant with two terms of one high level term counts once there, with both events."""
    coded = {  # preferred term: high level term, high level group term
        "Headache": ("Headaches NEC", "Headaches"),
        "Migraine": ("Migraine headaches", "Headaches"),
        "Tension headache": ("Headaches NEC", "Headaches"),
        "Vertigo CNS origin": ("Vertigos", "Neurological disorders NEC"),
    }
    had = {
        "A": ("Headache", "Tension headache"),
        "B": ("Migraine",),
        "C": ("Headache", "Vertigo CNS origin"),
        "D": (),
        "E": ("Tension headache",),
    }
    arms = {"A": "LOW", "B": "LOW", "C": "LOW", "D": "PBO", "E": "PBO"}
    data = cut(
        participants=[person(subject) for subject in arms],
        exposures=[treated(subject) for subject in arms],
        arms=[allocated(subject, code) for subject, code in arms.items()],
        adverse_events=[
            event(
                subject,
                number,
                day("onset", "2026-01-05"),
                preferred_term=term,
                high_level_term=coded[term][0],
                high_level_group_term=coded[term][1],
            )
            for subject, terms in had.items()
            for number, term in enumerate(terms, start=1)
        ],
    )
    found = screen(
        data, analysis_arm="planned", levels=tuple(LEVELS), selections=("all",), methods=("rd_mn",)
    )
    counted = {
        (row.level, row.term): (row.n_arm, row.events_arm, row.n_ref, row.events_ref)
        for row in found.rows
        if row.arm == "Low dose"
    }
    assert found.settings["levels_without_terms"] == []
    assert counted == {
        ("SOC", "Nervous system disorders"): (3, 5, 1, 1),
        ("HLGT", "Headaches"): (3, 4, 1, 1),
        ("HLGT", "Neurological disorders NEC"): (1, 1, 0, 0),
        ("HLT", "Headaches NEC"): (2, 3, 1, 1),
        ("HLT", "Migraine headaches"): (1, 1, 0, 0),
        ("HLT", "Vertigos"): (1, 1, 0, 0),
        ("PT", "Headache"): (2, 2, 0, 0),
        ("PT", "Migraine"): (1, 1, 0, 0),
        ("PT", "Tension headache"): (1, 1, 1, 1),
        ("PT", "Vertigo CNS origin"): (1, 1, 0, 0),
    }
