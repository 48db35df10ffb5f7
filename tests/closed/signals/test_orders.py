"""Screenings that jobs do: in pieces, with progress; cancelled, resumed, after a killed worker; the file of a run."""

from __future__ import annotations

import io
import re
import uuid
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pvtracker.audit.models import AccessRecord
from pvtracker.cuts.models import Cut
from pvtracker.jobs import actions as jobs
from pvtracker.jobs.models import Job, JobState
from pvtracker.signals import actions, orders, storage
from pvtracker.signals.actions import orders as order_actions
from pvtracker.signals.enums import AskedFrom, OrderState
from pvtracker.signals.methods import FURTHER_METHODS
from pvtracker.signals.models import Result, Run, ScreeningOrder, ScreeningPiece
from pvtracker.signals.pieces import Piece
from pvtracker.signals.rows import FIELDS
from pvtracker.signals.screen import Prepared
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY
from tests.closed.people import client_of, person_of, signed_in
from tests.closed.signals.planned import planner, sign, write
from tests.closed.signals.runs import run_on

pytestmark = pytest.mark.django_db
ALSO = ["boschloo", "tree_scan"]  # two further methods, five selections each: ten pieces beside the first


class Killed(BaseException):
    """The worker is gone in the middle of its work: nothing of it is tidied up."""


def place(study: Study, also: Any = ALSO) -> ScreeningOrder:
    request = actions.request_for(study=study, also=also)
    return actions.place_order(request=request, asked_from=AskedFrom.HAND, by=BY)


def work(order: ScreeningOrder) -> Job:
    """What a worker does at the bell of the order's job."""
    order.refresh_from_db()
    jobs.run(str(order.job_id), actions.detect_job)
    return Job.objects.get(id=order.job_id)


def counting(
    monkeypatch: pytest.MonkeyPatch, *, then: int = 0, fault: BaseException | None = None
) -> list[str]:
    """The pieces that are computed from now on; the one after `then` others raises the fault."""
    computed: list[str] = []
    usual = Prepared.compute

    def compute(self: Prepared, piece: Piece, *told: Any) -> Any:
        if fault is not None and len(computed) == then:
            raise fault
        computed.append(piece.label)
        return usual(self, piece, *told)

    monkeypatch.setattr(Prepared, "compute", compute)
    return computed


