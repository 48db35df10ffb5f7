"""Signing a closed report: two components first, the password alone after that; bound to one report and its files."""

from __future__ import annotations

import shutil
import subprocess
import uuid

import pytest
from django.test import Client

from pvtracker.accounts.models import Account, Signature
from pvtracker.accounts.signing.queries import Standing
from pvtracker.reports import actions, queries, storage
from pvtracker.reports.models import ReportRecord
from pvtracker.reports.signing import manifestations_of
from pvtracker.studies.models import Study
from tests.acting import as_test
from tests.closed.cuts.folder import BY
from tests.closed.people import SECRET, checked_person, client_of, signed_in
from tests.closed.signals.conftest import closed_storage, joined_cut, open_storage, silent_broker, study
from tests.signed import manifestation, sign_at

__all__ = ["closed_storage", "joined_cut", "open_storage", "silent_broker", "study"]
pytestmark = pytest.mark.django_db
HERE = "/studies/JOIN/reports/"


@pytest.fixture
def record(report_once: uuid.UUID, study: Study) -> ReportRecord:
    return queries.report_for(study, report_once)


@pytest.fixture
def signer(study: Study) -> Account:
    return checked_person(study, "statistician")


@pytest.fixture
def browser(signer: Account, study: Study) -> Client:
    return signed_in(signer, study)


def sign(browser: Client, signer: Account, record: ReportRecord, **typed: str | None) -> int:
    posted: dict[str, str | None] = {"meaning": "approval", "username": signer.username, "password": SECRET}
    return sign_at(browser, f"{HERE}{record.id}/sign/", **(posted | typed)).status_code


def test_two_components_first_then_the_password_and_both_stand_on_page_and_sheet(
    browser: Client, signer: Account, record: ReportRecord
) -> None:
    assert 'name="username"' in browser.get(f"{HERE}{record.id}/sign/").content.decode()
    assert sign(browser, signer, record, username=None) == 422, "the password alone is one component"
    assert sign(browser, signer, record, username="somebody else") == 422
    assert not Signature.objects.exists()
    assert sign(browser, signer, record) == 302
    assert 'name="username"' not in browser.get(f"{HERE}{record.id}/sign/").content.decode()
    assert sign(browser, signer, record, meaning="review", username=None, password="") == 422
    assert sign(browser, signer, record, meaning="review", username=None) == 302
    first, second = Signature.objects.order_by("signed_at")
    assert (first.components, second.components) == (["user name", "password"], ["password"])
    assert first.series == second.series
    page = " ".join(browser.get(f"{HERE}{record.id}/").content.decode().split())
    sheet = browser.get(f"{HERE}{record.id}/signatures/")
    for made, meaning in ((first, "Approval"), (second, "Review")):
        for part in manifestation(made, role="Unblinded statistician", meaning=meaning):
            assert part in page, part
    if shutil.which("pdftotext"):
        done = subprocess.run(
            ["pdftotext", "-raw", "-", "-"], input=sheet.content, capture_output=True, check=True
        )
        printed = "".join(done.stdout.decode().replace("\u200b", "").split())
        assert all(whole in printed for whole in (first.sha256, record.pdf_sha256, record.content_sha256))


def test_a_signature_copied_to_another_report_does_not_verify(
    study: Study, browser: Client, signer: Account, record: ReportRecord
) -> None:
    assert sign(browser, signer, record) == 302
    request = actions.request_for(study=study, audience="closed", analysis_arm="actual")
    other = queries.report_for(study, actions.make_report(request=request, by=BY).id)
    copied = Signature.objects.get()
    copied.id, copied.object_id = uuid.uuid4(), other.id
    with as_test():
        copied.save(force_insert=True)
    assert [m.standing for m in manifestations_of(other)] == [Standing.ALTERED]
    assert [m.standing for m in manifestations_of(record)] == [Standing.VALID]
    assert "does not fit the record" in browser.get(f"{HERE}{other.id}/").content.decode()


def test_an_altered_file_no_longer_fits_and_is_not_signed(
    browser: Client, signer: Account, record: ReportRecord
) -> None:
    assert sign(browser, signer, record) == 302
    file = storage.folder_of(record.id) / storage.stored_name(storage.PDF)
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    assert [m.standing for m in manifestations_of(record)] == [Standing.ALTERED]
    assert sign(browser, signer, record, meaning="review", username=None) == 409
    assert Signature.objects.count() == 1


@pytest.mark.parametrize("role", ["dsmb_member", "auditor_closed"])
def test_who_only_reads_does_not_sign(study: Study, record: ReportRecord, role: str) -> None:
    assert client_of(study, role).get(f"{HERE}{record.id}/sign/").status_code == 404


def test_nobody_signs_before_somebody_made_sure_who_they_are(study: Study, record: ReportRecord) -> None:
    assert client_of(study, "statistician").get(f"{HERE}{record.id}/sign/").status_code == 404
