"""Named sets of terms: who belongs to one, that they overlap, and that case does not matter."""

import pandas as pd

from pvtracker.cuts.derive import LEVELS
from pvtracker.cuts.term_queries import belonging, by_query, matching

EVENTS = pd.DataFrame(
    [
        ("Neoplasms", "Leukaemias", "Leukaemias acute", "Acute leukaemia"),
        ("Neoplasms", "Lymphomas", "Lymphomas NEC", "Lymphoma"),
        ("Blood disorders", "Anaemias", "Anaemias NEC", "Anaemia"),
        ("Not coded", "Not coded", "Not coded", "Not coded"),
        (None, None, None, None),
    ],
    columns=list(LEVELS.values()),
)


def test_a_term_of_any_level_is_enough_and_case_does_not_matter() -> None:
    assert matching(EVENTS, ["LYMPHOMA"]).tolist() == [False, True, False, False, False]
    assert matching(EVENTS, ["neoplasms", "Anaemias NEC"]).tolist() == [True, True, True, False, False]
    assert not matching(EVENTS, []).any() and not matching(EVENTS.iloc[:0], ["Lymphoma"]).any()


def test_an_event_stands_once_in_each_query_that_it_belongs_to() -> None:
    found = by_query(EVENTS, [("Malignancy", ["Neoplasms"]), ("Blood", ["Anaemia", "Acute leukaemia"])])
    assert list(zip(found["query"], found["preferred_term"], strict=True)) == [
        ("Malignancy", "Acute leukaemia"),
        ("Malignancy", "Lymphoma"),
        ("Blood", "Acute leukaemia"),
        ("Blood", "Anaemia"),
    ]
    assert by_query(EVENTS, []).empty and "query" in by_query(EVENTS, [])


def test_what_each_event_belongs_to_is_what_each_set_says_of_it() -> None:
    sets = [
        ("Blood", ("ANAEMIA", "Leukaemias acute")),
        ("Nothing", ("Rash", "nan", "none")),
        ("Neoplasms", ("Neoplasms", "Lymphoma")),
        ("Uncoded", ("Not coded",)),
    ]
    events = pd.concat([EVENTS, EVENTS.iloc[::-1], EVENTS.assign(preferred_term=None)], ignore_index=True)
    by_one = {name: matching(events, terms) for name, terms in sets}
    expected = [tuple(name for name, of in by_one.items() if of[place]) for place in range(len(events))]
    assert belonging(events, sets) == expected and ("Blood", "Neoplasms") in expected
    assert belonging(events, []) == [()] * len(events) and belonging(events.iloc[:0], sets) == []
