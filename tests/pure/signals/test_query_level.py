"""A study's queries as a level of a run: counted once per participant, by every method, behind each number the same."""

from __future__ import annotations

import pytest

from pvtracker.cuts.data import CutData
from pvtracker.signals import stratified_methods
from pvtracker.signals.methods import METHODS
from pvtracker.signals.numerators import Emergent, counted
from pvtracker.signals.screen import screen
from pvtracker.signals.triggers import triggers
from pvtracker.studies.definitions import DefinitionError, parse
from tests.small_cut import allocated, cut, day, event, manifest, person, treated

QUERIES = {
    "Malignancy": ["Lymphoma", "leukaemias"],
    "Blood": ["Leukaemias", "Anaemia"],
    "Liver": ["Hepatitis"],
}
SLOW = {"berry_berry", "berry_berry_poisson"}  # say nothing at this level either


def study(**definitions: object) -> CutData:
    """Six on the low dose, six on placebo; days of onset in January."""
    said = manifest()
    said["settings"] |= {"definitions": {"queries": QUERIES, **definitions}}
    arms = {f"A{i}": "LOW" for i in range(6)} | {f"B{i}": "PBO" for i in range(6)}
    acute = {"preferred_term": "Acute leukaemia", "high_level_group_term": "Leukaemias"}
    return cut(
        stated=said,
        participants=[person(subject) for subject in arms],
        exposures=[treated(subject) for subject in arms],
        arms=[allocated(subject, code) for subject, code in arms.items()],
        adverse_events=[
            event("A0", 1, day("onset", "2026-01-20"), **acute),
            event("A0", 2, day("onset", "2026-01-10"), preferred_term="LYMPHOMA"),
            event("A1", 1, day("onset", "2026-01-05"), preferred_term="Lymphoma", serious=True),
            event("A2", 1, day("onset", "2026-01-05"), preferred_term="Anaemia"),
            event("B0", 1, day("onset", "2026-01-05"), **acute),
            event("B1", 1, day("onset", "2026-01-05")),  # a headache
        ],
    )


def test_each_query_is_counted_as_one_term() -> None:
    rows = screen(study(), analysis_arm="planned", methods=("fisher",), selections=("all", "serious")).rows
    found = {
        (row.term, row.selection): (row.n_arm, row.n_ref, row.events_arm, row.events_ref)
        for row in rows
        if row.level == "query" and row.arm == "Low dose"
    }
    assert found == {
        ("Malignancy", "all"): (2, 1, 3, 1),
        ("Blood", "all"): (2, 1, 2, 1),
        ("Malignancy", "serious"): (1, 0, 1, 0),
    }
    mine = ("query", "all", "Low dose")
    years = {row.term: row.person_years_arm for row in rows if (row.level, row.selection, row.arm) == mine}
    assert years["Malignancy"] == pytest.approx((10 + 5 + 4 * 90) / 365.25)  # to the first of either term


def test_every_method_says_something_of_a_query_or_why_not() -> None:
    methods = tuple(key for key in METHODS if key not in SLOW)
    rows = screen(study(), analysis_arm="planned", methods=methods, selections=("all",), levels=()).rows
    told = {row.method: row for row in rows if row.term == "Malignancy" and row.arm == "Low dose"}
    assert set(told) == set(methods)
    silent = {key for key, row in told.items() if row.estimate is None and row.p is None}
    stratified = {method.key for method in stratified_methods.METHODS}  # the study names no strata
    of_ten = {"incidence_difference"}  # there are six in each arm
    assert silent == {"tree_scan", "berry_berry_periods", "berry_berry_priors"} | stratified | of_ten
    assert all(told[key].warning for key in silent)
    assert "stand beside the tree" in told["tree_scan"].warning
    assert {key for key, row in told.items() if "this level" in row.warning} == {
        "dfdr_2004",
        "dfdr_2012",
        "group_bh",
        "berry_berry_periods",
        "berry_berry_priors",
    }


def test_who_stands_behind_a_query_and_a_study_without_any() -> None:
    behind = counted(
        Emergent.of(study(), analysis_arm="planned"), level="query", selection="all", term="Malignancy"
    )
    assert [(one.subject, one.number) for one in behind] == [("B0", 1), ("A0", 1), ("A0", 2), ("A1", 1)]
    plain = cut(participants=[person("A")], exposures=[treated("A")], arms=[allocated("A", "LOW")])
    assert screen(plain, analysis_arm="planned").rows == []


def test_an_event_of_special_interest_may_be_named_by_its_query() -> None:
    data = study(special_interest=["Malignancy"])
    cases = triggers(data, analysis_arm="planned", special_interest=("Malignancy",))
    assert [(one.subject, one.number) for one in cases] == [("A0", 1), ("A0", 2), ("A1", 1), ("B0", 1)]


def test_how_queries_are_written_and_refused() -> None:
    rules = parse({"queries": QUERIES})
    assert rules.stated()["queries"] == QUERIES and rules.differing() == {"queries": QUERIES}
    with pytest.raises(DefinitionError, match="needs one term at least"):
        parse({"queries": {"Empty": []}})
    with pytest.raises(DefinitionError, match="a list of names is needed"):
        parse({"queries": {"Text": "Lymphoma"}})
