"""The page of a term tells the hazard of each period and the rate of repeated events, where there are such, in files
too, and hides what is inferred."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from pvtracker.cuts import closed, derive
from pvtracker.cuts.periods import OUTSIDE
from pvtracker.signals import actions
from pvtracker.signals.actions.runs import load
from pvtracker.signals.models import Result
from pvtracker.signals.screen import screen_asked
from pvtracker.studies.definitions import parse
from pvtracker.studies.models import Study
from tests.closed.cuts import folder
from tests.closed.joined import joined_cut, open_storage
from tests.closed.people import client_of
from tests.closed.signals.test_files import read_csv, read_xlsx
from tests.closed.signals.test_hidden_everywhere import page_text, told_in
from tests.closed.signals.test_laboratory import rows_of
from tests.closed.signals.test_pages import run_of
from tests.closed.signals.test_term import here, hide, row_of
from tests.small_cut import day, event

__all__ = ["joined_cut", "open_storage"]
pytestmark = pytest.mark.django_db
KEYS = ("period-rates", "repeated-events")


@pytest.fixture
def row(open_storage: Path) -> Result:
    """Of a run by definitions with a phase, in a study where S-1 had a second headache and a procedure."""
    given = folder.rows()
    given["adverse_events"].append(event("S-1", 2, day("onset", "2026-02-09")))
    given["exposures"] = [
        {**one, "phase": "PROCEDURE", **day("end", "2026-01-05")} if one["subject"] == "S-1" else one
        for one in given["exposures"]
    ]
    cut_folder = folder.put_cut(open_storage, given=given)
    closed.receive_cuts(by=folder.BY)
    study = Study.objects.get(id=folder.STUDY_ID)
    folder.allocate(study)
    closed.receive_cuts(by=folder.BY)
    request = actions.request_for(study=study)
    assert str(request.cut.id) == cut_folder.name
    data = derive.under(load(request), parse({"phase_windows": {"PROCEDURE": 7}}))
    screened = screen_asked(data, request.asked, progress=lambda *told: None)
    return row_of(actions.save_run(request=request, screened=screened, by=folder.BY))


def page_of(client: Client, row: Result) -> str:
    answer = client.get(here(row))
    assert answer.status_code == 200
    return answer.text


def test_the_hazard_of_each_period_and_the_repeated_events_stand_on_the_page(row: Result) -> None:
    client = client_of(row.run.study, "dsmb_member")
    answer = client.get(here(row))
    assert "page=hazard-by-period.md" in answer.text and "page=negative-binomial.md" in answer.text
    told = [one[:4] for one in rows_of(answer, "First events by period") if len(one) > 1]
    # S-1: procedure from day 1 to 5 and a window of 7 days, headache on day 9; S-2 and S-3 had it then, too
    assert told == [
        ["PROCEDURE", "Low dose", "1", "1 in 0.02"],
        ["PROCEDURE", "Placebo", "0", "0 in 0.00"],
        [OUTSIDE, "Low dose", "1", "1 in 0.02"],
        [OUTSIDE, "Placebo", "2", "1 in 0.27"],
    ]
    repeated = [one[:3] for one in rows_of(answer, "All events, repeated") if len(one) > 1]
    assert repeated == [["Low dose", "1 of 2", "3 in 0.49"], ["Placebo", "0 of 1", "1 in 0.49"]]
    assert "in its phase: PROCEDURE, to 7 days after its end." in answer.text
    files = read_csv(client, here(row), "period-rates")
    ends = [(one["Period"], one["Arm"]) for one in files][::3]
    assert ends == [("PROCEDURE", "Low dose"), (OUTSIDE, "Placebo")]
    assert float(files[3]["Person-years"]) == pytest.approx((90 + 9) / 365.25)
    assert {"Lower 95 %: rate ratio", "p"} <= set(files[0])
    one, reference = read_xlsx(client, here(row), "repeated-events")
    assert (one["Events"], reference["Events"], reference["p"]) == (3, 1, None)
    assert one["Estimate: rate ratio"] == pytest.approx(3, rel=1e-3)


def test_the_switch_hides_all_but_counts_rates_and_ratios(row: Result) -> None:
    client = client_of(row.run.study, "dsmb_member")
    shown = page_of(client, row)
    assert told_in(page_text(shown.split("Hazard by period</h2>")[1].join(("<main>", "</main>"))))
    hide(client)
    page = page_of(client, row)
    assert "Hazard by period" in page and "Repeated events" in page
    assert told_in(page_text(page)) == []
    for key in KEYS:
        for form in ("csv", "rtf"):
            assert client.get(here(row), {"format": form, "what": key}).status_code == 200
        (line, *_) = read_csv(client, here(row), key)
        assert "Estimate: rate ratio" in line
        assert not [name for name in line if "95" in name or name in ("p", "Dispersion")]


def test_without_phases_and_repeated_events_there_is_neither(study: Study) -> None:
    row = row_of(run_of(study))
    client = client_of(study, "dsmb_member")
    page = page_of(client, row)
    assert "Hazard by period" not in page and "Repeated events" not in page
    for key in KEYS:
        assert client.get(here(row), {"format": "csv", "what": key}).status_code == 404
