"""The rules of counting, one by one, on cuts small enough to count by hand."""

import numpy as np
import pytest

from pvtracker.cuts import derive
from pvtracker.cuts.data import CutData, CutError
from tests.small_cut import allocated, cut, day, event, manifest, person, treated

YEAR = derive.DAYS_PER_YEAR


def emergent(data: CutData) -> list[int]:
    """Numbers of the events that count."""
    return derive.emergent_events(data, derive.analysis_set(data))["number"].tolist()


def one_person(*events: dict[str, object], **said: object) -> CutData:
    exposures = [treated("P1", "2026-01-10")]
    return cut(participants=[person("P1")], exposures=exposures, adverse_events=list(events), **said)  # type: ignore[arg-type]


def test_only_treated_participants_are_analysed() -> None:
    data = cut(
        participants=[person("P1"), person("P2"), person("P3")], exposures=[treated("P1"), treated("P3")]
    )
    assert derive.analysis_set(data)["subject"].tolist() == ["P1", "P3"]


def test_background_treatment_makes_nobody_treated_and_starts_no_follow_up() -> None:
    before = treated("P1", "2020-01-01", intervention="ART")
    data = cut(
        participants=[person("P1"), person("P2")],
        exposures=[before, treated("P1", "2026-01-10", source_id="EX-2"), treated("P2", intervention="ART")],
    )
    people = derive.analysis_set(data)
    assert people["subject"].tolist() == ["P1"]
    assert str(people["first_exposure"][0].date()) == "2026-01-10"


def test_an_onset_on_the_day_of_first_exposure_counts_and_one_before_does_not() -> None:
    on, before = day("onset", "2026-01-10"), day("onset", "2026-01-09")
    assert emergent(one_person(event("P1", 1, on), event("P1", 2, before))) == [1]


def test_a_partial_onset_counts_unless_it_was_certainly_before() -> None:
    january, december = day("onset", "2026-01-01", "2026-01-31"), day("onset", "2025-12-01", "2025-12-31")
    unknown = day("onset", "")
    data = one_person(event("P1", 1, january), event("P1", 2, december), event("P1", 3, unknown))
    assert emergent(data) == [1, 3]


def test_the_window_after_the_last_exposure_ends_what_counts() -> None:
    events = [event("P1", 1, day("onset", "2026-02-09")), event("P1", 2, day("onset", "2026-02-10"))]
    assert emergent(one_person(*events, stated=manifest(window=30))) == [1]
    assert emergent(one_person(*events)) == [1, 2]


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ({}, "2026-03-31"),
        ({"last_contact": np.datetime64("2026-05-02").item()}, "2026-05-02"),
        ({**day("died_on", "2026-02-01")}, "2026-02-01"),
        ({**day("ended_on", "2026-12-24")}, "2026-06-30"),  # not beyond the cut
        ({**day("ended_on", "")}, "2026-01-01"),  # the exposure is the last thing known
    ],
)
def test_follow_up_ends_at_death_else_at_the_last_thing_known(said: dict[str, object], end: str) -> None:
    data = cut(participants=[person("P1", **said)], exposures=[treated("P1")])
    assert str(derive.analysis_set(data)["follow_up_end"][0].date()) == end


def test_follow_up_includes_both_ends() -> None:
    data = cut(participants=[person("P1", **day("ended_on", "2026-01-01"))], exposures=[treated("P1")])
    assert derive.analysis_set(data)["follow_up_years"].tolist() == [1 / YEAR]


def test_a_participant_counts_once_per_term_and_every_event_counts_as_event() -> None:
    events = [event("P1", n, day("onset", f"2026-01-{20 - n}")) for n in (1, 2, 3)]
    data = one_person(*events)
    people = derive.analysis_set(data)
    found = derive.count_terms(
        people, derive.emergent_events(data, people), level="PT", selections=["all"], arms=1
    )
    assert found[0].terms == ("Headache",)
    assert (found[0].participants.tolist(), found[0].events.tolist()) == ([[1]], [[3]])
    # the earliest onset is the 17th, the eighth day of treatment
    assert found[0].person_years[0, 0] == pytest.approx(8 / YEAR)


def test_person_years_of_those_without_the_event_are_their_whole_follow_up() -> None:
    data = cut(
        participants=[person("P1"), person("P2")],
        exposures=[treated("P1"), treated("P2")],
        adverse_events=[event("P1", 1, day("onset", "2026-01-05"))],
    )
    people = derive.analysis_set(data)
    found = derive.count_terms(
        people, derive.emergent_events(data, people), level="PT", selections=["all"], arms=1
    )
    assert found[0].person_years[0, 0] == pytest.approx((5 + 90) / YEAR)


