"""The analysis sets side by side, on a cut small enough to count by hand."""

from __future__ import annotations

from typing import Any

import pytest

from pvtracker.cuts import derive
from pvtracker.cuts.data import CutData
from pvtracker.cuts.set_tables import people_table, reasons_table, sizes_table
from pvtracker.cuts.sets import CROSSED_OVER, LABELS, NO_ARM, NOT_TREATED, RECEIVED, SCREENED_OUT, sets_of
from pvtracker.studies.definitions import parse
from tests.small_cut import allocated, cut, person, treated

EXCLUDED = {"P2": "no second dose", "P5": "wrong age"}


def six(**arms: str) -> CutData:
    """P1 and P2 treated, P3 with background therapy only, P4 screened out, P5 untreated, P6 a treated failure."""
    people = [
        person(f"P{n}", site="01" if n < 4 else "02", screen_failure=n in (4, 6)) for n in (2, 1, 3, 4, 5, 6)
    ]
    given = [treated("P1"), treated("P2"), treated("P3", intervention="ART"), treated("P6")]
    planned = {"P1": "PBO", "P2": "LOW", "P3": "LOW", "P5": "HIGH", **arms}
    rows = [allocated(subject, arm) for subject, arm in planned.items()]
    return cut(participants=people, exposures=given, arms=rows)


def sizes(data: CutData, *, analysis_arm: str = "", **settings: Any) -> dict[str, list[int]]:
    found = sets_of(data, analysis_arm=analysis_arm, rules=parse(settings))
    return {name: list(map(int, numbers)) for name, numbers in found.sizes.items()}


def test_each_set_is_counted_pooled_and_by_arm() -> None:
    assert sizes(six(), not_per_protocol=EXCLUDED) == {
        "enrolled": [6],
        "randomised": [4],
        "treated": [3],
        "per-protocol": [1],
    }
    assert sizes(six(), analysis_arm="planned", not_per_protocol=EXCLUDED) == {
        "enrolled": [1, 2, 1, 2],  # placebo, low, high, no arm
        "randomised": [1, 2, 1, 0],
        "treated": [1, 1, 0, 0],  # P6 is in no arm
        "per-protocol": [1, 0, 0, 0],
    }


def test_by_arm_whoever_is_in_no_arm_is_in_no_set_and_the_reason_is_told() -> None:
    """P1 was to have placebo and had the high dose; P2 has an arm that the cut does not print."""
    data = six(P1="PBO", P2="OLD")
    data.frames["arms"].loc[data.frames["arms"]["subject"] == "P1", "actual_code"] = "HIGH"
    found = sets_of(data, analysis_arm="actual", rules=parse({"crossover": "excluded"}))
    told = {one.subject: (found.groups[one.group], one.sets, one.reason) for one in found.left_out}
    assert told["P1"] == ("No arm", ("randomised", "treated", "per-protocol"), CROSSED_OVER)
    assert told["P2"] == ("No arm", ("randomised", "treated", "per-protocol"), NO_ARM)
    assert told["P6"] == ("No arm", ("treated",), NO_ARM)
    for name, size in found.sizes.items():
        outside = {one.subject for one in found.left_out if name in one.sets}
        assert size.sum() + len(outside) == 6, "whoever is not counted has a reason"
        assert name == "enrolled" or size[-1] == 0
    kept = sets_of(data, analysis_arm="actual", rules=parse({}))
    assert list(map(int, kept.sizes["treated"])) == [0, 0, 1, 0] and CROSSED_OVER not in str(kept.left_out)
    pooled = sets_of(data, rules=parse({"crossover": "excluded"}))
    assert CROSSED_OVER not in str(pooled.left_out) and NO_ARM not in str(pooled.left_out)


@pytest.mark.parametrize(("arm", "name"), [("actual", RECEIVED), ("planned", LABELS["randomised"])])
def test_only_by_the_planned_arm_is_the_row_intention_to_treat(arm: str, name: str) -> None:
    found = sets_of(six(), analysis_arm=arm)
    table = sizes_table(found)
    assert table["rows"][1]["cells"][0]["text"] == name
    assert ("intention to treat counts by the planned arm" in table["note"]) is (arm == "actual")
    assert {row["cells"][0]["text"] for row in reasons_table(found)["rows"]} == {
        name, "Treated (safety)", "Per protocol",
    }  # fmt: skip
    assert any(name in row["cells"][3]["text"] for row in people_table(found)["rows"])
    assert sizes_table(sets_of(six()))["note"] == ""


