"""Sessions of the closed room. The open room's twin is tests/open/accounts/test_sessions.py."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from pvtracker.studies.actions import StudyEntry, create_study
from tests import session_checks
from tests.door import knock
from tests.people import SOMEONE, account, make_ready, member

pytestmark = pytest.mark.django_db


def test_a_deactivated_account_is_out_with_the_next_request() -> None:
    session_checks.check_a_deactivated_account_is_out_with_the_next_request()


def test_a_session_can_be_ended_from_another_browser() -> None:
    session_checks.check_a_session_can_be_ended_from_another_browser()


def test_nobody_ends_a_session_of_somebody_else() -> None:
    session_checks.check_nobody_ends_a_session_of_somebody_else()


def test_people_of_the_closed_room_are_out_after_fifteen_minutes() -> None:
    session_checks.check_the_idle_clock(15, make_ready(account("ann")))


def test_a_role_of_the_closed_room_opens_nothing_without_a_second_factor() -> None:
    study = create_study(entry=StudyEntry(code=f"SES-{uuid.uuid4().hex[:6]}", title="A study"), by=SOMEONE)
    someone = member(study, "dsmb_member")
    client = Client()
    knock(client, someone.username)
    answer = client.get(f"/studies/{study.code}/reports/")
    assert answer.status_code == 302 and answer.headers["Location"] == "/account/"


def test_administrators_are_out_after_fifteen_minutes() -> None:
    session_checks.check_administrators_are_out_after_fifteen_minutes()


def test_twelve_hours_are_the_most() -> None:
    session_checks.check_twelve_hours_are_the_most()


def test_an_administrator_enrols_before_anything_else() -> None:
    session_checks.check_an_administrator_enrols_before_anything_else()


def test_a_lost_device() -> None:
    session_checks.check_a_lost_device()


def test_a_session_that_showed_a_password_only_ends_when_a_factor_is_there() -> None:
    session_checks.check_a_session_that_showed_a_password_only_ends_when_a_factor_is_there()
