"""Two schedulers that receive at once, with real commits."""

from __future__ import annotations

from pathlib import Path

from pvtracker.allocation.models import JoinedCut
from pvtracker.audit.context import within
from pvtracker.cuts import closed
from pvtracker.cuts.models import Cut
from pvtracker.studies.models import Study
from tests.acting import by_four
from tests.closed.cuts.folder import BY, STUDY_ID, allocate, put_cut


def test_a_cut_is_joined_once_by_several_schedulers_at_once(committed_db: str, open_storage: Path) -> None:
    put_cut(open_storage)
    closed.receive_cuts(by=BY)
    with within(STUDY_ID):
        allocate(Study.objects.get(id=STUDY_ID))
    second = put_cut(open_storage)

    assert sum(by_four(lambda _: len(closed.receive_cuts(by=BY).joined), turns=4)) == 2
    with within(STUDY_ID):
        assert JoinedCut.objects.count() == Cut.objects.count() == 2
        assert len(closed.load_joined(Cut.objects.get(id=second.name)).arms) == 4
