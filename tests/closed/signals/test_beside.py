"""What stands before and beside the rows of a run: the sites, and what would have been shown."""

from __future__ import annotations

import pytest

from pvtracker.cuts.models import Cut
from pvtracker.signals import actions
from pvtracker.signals.models import Run
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY
from tests.closed.people import client_of
from tests.closed.signals.runs import run_on

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


def test_the_sites_stand_before_the_results_and_on_a_page(study: Study, joined_cut: Cut, run: Run) -> None:
    client = client_of(study, "dsmb_member")
    address = f"/studies/JOIN/signals/runs/{run.id}/"
    before = client.get(address).text.split("Terms, strongest evidence first")[0]
    assert "Sites with participants of the analysis set" in before and f'href="{address}sites/"' in before
    page = client.get(f"{address}sites/")
    assert page.status_code == 200
    assert "no other site to compare with" in page.text  # the participants of this cut have no site
    assert "Low dose" not in page.text.split("<main")[1]  # no arm is told
    entry = page.text.split("Late entry</h2>")[1].split("</main>")[0]
    assert "No event of this study was typed here: all were imported" in entry and "0/0" not in entry
    del run.settings["sites"]["sites"][0]["typed"]
    sites = f"/studies/JOIN/signals/runs/{run_on(joined_cut, sites=run.settings['sites']).id}/sites/"
    assert "Not in this cut" in client.get(sites).text
    older = run_on(joined_cut)
    assert "Not kept in this run" in client.get(f"/studies/JOIN/signals/runs/{older.id}/sites/").text
