"""Every address of the closed room with hostile values, by every role and by those who may not enter."""

from __future__ import annotations

import uuid
from datetime import date

import pytest
from django.test import Client

from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor
from pvtracker.studies.actions import StudyEntry, create_study, grant_membership
from tests import fuzz

pytestmark = pytest.mark.django_db


def test_no_address_of_the_closed_room_answers_with_a_fault() -> None:
    by = Actor.process("test")
    study = create_study(entry=StudyEntry(code="FUZZ", title="A study"), by=by)
    clients = [Client(raise_request_exception=False)]
    for role in ("statistician", "dsmb_chair", "code_break_officer", "auditor_closed"):
        account = Account.objects.create(username=f"{role}-{uuid.uuid4().hex[:8]}", full_name=role)
        grant_membership(
            study=study,
            account=account,
            role=role,
            site=None,
            room="closed",
            starts_on=date(2020, 1, 1),
            reason="test",
            by=by,
        )
        client = Client(raise_request_exception=False)
        client.force_login(account)
        clients.append(client)
    fuzz.check_never_a_fault(clients, code=study.code, ids=[str(study.id)])
