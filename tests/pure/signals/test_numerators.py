"""The participants behind a number are the ones that the screening counted."""

import pytest

from pvtracker.cuts import derive
from pvtracker.signals.numerators import Emergent, counted
from pvtracker.signals.screen import LEVELS, screen
from tests.small_cut import allocated, cut, day, event, person, treated

DATA = cut(
    participants=[person(f"S-{n}") for n in range(1, 7)],
    exposures=[treated(f"S-{n}") for n in range(1, 6)],  # S-6 was never treated
    arms=[
        allocated("S-1", "PBO"),
        *(allocated(f"S-{n}", "LOW") for n in (2, 3, 6)),
        allocated("S-4", "HIGH"),
    ],
    adverse_events=[
        event("S-1", 1, day("onset", "2026-01-05")),
        event("S-2", 2, day("onset", "2026-01-09"), grade=3, serious=True),
        event("S-2", 1, day("onset", "2026-01-01")),
        event("S-3", 1, day("onset", ""), preferred_term="", system_organ_class=""),
        event("S-3", 2, day("onset", "2025-12-01")),  # before treatment
        event("S-4", 1, day("onset", "2026-02-01", "2026-02-28"), preferred_term="Rash"),
        event("S-5", 1, day("onset", "2026-01-05")),  # of no arm of the protocol
        event("S-6", 1, day("onset", "2026-01-05")),
    ],
)
OF = Emergent.of(DATA, analysis_arm="planned")


def test_the_events_behind_a_term_by_arm_participant_and_number() -> None:
    found = counted(OF, level="PT", selection="all", term="Headache")
    told = [(e.arm, e.subject, e.number, e.day, e.grade, e.serious) for e in found]
    assert told == [
        ("Placebo", "S-1", 1, 5, 1, False),
        ("Low dose", "S-2", 1, 1, 1, False),
        ("Low dose", "S-2", 2, 9, 3, True),
    ]
    assert [e.onset for e in found] == ["2026-01-05", "2026-01-01", "2026-01-09"]


def test_an_unknown_day_is_none_and_what_is_not_coded_has_its_name() -> None:
    [one] = counted(OF, level="PT", selection="all", term=derive.NOT_CODED)
    assert (one.subject, one.day, one.onset) == ("S-3", None, "")


def test_as_many_participants_and_events_as_the_screening_counted() -> None:
    rows = [row for row in screen(DATA, analysis_arm="planned").rows if row.method == "fisher"]
    assert len(rows) >= 8
    for row in rows:
        found = counted(OF, level=row.level, selection=row.selection, term=row.term)
        for arm, n, events in (
            (row.arm, row.n_arm, row.events_arm),
            (row.reference, row.n_ref, row.events_ref),
        ):
            behind = [event for event in found if event.arm == arm]
            assert (len({event.subject for event in behind}), len(behind)) == (n, events), row
    assert {row.level for row in rows} == set(LEVELS)


def test_a_level_or_selection_that_is_none_is_refused() -> None:
    with pytest.raises(KeyError):
        counted(OF, level="LLT", selection="all", term="Headache")
