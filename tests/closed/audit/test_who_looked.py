"""The page on which auditors of the closed room read who looked."""

from __future__ import annotations

import csv
import io
import uuid
from datetime import timedelta

import pytest
from django.db.models import Q
from django.utils import timezone

from pvtracker.audit import looks
from pvtracker.audit.context import Actor
from pvtracker.audit.models import AccessRecord
from pvtracker.studies.actions import StudyEntry, create_study
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY
from tests.closed.people import client_of, person_of, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return create_study(entry=StudyEntry(code=f"LOOK-{uuid.uuid4().hex[:6]}", title="A trial"), by=BY)


def look(study: Study | None, name: str = "Ann Lee", **more: str) -> None:
    values = {"kind": "look", "object_kind": "report", "object_id": str(uuid.uuid4()), **more}
    by = Actor(id=more.pop("actor", str(uuid.uuid4())), name=name, role="statistician")
    values.pop("actor", None)
    looks.record(by=by, study_id=study.id if study else None, **values)


def page(study: Study, **asked: str) -> str:
    answer = client_of(study, "auditor_closed").get(f"/studies/{study.code}/looks/", asked)
    assert answer.status_code == 200
    return answer.text


def test_it_says_who_did_what_when_and_why_in_words(study: Study) -> None:
    look(
        study, reason="Safety question: two deaths", detail="closed report of 2026-06-30", address="10.0.0.7"
    )
    text = page(study)
    for said in (
        "Ann Lee (Unblinded statistician)",
        "Looked at data by arm: report",
        "closed report of 2026-06-30",
        "Safety question: two deaths",
        "10.0.0.7",
        f"{timezone.now():%Y-%m-%d}",
    ):
        assert said in text


def test_a_report_a_run_and_a_code_break_are_linked(study: Study) -> None:
    for kind, tail in (
        ("report", "reports"),
        ("screening run", "signals/runs"),
        ("code break", "code-breaks"),
    ):
        object_id = str(uuid.uuid4())
        look(study, object_kind=kind, object_id=object_id)
        assert f'href="/studies/{study.code}/{tail}/{object_id}/"' in page(study)


def test_sign_ins_of_those_who_work_in_the_study_are_there_and_of_strangers_not(study: Study) -> None:
    member = person_of(study, "statistician")
    look(None, "The Member", kind="sign_in", actor=str(member.id))
    look(None, "The Stranger", kind="sign_in")
    text = page(study)
    assert "The Member" in text and "The Stranger" not in text


def test_records_of_another_study_are_not_there(study: Study) -> None:
    other = create_study(entry=StudyEntry(code=f"OTHER-{uuid.uuid4().hex[:6]}", title="Another"), by=BY)
    look(other, "Somebody Elsewhere")
    assert "Somebody Elsewhere" not in page(study)


def test_each_filter_narrows(study: Study) -> None:
    look(study, "Ann Lee", reason="first question")
    look(study, "Bo Berg", kind="export", reason="second question")
    today, tomorrow = timezone.now().date(), timezone.now().date() + timedelta(days=1)
    for asked, shown in (
        ({"kind": "export"}, {"Bo Berg"}),
        ({"person": "ann"}, {"Ann Lee"}),
        ({"thing": "second"}, {"Bo Berg"}),
        ({"first": str(today), "last": str(today)}, {"Ann Lee", "Bo Berg"}),
        ({"first": str(tomorrow)}, set()),
        ({"last": str(today - timedelta(days=1))}, set()),
    ):
        text = page(study, **asked)
        assert {name for name in ("Ann Lee", "Bo Berg") if name in text} == shown, asked


@pytest.mark.parametrize(
    "asked", [{"first": "yesterday"}, {"person": "a\0b"}, {"kind": "gossip"}, {"page": "x"}]
)
def test_a_filter_that_cannot_be_read_narrows_nothing(study: Study, asked: dict[str, str]) -> None:
    look(study)
    assert "Ann Lee" in page(study, **asked)


def test_the_export_has_every_field_runs_no_formula_and_is_recorded(study: Study) -> None:
    look(study, "=cmd|'/c calc'!A1", reason="+why", detail="-detail")
    auditor = person_of(study, "auditor_closed")
    answer = signed_in(auditor).get(f"/studies/{study.code}/looks/?format=csv&kind=look")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 1 and rows[0]["who"] == "'=cmd|'/c calc'!A1"
    assert (rows[0]["why"], rows[0]["detail"], rows[0]["kind"]) == ("'+why", "'-detail", "look")
    kept = AccessRecord.objects.get(Q(actor=str(auditor.id)))
    assert (kept.kind, kept.object_kind) == ("export", "access records") and "kind=look" in kept.detail


@pytest.mark.parametrize("role", ["statistician", "dsmb_member", "code_break_officer"])
def test_only_auditors_read_it(study: Study, role: str) -> None:
    assert client_of(study, role).get(f"/studies/{study.code}/looks/").status_code == 404
