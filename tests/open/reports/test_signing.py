"""Signing an open report: bound to the hashes of its content and PDF, shown on its page and on a signature sheet."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from pvtracker.accounts.models import Signature
from pvtracker.accounts.signing.queries import Standing
from pvtracker.cuts.models import Cut
from pvtracker.events.actions.capture import amend_event, void_event
from pvtracker.events.models import AdverseEvent
from pvtracker.events.signing import manifestations_of as of_event
from pvtracker.reports import actions, queries, storage
from pvtracker.reports.models import ReportRecord
from pvtracker.reports.signing import manifestations_of
from tests.open.cuts.conftest import CUT_DATE
from tests.open.reports.conftest import cut, freeze_now, world
from tests.open.reports.conftest import storage as stored
from tests.open.signing import PASSWORD, with_passwords
from tests.open.signing import sign as sign_event_at
from tests.open.world import SOMEONE, World
from tests.signed import manifestation, sign_at

__all__ = ["cut", "stored", "world"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def record(world: World, cut: Cut) -> ReportRecord:
    with_passwords(world)
    made = actions.make_report(request=actions.request_for(study=world.study, audience="open"), by=SOMEONE)
    return queries.report_for(world.study, made.id)


def sign(world: World, record: ReportRecord, **typed: str) -> int:
    posted = {"meaning": "approval", "username": world.people["ada"].username, "password": PASSWORD}
    url = world.url(f"reports/{record.id}/sign/")
    return sign_at(world.client("ada"), url, **(posted | typed)).status_code


def text_of(pdf: bytes) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(done.stdout.decode().replace("\u200b", "").split())


def test_a_signature_stands_on_the_page_and_on_the_sheet_and_leaves_the_report_alone(
    world: World, record: ReportRecord
) -> None:
    before = queries.pdf_of(record)
    assert sign(world, record) == 302
    made = Signature.objects.get()
    parts = manifestation(made, role="Study administrator", meaning="Approval")
    ada = world.client("ada")
    page = " ".join(ada.get(world.url(f"reports/{record.id}/")).content.decode().split())
    sheet = ada.get(world.url(f"reports/{record.id}/signatures/"))
    assert sheet["Content-Type"] == "application/pdf" and "_signatures.pdf" in sheet["Content-Disposition"]
    printed = text_of(sheet.content)
    for part in parts:
        assert part in page, f"{part} is missing from the page"
        assert part in printed, f"{part} is missing from the sheet"
    for whole in (record.content_sha256, record.pdf_sha256, made.sha256):
        assert whole in printed.replace(" ", "")
    assert queries.pdf_of(record) == before


def test_an_altered_file_no_longer_fits_its_signature_and_is_not_signed(
    world: World, record: ReportRecord
) -> None:
    assert sign(world, record) == 302
    file = Path(settings.STORAGE) / "reports" / str(record.id) / storage.PDF
    file.write_bytes(file.read_bytes() + b" ")
    assert [m.standing for m in manifestations_of(record)] == [Standing.ALTERED]
    assert sign(world, record, meaning="review") == 409
    assert Signature.objects.count() == 1
    page = world.client("ada").get(world.url(f"reports/{record.id}/")).content.decode()
    assert "does not fit the record" in page


def test_the_report_prints_as_many_signed_events_as_the_signatures_prove(world: World) -> None:
    """The printed figures are held against each signature verified by its hash, over the events that the cut has."""
    with_passwords(world)
    pains = [world.record(verbatim=f"Pain {n}", onset=f"2026-03-0{n}") for n in range(1, 6)]
    events = [*AdverseEvent.objects.exclude(pk__in=[e.id for e in pains]), *pains]
    later = str(CUT_DATE + timedelta(days=1))
    future = world.record(verbatim="After the cut", onset=later, end=later)
    alice = world.client("alice")
    for event in (*events[:4], future):
        assert sign_event_at(world, event, alice).status_code == 302
    by = world.people["alice"].actor("investigator")
    changed = amend_event(event=events[0], version=1, details=world.details(grade=3), reason="seen", by=by)
    void_event(event=events[1], version=1, reason="another person's", by=by)
    freeze_now(world)
    made = actions.make_report(request=actions.request_for(study=world.study, audience="open"), by=SOMEONE)
    inside = [e for e in AdverseEvent.objects.exclude(pk=future.pk) if e.state != "voided"]
    proved = [e for e in inside if any(m.standing is Standing.VALID for m in of_event(e))]
    once = [e for e in inside if of_event(e) and e not in proved]
    assert (len(proved), len(once), len(inside)) == (2, 1, 5) and once == [changed]
    printed = text_of(queries.pdf_of(made))
    assert "signed 2 of 5 adverse events as they stand in this cut; 3 are not signed, 1 of them" in printed


def test_who_only_reads_reports_does_not_sign_them(world: World, record: ReportRecord) -> None:
    world.person("vera", "sponsor_viewer")
    with_passwords(world)
    vera = world.client("vera")
    assert vera.get(world.url(f"reports/{record.id}/")).status_code == 200
    assert vera.get(world.url(f"reports/{record.id}/sign/")).status_code == 404
