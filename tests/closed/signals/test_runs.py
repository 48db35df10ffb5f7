"""Screening runs as rows of the closed room: made by a job, reproducible, shown on pages, written by the command."""

from __future__ import annotations

import io
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from pvtracker.audit.context import within
from pvtracker.cuts.models import Cut, CutState
from pvtracker.jobs import actions as jobs
from pvtracker.jobs.models import Job, JobState
from pvtracker.signals import actions
from pvtracker.signals.methods import DEFAULT_METHODS, FURTHER_METHODS, METHODS
from pvtracker.signals.models import Result, Run, ScreeningOrder
from pvtracker.signals.plan import NO_PLAN
from pvtracker.signals.rows import FIELDS
from pvtracker.stats.tree_scan import SEED
from pvtracker.studies.actions import StudyEntry, create_study
from pvtracker.studies.definitions import DEFAULTS
from pvtracker.studies.models import Arm, Study
from tests.closed.cuts.folder import BY
from tests.closed.people import client_of

pytestmark = pytest.mark.django_db
# of a row, what it rests on
STATED = (
    "definitions",
    "plan",
    "method_definition",
    "threshold",
    "confidence_level",
    "seed",
    "margin",
    "dictionaries",
)


def detect(study: Study, **parameters: Any) -> Job:
    job = jobs.enqueue(task="signals.detect", study_id=study.id, parameters=parameters, by=BY)
    jobs.run(str(job.id), actions.detect_job)
    job.refresh_from_db()
    return job


def test_a_detection_job_stores_a_run_with_its_rows(study: Study, joined_cut: Cut) -> None:
    job = detect(study)
    assert job.state == JobState.DONE
    run = Run.objects.get()
    assert job.result == {"run": str(run.id), "cut": str(joined_cut.id), "sha256": run.sha256}
    assert (run.analysis_arm, run.cut_id, run.rows) == ("planned", joined_cut.id, Result.objects.count())
    assert set(run.methods) == set(DEFAULT_METHODS)
    row = Result.objects.get(level="PT", selection="all", arm="Low dose", method="rd_mn")
    assert (row.n_arm, row.N_arm, row.n_ref, row.N_ref, row.events_arm) == (2, 2, 1, 2, 2)
    assert row.estimate == pytest.approx(0.5)


def test_what_is_stored_is_what_was_computed(study: Study, joined_cut: Cut) -> None:
    request = actions.request_for(study=study)
    run, screened = actions.run_screening(request=request, by=BY, progress=lambda done, total, text: None)
    stored = list(Result.objects.filter(run=run).order_by("id").values_list(*actions.STORED))
    assert stored == [tuple(getattr(row, name) for name in actions.STORED) for row in screened.rows]


def test_the_same_cut_settings_and_code_give_the_same_hash(study: Study) -> None:
    detect(study)
    detect(study)
    detect(study, analysis_arm="actual")
    hashes = [run.sha256 for run in Run.objects.order_by("made_at")]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"cut": "6f1c4385-20a7-463c-8378-fe7c2af510d9"}, "has no cut"),
        ({"analysis_arm": "coded"}, "actual or planned"),
        (
            {"also": ["oracle"]},
            f"Methods to add are {', '.join(FURTHER_METHODS)}, not oracle.",
        ),
    ],
)
def test_what_cannot_be_screened_fails_with_a_sentence(
    study: Study, parameters: dict[str, Any], said: str
) -> None:
    job = detect(study, **parameters)
    assert (job.state, job.attempt) == (JobState.FAILED, 1)
    assert said in job.error
    assert not Run.objects.exists()


def test_a_refused_cut_is_not_screened(study: Study, joined_cut: Cut) -> None:
    Cut.objects.filter(id=joined_cut.id).update(
        state=CutState.REFUSED, problem="The file of visits was altered."
    )
    assert "visits was altered" in detect(study, cut=str(joined_cut.id)).error
    assert "no data cut" in detect(study).error


