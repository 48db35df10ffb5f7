"""A study whose four participants were randomised in one block of four."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvtracker.allocation.actions.randomisation import ListPlace, store_list
from pvtracker.cuts import closed
from pvtracker.studies.models import Study
from tests.closed.cuts.conftest import closed_storage, open_storage, silent_broker
from tests.closed.cuts.folder import BY, PEOPLE, STUDY_ID, allocate, put_cut

__all__ = ["closed_storage", "listed", "open_storage", "silent_broker", "study"]


@pytest.fixture
def study(open_storage: Path) -> Study:
    """S-1 and S-2 were given the low dose, S-3 and S-4 placebo; no randomisation list is known."""
    put_cut(open_storage)
    closed.receive_cuts(by=BY)
    study = Study.objects.get(id=STUDY_ID)
    allocate(study)
    return study


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
