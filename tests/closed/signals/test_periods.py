"""A run with the hierarchical model over periods: its rows on the pages, and who stands behind them."""

from __future__ import annotations

import pytest
from django.test import Client

from pvtracker.cuts import derive
from pvtracker.cuts.models import Cut
from pvtracker.cuts.periods import OUTSIDE
from pvtracker.signals import actions, evidence, queries
from pvtracker.signals.actions.runs import load
from pvtracker.signals.models import Result, Run
from pvtracker.signals.screen import screen_asked
from pvtracker.studies.definitions import parse
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY
from tests.closed.people import client_of

pytestmark = pytest.mark.django_db
METHOD = "berry_berry_periods"


@pytest.fixture
def run(study: Study, joined_cut: Cut) -> Run:
    """Nobody's exposure carries the phase, so that everything lies outside it."""
    request = actions.request_for(study=study, cut_id=joined_cut.id, also=(METHOD,))
    data = load(request)
    data = derive.under(data, parse({"phase_windows": {"BIG_PROCEDURE": 7}}))
    screened = screen_asked(data, request.asked, progress=lambda *told: None)
    return actions.save_run(request=request, screened=screened, by=BY)


def told(client: Client, address: str, table: str = "table") -> list[list[str]]:
    rows = client.get(address).context[table]["rows"]
    return [[str(cell["text"]) for cell in row["cells"]] for row in rows]


def test_the_rows_of_a_run_stand_with_their_period(study: Study, run: Run) -> None:
    client = client_of(study, "dsmb_member")
    here = f"/studies/JOIN/signals/runs/{run.id}/?level=PT&arm=Low+dose&method={METHOD}"
    rows = told(client, here)
    assert [row[:4] for row in rows] == [
        ["Headache", "BIG PROCEDURE", "0/0", "0/0"],
        ["Headache", OUTSIDE, "2/2 (100.0%)", "1/2 (50.0%)"],
    ]
    page = client.get(here)
    assert "nobody of the arm or of the reference is followed in this period" in page.text
    assert "windows by phase" in page.text  # the rule among the definitions of the run
    assert OUTSIDE in client.get(f"{here}&format=csv&what=results").content.decode()
    other = client.get(here.replace(METHOD, "rd_mn")).text
    assert "BIG PROCEDURE" not in other.split("Definitions of this run")[0]


def test_a_term_has_each_period_beside_the_row_over_all(study: Study, run: Run) -> None:
    client = client_of(study, "dsmb_member")
    of_period = Result.objects.get(
        run=run, method=METHOD, level="PT", selection="all", arm="Low dose", period=OUTSIDE
    )
    address = f"/studies/JOIN/signals/rows/{of_period.id}/"
    label = "Bayesian hierarchical rate ratio by period, Berry & Berry"
    named = [row[0] for row in told(client, address, "methods")]
    assert f"{label}: {OUTSIDE}" in named and f"{label}: BIG PROCEDURE" in named and label not in named
    counts = told(client, address, "counts")
    assert counts[0][1] == "2/2 (100.0%)"  # over all, whichever row it was opened from
    listed = told(client, f"{address}participants/")
    assert {row[0] for row in listed} == {"S-1", "S-2", "S-3"}
    none = Result.objects.get(
        run=run, method=METHOD, level="PT", selection="all", arm="Low dose", period="BIG_PROCEDURE"
    )
    page = client.get(f"/studies/JOIN/signals/rows/{none.id}/participants/")
    assert page.context["table"]["rows"] == []
    assert {"label": "Period", "value": "BIG PROCEDURE"} in page.context["facts"]


def test_a_finding_is_one_over_all_periods(study: Study, run: Run) -> None:
    """What is kept with a signal, compared with an earlier run and counted as flagged knows one row of each method."""
    [row] = Result.over_all.filter(run=run, method=METHOD, level="PT", selection="all", arm="Low dose")
    key = evidence.key_of(row)
    found = evidence.rows_of(run, [key])[key]
    assert len(found) == len({one.method for one in found}) == len(run.methods)
    assert evidence.numbers_of(found)["n_arm"] == 2
    rows = queries.results(run, level="PT", selection="all", arm="Low dose", method=METHOD)
    assert [one.period for one in rows] == [""]
    assert run.rows == Result.objects.filter(run=run).count() > Result.over_all.filter(run=run).count()
