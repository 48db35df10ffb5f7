"""The board's recommendation: written and signed by the chair, read by the board; a later version voids signatures."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from pvtracker.accounts.models import Account, Signature
from pvtracker.board import actions
from pvtracker.board.models import Recommendation, RecommendationVersion
from pvtracker.board.signing import manifestations_of
from pvtracker.reports.models import ReportRecord
from pvtracker.studies.models import Study
from tests.acting import as_test
from tests.closed.people import SECRET, checked_person, client_of, signed_in
from tests.closed.signals.conftest import closed_storage, joined_cut, open_storage, silent_broker, study
from tests.signed import manifestation, sign_at

__all__ = ["closed_storage", "joined_cut", "open_storage", "silent_broker", "study"]
pytestmark = pytest.mark.django_db
HERE = "/studies/JOIN/recommendations/"


@pytest.fixture
def record(report_once: uuid.UUID, study: Study) -> ReportRecord:
    return ReportRecord.objects.get(id=report_once)


@pytest.fixture
def chair(study: Study) -> Account:
    return checked_person(study, "dsmb_chair")


@pytest.fixture
def browser(chair: Account, study: Study) -> Client:
    return signed_in(chair, study)


@pytest.fixture
def written(record: ReportRecord, browser: Client) -> Recommendation:
    said = {"report": str(record.id), "kind": "modify", "text": "Continue; watch the liver."}
    assert browser.post(f"{HERE}new/", said).status_code == 302
    return Recommendation.objects.get()


def sign(browser: Client, chair: Account, written: Recommendation, **typed: str | None) -> int:
    posted: dict[str, str | None] = {
        "meaning": "approval",
        "username": chair.username,
        "password": SECRET,
    }
    return sign_at(browser, f"{HERE}{written.id}/sign/", **(posted | typed)).status_code


def test_the_chair_writes_and_signs_and_the_board_reads(
    study: Study, chair: Account, browser: Client, written: Recommendation
) -> None:
    assert sign(browser, chair, written) == 302
    made = Signature.objects.get()
    member = client_of(study, "dsmb_member")
    page = " ".join(member.get(f"{HERE}{written.id}/").content.decode().split())
    for part in (
        *manifestation(made, role="DSMB chair", meaning="Approval"),
        "Continue with modification",
        "Continue; watch the liver.",
    ):
        assert part in page, part
    assert "signed" in member.get(HERE).content.decode()


@pytest.mark.parametrize("role", ["dsmb_member", "statistician", "auditor_closed"])
def test_others_read_and_neither_write_nor_sign(study: Study, written: Recommendation, role: str) -> None:
    browser = client_of(study, role)
    assert browser.get(f"{HERE}{written.id}/").status_code == 200
    for tail in ("new/", f"{written.id}/edit/", f"{written.id}/sign/"):
        assert browser.get(HERE + tail).status_code == 404
        assert browser.post(HERE + tail, {"kind": "terminate", "text": "x"}).status_code == 404
    assert not Signature.objects.exists() and RecommendationVersion.objects.count() == 1


def test_the_code_break_officer_does_not_read_recommendations(study: Study, written: Recommendation) -> None:
    assert client_of(study, "code_break_officer").get(f"{HERE}{written.id}/").status_code == 404


def test_a_new_version_voids_the_signature_and_needs_a_reason(
    chair: Account, browser: Client, written: Recommendation
) -> None:
    sign(browser, chair, written)
    changed = {"kind": "suspend", "text": "Stop dosing.", "version": "1"}
    assert browser.post(f"{HERE}{written.id}/edit/", changed).status_code == 422
    assert browser.post(f"{HERE}{written.id}/edit/", {**changed, "reason": "new deaths"}).status_code == 302
    written.refresh_from_db()
    assert (written.kind, written.version) == ("suspend", 2)
    page = browser.get(f"{HERE}{written.id}/").content.decode()
    assert "Signature void since version 2, written by A dsmb_chair" in page
    assert "watch the liver" in page  # what it said before stays
    assert "to sign" in browser.get(HERE).content.decode()


def test_what_was_changed_after_it_was_shown_is_not_signed(
    chair: Account, browser: Client, written: Recommendation
) -> None:
    shown = sign_at(browser, f"{HERE}{written.id}/sign/", meaning="approval").context["subject"].sha256
    actions.amend_recommendation(
        recommendation=written,
        version=1,
        kind="terminate",
        text="Stop.",
        reason="new deaths",
        by=chair.actor("dsmb_chair"),
    )
    assert sign(browser, chair, written, shown=shown) == 409
    assert not Signature.objects.exists()


def test_a_signature_is_bound_to_the_report_that_was_read(
    chair: Account, browser: Client, written: Recommendation
) -> None:
    sign(browser, chair, written)
    found = Recommendation.objects.select_related("report").get()
    assert [m.standing for m in manifestations_of(found)] == ["valid"]
    found.report.pdf_sha256 = "0" * 64
    assert [m.standing for m in manifestations_of(found)] == ["altered"]


def test_two_components_first_then_the_password_and_a_copy_does_not_verify(
    chair: Account, browser: Client, written: Recommendation
) -> None:
    assert sign(browser, chair, written, username=None) == 422
    assert not Signature.objects.exists()
    assert sign(browser, chair, written) == 302
    said = {"report": str(written.report_id), "kind": "continue", "text": "Continue as planned."}
    for _ in range(2):
        assert browser.post(f"{HERE}new/", said).status_code == 302
    other, third = Recommendation.objects.select_related("report").exclude(pk=written.pk)
    copied = Signature.objects.get()
    assert sign(browser, chair, third, username=None) == 302, "the password alone within the sitting"
    assert Signature.objects.get(object_id=third.id).components == ["password"]
    copied.id, copied.object_id = uuid.uuid4(), other.id
    with as_test():
        copied.save(force_insert=True)
    assert [m.standing for m in manifestations_of(other)] == ["altered"]
    assert "does not fit the record" in browser.get(f"{HERE}{other.id}/").content.decode()


def test_a_conflicting_change_is_refused(browser: Client, chair: Account, written: Recommendation) -> None:
    changed = {"kind": "suspend", "text": "Stop dosing.", "version": "3", "reason": "x"}
    answer = browser.post(f"{HERE}{written.id}/edit/", changed)
    assert answer.status_code == 422 and "changed meanwhile" in answer.content.decode()
    assert "Stop dosing." in answer.content.decode()
