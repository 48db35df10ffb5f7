"""Single cases: who is one, on which day, and that none of it needs a count."""

from dataclasses import replace
from typing import Any

import pytest

from pvtracker.cuts import derive
from pvtracker.cuts.data import CutData, CutError
from pvtracker.signals import triggers
from pvtracker.signals.screen import screen
from tests.small_cut import allocated, cut, day, event, manifest, person, treated


def trial(**said: Any) -> CutData:
    """A on the low dose, B on placebo, C treated without an arm, D not treated, E a screen failure."""
    dead = {"died": True, **day("died_on", "2026-02-01")}
    return cut(
        participants=[
            person("A", **dead),
            person("B"),
            person("C", died=True),
            person("D", died=True, **day("died_on", "2026-03-01", "2026-03-31") | {"died_on": "2026-03"}),
            person("E", died=True, screen_failure=True),
        ],
        exposures=[treated(subject) for subject in ("A", "B", "C")],
        arms=[allocated("A", "LOW"), allocated("B", "PBO"), allocated("C", "NOTASSGN")],
        adverse_events=[
            event("A", 1, day("onset", "2026-01-09"), outcome="fatal", preferred_term="Sepsis"),
            event("A", 2, day("onset", "2026-01-05"), outcome="fatal", preferred_term=""),
            event("B", 1, day("onset", ""), preferred_term="Lymphoma", system_organ_class="Neoplasms"),
            event("B", 2, day("onset", "2025-12-01"), preferred_term="Lymphoma"),
            event("B", 3, day("onset", "2026-01-20"), outcome="fatal", preferred_term="Stroke"),
        ],
        **said,
    )


def found(data: CutData, **said: Any) -> list[tuple[Any, ...]]:
    cases = triggers.triggers(data, analysis_arm=said.pop("analysis_arm", "planned"), **said)
    return [(case.kind, case.subject, case.number, case.arm, case.day, case.said) for case in cases]


def test_every_death_is_a_case_with_its_arm_and_day() -> None:
    assert found(trial()) == [
        ("death", "A", 0, "Low dose", 32, "Died on 2026-02-01. Fatal event: Sepsis, Not coded."),
        ("death", "B", 0, "Placebo", None, "Died. Fatal event: Stroke."),  # an outcome is enough
        ("death", "C", 0, "", None, "Died. No fatal event is recorded."),
        ("death", "D", 0, "", None, "Died on 2026-03. No fatal event is recorded."),
    ]


def test_cases_are_counted_by_kind_and_events_of_special_interest_by_term_too() -> None:
    death = triggers.Trigger("death", "A", 0, "", "", "", None, "")
    event = replace(death, kind="special_interest", named=("Sepsis",))
    hys_law = replace(death, kind="hys_law")
    assert triggers.counted([]) == ""
    assert triggers.counted([death, *[event] * 5]) == "1 death; 5 events of special interest (1 term)"
    assert (
        triggers.counted([event, hys_law, replace(event, named=("Sepsis", "Infections")), death, death])
        == "2 deaths; 1 possible case of Hy’s law; 2 events of special interest (2 terms)"
    )
    assert (
        triggers.counted([replace(event, named=())]) == "1 event of special interest"
    )  # an earlier version's


def test_who_is_not_per_protocol_is_a_case_all_the_same() -> None:
    data = trial(
        measurements=[
            measured("B", "ALT", "2026-01-10", 130),
            measured("B", "BILI", "2026-01-20", 50, 20),
        ]
    )
    rules = replace(
        derive.rules_of(data),
        analysis_set="per-protocol",
        not_per_protocol=(("A", "no second dose"), ("B", "no second dose")),
    )
    assert {one[0] for one in found(data, special_interest=["Lymphoma"])} == set(triggers.LABELS)
    left = derive.under(data, rules)
    assert list(derive.analysis_set(left, analysis_arm="planned")["subject"]) == ["C"]
    assert found(left, special_interest=["Lymphoma"]) == found(data, special_interest=["Lymphoma"])


@pytest.mark.parametrize("term", ["Lymphoma", "Neoplasms"])
def test_an_event_of_special_interest_is_one_case_each_when_it_is_emergent(term: str) -> None:
    special = [one for one in found(trial(), special_interest=[term]) if one[0] == "special_interest"]
    assert special == [("special_interest", "B", 1, "Placebo", None, "Lymphoma, onset unknown.")]
    assert found(trial(), special_interest=["Rash"]) == found(trial())
    timed = day("onset", "2026-01-09") | {"onset": "2026-01-09T15:37"}
    alone = cut(
        participants=[person("B")],
        exposures=[treated("B")],
        arms=[allocated("B", "PBO")],
        adverse_events=[event("B", 1, timed)],
    )
    (one,) = found(alone, special_interest=["Headache"])
    assert one[-1] == "Headache, onset 2026-01-09 15:37."


def test_a_day_before_first_exposure_has_no_nought() -> None:
    data = cut(
        participants=[
            person("A", **day("died_on", "2025-12-31")),
            person("B", **day("died_on", "2026-01-01")),
        ],
        exposures=[treated("A"), treated("B")],
        arms=[allocated("A", "LOW"), allocated("B", "PBO")],
    )
    assert [one[4] for one in found(data)] == [-1, 1]


