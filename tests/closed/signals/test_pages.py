"""What changed since the run before, and who stands behind a number."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pvtracker.cuts import closed
from pvtracker.cuts.models import Cut
from pvtracker.signals import actions, queries
from pvtracker.signals.methods import METHODS
from pvtracker.signals.models import Result, Run
from pvtracker.studies.actions import StudyEntry, create_study
from pvtracker.studies.definitions import DEFAULTS, HELP
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY, put_cut
from tests.closed.people import client_of
from tests.closed.signals import runs
from tests.closed.signals.runs import rows, run_on

pytestmark = pytest.mark.django_db
ANY = {"rd_mn": "x", "fisher": "x"}


def run_of(study: Study, cut: Cut | None = None, analysis_arm: str = "") -> Run:
    request = actions.request_for(study=study, cut_id=cut.id if cut else None, analysis_arm=analysis_arm)
    return actions.run_screening(request=request, by=BY, progress=lambda *told: None)[0]


def flagging(study: Study, cut: Cut, arm: str) -> Run:
    """A run in which one finding is flagged, the headaches of this arm: the cut itself is too small for any."""
    request = actions.request_for(study=study, cut_id=cut.id)
    screened = actions.compute(request, by=BY, progress=lambda *told: None)
    rows = [
        replace(row, flag=(row.method, row.level, row.selection, row.arm) == ("rd_mn", "PT", "all", arm))
        for row in screened.rows
    ]
    return actions.save_run(request=request, screened=replace(screened, rows=rows), by=BY)


def later_cut(study: Study, open_storage: Path) -> Cut:
    folder = put_cut(open_storage, date="2026-07-31", made_at="2026-08-01T08:00:00+00:00")
    closed.receive_cuts(by=BY)
    return Cut.objects.get(id=uuid.UUID(folder.name))


def test_a_run_is_compared_with_the_last_one_on_another_cut_of_the_same_arm(
    study: Study, joined_cut: Cut, open_storage: Path
) -> None:
    first = run_of(study)
    assert queries.run_before(first, "rd_mn") is None
    again = run_of(study)
    assert queries.run_before(again, "rd_mn") is None  # the same cut tells nothing new
    later = later_cut(study, open_storage)
    other_arm = run_of(study, later, "actual")
    assert queries.run_before(other_arm, "rd_mn") is None
    second = run_of(study, later)
    assert queries.run_before(second, "rd_mn") == again
    assert queries.run_before(run_of(study, joined_cut), "rd_mn") is None  # never with a later cut
    assert queries.run_before(second, "boschloo") is None  # which no run before has


def test_the_page_says_when_the_method_changed(study: Study, joined_cut: Cut, open_storage: Path) -> None:
    before = flagging(study, joined_cut, "High dose")
    request = actions.request_for(study=study, cut_id=later_cut(study, open_storage).id)
    screened = actions.compute(request, by=BY, progress=lambda *told: None)
    newer = replace(screened, methods={**screened.methods, "rd_mn": "2"})
    after = actions.save_run(request=request, screened=newer, by=BY)
    assert queries.judged_otherwise(after, before, "rd_mn") == ["the method’s version"]
    assert queries.judged_otherwise(after, before, "fisher") == []
    client = client_of(study, "dsmb_member")
    address = f"/studies/JOIN/signals/runs/{after.id}/"
    said = "The two runs differ in more than the data: the method’s version. What changed here may be that"
    assert said in client.get(address, {"method": "rd_mn"}).text
    assert said not in client.get(address, {"method": "fisher"}).text


def test_the_page_says_which_definition_level_or_seed_changed(study: Study, joined_cut: Cut) -> None:
    alike: dict[str, Any] = {
        "rules": {**DEFAULTS.stated(), "pools": {}},
        "levels": ["SOC", "PT"],
        "selections": ["all", "serious"],
        "seed": 1,
        "thresholds": {"rd_mn": "x", "fisher": "x"},
    }
    first = run_on(joined_cut, rows(), **alike)
    other: dict[str, Any] = {
        "rules": {**alike["rules"], "unknown_onset": "does not count", "analysis_set": "randomised"},
        "levels": ["PT"],
        "selections": ["all"],
        "seed": 2,
    }
    client = client_of(study, "dsmb_member")
    labels = [f"definition “{HELP[name][0]}”" for name in ("unknown_onset", "analysis_set")]
    said = {"rules": labels, "levels": ["levels"], "selections": ["selections"], "seed": ["the seed"]}
    for days, name in enumerate(other, start=1):
        run = run_on(runs.later_cut(joined_cut, days=days), rows(), **{**alike, name: other[name]})
        assert queries.judged_otherwise(run, first, "rd_mn") == said[name]
        page = client.get(f"/studies/JOIN/signals/runs/{run.id}/", {"method": "rd_mn"}).text
        assert all(one in page for one in said[name])


def test_what_one_run_did_not_screen_is_neither_new_nor_gone(study: Study, joined_cut: Cut) -> None:
    serious = [replace(one, selection="serious") for one in rows()]
    before = run_on(joined_cut, rows(), serious, terms={"PT all": 1, "PT serious": 1}, thresholds=ANY)
    after = run_on(runs.later_cut(joined_cut), rows(term="Nausea"), thresholds=ANY)
    found, unknown = queries.changes(after, before, method="rd_mn")
    assert [(one.kind, one.row.term, one.row.selection) for one in found] == [
        ("new", "Nausea", "all"),
        ("gone", "Headache", "all"),
    ]
    assert unknown == 1
    page = client_of(study, "dsmb_member").get(f"/studies/JOIN/signals/runs/{after.id}/").text
    assert "1 new, 1 gone" in page
    assert "1 finding flagged in one run was not screened in the other" in page


def test_a_run_of_the_reference_alone_is_a_page(study: Study, joined_cut: Cut) -> None:
    alone = [{"name": "Placebo", "participants": 20, "follow_up_years": 10.0}]
    run = run_on(joined_cut, [], arms=alone)
    client = client_of(study, "dsmb_member")
    assert client.get(f"/studies/JOIN/signals/runs/{run.id}/").status_code == 200
    assert client.get("/studies/JOIN/signals/").status_code == 200


def test_the_page_says_what_is_new_and_what_is_gone(
    study: Study, joined_cut: Cut, open_storage: Path
) -> None:
    before = flagging(study, joined_cut, "High dose")
    after = flagging(study, later_cut(study, open_storage), "Low dose")
    client = client_of(study, "dsmb_member")
    page = client.get(f"/studies/JOIN/signals/runs/{after.id}/", {"method": "rd_mn"})
    assert "1 new, 1 gone" in page.text and f"/signals/runs/{before.id}/" in page.text
    none = client.get(f"/studies/JOIN/signals/runs/{after.id}/", {"method": "fisher"})
    assert "nothing was flagged in either" in none.text
    first = client.get(f"/studies/JOIN/signals/runs/{before.id}/")
    assert "Since the run before" not in first.text


def test_a_number_opens_to_its_participants(study: Study, joined_cut: Cut) -> None:
    run = run_of(study)
    row = Result.objects.get(run=run, method="rd_mn", level="PT", selection="all", arm="Low dose")
    client = client_of(study, "dsmb_member")
    address = f"/studies/JOIN/signals/rows/{row.id}/participants/"
    assert address in client.get(f"/studies/JOIN/signals/runs/{run.id}/", {"arm": "Low dose"}).text
    page = client.get(address)
    assert page.status_code == 200
    body = page.text.split("<tbody>")[1].split("</tbody>")[0]
    assert [name for name in ("S-1", "S-2", "S-3", "S-4", "S-5") if f">{name}<" in body] == [
        "S-1",
        "S-2",
        "S-3",
    ]
    assert "2/2 (100" in page.text and "2 events" in page.text  # the numbers of the row above the list
    assert f"/signals/runs/{run.id}/?level=PT" in page.text
    assert f'href="/studies/JOIN/signals/rows/{row.id}/">Headache: what every method says' in page.text


def test_a_row_of_another_study_is_not_found(study: Study, joined_cut: Cut) -> None:
    row = run_of(study).results.earliest("id")
    other = create_study(entry=StudyEntry(code="OTHER", title="Another trial"), by=BY)
    client = client_of(other, "dsmb_member")
    assert client.get(f"/studies/OTHER/signals/rows/{row.id}/participants/").status_code == 404
    assert client.get(f"/studies/JOIN/signals/rows/{row.id}/participants/").status_code == 404


def test_the_dot_plot_says_whose_estimates_it_draws_and_its_axis_has_room_on_a_phone(
    study: Study, joined_cut: Cut
) -> None:
    run = run_of(study)
    client, titles = client_of(study, "dsmb_member"), {}
    for method in ("rd_mn", "fisher"):
        page = client.get(f"/studies/JOIN/signals/runs/{run.id}/", {"level": "PT", "method": method})
        titles[method] = page.context["dot_plot_title"]
        assert titles[method] in page.text
        axis = page.context["dot_plot"]["layer"][0]["encoding"]["x"]["title"]
        assert max(map(len, axis)) <= 20 and axis[-1] == "arm − reference"
    assert titles["rd_mn"] == "Estimates with 95 % intervals"
    assert titles["fisher"] == (
        f"{METHODS['rd_mn'].label} with 95 % intervals, for {METHODS['fisher'].label} estimates nothing to draw"
    )
