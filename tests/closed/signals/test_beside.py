"""What stands beside the rows of a run: what would have been shown."""

from __future__ import annotations

import pytest

from pvtracker.cuts.models import Cut
from pvtracker.signals import actions
from pvtracker.signals.models import Run
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY
from tests.closed.people import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(study: Study) -> Run:
    request = actions.request_for(study=study)
    return actions.run_screening(request=request, by=BY, progress=lambda *told: None)[0]


def test_beside_every_silence_stands_what_would_have_been_shown(
    study: Study, joined_cut: Cut, run: Run
) -> None:
    client = client_of(study, "dsmb_member")
    page = client.get(f"/studies/JOIN/signals/runs/{run.id}/", {"arm": "Low dose"}).text
    beside = page.split("Beside the silences</h2>")[1].split("<h2>")[0]
    assert "Headache" in beside and "no risk, however high" in beside  # two against one show nothing
    assert "Beside the silences" in client.get("/studies/JOIN/signals/").text
