"""A study whose four participants were randomised in one block of four."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pvtracker.allocation.actions.randomisation import ListPlace, store_list
from pvtracker.cuts import closed
from pvtracker.studies.models import Study
from tests.closed.cuts.conftest import silent_broker
from tests.closed.cuts.folder import BY, PEOPLE, STUDY_ID, allocate, put_cut
from tests.closed.joined import kept_storage

__all__ = ["listed", "silent_broker", "study"]


@pytest.fixture(scope="module")
def allocated_once(kept: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with kept_storage(tmp_path_factory.mktemp("allocated")) as storage:
        put_cut(storage)
        closed.receive_cuts(by=BY)
        allocate(Study.objects.get(id=STUDY_ID))
        yield


@pytest.fixture
def study(db: None, allocated_once: None) -> Study:
    """S-1 and S-2 were given the low dose, S-3 and S-4 placebo; no randomisation list is known."""
    return Study.objects.get(id=STUDY_ID)


@pytest.fixture
def listed(study: Study) -> Study:
    """The same, and the list of its one block is known."""
    people = [(subject, arm) for subject, arm in PEOPLE.items() if arm]
    places = [
        ListPlace(stratum="", block=1, position=position, arm_code=arm, subject=subject)
        for position, (subject, arm) in enumerate(people, start=1)
    ]
    assert store_list(study=study, places=places, by=BY, source="test") == 1
    return study
