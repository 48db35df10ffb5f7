"""Sessions of the open room. The closed room's twin is tests/closed/accounts/test_sessions.py."""

from __future__ import annotations

import re
import uuid

import pytest
from django.core import signing
from django.test import Client

from pvtracker.accounts import carried
from tests import session_checks
from tests.door import enrol, idle_for, knock
from tests.open.world import make_world
from tests.people import PASSWORD, account, make_ready, member

pytestmark = pytest.mark.django_db


def test_a_deactivated_account_is_out_with_the_next_request() -> None:
    session_checks.check_a_deactivated_account_is_out_with_the_next_request()


def test_a_session_can_be_ended_from_another_browser() -> None:
    session_checks.check_a_session_can_be_ended_from_another_browser()


def test_nobody_ends_a_session_of_somebody_else() -> None:
    session_checks.check_nobody_ends_a_session_of_somebody_else()


def test_clinicians_are_out_after_twenty_minutes() -> None:
    session_checks.check_the_idle_clock(20, make_ready(account("ann")))


def test_a_study_administrator_needs_a_factor_and_is_out_after_fifteen_minutes() -> None:
    someone = member(make_world(f"SES-{uuid.uuid4().hex[:6]}").study, "study_administrator")
    session_checks.check_the_idle_clock(15, someone, enrol(someone))


def test_administrators_are_out_after_fifteen_minutes() -> None:
    session_checks.check_administrators_are_out_after_fifteen_minutes()


def test_twelve_hours_are_the_most() -> None:
    session_checks.check_twelve_hours_are_the_most()


def test_an_administrator_enrols_before_anything_else() -> None:
    session_checks.check_an_administrator_enrols_before_anything_else()


def test_a_lost_device() -> None:
    session_checks.check_a_lost_device()


def test_a_secret_that_was_sent_when_the_session_was_over_is_not_kept_in_the_page_or_the_session() -> None:
    """What was typed comes back after the sign-in; a password and a code are typed anew."""
    someone = make_ready(account("ann"))
    client = Client()
    knock(client, someone.username)
    idle_for(someone, minutes=21)
    typed = {"meaning": "review", "password": PASSWORD, "show-code": "123456", "note": "seen twice"}
    page = client.post("/components/", typed).content.decode()
    packed = re.search(r'name="carried" value="([^"]+)"', page)
    assert packed is not None
    told = signing.loads(packed[1], salt=carried.SALT)
    assert told["fields"] == [["meaning", "review"], ["note", "seen twice"]]


def test_a_session_that_showed_a_password_only_ends_when_a_factor_is_there() -> None:
    session_checks.check_a_session_that_showed_a_password_only_ends_when_a_factor_is_there()