def test_an_event_of_unknown_day_counts_with_the_whole_follow_up() -> None:
    data = cut(
        participants=[person("P1")],
        exposures=[treated("P1")],
        adverse_events=[event("P1", 1, day("onset", ""))],
    )
    people = derive.analysis_set(data)
    found = derive.count_terms(
        people, derive.emergent_events(data, people), level="PT", selections=["all"], arms=1
    )
    assert found[0].person_years[0, 0] == pytest.approx(90 / YEAR)


def test_selections_follow_their_definitions() -> None:
    onset = day("onset", "2026-01-20")
    judged = [
        {"subject": "P1", "number": n, "intervention": "DRUG", "assessor": who, "causality": said}
        for n, who, said in (
            (1, "investigator", "possible"),
            (2, "investigator", "unlikely"),
            (3, "sponsor", "definite"),
        )
    ]
    data = one_person(
        event("P1", 1, onset, grade=2),
        event("P1", 2, onset, grade=3, serious=None, criteria="death"),
        event("P1", 3, onset, grade=None, serious=True),
        event("P1", 4, onset, grade=1, serious=False, criteria="hospitalisation"),  # a contradiction: a query
        assessments=judged,
    )
    events = derive.emergent_events(data, derive.analysis_set(data))
    chosen = {name: events.loc[events[name], "number"].tolist() for name in derive.SELECTIONS}
    assert chosen == {
        "all": [1, 2, 3, 4],
        "serious": [2, 3],
        "criterion": [2, 4],
        "grade3plus": [2],
        "related": [1],
    }


def test_an_event_that_is_not_coded_is_counted_under_its_own_name() -> None:
    data = one_person(event("P1", 1, day("onset", "2026-01-20"), preferred_term="", system_organ_class=""))
    people = derive.analysis_set(data)
    for level in ("PT", "SOC"):
        found = derive.count_terms(
            people, derive.emergent_events(data, people), level=level, selections=["all"], arms=1
        )
        assert found[0].terms == (derive.NOT_CODED,)


def test_planned_and_actual_arm_may_differ_and_the_untreated_are_in_none() -> None:
    data = cut(
        participants=[person("P1"), person("P2"), person("P3")],
        exposures=[treated("P1"), treated("P2"), treated("P3")],
        arms=[allocated("P1", "HIGH", "LOW"), allocated("P2", "PBO"), allocated("P3", "NOTASSGN")],
    )
    assert derive.analysis_set(data, analysis_arm="planned")["arm"].tolist() == [2, 0, -1]
    assert derive.analysis_set(data, analysis_arm="actual")["arm"].tolist() == [1, 0, -1]
    assert derive.analysis_set(data)["arm"].tolist() == [0, 0, 0]


def test_an_unknown_analysis_arm_is_refused() -> None:
    with pytest.raises(CutError, match="planned or actual"):
        derive.analysis_set(cut(participants=[person("P1")], exposures=[treated("P1")]), analysis_arm="coded")


def test_the_open_room_has_no_arm_to_ask_for() -> None:
    data = cut(participants=[person("P1")], exposures=[treated("P1")])
    blinded = CutData(
        data.cut_id, data.sha256, data.manifest, {k: v for k, v in data.frames.items() if k != "arms"}
    )
    assert not blinded.has_arms
    with pytest.raises(CutError, match="arms"):
        derive.analysis_set(blinded, analysis_arm="planned")


def test_an_empty_cut_counts_nothing() -> None:
    data = cut()
    people = derive.analysis_set(data)
    events = derive.emergent_events(data, people)
    found = derive.count_terms(people, events, level="PT", selections=["all"], arms=1)
    assert (len(people), len(events), found[0].terms) == (0, 0, ())


def test_a_term_belongs_to_the_organ_class_of_most_of_its_events() -> None:
    onset = day("onset", "2026-01-20")
    classes = ["B", "A", "B", "A", "B"]
    data = one_person(
        *[event("P1", n, onset, system_organ_class=name) for n, name in enumerate(classes, start=1)]
    )
    events = derive.emergent_events(data, derive.analysis_set(data))
    assert derive.body_systems(events) == {"Headache": "B"}
    assert derive.body_systems(events[events["number"] < 5]) == {"Headache": "A"}