def test_an_altered_closed_file_stops_the_run(study: Study, joined_cut: Cut, closed_storage: Path) -> None:
    path = closed_storage / "cuts" / str(joined_cut.id) / "arms.parquet.sealed"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    job = detect(study)
    assert job.state == JobState.FAILED and "arms" in job.error


def test_a_worker_that_lost_its_lease_leaves_no_run(study: Study) -> None:
    job = jobs.enqueue(task="signals.detect", study_id=study.id, parameters={}, by=BY)

    def overtaken(claim: jobs.Claim) -> None:
        Job.objects.filter(id=job.id).update(fence=claim.fence + 1)
        actions.detect_job(claim)

    jobs.run(str(job.id), overtaken)
    assert not Run.objects.exists() and not Result.objects.exists()


def test_the_command_writes_the_rows_of_the_contract(study: Study, joined_cut: Cut, tmp_path: Path) -> None:
    said = io.StringIO()
    call_command("detect_signals", "JOIN", "--json", str(tmp_path / "rows.json"), stdout=said)
    rows: list[dict[str, Any]] = json.loads((tmp_path / "rows.json").read_text())
    assert rows and all(tuple(row) == (*FIELDS[:-4], *STATED) for row in rows)  # no part, no posterior
    stated = {**DEFAULTS.stated(), "analysis_arm": "planned"}
    assert all(row["definitions"] == stated for row in rows)
    assert {row["plan"]["name"] for row in rows} == {NO_PLAN}
    assert all(row["method_definition"] == METHODS[row["method"]].definition for row in rows)
    assert all(row["threshold"] == str(METHODS[row["method"]].threshold) for row in rows)
    assert all((row["seed"], row["confidence_level"]) == (SEED, 0.95) for row in rows)
    assert {row["analysis_arm"] for row in rows} == {"planned"}
    for told in (
        "planned",
        str(joined_cut.id),
        joined_cut.sha256,
        "2026-06-30",
        "Headache",
        "treatment-emergent",
    ):
        assert told in said.getvalue()


def test_the_command_refuses_with_a_sentence(study: Study) -> None:
    with pytest.raises(CommandError, match="no study NONE"):
        call_command("detect_signals", "NONE")
    Arm.objects.filter(study=study).update(is_reference=False)
    with pytest.raises(CommandError, match="has no cut"):
        call_command("detect_signals", "JOIN", "--cut", str(uuid.uuid4()))


def test_the_statistician_starts_a_run_and_sees_its_progress(study: Study, joined_cut: Cut) -> None:
    client = client_of(study, "statistician")
    page = client.get("/studies/JOIN/signals/")
    assert "No screening yet" in page.text and joined_cut.sha256[:12] in page.text
    answer = client.post("/studies/JOIN/signals/run/", {"cut": str(joined_cut.id), "analysis_arm": "actual"})
    order = ScreeningOrder.objects.get()
    assert answer.url == f"/studies/JOIN/signals/orders/{order.id}/"
    assert (order.cut, order.analysis_arm, order.plan) == (joined_cut, "actual", None)
    assert Job.objects.get(task="signals.detect").parameters == {"order": str(order.id)}
    assert "Waiting for a worker" in client.get(answer.url).text


def test_a_cut_of_another_study_cannot_be_chosen(study: Study) -> None:
    client = client_of(study, "statistician")
    answer = client.post("/studies/JOIN/signals/run/", {"cut": str(uuid.uuid4()), "analysis_arm": "actual"})
    assert answer.status_code == 422 and "Choose one of the cuts listed" in answer.text
    assert not Job.objects.exists()


def test_a_board_member_reads_runs_and_starts_none(study: Study, joined_cut: Cut) -> None:
    detect(study)
    client = client_of(study, "dsmb_member")
    page = client.get("/studies/JOIN/signals/")
    assert page.status_code == 200 and "Run a screening" not in page.text
    post = {"cut": str(joined_cut.id), "analysis_arm": "actual"}
    assert client.post("/studies/JOIN/signals/run/", post).status_code == 404
    assert client.get("/studies/JOIN/cuts/").status_code == 404


