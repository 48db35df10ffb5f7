"""The columnar trial for benchmarks."""

import numpy as np
import pytest

from pvtracker.ops.simulation import BulkTrial, date_texts, simulate_bulk
from pvtracker.ops.simulation.bulk import assemble_bulk


@pytest.fixture(scope="module")
def trial() -> BulkTrial:
    return simulate_bulk(study="BULK", participants=4_000, terms=500, effects={"Synthetic term 00001": 3.0})


def test_the_number_of_events_is_about_what_was_asked_for() -> None:
    trial = simulate_bulk(study="BULK", participants=4_000, terms=500)
    assert len(trial.open.events.term) == pytest.approx(40_000, rel=0.05)


def test_a_planted_effect_has_its_size_and_other_terms_none(trial: BulkTrial) -> None:
    events, people = trial.open.events, trial.open.participants
    after = events.onset > people.randomised[events.participant]
    active = trial.closed.arm[events.participant] != trial.closed.reference

    def ratio(chosen: np.ndarray) -> float:
        return (chosen & active & after).sum() / (chosen & ~active & after).sum()

    assert ratio(events.term == 0) == pytest.approx(3.0, rel=0.15)
    assert ratio(events.term != 0) == pytest.approx(1.0, rel=0.1)  # frailty: standard error 0.024


def test_columns_of_events_fit_together(trial: BulkTrial) -> None:
    events, people = trial.open.events, trial.open.participants
    who = events.participant
    assert (events.onset >= people.consented[who]).all() and (events.onset <= people.ended[who]).all()
    assert (np.isnat(events.end) == events.ongoing).all()
    ended = ~events.ongoing
    assert (events.end[ended] >= events.onset[ended]).all()
    assert (events.aware >= events.onset).all()
    assert ((events.causality == -1) == (events.onset < people.infused[who])).all()
    assert set(np.unique(events.grade)) == {1, 2, 3, 4}
    assert np.unique(events.phase).tolist() == [0, 1, 2, 3, 4, 5]
    first = np.concatenate(([True], who[1:] != who[:-1]))
    assert (events.number[first] == 1).all() and (np.diff(events.number)[~first[1:]] == 1).all()


def test_ids_are_unique_and_the_dictionary_spans_27_organ_classes(trial: BulkTrial) -> None:
    people, dictionary = trial.open.participants, trial.open.dictionary
    assert len(set(people.participant.tolist())) == 4_000
    assert (trial.closed.participant == people.participant).all()
    assert len(set(dictionary.system_organ_class.tolist())) == 27
    for child, parent in (
        (dictionary.high_level_term, dictionary.high_level_group_term),
        (dictionary.high_level_group_term, dictionary.system_organ_class),
    ):
        assert len(set(zip(child.tolist(), parent.tolist(), strict=True))) == len(set(child.tolist()))


def test_exchanging_the_arms_changes_no_event_without_an_effect(trial: BulkTrial) -> None:
    made = [
        assemble_bulk(
            study="BULK", arms=2, seed=4, effects={}, dictionary=trial.open.dictionary,
            events_per_participant=8.0, order=order,
        )
        for order in (np.tile(np.array(pair, dtype=np.int8), 150) for pair in ([0, 1], [1, 0]))
    ]  # fmt: skip
    one, other = (t.open for t in made)
    assert (made[0].closed.arm == 1 - made[1].closed.arm).all()
    for column in ("participant", "number", "term", "onset", "grade", "serious", "causality", "aware"):
        assert (getattr(one.events, column) == getattr(other.events, column)).all()


def test_dates_are_written_as_text_and_missing_ones_as_nothing() -> None:
    assert date_texts(np.array(["2024-02-29", "NaT"], dtype="datetime64[D]")).tolist() == ["2024-02-29", ""]


def test_an_unknown_term_or_an_empty_dictionary_is_refused() -> None:
    with pytest.raises(ValueError, match="No simulated event is called 'Pyrexia'"):
        simulate_bulk(study="BULK", participants=10, terms=30, effects={"Pyrexia": 2.0})
    with pytest.raises(ValueError, match="at least 1 term"):
        simulate_bulk(study="BULK", participants=10, terms=0)
