"""The CDISC pilot against a count that shares no code with the project: plain pandas on the delivered files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pvtracker.signals.rows import ResultRow, rows_sha256
from pvtracker.signals.screen import Screen, screen
from tests.pure.signals.pilot import domain, pilot_cut

REFERENCE = "Placebo"
DENOMINATORS = {"Placebo": 86, "Xanomeline Low Dose": 84, "Xanomeline High Dose": 84}
COLUMNS = {"PT": "AEDECOD", "HLT": "AEHLT", "HLGT": "AEHLGT", "SOC": "AEBODSYS"}


@pytest.fixture(scope="module")
def planned() -> Screen:
    return screen(pilot_cut(), analysis_arm="planned")


@pytest.fixture(scope="module")
def at_each_level() -> Screen:
    return screen(pilot_cut(), analysis_arm="planned", levels=tuple(COLUMNS), methods=("fisher",))


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    """Treatment-emergent events with the planned arm; a partial date counts unless it ends before the first dose."""
    ae, dm, ex = domain("ae"), domain("dm"), domain("ex")
    first_dose = ex.groupby("USUBJID")["EXSTDTC"].min().rename("first_dose")
    merged = ae.merge(dm[["USUBJID", "ARM"]], on="USUBJID").merge(first_dose, on="USUBJID")
    same_precision = [
        dose[: len(onset)] for dose, onset in zip(merged["first_dose"], merged["AESTDTC"], strict=True)
    ]
    return merged[merged["AESTDTC"] >= pd.Series(same_precision, index=merged.index)]


def chosen(events: pd.DataFrame, selection: str) -> pd.DataFrame:
    criteria = ["AESDTH", "AESLIFE", "AESHOSP", "AESDISAB", "AESCONG", "AESCAN", "AESOD"]
    masks = {
        "all": pd.Series(True, index=events.index),
        "serious": events["AESER"] == "Y",
        "criterion": (events[criteria] == "Y").any(axis=1),
        "grade3plus": events["AESEV"] == "SEVERE",
        "related": events["AEREL"].isin(["POSSIBLE", "PROBABLE"]),
    }
    return events[masks[selection]]


def of_method(screened: Screen, method: str, level: str, selection: str) -> list[ResultRow]:
    return [
        row for row in screened.rows if (row.method, row.level, row.selection) == (method, level, selection)
    ]


@pytest.mark.parametrize("selection", ["all", "serious", "criterion", "grade3plus", "related"])
@pytest.mark.parametrize("level", COLUMNS)
def test_participants_and_events_by_planned_arm_equal_a_count_with_pandas(
    at_each_level: Screen, events: pd.DataFrame, level: str, selection: str
) -> None:
    found = chosen(events, selection).groupby([COLUMNS[level], "ARM"])["USUBJID"].agg(["nunique", "size"])
    counted = {key: (int(n), int(size)) for key, (n, size) in zip(found.index, found.to_numpy(), strict=True)}
    rows = of_method(at_each_level, "fisher", level, selection)
    assert {row.term for row in rows} == {term for term, _ in counted}
    for row in rows:
        assert (row.n_arm, row.events_arm) == counted.get((row.term, row.arm), (0, 0))
        assert (row.n_ref, row.events_ref) == counted.get((row.term, REFERENCE), (0, 0))
        assert (row.N_arm, row.N_ref) == (DENOMINATORS[row.arm], DENOMINATORS[REFERENCE])


def test_p_values_equal_scipys_fisher_exact(planned: Screen) -> None:
    for row in planned.rows:
        if row.method == "fisher":
            table = [[row.n_arm, row.N_arm - row.n_arm], [row.n_ref, row.N_ref - row.n_ref]]
            assert row.p == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-9)


@pytest.mark.parametrize("level", ["SOC", "PT"])
def test_adjusted_p_values_equal_scipys_over_the_terms_of_level_selection_and_arm(
    planned: Screen, level: str
) -> None:
    for selection in ("all", "serious", "grade3plus", "related"):
        for arm in ("Xanomeline Low Dose", "Xanomeline High Dose"):
            rows = [row for row in of_method(planned, "fisher", level, selection) if row.arm == arm]
            adjusted = stats.false_discovery_control([row.p for row in rows])
            assert [row.p_adjusted for row in rows] == pytest.approx(list(adjusted), rel=1e-9)


def test_denominators_by_actual_arm_are_those_of_the_treatment_received() -> None:
    arms = screen(pilot_cut(), analysis_arm="actual").settings["arms"]
    assert [arm["participants"] for arm in arms] == [86, 96, 72]


def test_person_years_lie_between_time_to_the_events_and_the_whole_follow_up(planned: Screen) -> None:
    for row in planned.rows:
        assert 0 < row.person_years_arm <= row.follow_up_years_arm
        if row.n_arm == 0:
            assert row.person_years_arm == pytest.approx(row.follow_up_years_arm)


def test_every_term_has_one_row_per_arm_and_method(planned: Screen) -> None:
    keys = [(r.level, r.term, r.selection, r.arm, r.method) for r in planned.rows]
    assert len(keys) == len(set(keys))
    terms = {(level, term, selection) for level, term, selection, _, _ in keys}
    assert len(keys) == len(terms) * 2 * 8


def test_no_number_is_missing_without_a_reason(planned: Screen) -> None:
    gives = {
        "rd_mn": ("estimate", "low", "high"),
        "rr_koopman": ("estimate", "low", "high"),
        "or_conditional": ("estimate", "low", "high"),
        "fisher": ("p", "p_adjusted"),
        "fisher_midp": ("p",),
        "eair_ratio": ("estimate", "low", "high", "p"),
        "dfdr_2004": ("p", "p_adjusted"),
        "dfdr_2012": ("p", "p_adjusted"),
    }
    for row in planned.rows:
        values = [getattr(row, name) for name in gives[row.method]]
        assert None not in values or row.warning, row
        assert all(value is None or np.isfinite(value) for value in values)


def test_the_tree_scan_is_adjusted_over_all_levels_and_its_p_alone_is_scipys() -> None:
    scanned = screen(
        pilot_cut(), analysis_arm="planned", selections=("all", "serious"), methods=("tree_scan",)
    )
    rows = scanned.rows
    assert rows and {row.method for row in rows} == {"tree_scan"}
    for row in rows:
        assert row.p is not None and row.p_adjusted is not None
        table = [[row.n_arm, row.N_arm - row.n_arm], [row.n_ref, row.N_ref - row.n_ref]]
        assert row.p == pytest.approx(stats.fisher_exact(table, alternative="greater").pvalue)
        error = (row.p * (1 - row.p) / 9999) ** 0.5
        assert row.p_adjusted >= row.p - 4.5 * error - 1e-4  # no smaller than alone, but for the replicates
    flagged = {(row.level, row.term) for row in rows if row.flag and row.selection == "all"}
    assert {
        ("SOC", "GENERAL DISORDERS AND ADMINISTRATION SITE CONDITIONS"),
        ("PT", "PRURITUS"),
        ("PT", "APPLICATION SITE PRURITUS"),
    } <= flagged
    said = scanned.settings["definitions"]["Tree scan, participants permuted"]
    assert said.startswith(
        "Arms permuted among the participants of arm and reference, 9999 times from seed 1."
    )


def test_the_same_cut_gives_the_same_rows(planned: Screen) -> None:
    again = screen(pilot_cut(), analysis_arm="planned")
    assert rows_sha256(again.rows) == rows_sha256(planned.rows)


def test_the_known_skin_reactions_are_flagged(planned: Screen) -> None:
    flagged = {row.term for row in planned.rows if row.flag and (row.method, row.level) == ("fisher", "PT")}
    assert {"PRURITUS", "APPLICATION SITE PRURITUS"} <= flagged
