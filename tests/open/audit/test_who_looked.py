"""The open room's page of who looked: exports and refusals of this room, and nothing of the closed one."""

from __future__ import annotations

import uuid
from datetime import date

import pytest
from django.test import Client

from pvtracker.accounts.models import Account
from pvtracker.audit import looks
from pvtracker.audit.context import Actor
from pvtracker.audit.models import AccessRecord
from pvtracker.studies.actions import StudyEntry, create_study, grant_membership
from pvtracker.studies.models import Study

pytestmark = pytest.mark.django_db
BY = Actor.process("test")


@pytest.fixture
def study() -> Study:
    return create_study(entry=StudyEntry(code=f"LOOK-{uuid.uuid4().hex[:6]}", title="A trial"), by=BY)


def client_of(study: Study, role: str) -> Client:
    account = Account.objects.create(username=f"{role}-{uuid.uuid4().hex[:6]}", full_name=role)
    grant_membership(
        study=study, account=account, role=role, room="open", starts_on=date(2020, 1, 1), reason="test", by=BY
    )
    client = Client()
    client.force_login(account)
    return client


def test_an_auditor_reads_what_was_taken_out(study: Study) -> None:
    by = Actor(id=str(uuid.uuid4()), name="Ann Lee", role="medical_monitor")
    looks.record(kind="export", by=by, study_id=study.id, object_kind="report", detail="PDF, open report")
    text = client_of(study, "auditor_open").get(f"/studies/{study.code}/looks/").text
    assert (
        "Ann Lee (Medical monitor)" in text and "Took data out: report" in text and "PDF, open report" in text
    )
    assert "holds no data by arm" in text


def test_the_page_does_not_even_name_looks_at_an_arm(study: Study) -> None:
    text = client_of(study, "auditor_open").get(f"/studies/{study.code}/looks/").text
    assert "Took data out" in text
    assert "code_break" not in text and "by arm</option>" not in text and "Was shown the arm" not in text


def test_the_export_is_recorded(study: Study) -> None:
    client = client_of(study, "auditor_open")
    answer = client.get(f"/studies/{study.code}/looks/?format=csv")
    assert answer["Content-Type"].startswith("text/csv") and answer.content.startswith(
        b"\xef\xbb\xbfat (UTC)"
    )
    assert AccessRecord.objects.get(study_id=study.id).object_kind == "access records"


@pytest.mark.parametrize("role", ["coder", "medical_monitor", "sponsor_viewer"])
def test_others_do_not_find_it(study: Study, role: str) -> None:
    assert client_of(study, role).get(f"/studies/{study.code}/looks/").status_code == 404
