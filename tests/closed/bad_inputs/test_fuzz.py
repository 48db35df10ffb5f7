"""Every address of the closed room with hostile values, by every role and by those who may not enter."""

from __future__ import annotations

import pytest

from pvtracker.accounts.roles import roles_of
from pvtracker.audit.context import Actor
from pvtracker.studies.actions import StudyEntry, create_study
from tests import fuzz
from tests.architecture.asking import Browser
from tests.people import member

pytestmark = pytest.mark.django_db
ROLES = ("statistician", "dsmb_chair", "code_break_officer", "auditor_closed")


def test_no_address_of_the_closed_room_answers_with_a_fault() -> None:
    study = create_study(entry=StudyEntry(code="FUZZ", title="A study"), by=Actor.process("test"))
    assert set(ROLES) <= set(roles_of("closed"))
    browsers = [Browser(member(study, role)) for role in ROLES]
    fuzz.check_never_a_fault([*browsers, Browser()], code=study.code, ids=[str(study.id)])
