"""The rules of a plan: what it has to hold, what departs from it, when it is due, and how it is cut into pieces."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pvtracker.signals.allocation_ratio import NoAllocation, parsed
from pvtracker.signals.boundary_design import against_reference
from pvtracker.signals.boundary_settings import USES, PlannedBoundary, design_of, faults_of
from pvtracker.signals.boundary_settings import in_words as boundary_words
from pvtracker.signals.methods import DEFAULT_METHODS, FURTHER_METHODS, METHODS
from pvtracker.signals.pieces import ALL_LEVELS, pieces_of
from pvtracker.signals.plan import (
    BUILT_IN,
    EACH_CUT,
    EVERY_DAYS,
    Plan,
    Planned,
    PlanRefused,
    check,
    check_arms,
    departures,
    from_plain,
    in_words,
    occasion,
    planned,
    time_order,
    to_plain,
)

SIGNED = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAN = replace(BUILT_IN, analysis_arm="actual")


def test_the_built_in_plan_is_what_a_run_without_one_computes() -> None:
    assert BUILT_IN.keys == DEFAULT_METHODS == BUILT_IN.raising
    assert all(one.threshold == METHODS[one.key].threshold for one in BUILT_IN.methods)
    assert check(PLAN) == PLAN


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"levels": ("SOC",)}, "levels", "The level “Preferred term” is always screened"),
        ({"levels": ("PT", "LLT")}, "levels", "There is no level LLT"),
        ({"selections": ("serious",)}, "selections", "“All” is always screened"),
        ({"methods": (planned("fisher"),)}, "methods", "Every plan has Risk difference"),
        ({"methods": (*PLAN.methods, Planned("oracle", 0.5, True))}, "methods", "no method oracle"),
        ({"methods": (planned("rd_mn"), Planned("fisher", 1.0, True))}, "limit_fisher", "below 1"),
        ({"methods": (Planned("rd_mn", -0.1, True), planned("fisher"))}, "limit_rd_mn", "from 0 on"),
        ({"methods": (Planned("rd_mn", float("nan"), True), planned("fisher"))}, "limit_rd_mn", "from 0 on"),
        ({"analysis_arm": ""}, "analysis_arm", "actual or planned"),
        ({"seed": -1}, "seed", "whole number from 0"),
        ({"margin": 0.9}, "margin", "a ratio from 1"),
        ({"margin": float("nan")}, "margin", "a ratio from 1"),
        ({"when": "sometimes"}, "when", "Choose when"),
        ({"when": EVERY_DAYS}, "days", "after how many days"),
        ({"when": EVERY_DAYS, "days": 367}, "days", "from 1 to 366"),
    ],
)
def test_a_plan_that_cannot_hold_names_field_rule_and_remedy(
    changed: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(PlanRefused) as refusal:
        check(replace(PLAN, **changed))
    assert said in refusal.value.faults[field]
    assert list(refusal.value.faults) == [field]


def test_the_order_in_which_things_were_chosen_makes_no_other_plan() -> None:
    turned = replace(
        PLAN, levels=PLAN.levels[::-1], selections=PLAN.selections[::-1], methods=PLAN.methods[::-1], days=7
    )
    assert check(turned) == PLAN and check(turned).sha256 == PLAN.sha256
    assert check(replace(PLAN, seed=2)).sha256 != PLAN.sha256
    assert check(replace(PLAN, levels=ALL_LEVELS)).levels == ALL_LEVELS


def test_a_plan_is_read_as_it_was_stored() -> None:
    plan = replace(PLAN, when=EVERY_DAYS, days=14, methods=(Planned("rd_mn", 0.02, False), planned("fisher")))
    assert from_plain(to_plain(plan)) == plan
    said = dict(in_words(plan))
    assert "the lower limit above 0.02" in said["A method flags"] and said["When"].startswith("Every 14 days")
    assert said["Flags that raise a signal"] == METHODS["fisher"].label
    silent = replace(plan, methods=tuple(replace(one, raises=False) for one in plan.methods))
    assert "by hand" in dict(in_words(silent))["Flags that raise a signal"]


def test_the_margin_is_signed_where_it_is_not_the_usual_one() -> None:
    other = check(replace(PLAN, margin=1.5))
    assert "margin" not in to_plain(PLAN) and other.sha256 != PLAN.sha256
    assert from_plain(json.loads(json.dumps(to_plain(other)))) == other
    assert ("Margin", "Bayesian methods tell the probability of a ratio above 1.5") in in_words(other)


def test_what_departs_from_a_plan_is_said() -> None:
    def left(plan: Plan = PLAN, **said: Any) -> list[str]:
        return departures(plan, **{"analysis_arm": "actual", "usual_arm": "actual", "also": (), **said})

    assert left() == []
    assert "not that of the plan (planned)" in left(usual_arm="planned")[0]
    two = "With methods that the plan does not have: Boschloo’s test; Bayesian hierarchical odds ratio, Berry & Berry."
    assert left(also=("berry_berry", "boschloo")) == [two]
    assert left(also=("boschloo",)) == ["With methods that the plan does not have: Boschloo’s test."]
    with_it = replace(PLAN, methods=(*PLAN.methods, planned("boschloo")))
    assert left(with_it, also=("boschloo",)) == []
    assert left(older="By an older version.") == ["By an older version."]


def test_the_order_in_time_is_a_fact() -> None:
    day = timedelta(days=1)
    assert time_order(None, SIGNED) == "No plan was signed."
    assert "before any run" in time_order(SIGNED, None)
    assert "before the first run of this study, which was on 2026-03-02" in time_order(SIGNED, SIGNED + day)
    assert "AFTER the first run of this study, which was on 2026-02-28" in time_order(SIGNED, SIGNED - day)


@pytest.mark.parametrize(("after", "due"), [(0.0, 0), (6.99, 0), (7.0, 7), (20.0, 14), (-0.1, None)])
def test_every_seven_days_are_counted_from_the_signature(after: float, due: int | None) -> None:
    plan = replace(PLAN, when=EVERY_DAYS, days=7)
    moment = occasion(plan, signed_at=SIGNED, now=SIGNED + timedelta(days=after))
    assert moment == (None if due is None else SIGNED + timedelta(days=due))
    assert occasion(replace(PLAN, when=EACH_CUT), signed_at=SIGNED, now=SIGNED) is None


def test_the_quick_methods_are_one_piece_and_each_further_one_a_piece_by_selection() -> None:
    (only,) = pieces_of(DEFAULT_METHODS, ("all", "serious"))
    assert (only.methods, only.selections) == (DEFAULT_METHODS, ("all", "serious"))
    pieces = pieces_of((*DEFAULT_METHODS, *FURTHER_METHODS), ("all", "serious"))
    assert len(pieces) == 1 + 2 * len(FURTHER_METHODS)
    assert pieces[1].label == f"{METHODS[FURTHER_METHODS[0]].label}: all events"
    assert [(piece.methods[0], piece.selections) for piece in pieces[1:3]] == [
        (FURTHER_METHODS[0], ("all",)),
        (FURTHER_METHODS[0], ("serious",)),
    ]


BOUNDED = PlannedBoundary(
    "PT", "all", "Headache", design_of("obrien_fleming", {"planned": 74, "alpha": 0.025}, fixed_before=True)
)


def test_a_plan_without_boundaries_keeps_the_bytes_that_were_signed() -> None:
    """As plans were stored before there were boundaries: the same keys, and the sha256 of then."""
    stored = {
        "levels": ["SOC", "PT"],
        "selections": ["all"],
        "methods": [
            {"key": "rd_mn", "limit": 0.0, "raises": True},
            {"key": "fisher", "limit": 0.1, "raises": True},
        ],
        "analysis_arm": "actual",
        "seed": 1,
        "when": "hand",
        "days": None,
    }
    read = from_plain(stored)
    assert read.boundaries == () and to_plain(read) == stored
    assert read.sha256 == "cc15725ad585f1927154f48ec90a26601ac198265c50010007068b1a8d70fc10"
    assert from_plain(json.loads(json.dumps(to_plain(replace(read, boundaries=(BOUNDED,)))))).boundaries == (
        BOUNDED,
    )
    assert replace(read, boundaries=(BOUNDED,)).sha256 != read.sha256


def test_a_boundary_that_was_signed_before_there_were_allocations_keeps_its_bytes() -> None:
    """MaxSPRT with one share, and a group-sequential boundary without planned looks, as they were stored then."""
    stored = [
        {"kind": "maxsprt", "settings": {"planned": 60, "alpha": 0.025, "part": 0.5}},
        {
            "kind": "haybittle_peto",
            "settings": {"measure": "events", "planned": 30, "alpha": 0.025, "interim_z": 3.0},
        },
    ]
    for n, one in enumerate(stored):
        one |= {"level": "PT", "selection": "all", "term": f"Term {n}"}
    plain = to_plain(PLAN) | {"boundaries": stored}
    assert to_plain(from_plain(plain)) == plain and to_plain(check(from_plain(plain))) == plain
    found = from_plain(plain).boundaries[0].design
    assert (
        found.part == 0.5
        and found.allocation == ()
        and against_reference(found, ["Dose"], "Placebo") == found
    )


def test_an_allocation_is_signed_whatever_the_order_of_its_arms() -> None:
    given = {"planned": 60, "alpha": 0.025}
    plans = []
    for text in ("Low = 2; High = 1; Placebo = 1", "Placebo = 1.0;High=1\n Low = 2 ;"):
        design = design_of("maxsprt", {**given, "allocation": parsed(text)}, fixed_before=True)
        plans.append(check(replace(PLAN, boundaries=(replace(BOUNDED, design=design),))))
    assert plans[0] == plans[1] and plans[0].sha256 == plans[1].sha256
    again = from_plain(json.loads(json.dumps(to_plain(plans[0]))))
    assert again == plans[0] and "part" not in to_plain(again)["boundaries"][0]["settings"]
    assert "Allocation of the arms" in dict(boundary_words(again.boundaries[0].design))
    assert "High 1 : Low 2 : Placebo 1" in dict(in_words(again))["Boundaries"]
    check_arms(again, ["Placebo", "Low", "HIGH"], "Placebo")
    with pytest.raises(PlanRefused, match=r"does not name Other\. Name every arm of the study"):
        check_arms(again, ["Placebo", "Low", "High", "Other"], "Placebo")
    with pytest.raises(PlanRefused, match=r"The study has no arm High\. Name Placebo, Low\."):
        check_arms(again, ["Placebo", "Low"], "Placebo")


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        (
            {"part": None},
            "part",
            "needs it. Write a number from 5 to 95 %, such as 50. Where the arms are not alike",
        ),
        ({"allocation": (("A", 1.0), ("B", 1.0))}, "allocation", "says it already. Empty one of the two."),
        ({"part": None, "allocation": (("A", 1.0),)}, "allocation", "Write at least two"),
        ({"part": None, "allocation": (("A", 1.0), ("a", 1.0))}, "allocation", "An arm stands in it twice"),
        ({"part": None, "allocation": (("A", 1.0), ("", 1.0))}, "allocation", "Each arm has a name"),
        ({"part": None, "allocation": (("A", 20.0), ("B", 1.0))}, "allocation", "more than 19 times another"),
        (
            {"part": None, "allocation": (("A", float("nan")), ("B", 1.0))},
            "allocation",
            "Each number is from 0.01",
        ),
    ],
)
def test_an_allocation_that_cannot_be_names_rule_and_remedy(
    given: dict[str, Any], field: str, said: str
) -> None:
    faults = faults_of("maxsprt", {"planned": 60, "alpha": 0.025, "part": 0.5, **given})
    assert list(faults) == [field] and said in faults[field]
    with pytest.raises(NoAllocation, match="is no arm with its number"):
        parsed("Low dose 2")


@pytest.mark.parametrize("kind", list(USES))
def test_each_setting_of_a_boundary_is_part_of_the_hash(kind: str) -> None:
    values = {"measure": "events", "planned": 50, "alpha": 0.05, "risk": 0.2, "threshold": 0.9, "part": 0.4}
    values |= {
        "prior_events": 1.0,
        "prior_free": 2.0,
        "interim_z": 3.5,
        "history_events": 9,
        "history_years": 8.0,
        "looks": 4,
        "allocation": (("Dose", 2.0), ("Placebo", 1.0)),
    }
    other = {
        name: {"measure": "participants", "allocation": (("Dose", 1.0), ("Placebo", 1.0))}.get(name)
        or value / 2
        for name, value in values.items()
    }
    plans = {
        replace(PLAN, boundaries=(replace(BOUNDED, design=design_of(kind, given, fixed_before=True)),)).sha256
        for given in (values, *({**values, name: other[name]} for name in USES[kind]))
    }
    assert len(plans) == 1 + len(USES[kind])


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        (
            {"alpha": 0.0},
            "alpha",
            "0 is beyond what this boundary is computed for. Write a number from 0.001",
        ),
        ({"planned": 0}, "planned", "Write a whole number from 1 to 1,000,000: participants of both arms"),
        ({"planned": 10**400}, "planned", "That is beyond what this boundary is computed for."),
        ({"measure": "money"}, "measure", "Choose one"),
        ({"kind": "maxsprt"}, "part", "needs it. Write a number from 5 to 95 %, such as 50."),
        ({"kind": "oracle"}, "kind", "There is no such boundary"),
    ],
)
def test_a_boundary_that_cannot_be_names_field_rule_and_remedy(
    changed: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(PlanRefused) as refusal:
        check(replace(PLAN, boundaries=(replace(BOUNDED, design=replace(BOUNDED.design, **changed)),)))
    assert said in refusal.value.faults[f"boundaries-0-{field}"]


def test_a_boundary_is_of_an_event_that_the_plan_screens_and_of_each_once() -> None:
    events = [
        replace(BOUNDED, level="HLT"),
        replace(BOUNDED, selection="serious"),
        replace(BOUNDED, term=" "),
        BOUNDED,
        replace(BOUNDED, term="HEADACHE"),
        replace(BOUNDED, level="query"),
    ]
    with pytest.raises(PlanRefused) as refusal:
        check(replace(PLAN, selections=("all",), boundaries=tuple(events)))
    assert list(refusal.value.faults) == [
        f"boundaries-{n}-{name}" for n, name in enumerate(("level", "selection", "spelled"))
    ] + ["boundaries-4-spelled"]
    many = tuple(replace(BOUNDED, term=f"Term {n}") for n in range(21))
    with pytest.raises(PlanRefused, match="at most 20 boundaries"):
        check(replace(PLAN, boundaries=many))
    turned = check(replace(PLAN, boundaries=many[4::-1]))
    assert turned == check(replace(PLAN, boundaries=many[:5]))
    assert "74 participants of both arms; one-sided error" in dict(in_words(turned))["Boundaries"]


def test_a_method_that_flags_nothing_raises_nothing_and_a_signed_plan_keeps_its_bytes() -> None:
    assert not planned("breslow_day").raises
    signed = replace(PLAN, methods=(*PLAN.methods, Planned("breslow_day", 0.05, True)))
    assert to_plain(signed)["methods"][-1] == {"key": "breslow_day", "limit": 0.05, "raises": True}
    assert from_plain(to_plain(signed)).sha256 == signed.sha256
    assert signed.raising == PLAN.raising
    told, without = dict(in_words(signed)), dict(in_words(PLAN))
    label = METHODS["breslow_day"].label
    assert told["A method flags"] == f"{without['A method flags']}\n{label}: gives p; flags nothing"
    assert told["Flags that raise a signal"] == without["Flags that raise a signal"]