def test_the_name_is_the_same_by_either_arm_and_whatever_the_event_is_coded_to() -> None:
    one = triggers.Trigger("death", "S-1", 0, "Low dose", "Sepsis", "2026", None, "Died.")
    assert one.name == "Death: S-1"
    assert triggers.Trigger("special_interest", "S-1", 3, "", "Lymphoma", "", 4, "").name == (
        "Event of special interest: S-1, event 3"
    )
    named = triggers.Trigger(
        "special_interest", "S-1", 3, "", "Lymphoma", "", 4, "", ("Neoplasms", "Lymphoma")
    )
    assert named.signals == ("Event of special interest: Neoplasms", "Event of special interest: Lymphoma")
    assert one.signals == ("Death: S-1",)
    assert len(triggers.of_term("x" * 300)) == 200


def test_a_run_keeps_its_cases_and_reads_them_again() -> None:
    said = manifest()
    said["settings"]["definitions"] = {"special_interest": ["Lymphoma"]}
    kept = screen(trial(stated=said), analysis_arm="planned").settings
    cases = triggers.kept_in(kept)
    assert [case.name for case in cases][-1] == "Event of special interest: B, event 1"
    assert len(cases) == 5 and triggers.stated(cases) == kept["triggers"]
    assert triggers.kept_in({}) == []
    table = triggers.table(cases, {"Death: A": "/there/"})
    assert [cell["text"] for cell in table["rows"][0]["cells"]][:4] == ["Death", "A", "Low dose", "32"]
    assert table["rows"][0]["cells"][0]["url"] == "/there/" and "url" not in table["rows"][1]["cells"][0]


def test_a_list_that_is_too_wide_for_single_cases_is_refused_before_anything_is_computed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = manifest()
    said["settings"]["definitions"] = {"special_interest": ["Stroke", "Nervous system disorders"]}
    data = trial(stated=said)
    kept = screen(data, analysis_arm="planned").settings
    special = [one for one in triggers.kept_in(kept) if one.kind == "special_interest"]
    assert [(one.subject, one.number, one.named) for one in special] == [
        ("A", 1, ("Nervous system disorders",)),
        ("A", 2, ("Nervous system disorders",)),
        ("B", 3, ("Stroke", "Nervous system disorders")),
    ]
    monkeypatch.setattr(triggers, "MOST_SPECIAL", 3)
    screen(data, analysis_arm="planned")
    monkeypatch.setattr(triggers, "MOST_SPECIAL", 2)
    told: list[str] = []
    with pytest.raises(
        CutError, match=r"^3 .* at most 2 .* Nervous system disorders \(3\)\. .* freeze again\.$"
    ):
        screen(data, analysis_arm="planned", progress=lambda done, total, text: told.append(text))
    assert len(told) == 2, "no method was begun"


def measured(subject: str, analyte: str, on: str, value: float, high: float = 40.0) -> dict[str, Any]:
    return {
        "subject": subject,
        "source_id": f"{analyte} {on}",
        "analyte": analyte,
        "value": value,
        "high": high,
        **day("taken_on", on, on),
    }


def test_who_meets_the_laboratory_part_of_hys_law_is_a_case() -> None:
    data = cut(
        participants=[person(subject) for subject in "ABCD"],
        exposures=[treated(subject) for subject in "ABC"],
        arms=[allocated("A", "LOW"), allocated("B", "PBO"), allocated("C", "LOW")],
        measurements=[
            measured("A", "BILI", "2026-01-25", 2.5, 1.2),
            measured("A", "ALT", "2026-01-10", 120.0),
            measured("A", "ALP", "2026-01-10", 100.0, 120.0),
            measured("B", "ALT", "2026-01-10", 119.0),  # below three times
            measured("B", "BILI", "2026-01-10", 9.0, 1.2),
            measured("C", "AST", "2026-01-01", 400.0),  # of the day of first exposure: before
            measured("C", "BILI", "2026-01-02", 9.0, 1.2),
            measured("D", "AST", "2026-01-05", 400.0),  # never treated
            measured("D", "BILI", "2026-01-06", 9.0, 1.2),
            {**measured("C", "AST", "2026-01-20", 400.0), "high": None},
        ],
    )
    said = "ALT or AST 3.0 × the upper limit on day 10, total bilirubin 2.1 × on day 25."  # 2.5 ÷ 1.2
    assert found(data) == [("hys_law", "A", 0, "Low dose", 10, said)]
    without_alp = cut(
        participants=[person("A")],
        exposures=[treated("A")],
        arms=[allocated("A", "LOW")],
        measurements=[
            measured("A", "ALT", "2026-01-10", 120.0),
            measured("A", "BILI", "2026-01-10", 9.0, 1.2),
        ],
    )
    assert "Alkaline phosphatase was not measured" in found(without_alp)[0][5]
    above = [
        {**row, "value": None, "value_text": text}
        for row, text in (
            (measured("A", "ALT", "2026-01-10", 0.0), ">5000"),
            (measured("A", "BILI", "2026-01-10", 0.0, 1.2), "≥ 20"),
        )
    ]
    beyond_range = cut(
        participants=[person("A")],
        exposures=[treated("A")],
        arms=[allocated("A", "LOW")],
        measurements=above,
    )
    ((*_, told),) = found(beyond_range)
    assert told.startswith("ALT or AST 125.0 × the upper limit on day 10, total bilirubin 16.7 ×")
    frames = {name: frame for name, frame in data.frames.items() if name != "measurements"}
    assert found(CutData("x", "", data.manifest, frames)) == []  # nothing loaded, nothing looked for
