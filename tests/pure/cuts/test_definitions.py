"""The definitions of a study, one by one, on cuts small enough to count by hand; and how they are read and refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pvtracker.cuts import derive
from pvtracker.cuts.data import CutData, CutError
from pvtracker.cuts.wording import USUAL, words
from pvtracker.studies.definitions import (
    DEFAULTS,
    HELP,
    NAMES,
    DefinitionError,
    Definitions,
    check,
    of_settings,
    parse,
)
from tests.small_cut import allocated, cut, day, event, manifest, person, treated


def counted(data: CutData, **settings: Any) -> list[int]:
    """Numbers of the events that count."""
    rules = parse(settings)
    return derive.emergent_events(data, derive.analysis_set(data, rules=rules), rules)["number"].tolist()


def years(data: CutData, **settings: Any) -> list[float]:
    """Days of follow-up of each participant."""
    people = derive.analysis_set(data, rules=parse(settings))
    return [round(value * derive.DAYS_PER_YEAR) for value in people["follow_up_years"]]


def exposed(
    start: str, end: str = "", *, to: str = "DRUG", number: int = 1, phase: str = ""
) -> dict[str, Any]:
    return treated("P1", start, source_id=f"EX-{number}", intervention=to, phase=phase, **day("end", end))


def began(number: int, first: str, last: str = "", **said: Any) -> dict[str, Any]:
    return event("P1", number, day("onset", first, last), **{"phase": "", **said})


def one(exposures: list[dict[str, Any]], *events: dict[str, Any]) -> CutData:
    return cut(participants=[person("P1")], exposures=exposures, adverse_events=list(events))


TWICE = [exposed("2026-01-01", "2026-01-05"), exposed("2026-02-01", "2026-02-05", number=2)]


def test_a_window_of_an_intervention_is_its_own() -> None:
    """DRUG until 5 January, CELLS on 1 February: 10 days after the one, none after the other."""
    given = [exposed("2026-01-01", "2026-01-05"), exposed("2026-02-01", "2026-02-01", to="CELLS", number=2)]
    data = one(given, began(1, "2026-01-10"), began(2, "2026-02-01"), began(3, "2026-02-02"))
    assert counted(data, emergent_window_days=10, intervention_windows={"CELLS": 0}) == [1, 2]
    assert counted(data, emergent_window_days=0, intervention_windows={"CELLS": 1}) == [1, 2, 3]
    assert counted(data, emergent_window_days=0, intervention_windows={"DRUG": None}) == [1, 2, 3]


def test_a_window_of_a_phase_is_for_the_events_of_that_phase() -> None:
    given = [exposed("2026-01-01", "2026-01-02", phase="procedure"), exposed("2026-02-01", number=2)]
    procedural = [began(1, "2026-01-05", phase="procedure"), began(2, "2026-01-06", phase="procedure")]
    other = [began(3, "2026-01-06"), began(4, "2026-03-01", phase="ATI"), began(5, "2026-02-04", phase="ATI")]
    data = one(given, *procedural, *other)
    assert counted(data, phase_windows={"procedure": 3}) == [1, 3, 4, 5]
    # nothing was given in the phase ATI: from whatever was given
    assert counted(data, phase_windows={"ATI": 3}) == [1, 2, 3, 5]
    assert counted(data, emergent_window_days=0, phase_windows={"ATI": None}) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(("rule", "numbers"), [("last", [1, 2, 3, 4]), ("each", [1, 3, 4]), ("first", [1])])
def test_a_later_exposure_opens_the_window_again_or_not(rule: str, numbers: list[int]) -> None:
    """Windows of 3 days: until 8 January and until 8 February; 20 January lies between them."""
    days = ("2026-01-08", "2026-01-20", "2026-02-01", "2026-02-08", "2026-02-09")
    data = one(TWICE, *(began(number, when) for number, when in enumerate(days, start=1)))
    assert counted(data, emergent_window_days=3, re_exposure=rule) == numbers


def test_an_exposure_without_an_end_lasts_a_day_or_goes_on() -> None:
    data = one([exposed("2026-01-01")], began(1, "2026-01-03"), began(2, "2026-03-31"))
    assert counted(data, emergent_window_days=5) == [1]
    assert counted(data, emergent_window_days=5, open_exposure="continues") == [1, 2]
    assert years(data) == years(data, open_exposure="continues") == [90]


def test_a_partial_onset_counts_when_it_may_or_when_it_must() -> None:
    """First exposure on 10 January, a window until 20 January."""
    data = one(
        [exposed("2026-01-10", "2026-01-10")],
        began(1, "2026-01-01", "2026-01-31"),
        began(2, "2026-01-10", "2026-01-20"),
        began(3, "2026-01-20", "2026-01-21"),
        began(4, ""),
    )
    assert counted(data, emergent_window_days=10) == [1, 2, 3, 4]
    assert counted(data, emergent_window_days=10, partial_onset="certain") == [2, 4]
    assert counted(
        data, emergent_window_days=10, partial_onset="certain", unknown_onset="does not count"
    ) == [2]
    assert counted(data, unknown_onset="does not count") == [1, 2, 3]


@pytest.mark.parametrize(
    ("course", "counts", "surely"),
    [
        ("", False, False),
        ("2026-01-20 3", False, False),  # recorded once: no rise is known
        ("2026-01-05 1|2026-01-09 3", False, False),  # before the first exposure
        ("2026-01-05 1|2026-01-20 3", True, False),  # somewhere between
        ("2026-01-12 1|2026-01-20 3", True, True),
        ("2026-01-05 3|2026-01-20 1|2026-01-25 3", False, False),  # no worse than it was
        ("2026-01-05 3|2026-01-20 1|2026-01-25 4", True, True),
    ],
)
def test_a_condition_that_grew_worse_after_first_exposure(course: str, counts: bool, surely: bool) -> None:
    """First exposure on 10 January, onset before it."""
    data = one([exposed("2026-01-10")], began(1, "2026-01-02", grade_course=course))
    assert counted(data) == []
    assert counted(data, baseline="worsening") == [1] * counts
    assert counted(data, baseline="worsening", partial_onset="certain") == [1] * surely


def test_the_day_of_a_worsening_is_the_first_on_which_it_may_have_been() -> None:
    course = "2026-01-15 1|2026-01-20 3"
    data = one([exposed("2026-01-10")], began(1, "2026-01-02", grade_course=course))
    rules = parse({"baseline": "worsening"})
    events = derive.emergent_events(data, derive.analysis_set(data, rules=rules), rules)
    assert events["day"].tolist() == [5.0]


def test_follow_up_ends_after_the_last_exposure_for_time_and_events_alike() -> None:
    data = one(TWICE, began(1, "2026-02-15"), began(2, "2026-02-16"))
    assert (counted(data), years(data)) == ([1, 2], [90])
    assert counted(data, follow_up_days=10) == [1]
    assert years(data, follow_up_days=10) == [31 + 15]  # 1 January to 15 February


def test_the_denominator_is_who_was_treated_or_who_was_randomised() -> None:
    data = cut(
        participants=[
            person("P1", screen_failure=False),
            person("P2", screen_failure=False, **day("started_on", ""), **day("consented_on", "2026-03-01")),
            person("P3", screen_failure=True),
        ],
        exposures=[treated("P1")],
        adverse_events=[event(name, 1, day("onset", "2026-03-02"), phase="") for name in ("P1", "P2", "P3")],
        arms=[allocated("P1", "LOW"), allocated("P2", "PBO")],
    )
    rules = parse({"analysis_set": "randomised"})
    people = derive.analysis_set(data, analysis_arm="planned", rules=rules)
    assert (people["subject"].tolist(), people["arm"].tolist()) == (["P1", "P2"], [1, 0])
    assert derive.emergent_events(data, people, rules)["subject"].tolist() == ["P1", "P2"]
    assert years(data, analysis_set="randomised") == [90, 31]
    assert derive.analysis_set(data)["subject"].tolist() == ["P1"]


def test_the_set_of_those_who_had_one_intervention_begins_with_it() -> None:
    data = one(
        [exposed("2026-01-01"), exposed("2026-02-01", to="CELLS", number=2)],
        began(1, "2026-01-15"),
        began(2, "2026-02-01"),
    )
    assert counted(data, exposed_to=["CELLS"]) == [2]
    assert counted(data, exposed_to=["OTHER"]) == []
    assert years(data, exposed_to=["CELLS"]) == [28 + 31]


def test_whoever_received_another_arms_treatment_is_kept_or_in_no_arm() -> None:
    data = cut(
        participants=[person("P1"), person("P2"), person("P3")],
        exposures=[treated("P1"), treated("P2"), treated("P3")],
        arms=[allocated("P1", "HIGH", "LOW"), allocated("P2", "PBO"), allocated("P3", "LOW", "NOTTRT")],
    )
    for arm, kept in (("planned", [2, 0, 1]), ("actual", [1, 0, -1])):
        excluded = parse({"crossover": "excluded"})
        assert derive.analysis_set(data, analysis_arm=arm)["arm"].tolist() == kept
        found = derive.analysis_set(data, analysis_arm=arm, rules=excluded)["arm"].tolist()
        assert found == [-1, *kept[1:]]  # NOTTRT is no arm: nobody's treatment was received
    assert derive.analysis_set(data, rules=excluded)["arm"].tolist() == [0, 0, 0]


def test_a_pool_is_compared_besides_its_arms() -> None:
    data = cut()
    arms = derive.arms_of(data, parse({"pools": {"Any active dose": ["HIGH", "LOW"]}}))
    assert arms.sides == (("Low dose", (1,)), ("High dose", (2,)), ("Any active dose", (1, 2)))
    assert derive.arms_of(data).sides == arms.sides[:2]
    # the reference and what the protocol of the cut does not print are in no pool
    assert derive.arms_of(data, parse({"pools": {"Odd": ["LOW", "PBO", "GONE"]}})).pools == ()


def test_a_stratum_is_named_by_what_it_is_made_of() -> None:
    data = cut(
        participants=[person("P1", site="01", sex="F"), person("P2", site="", sex="M")],
        exposures=[treated("P1"), treated("P2")],
    )
    people = derive.analysis_set(data, rules=parse({"strata": ["site", "sex"]}))
    assert people["stratum"].tolist() == ["01 / F", "not recorded / M"]
    assert "stratum" not in derive.analysis_set(data)


def test_ages_are_grouped_at_the_cut_points_of_the_study() -> None:
    ages = {"P1": 17, "P2": 18, "P3": 39, "P4": 40, "P5": 125, "P6": None}
    people = [person(name, age=age, sex="F") for name, age in ages.items()]
    data = cut(participants=people, exposures=[treated(name) for name in ages])

    def strata(**settings: Any) -> list[str]:
        return list(derive.analysis_set(data, rules=parse(settings))["stratum"])

    assert strata(strata=["age"], age_groups=[18, 40]) == [
        "under 18", "18 to 39", "18 to 39", "40 or more", "40 or more", "not recorded",
    ]  # fmt: skip
    assert strata(strata=["sex", "age"])[3:] == ["F / under 65", "F / 65 or more", "F / not recorded"]
    assert strata(strata=["age"], age_groups=[39, 40])[2:4] == ["39", "40 or more"]
    said = derive.definitions(data, parse({"strata": ["sex", "age"], "age_groups": [18, 40]}))["strata"]
    assert said == (
        "Stratified methods stratify by sex and age; others do not. The groups of age: under 18, 18 to 39, 40 or more."
    )


def test_a_cut_without_definitions_counts_and_says_what_it_always_did() -> None:
    assert of_settings({"analysis_arm": "actual", "emergent_window_days": None}) == DEFAULTS
    assert derive.definitions(cut()) == USUAL
    said = derive.definitions(cut(stated=manifest(window=30)))
    added = (
        " Onset no later than 30 days after last exposure. Who has no exposure with a date has no window: every onset "
        "on or after first exposure counts."
    )
    assert said == {**USUAL, "treatment-emergent": USUAL["treatment-emergent"] + added}
    assert DEFAULTS.differing() == {}


ODD: dict[str, Any] = {
    "emergent_window_days": 30,
    "intervention_windows": {"DRUG": 28, "ART": None},
    "phase_windows": {"procedure": 7},
    "re_exposure": "each",
    "open_exposure": "continues",
    "partial_onset": "certain",
    "unknown_onset": "does not count",
    "baseline": "worsening",
    "follow_up_days": 90,
    "analysis_set": "randomised",
    "not_per_protocol": {"P1": "no second dose"},
    "exposed_to": ["DRUG"],
    "analysis_arm": "planned",
    "crossover": "excluded",
    "pools": {"Any active dose": ["LOW", "HIGH"]},
    "strata": ["site", "age"],
    "age_groups": [18, 40],
    "special_interest": ["Seizure"],
    "queries": {"Fits": ["Seizure", "Epilepsy"]},
}


def test_every_setting_is_explained_carried_and_changes_the_words() -> None:
    assert set(ODD) == set(NAMES) == set(HELP)
    rules = parse(json.loads(json.dumps(ODD)))
    assert rules.differing() == rules.stated() == ODD
    assert parse(rules.stated()) == rules
    for name, value in ODD.items():
        usual: dict[str, Any] = {
            "not_per_protocol": {"analysis_set": "per-protocol"},
            "age_groups": {"strata": ["age"]},
        }.get(name, {})
        if name != "analysis_arm":  # which is said with the arms
            said = derive.definitions(cut(), parse({**usual, name: value}))
            assert said != derive.definitions(cut(), parse(usual)), name
    by_name = derive.definitions(cut(), parse({"pools": ODD["pools"]}))["pools of arms"]
    assert by_name.startswith("Any active dose: Low dose, High dose.")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("emergent_window_days", -1, "A whole number of days from 0 to 36500"),
        ("follow_up_days", True, "whole number of days"),
        ("follow_up_days", "30", "not '30'"),
        ("intervention_windows", [1], "A value for each name"),
        ("phase_windows", {"": 1}, "A name has 1 to 40 characters"),
        ("phase_windows", {"a=b": 1}, "no sign of equality"),
        ("re_exposure", "twice", "last or each or first"),
        ("analysis_set", None, "treated or randomised"),
        ("exposed_to", "DRUG", "A list of names"),
        ("exposed_to", ["DRUG", "DRUG"], "stands twice"),
        ("pools", {"Any": ["LOW"]}, "two arms at least"),
        ("strata", ["arm"], "none of site, country, sex, race, ethnicity, age"),
        ("age_groups", [], "One age or more in years"),
        ("age_groups", [65, 18], "each higher than the last"),
        ("age_groups", [0], "from 1 to 125"),
        ("age_groups", ["65"], "One age or more"),
        ("colour", "red", "is no setting"),
    ],
)
def test_a_setting_that_cannot_hold_is_refused_with_its_name_rule_and_remedy(
    name: str, value: Any, said: str
) -> None:
    with pytest.raises(DefinitionError, match=said) as refused:
        parse({name: value, "baseline": "onset"})
    assert list(refused.value.faults) == [name]
    assert name not in HELP or refused.value.faults[name].startswith(HELP[name][0])


def test_what_is_named_must_be_in_the_protocol() -> None:
    protocol: dict[str, Any] = {
        "arms": {"PBO": True, "LOW": False, "HIGH": False},
        "interventions": {"DRUG": "product", "ART": "background"},
        "arm_names": ["Placebo", "Low dose", "High dose"],
    }
    check(parse({**ODD, "intervention_windows": {"DRUG": 28}}), **protocol)
    for name, value, said in (
        ("intervention_windows", {"ART": 1}, "“ART”: no intervention .* one of DRUG"),
        ("exposed_to", ["CELLS"], "“CELLS”: no intervention"),
        ("pools", {"All": ["PBO", "LOW"]}, "“PBO”: no arm that is compared .* one of LOW, HIGH"),
        ("pools", {"Low dose": ["LOW", "HIGH"]}, "“Low dose”: an arm is called so"),
        ("queries", {"Pain": ["A"], "PAIN": ["B"]}, "“Pain”: differs from “PAIN” in its capitals only"),
        ("pools", {"any": ["LOW", "HIGH"], "Any": ["LOW", "HIGH"]}, "“any”: differs from “Any” in its"),
    ):
        with pytest.raises(DefinitionError, match=said) as refused:
            check(parse({name: value}), **protocol)
        assert list(refused.value.faults) == [name]


@pytest.mark.parametrize(
    "stated", ["none", ["site"], {"analysis_arm": "planned"}, {"strata": "site"}, {"x": 1}]
)
def test_a_manifest_with_definitions_that_are_none_is_refused(stated: Any) -> None:
    known = manifest()
    known["settings"]["definitions"] = stated
    with pytest.raises(CutError, match="definitions of cut small cannot be read"):
        derive.analysis_set(cut(stated=known))


def test_the_cut_says_which_rules_hold() -> None:
    known = manifest()
    known["settings"]["definitions"] = {"exposed_to": ["CELLS"]}
    data = cut(stated=known, participants=[person("P1")], exposures=[exposed("2026-01-01")])
    assert derive.rules_of(data) == Definitions(exposed_to=("CELLS",))
    assert derive.analysis_set(data).empty


def test_per_protocol_leaves_out_the_listed_and_says_why_without_naming_them() -> None:
    data = cut(
        participants=[person(name) for name in ("P1", "P2", "P3")],
        exposures=[treated("P1"), treated("P2")],
        adverse_events=[event(name, 1, day("onset", "2026-01-02"), phase="") for name in ("P1", "P2", "P3")],
    )
    listed = {"P2": "no second dose", "P3": "no second dose", "GONE": "wrong age"}
    for analysis_set, kept in (("per-protocol", ["P1"]), ("treated", ["P1", "P2"])):
        rules = parse({"analysis_set": analysis_set, "not_per_protocol": listed})
        people = derive.analysis_set(data, rules=rules)
        assert people["subject"].tolist() == kept
        assert derive.emergent_events(data, people, rules)["subject"].tolist() == kept
        told = words(rules, {})["analysis set"]
        assert told.endswith("arm: 2 for “no second dose”; 1 for “wrong age”.") == (kept == ["P1"])
        assert told.startswith("Per-protocol participants, of the randomised. ") == (kept == ["P1"])
        assert not [subject for subject in listed if subject in told]
        assert rules.stated()["not_per_protocol"] == dict(sorted(listed.items()))
    for unfit in ("", " late", "x" * 121, "two\nlines", 3, None):
        with pytest.raises(DefinitionError, match="needs its reason, of 1 to 120 characters"):
            parse({"not_per_protocol": {"P2": unfit}})


def test_the_words_say_that_windows_are_of_the_treated() -> None:
    """Among all randomised: who has no exposure has no day from which a window could run."""
    limits = {"emergent_window_days": 30, "follow_up_days": 30}
    told = words(parse({"analysis_set": "randomised", **limits}), {})
    assert told["treatment-emergent"].endswith(
        "Who was never treated or has no exposure with a date has no window: every onset on or after first exposure "
        "counts."
    )
    assert told["follow-up"].endswith(
        "Who was never treated or has no exposure with a date is followed without that end."
    )
    assert not [text for text in words(parse(limits), {}).values() if "never treated" in text]
    data = cut(
        participants=[
            person("P1"),
            person("P2", **day("started_on", ""), **day("consented_on", "2026-01-01")),
            person("P3"),
        ],
        exposures=[treated("P1"), treated("P3", "")],
        adverse_events=[
            event(name, number, day("onset", onset), phase="")
            for name in ("P1", "P2", "P3")
            for number, onset in enumerate(("2025-12-31", "2026-03-02"), start=1)
        ],
        arms=[allocated("P1", "LOW"), allocated("P2", "PBO"), allocated("P3", "LOW")],
    )
    for analysis_set, outside in (("randomised", ["P2", "P3"]), ("treated", ["P3"])):
        rules = parse({"analysis_set": analysis_set, **limits})
        people = derive.analysis_set(data, analysis_arm="planned", rules=rules)
        found = derive.emergent_events(data, people, rules)
        assert list(zip(found["subject"], found["number"], strict=True)) == [(name, 2) for name in outside]