@pytest.mark.parametrize("chosen", [name for name in LABELS if name != "enrolled"])
def test_the_members_are_those_that_every_count_goes_by(chosen: str) -> None:
    rules = parse({"analysis_set": chosen, "not_per_protocol": EXCLUDED})
    found = sets_of(six(), rules=rules)
    counted = set(derive.analysis_set(six(), rules=rules)["subject"])
    outside = {one.subject for one in found.left_out if chosen in one.sets}
    assert (found.chosen, found.sizes[chosen].sum()) == (chosen, len(counted))
    assert counted | outside == {f"P{n}" for n in range(1, 7)} and not counted & outside


def test_everybody_who_is_left_out_is_told_with_each_reason() -> None:
    found = sets_of(six(), rules=parse({"not_per_protocol": EXCLUDED}))
    assert [(one.subject, one.site, one.sets, one.reason) for one in found.left_out] == [
        ("P2", "01", ("per-protocol",), "no second dose"),
        ("P3", "01", ("treated", "per-protocol"), NOT_TREATED),
        ("P4", "02", ("randomised", "treated", "per-protocol"), SCREENED_OUT),
        ("P5", "02", ("treated", "per-protocol"), NOT_TREATED),
        ("P5", "02", ("per-protocol",), "wrong age"),
        ("P6", "02", ("randomised", "per-protocol"), SCREENED_OUT),
    ]
    told = {pair: list(map(int, numbers)) for pair, numbers in found.reasons().items()}
    assert told == {
        ("randomised", SCREENED_OUT): [2],
        ("treated", NOT_TREATED): [2],
        ("treated", SCREENED_OUT): [1],
        ("per-protocol", NOT_TREATED): [2],
        ("per-protocol", "no second dose"): [1],
        ("per-protocol", SCREENED_OUT): [2],
        ("per-protocol", "wrong age"): [1],
    }
    of_cells = sets_of(six(), rules=parse({"exposed_to": ["CELLS"]}))
    assert {one.reason for one in of_cells.left_out if one.subject == "P1"} == {"no exposure to CELLS"}


def test_without_an_arm_asked_for_no_arm_is_told() -> None:
    """The open room's table: the same whoever received what."""
    rules = parse({"not_per_protocol": EXCLUDED, "crossover": "excluded"})
    one, other = (sets_of(six(P1=arm), rules=rules) for arm in ("PBO", "HIGH"))
    for table in (sizes_table, reasons_table, people_table):
        assert table(one) == table(other)
        assert not any(word in str(table(one)) for word in ("Placebo", "Low dose", "High dose", "Arm"))
    by_arm = sizes_table(sets_of(six(P1="HIGH"), analysis_arm="planned"))
    assert [column["label"] for column in by_arm["columns"]] == [
        "Analysis set", "Placebo", "Low dose", "High dose", "No arm", "All", "Left out", "Counted by",
    ]  # fmt: skip
    assert [cell["text"] for cell in by_arm["rows"][1]["cells"]] == [
        "Randomised (intention to treat)", "0", "2", "2", "0", "4", "2", "",
    ]  # fmt: skip
    assert [row["cells"][-1]["text"] for row in by_arm["rows"]] == ["", "", "this set", ""]


def test_a_page_shows_the_sites_and_rows_that_it_may() -> None:
    found = sets_of(six(), analysis_arm="planned")
    assert [row["cells"][0]["text"] for row in people_table(found, at={"01"})["rows"]] == ["P3"]
    first = people_table(found, most=2)
    assert len(first["rows"]) == 2 and first["note"] == "The first 2 of 5 rows; the files have all."
    assert [cell["text"] for cell in first["rows"][0]["cells"]][2] == "Low dose"
    nobody = sets_of(cut(), analysis_arm="planned")
    assert people_table(nobody)["rows"] == [] and sizes_table(nobody)["rows"][0]["cells"][5]["text"] == "0"