@pytest.mark.parametrize(
    "method", ["rd_mn", "rr_koopman", "or_conditional", "fisher", "eair_ratio", "dfdr_2012"]
)
def test_a_run_is_shown_with_charts_and_the_same_numbers_as_a_table(study: Study, method: str) -> None:
    detect(study)
    run = Run.objects.get()
    page = client_of(study, "dsmb_member").get(f"/studies/JOIN/signals/runs/{run.id}/", {"method": method})
    assert page.status_code == 200
    assert "2/2" in page.text and "Headache" in page.text and run.sha256 in page.text
    for chart in ("dot-plot", "volcano"):
        spec = json.loads(
            page.text.split(f'<script id="{chart}" type="application/json">')[1].split("</script>")[0]
        )
        assert "vega-lite" in spec["$schema"] and "Headache" in json.dumps(spec)


def test_a_run_has_the_further_methods_it_names_and_its_page_offers_them_only_then(study: Study) -> None:
    detect(study)
    detect(study, also=["rd_exact", "berry_berry", "boschloo", "tree_scan"])
    usual, more = Run.objects.order_by("made_at")
    assert set(more.methods) == {*DEFAULT_METHODS, "rd_exact", "berry_berry", "boschloo", "tree_scan"}
    names = ["level", "term", "selection", "arm", "method", "estimate", "low", "high", "p", "flag", "warning"]
    rows = [
        Result.objects.filter(run=run, method__in=DEFAULT_METHODS).values_list(*names)
        for run in (usual, more)
    ]
    assert sorted(map(str, rows[0])) == sorted(map(str, rows[1]))
    client = client_of(study, "dsmb_member")
    for run, offered in ((usual, False), (more, True)):
        for method, label in (
            ("boschloo", "Boschloo’s test"),
            ("rd_exact", "exact unconditional"),
            ("berry_berry", "P(more in the arm)"),
            ("tree_scan", "participants permuted"),
        ):
            page = client.get(f"/studies/JOIN/signals/runs/{run.id}/", {"method": method})
            assert page.status_code == 200 and (label in page.text) == offered


def test_the_command_queues_a_run_with_a_further_method(study: Study) -> None:
    call_command("detect_signals", "JOIN", "--also", "boschloo", "--queue", stdout=io.StringIO())
    job = Job.objects.get(task="signals.detect")
    assert ScreeningOrder.objects.get(job_id=job.id).also == ["boschloo"]
    jobs.run(str(job.id), actions.detect_job)
    assert set(Run.objects.get().methods) == {*DEFAULT_METHODS, "boschloo"}


def test_a_run_without_events_of_the_selection_says_so(study: Study) -> None:
    detect(study)
    run = Run.objects.get()
    page = client_of(study, "dsmb_member").get(
        f"/studies/JOIN/signals/runs/{run.id}/", {"selection": "serious"}
    )
    assert page.status_code == 200 and "No treatment-emergent event" in page.text


def test_a_run_of_another_study_is_not_found(study: Study) -> None:
    detect(study)
    other = create_study(entry=StudyEntry(code="OTHER", title="Another trial"), by=BY)
    client = client_of(other, "dsmb_member")
    with within(study.id):
        run = Run.objects.get()
    assert client.get(f"/studies/OTHER/signals/runs/{run.id}/").status_code == 404
    assert client.get(f"/studies/JOIN/signals/runs/{run.id}/").status_code == 404


def test_the_page_of_cuts_shows_the_state_of_each(study: Study, joined_cut: Cut) -> None:
    page = client_of(study, "statistician").get("/studies/JOIN/cuts/")
    assert page.status_code == 200
    assert "joined" in page.text and joined_cut.sha256 in page.text
