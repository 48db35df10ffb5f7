"""A study's queries on the pages of a run: chosen as a level, each number opening to its participants."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvtracker.cuts import closed
from pvtracker.signals import actions
from pvtracker.signals.models import Result
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY, STUDY_ID, allocate, put_cut
from tests.closed.joined import joined_cut, open_storage
from tests.closed.people import client_of

__all__ = ["joined_cut", "open_storage"]
pytestmark = pytest.mark.django_db
SETTINGS = {
    "analysis_arm": "planned",
    "emergent_window_days": None,
    "severity_scale": "mild-moderate-severe",
    "revealing_analytes": [],
    "definitions": {"queries": {"Aches": ["headache", "Back pain"]}},
}


def test_a_query_is_a_level_of_the_run_and_opens_to_its_participants(open_storage: Path) -> None:
    put_cut(open_storage, settings=SETTINGS)
    closed.receive_cuts(by=BY)
    study = Study.objects.get(id=STUDY_ID)
    allocate(study)
    closed.receive_cuts(by=BY)
    request = actions.request_for(study=study)
    run = actions.run_screening(request=request, by=BY, progress=lambda *told: None)[0]
    row = Result.objects.get(run=run, level="query", method="rd_mn", selection="all", arm="Low dose")
    assert (row.term, row.n_arm, row.n_ref) == ("Aches", 2, 1)
    client = client_of(study, "dsmb_member")
    page = client.get(f"/studies/JOIN/signals/runs/{run.id}/", {"level": "query", "arm": "Low dose"}).text
    assert '<option value="query" selected>Query</option>' in page and "Aches" in page
    behind = client.get(f"/studies/JOIN/signals/rows/{row.id}/participants/")
    assert behind.status_code == 200 and ">S-1<" in behind.text and ">S-3<" in behind.text
