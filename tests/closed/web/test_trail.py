"""The page History in the closed room: it may tell an arm, so the purpose is asked and each look recorded."""

from __future__ import annotations

import pytest
from django.test import Client

from pvtracker.audit.models import AccessRecord
from pvtracker.studies.models import Study
from tests.closed.people import person_of, signed_in
from tests.closed.signals.conftest import closed_storage, joined_cut, open_storage, silent_broker, study
from tests.word_checks import nameless_rows, unnamed

__all__ = ["closed_storage", "joined_cut", "open_storage", "silent_broker", "study"]
pytestmark = pytest.mark.django_db


def test_an_auditor_says_why_and_the_look_is_recorded(study: Study) -> None:
    auditor = person_of(study, "auditor_closed")
    client = Client()
    client.force_login(auditor)
    assert client.get("/studies/JOIN/history/").headers["Location"].startswith("/studies/JOIN/purpose/")
    text = signed_in(auditor, study).get("/studies/JOIN/history/?kind=allocation_allocation").content.decode()
    assert "planned arm: " in text and "participant S-1" in text
    found = signed_in(auditor, study).get("/studies/JOIN/history/?participant=S-1").content.decode()
    assert "participant S-1" in found and "participant S-2" not in found, "narrowed by the identifier"
    kept = AccessRecord.objects.filter(actor=str(auditor.id), object_kind="history").order_by("id")[0]
    assert (kept.kind, kept.study_id) == ("look", study.id) and "allocation" in kept.detail


def test_others_find_no_such_page(study: Study) -> None:
    for role in ("statistician", "dsmb_member"):
        assert signed_in(person_of(study, role), study).get("/studies/JOIN/history/").status_code == 404


def test_every_record_and_field_of_this_room_has_words() -> None:
    assert unnamed() == [] and nameless_rows() == []