def progress_of(order: ScreeningOrder, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the order's own job tells from now on of how many pieces are done."""
    told: list[int] = []
    usual = jobs.Claim.progress

    def progress(self: jobs.Claim, *, done: int, total: int, text: str) -> None:
        if self.job.id == order.job_id:
            told.append(done)
        usual(self, done=done, total=total, text=text)

    monkeypatch.setattr(jobs.Claim, "progress", progress)
    return told


def silent(order: ScreeningOrder) -> None:
    """The leases of a killed worker run out."""
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(state=JobState.RUNNING).update(lease_until=past)


def test_a_run_in_pieces_has_the_hash_of_the_commands(study: Study) -> None:
    order = place(study)
    job = work(order)
    assert job.state == JobState.DONE, job.error
    order.refresh_from_db()
    run = order.run
    assert run is not None and run.id == order.id and order.state == "done"
    assert job.result == {"run": str(run.id), "cut": str(order.cut_id), "sha256": run.sha256}
    assert ScreeningPiece.objects.filter(order=order).count() == 11
    call_command("detect_signals", "JOIN", also=ALSO, stdout=io.StringIO())
    other = Run.objects.exclude(id=run.id).get()
    assert other.sha256 == run.sha256 and other.parquet_sha256 == run.parquet_sha256
    assert other.settings["plan"]["sha256"] == run.settings["plan"]["sha256"]
    left = [path.name for path in storage._folder(run.id).iterdir()]
    assert left == ["results.parquet.sealed"], "the pieces are gone, the rows are there, sealed"


def test_pieces_that_a_worker_killed_at_the_last_moment_left_go_with_the_next_run(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is stored, its worker is gone before it tidied up; the pieces of what is open stay."""

    def left(order: ScreeningOrder) -> list[str]:
        return sorted(path.name for path in storage._folder(order.id).iterdir())

    def killed(run_id: uuid.UUID) -> None:
        raise Killed

    first = place(study, ["boschloo"])
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(storage, "remove_pieces", killed)
        work(first)
    first.refresh_from_db()
    assert first.state == OrderState.DONE.value and len(left(first)) > 1, "or nothing was left behind"
    waiting = place(study, ["barnard"])
    storage.write(waiting.id, storage.piece_name(0, "x"), b"rows")
    work(place(study, ["by"]))
    assert left(first) == ["results.parquet.sealed"]
    assert left(waiting) == ["piece-0-x.parquet.sealed"]


def test_other_workers_take_pieces_and_nothing_is_computed_twice(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second worker hears the bells of pieces while the first computes: it does two of them in between."""
    order = place(study)
    computed = counting(monkeypatch)
    usual, helped = order_actions.piece_job, []

    def piece_job(claim: jobs.Claim, ready: Prepared | None = None) -> None:
        if len(helped) < 2:
            helped.append(claim.job.id)
            last = Job.objects.filter(task="signals.piece", state=JobState.QUEUED).last()
            assert last is not None
            jobs.run(str(last.id), usual)  # by itself: it opens the cut anew
        usual(claim, ready)

    monkeypatch.setattr(order_actions, "piece_job", piece_job)
    assert work(order).state == JobState.DONE
    assert len(computed) == 11 and len(set(computed)) == 11
    assert not Job.objects.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).exists()


@pytest.mark.parametrize("emptied", [False, True])
def test_a_killed_workers_finished_pieces_are_kept(
    study: Study, monkeypatch: pytest.MonkeyPatch, emptied: bool
) -> None:
    order = place(study)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        counting(patched, then=4, fault=Killed())
        work(order)
    assert ScreeningPiece.objects.filter(order=order).count() == 4 and not Run.objects.exists()
    silent(order)
    if emptied:  # the broker knows nothing any more: the sweeper rings for what the rows know
        rung: list[str] = []
        monkeypatch.setattr("pvtracker.celery.app.send_task", lambda name, args: rung.append(args[0]))
        Job.objects.update(rung_at=timezone.now() - timedelta(minutes=1))
        jobs.sweep()
        assert str(order.job_id) in rung
    computed, told = counting(monkeypatch), progress_of(order, monkeypatch)
    job = work(order)
    assert (job.state, job.fence) == (JobState.DONE, 2)
    assert told[0] == 4 and told == sorted(told) and told[-1] == 11, "progress never goes back"
    assert len(computed) == 7, "the four that were finished are not computed again"
    assert Run.objects.get().rows == Result.objects.count()


def test_cancelled_and_resumed(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    order = place(study)
    account = person_of(study, "statistician")
    browser = signed_in(account, study)
    address = f"/studies/JOIN/signals/orders/{order.id}/"
    assert "Waiting for a worker" in browser.get(address).text
    usual = order_actions.piece_job
    seen: list[str] = []

    def piece_job(claim: jobs.Claim, ready: Prepared | None = None) -> None:
        if ScreeningPiece.objects.filter(order=order).count() == 3 and not seen:
            seen.append(browser.get(address, headers={"HX-Request": "true"}).text)
            assert browser.post(f"{address}cancel/").status_code == 302
        usual(claim, ready)

    with monkeypatch.context() as patched:
        patched.setattr(order_actions, "piece_job", piece_job)
        job = work(order)
    assert "3 of 11 pieces finished" in seen[0] and "Tree scan, participants permuted" in seen[0]
    assert (job.state, job.attempt) == (JobState.FAILED, 1) and "Cancelled by A statistician" in job.error
    assert not Run.objects.exists() and ScreeningPiece.objects.count() == 3
    assert not Job.objects.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).exists()
    page = browser.get(address).text
    assert "It was cancelled." in page and "Resume" in page
    assert "not done" in page and "waiting" not in page
    assert "cancelled" in browser.get("/studies/JOIN/signals/").text
    assert "finished or cancelled before" in browser.post(f"{address}cancel/", follow=True).text
    work(order)
    assert not Run.objects.exists(), "a bell that comes late starts nothing"
    assert browser.post(f"{address}resume/").status_code == 302
    assert "It is at work" in browser.post(f"{address}resume/", follow=True).text
    computed = counting(monkeypatch)
    assert work(order).state == JobState.DONE
    assert len(computed) == 8
    page = browser.get(address).text
    assert "Done." in page and f"/signals/runs/{order.id}/" in page
    assert "nothing to resume" in browser.post(f"{address}resume/", follow=True).text


def test_a_piece_that_cannot_be_done_fails_the_screening_with_a_sentence(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_actions, "WAIT", 0)
    order = place(study)
    with monkeypatch.context() as patched:
        counting(patched, then=2, fault=ValueError("S-1 had a headache"))
        job = work(order)
    assert job.state == JobState.FAILED
    assert job.error.startswith("A piece of the screening could not be done.") and "S-1" not in job.error
    page = client_of(study, "statistician").get(f"/studies/JOIN/signals/orders/{order.id}/").text
    assert "A piece of the screening could not be done." in page and "Resume" in page
    order_actions.resume(order=order, by=BY)
    assert work(order).state == JobState.DONE


def test_pieces_of_another_code_version_are_not_mixed_in(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = place(study)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(order_actions, "code_version", lambda: "0.0.1+earlier")
        counting(patched, then=2, fault=Killed())
        work(order)
    silent(order)
    computed = counting(monkeypatch)
    assert work(order).state == JobState.DONE
    assert len(computed) == 11


def test_the_same_thing_asked_for_twice_is_one_order_while_it_is_open(study: Study) -> None:
    assert place(study) == place(study)
    assert place(study) != place(study, also=[])
    assert ScreeningOrder.objects.count() == Job.objects.count() == 2


def test_all_further_methods_at_once_are_one_order_while_it_is_open(study: Study) -> None:
    every = list(FURTHER_METHODS)
    assert place(study, also=every) == place(study, also=every) != place(study, also=every[1:])
    assert all(len(job.unique_key) == 64 for job in Job.objects.all())


def test_who_read_the_order_before_it_was_resumed_cancels_what_is_at_work(study: Study) -> None:
    order = place(study, also=[])
    read_before = ScreeningOrder.objects.get()
    order_actions.cancel(order=order, by=BY)
    order_actions.resume(order=order, by=BY)
    resumed = ScreeningOrder.objects.get().job_id
    assert resumed != read_before.job_id
    order_actions.cancel(order=read_before, by=BY)
    assert Job.objects.get(id=resumed).state == JobState.FAILED
    assert not Job.objects.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).exists()
    with pytest.raises(order_actions.OrderRefused, match="nothing was stopped"):
        order_actions.cancel(order=read_before, by=BY)


def test_order_and_job_are_locked_in_one_order_where_it_ends(study: Study) -> None:
    """`cancel` and the end of the work, each locking the other's row first, would wait for each other."""
    order = place(study, also=[])
    with CaptureQueriesContext(connection) as asked:
        work(order)
    said = [one["sql"] for one in asked]
    locked = max(n for n, sql in enumerate(said) if "FOR NO KEY UPDATE" in sql and "screeningorder" in sql)
    done = next(n for n, sql in enumerate(said) if sql.startswith("UPDATE") and "'done'" in sql)
    assert locked < done


def test_what_takes_the_focus_has_an_id_for_it_to_come_back_after_a_swap(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = place(study)
    browser, address = client_of(study, "statistician"), f"/studies/JOIN/signals/orders/{order.id}/"
    for standing in ("queued", "cancelled", "done"):
        if standing == "cancelled":
            order_actions.cancel(order=order, by=BY)
        if standing == "done":
            order_actions.resume(order=order, by=BY)
            work(order)
        part = browser.get(address, headers={"HX-Request": "true"}).text
        tags = re.findall(
            r"<(?:button|a)\b[^>]*>|<[^>]*\btabindex[^>]*>",
            part.split("<noscript>")[0] + part.split("</noscript>")[-1],
        )
        ids = [re.search(r'\bid="([^"]+)"', tag) for tag in tags]
        assert len(tags) >= 2 and all(ids), tags
        assert len({found[1] for found in ids if found}) >= 2


def test_a_job_without_an_order_gets_one(study: Study, joined_cut: Cut) -> None:
    job = jobs.enqueue(
        task="signals.detect",
        study_id=study.id,
        parameters={"cut": str(joined_cut.id), "also": "boschloo"},
        by=BY,
    )
    jobs.run(str(job.id), actions.detect_job)
    order = ScreeningOrder.objects.get(job_id=job.id)
    assert (order.asked_from, order.also, order.state) == ("command", ["boschloo"], "done")
    assert order.departures == ["With methods that the plan does not have: Boschloo’s test."]
    assert orders.standing_of(order, Job.objects.get(id=job.id)) == "done"


def test_a_further_method_is_chosen_on_the_page(study: Study, joined_cut: Cut) -> None:
    client = client_of(study, "statistician")
    page = client.get("/studies/JOIN/signals/").text
    assert "By the built-in plan: no" in page and "Boschloo’s test" in page
    sent = {"cut": str(joined_cut.id), "analysis_arm": "planned", "also": ["boschloo"]}
    answer = client.post("/studies/JOIN/signals/run/", sent)
    order = ScreeningOrder.objects.get()
    assert order.also == ["boschloo"] and "Departs from the plan:" in client.get(answer.url).text
    wrong = client.post("/studies/JOIN/signals/run/", {**sent, "also": ["oracle"]})
    assert wrong.status_code == 422 and "Choose from the methods shown." in wrong.text


def test_the_board_sees_the_progress_and_stops_nothing(study: Study) -> None:
    order = place(study)
    client, address = client_of(study, "dsmb_member"), f"/studies/JOIN/signals/orders/{order.id}/"
    page = client.get(address)
    assert page.status_code == 200 and "Cancel the screening" not in page.text
    assert client.post(f"{address}cancel/").status_code == client.post(f"{address}resume/").status_code == 404


def test_the_list_of_runs_says_by_which_plan_and_seed_and_who_ordered_each(
    study: Study, joined_cut: Cut
) -> None:
    run_on(joined_cut)  # straight from a command
    account = planner(study)
    write(study, account, seed=4711)
    sign(study, account)
    order = actions.place_order(
        request=actions.request_for(study=study),
        asked_from=AskedFrom.HAND,
        by=account.actor("statistician"),
    )
    work(order)
    page = client_of(study, "dsmb_member").get("/studies/JOIN/signals/")
    assert [(row.plan, row.seed, row.by, row.how) for row in page.context["runs"]] == [
        ("version 1", "4711", "A statistician", "Started by hand"),
        ("built-in", "–", "a command, without an order", ""),
    ]
    listed = page.text.split("All runs</h2>")[1]
    assert "version 1" in listed and ">4711<" in listed and "A statistician<br>" in listed


def test_the_rows_are_downloaded_as_parquet_and_that_is_recorded(study: Study) -> None:
    order = place(study, also=[])
    work(order)
    run = Run.objects.get()
    account = person_of(study, "dsmb_member")
    browser = signed_in(account, study)
    address = f"/studies/JOIN/signals/runs/{run.id}/results.parquet"
    assert address in browser.get(f"/studies/JOIN/signals/runs/{run.id}/").text
    answer = browser.get(address)
    frame = pd.read_parquet(io.BytesIO(answer.content))
    assert tuple(frame.columns) == FIELDS
    stored = Result.objects.filter(run=run).order_by("id")
    for name in ("term", "method", "n_arm", "person_years_ref", "estimate", "p", "flag"):
        found = [None if pd.isna(value) else value for value in frame[name]]
        assert found == list(stored.values_list(name, flat=True)), name
    kept = AccessRecord.objects.filter(actor=str(account.id)).latest("id")
    assert (kept.kind, kept.object_kind, kept.detail) == ("export", "screening run", "all rows as Parquet")
    browser.post("/studies/JOIN/signals/inference/", {"shown": "no", "next": "/studies/JOIN/signals/"})
    assert address not in browser.get(f"/studies/JOIN/signals/runs/{run.id}/").text
    refused = browser.get(address, follow=True)
    assert refused.redirect_chain and "which is hidden as you chose" in refused.text
    browser.post("/studies/JOIN/signals/inference/", {"shown": "yes", "next": "/studies/JOIN/signals/"})
    sealed = storage._path(run.id, storage.RESULTS)
    assert b"PAR1" not in sealed.read_bytes(), "what lies in storage is encrypted"
    sealed.write_bytes(sealed.read_bytes()[:-1] + b"\0")
    assert browser.get(address).status_code == 404
