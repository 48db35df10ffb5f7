"""Tests of every address of a room × everybody who might ask, imported by a test module of each room.

The room gives a fixture `place`: two studies with full data, its rules, its people. It stands for the whole module,
because nothing that is asked leaves anything behind.
"""

from __future__ import annotations

from tests.architecture.asking import last_entry, outcome
from tests.architecture.fields import IDS, NO_IDS, OWN_IDS, sweep, unclassified
from tests.architecture.foreign import faults_of_foreign_ids
from tests.architecture.forms import read_in_code, shown
from tests.architecture.matrix import Place, faults_of_matrix, patterns


def test_every_address_answers_each_role_as_its_rule_says(place: Place) -> None:
    faults = faults_of_matrix(place)
    assert not faults, "\n".join(faults)


def test_no_rule_is_left_of_an_address_that_is_gone(place: Place) -> None:
    assert set(place.rules) <= {name for name, _ in patterns()}


def test_an_id_of_another_study_is_answered_as_one_that_does_not_exist(place: Place) -> None:
    numbers = place.insiders()
    askers = [(place.people[number], place.browsers[number]) for number in numbers]
    inside = {
        (pattern, numbers.index(number), method)
        for (_, pattern, number, method), answer in place.answers().items()
        if number in numbers and outcome(answer) == "answered"
    }
    faults = faults_of_foreign_ids(askers, place.own, place.other, reaches=lambda *asked: asked in inside)
    assert not faults, "\n".join(faults[:20])


def test_every_field_says_whether_it_takes_an_id(place: Place) -> None:
    """What pages show to anybody, and what code asks for; a new name fails."""
    named = read_in_code()
    assert {"site", "submission_key", "cut", "words", "causality_*"} <= named, "the code was read"
    assert not named - set(IDS) - NO_IDS - OWN_IDS
    faults = unclassified(place, shown(place))
    assert not faults, "\n".join(faults)


def test_a_field_takes_an_id_of_another_study_as_one_that_does_not_exist(place: Place) -> None:
    """The same answer to the letter, and nothing written; an own id makes a difference, or nothing was shown."""
    since = last_entry(place.own.study.id, place.other.study.id)
    swept = sweep(place, shown(place), since)
    assert not swept.faults, "\n".join(swept.faults)
    assert swept.tried and swept.tried == swept.told_apart, (
        "or else a foreign id that is found would not show"
    )


def test_a_system_administrator_reads_nothing_of_any_study(place: Place) -> None:
    """Walked: what the rules open to a system administrator names no study."""
    opened = {name for name, rule in place.rules.items() if "manage_accounts" in (rule.get, rule.post)}
    named = {name for name, pattern in patterns() if "<str:code>" in pattern}
    assert opened and not opened & named
