"""The definitions of a cut in the closed room: they arrive with it, rule the run, and stand beside every number."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from pvtracker.audit.context import within
from pvtracker.cuts import closed
from pvtracker.cuts.models import Cut
from pvtracker.signals import actions, queries
from pvtracker.signals.models import Result, Run
from pvtracker.studies.definitions import parse
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY, STUDY_ID, allocate, put_cut, stated
from tests.closed.joined import joined_cut, open_storage
from tests.closed.people import client_of

__all__ = ["joined_cut", "open_storage"]
pytestmark = pytest.mark.django_db
ODD = {"pools": {"Any active dose": ["LOW", "HIGH"]}, "analysis_set": "randomised", "strata": ["sex"]}


def settings_with(definitions: dict[str, Any]) -> dict[str, Any]:
    return {**stated(STUDY_ID)["settings"], "definitions": definitions}  # type: ignore[arg-type]


@pytest.fixture
def cut(open_storage: Path) -> Cut:
    folder = put_cut(open_storage, settings=settings_with(ODD))
    closed.receive_cuts(by=BY)
    people = {"S-1": "LOW", "S-2": "HIGH", "S-3": "PBO", "S-4": "PBO"}
    allocate(Study.objects.get(id=STUDY_ID), people)
    closed.receive_cuts(by=BY)
    return Cut.objects.get(id=folder.name)


def test_the_definitions_arrive_with_the_cut_and_go_with_the_next(cut: Cut, open_storage: Path) -> None:
    assert Study.objects.get(id=STUDY_ID).definitions == ODD
    put_cut(open_storage)
    closed.receive_cuts(by=BY)
    assert Study.objects.get(id=STUDY_ID).definitions == {}
    cut.refresh_from_db()
    assert cut.manifest["settings"]["definitions"] == ODD


def test_a_pool_is_a_row_of_its_own_and_opens_to_its_participants(cut: Cut) -> None:
    request = actions.request_for(study=cut.study)
    run, _ = actions.run_screening(request=request, by=BY, progress=lambda done, total, text: None)
    found = {
        row.arm: (row.n_arm, row.N_arm, row.n_ref, row.N_ref, row.events_arm)
        for row in Result.objects.filter(run=run, level="PT", selection="all", method="rd_mn")
    }
    assert found == {
        "Low dose": (1, 1, 1, 2, 1),
        "High dose": (1, 1, 1, 2, 1),
        "Any active dose": (2, 2, 1, 2, 2),
    }
    client = client_of(cut.study, "statistician")
    page = client.get(f"/studies/JOIN/signals/runs/{run.id}/", {"arm": "Any active dose", "method": "rd_mn"})
    assert page.status_code == 200
    for said in (
        "Any active dose: 2 randomised",
        "All randomised participants",
        "Stratified methods stratify by sex",
    ):
        assert said in page.text, said
    pool = Result.objects.get(run=run, level="PT", selection="all", method="rd_mn", arm="Any active dose")
    behind = client.get(f"/studies/JOIN/signals/rows/{pool.id}/participants/")
    term = client.get(f"/studies/JOIN/signals/rows/{pool.id}/")
    assert term.status_code == 200 and "Any active dose" in term.text
    assert behind.status_code == 200 and "S-1" in behind.text and "S-2" in behind.text


def test_the_numerator_is_counted_by_the_rules_of_its_run(cut: Cut) -> None:
    """Not by those of the cut, should a run have gone by others."""
    run, _ = actions.run_screening(
        request=actions.request_for(study=cut.study), by=BY, progress=lambda done, total, text: None
    )
    row = (
        Result.objects.filter(run=run, level="PT", selection="all").select_related("run__cut__study").first()
    )
    assert row is not None and {one.subject for one in actions.events_behind(row)} == {"S-1", "S-2", "S-3"}
    row.run.settings["rules"]["exposed_to"] = ["NOTHING"]
    row.run.settings["rules"]["analysis_set"] = "treated"
    assert actions.events_behind(row) == []


def test_the_command_carries_the_definitions_in_every_row_and_prints_them(cut: Cut, tmp_path: Path) -> None:
    said = io.StringIO()
    call_command("detect_signals", "JOIN", "--json", str(tmp_path / "rows.json"), stdout=said)
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert {json.dumps(row["definitions"], sort_keys=True) for row in rows} == {
        json.dumps(rows[0]["definitions"], sort_keys=True)
    }
    carried = rows[0]["definitions"]
    assert {name: carried[name] for name in ODD} == ODD and carried["analysis_arm"] == "planned"
    assert carried["partial_onset"] == "possible"
    assert "pool          Any active dose: 2 randomised" in said.getvalue()
    assert "Each is compared with the reference besides its arms." in said.getvalue()
    with within(cut.study_id):
        assert Run.objects.get().settings["rules"] == carried


def test_the_dictionary_release_of_the_cut_goes_with_the_run_its_page_and_every_row(
    open_storage: Path, tmp_path: Path
) -> None:
    releases = [{"dictionary": "MedDRA", "number": "27.1", "origin": "as supplied", "made_from_data": False}]
    put_cut(open_storage, dictionaries=releases)
    closed.receive_cuts(by=BY)
    study = Study.objects.get(id=STUDY_ID)
    allocate(study)
    closed.receive_cuts(by=BY)
    said, rows, about = io.StringIO(), tmp_path / "rows.json", tmp_path / "about.json"
    call_command("detect_signals", "JOIN", json=str(rows), about=str(about), stdout=said)
    with within(study.id):
        run = Run.objects.get()
    assert run.settings["dictionaries"] == releases
    assert all(row["dictionaries"] == releases for row in json.loads(rows.read_text()))
    assert json.loads(about.read_text())["dictionaries"] == releases and '"number": "27.1"' in said.getvalue()
    page = client_of(study, "statistician").get(f"/studies/JOIN/signals/runs/{run.id}/")
    assert "<dt>Dictionary</dt><dd>MedDRA 27.1</dd>" in page.text


def test_the_closed_report_compares_the_pool_and_carries_the_definitions(cut: Cut, tmp_path: Path) -> None:
    pdf, plain = tmp_path / "closed.pdf", tmp_path / "closed.json"
    call_command("dsmb_report", "JOIN", audience="closed", output=pdf, json=str(plain))
    rows = json.loads(plain.read_text())
    assert all(row["definitions"]["pools"] == ODD["pools"] for row in rows)
    [strongest] = [row for row in rows if row["table"] == "strongest_pool_1"]
    assert strongest["n_pool_1"] == [2, 2]


def test_the_sizes_of_the_sets_stand_by_arm_beside_the_run_and_in_files(cut: Cut) -> None:
    """By the rules of the run and its arm of analysis: the analysis counts the randomised, the others stand beside."""
    run, _ = actions.run_screening(
        request=actions.request_for(study=cut.study), by=BY, progress=lambda done, total, text: None
    )
    client = client_of(cut.study, "statistician")
    path = f"/studies/JOIN/signals/runs/{run.id}/sets/"
    assert path in client.get(f"/studies/JOIN/signals/runs/{run.id}/").text
    page = client.get(path)
    assert page.status_code == 200 and "Sizes of the analysis sets" in page.text
    lines = client.get(path, {"format": "csv", "what": "sizes"}).content.decode("utf-8-sig").splitlines()
    arms = [arm["name"] for arm in run.settings["arms"]]
    assert lines[0].split(",")[1:] == [*arms, "No arm", "All", "Left out", "Counted by"]
    randomised = next(line for line in lines if line.startswith("Randomised")).split(",")
    assert [int(number) for number in randomised[1 : 1 + len(arms)]] == [
        arm["participants"] for arm in run.settings["arms"]
    ]
    assert randomised[-1] == "this set"
    taken = client.get(path, {"format": "xlsx", "what": "people"})
    assert (
        taken.status_code == 200 and client.get(path, {"format": "svg", "what": "people"}).status_code == 404
    )


def test_a_setting_that_an_earlier_run_did_not_know_makes_no_difference() -> None:
    now = parse({}).stated()
    earlier = {name: value for name, value in now.items() if name != "age_groups"}
    runs = [Run(settings={"rules": rules}) for rules in (now, earlier, {**now, "age_groups": [18]})]
    assert queries.differing_definitions(runs[:2]) == []
    assert queries.differing_definitions(runs) == ["Age groups"]
