"""The page of data cuts in the open room."""

from __future__ import annotations

import uuid

import pytest
from django.utils import timezone

from pvtracker.cuts import freeze
from pvtracker.cuts.actions import no_progress, register_cut
from pvtracker.jobs.models import Job
from tests.open.cuts.conftest import CUT_DATE
from tests.open.world import SOMEONE, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(two_arms: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("pvtracker.celery.app.send_task", lambda name, args: None)
    two_arms.person("ada", "study_administrator")
    return two_arms


def test_a_study_without_cuts_says_what_to_do(world: World) -> None:
    page = world.client("ada").get(world.url("cuts/"))
    assert page.status_code == 200
    assert "No cut yet" in page.text and "earliest possible date" in page.text
    assert f'value="{timezone.localdate().isoformat()}"' in page.text


def test_cuts_are_listed_with_counts_and_hash(world: World) -> None:
    stated = freeze.write_cut(study=world.study, cut_id=uuid.uuid4(), cut_date=CUT_DATE, progress=no_progress)
    cut = register_cut(study=world.study, manifest=stated, by=SOMEONE)
    text = world.client("ada").get(world.url("cuts/")).text
    assert cut.sha256 in text and str(cut.id) in text and "2026-03-31" in text


def test_the_button_queues_one_job_and_shows_its_progress(world: World) -> None:
    client = world.client("ada")
    first = client.post(world.url("cuts/"), {"date": "2026-03-31"})
    second = client.post(world.url("cuts/"), {"date": "2026-03-31"})
    job = Job.objects.get(task="cuts.freeze")
    assert first.url == second.url == f"/jobs/{job.id}/"
    assert job.parameters == {"date": "2026-03-31"} and job.study_id == world.study.id


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ("", "has a cut-off date"),
        ("soon", "not a day"),
        ("03/04/2026", "not a day"),
        ("2999-01-01", "future"),
    ],
)
def test_a_date_that_cannot_be_is_refused_with_the_remedy(world: World, date: str, said: str) -> None:
    answer = world.client("ada").post(world.url("cuts/"), {"date": date})
    assert answer.status_code == 422
    assert said in answer.text
    assert not Job.objects.filter(task="cuts.freeze").exists()


@pytest.mark.parametrize("name", ["alice", "carl", "mona"])
def test_those_who_may_not_freeze_find_no_such_page(world: World, name: str) -> None:
    client = world.client(name)
    assert client.get(world.url("cuts/")).status_code == 404
    assert client.post(world.url("cuts/"), {"date": "2026-03-31"}).status_code == 404
    assert not Job.objects.exists()
