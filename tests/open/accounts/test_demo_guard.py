"""Secrets of a demo are good in a demo only, and a demo is for one's own machine only."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from oauth2_provider.models import Application

from pvtracker.accounts import factors
from pvtracker.accounts.actions import create_account, deactivate
from pvtracker.audit.context import acting
from pvtracker.ops.guard import DemoSecrets, refuse_demo_secrets
from tests.people import PASSWORD, SOMEONE, account

pytestmark = pytest.mark.django_db


def demo_person() -> Any:
    return create_account(
        username="investigator", full_name="Demo: Investigator", password=PASSWORD, by=SOMEONE
    )


def test_people_of_a_demo_are_refused_where_none_is(settings: Any) -> None:
    settings.DEMO = False
    refuse_demo_secrets()
    someone = demo_person()
    with pytest.raises(DemoSecrets, match="the account investigator of a demo"):
        refuse_demo_secrets()
    settings.DEMO, settings.ALLOWED_HOSTS = True, ["localhost"]
    refuse_demo_secrets()
    settings.DEMO = False
    deactivate(account=someone, reason="test", by=SOMEONE)
    refuse_demo_secrets()


def test_the_sponsors_client_of_a_demo_is_refused_where_none_is(settings: Any) -> None:
    settings.DEMO = False
    acting(by=SOMEONE, reason="test", source="test")
    Application.objects.create(
        client_id="demo-sponsor", client_type="confidential", authorization_grant_type="client-credentials"
    )
    with pytest.raises(DemoSecrets, match="the API client demo-sponsor"):
        refuse_demo_secrets()


@pytest.mark.parametrize(
    ("name", "value"),
    [("SECURE", True), ("BEHIND_PROXY", True), ("ALLOWED_HOSTS", ["localhost", "open.example.org"])],
)
def test_a_demo_with_settings_of_production_does_not_start(settings: Any, name: str, value: Any) -> None:
    settings.DEMO, settings.ALLOWED_HOSTS = True, ["localhost"]
    settings.SECURE = settings.BEHIND_PROXY = False
    assert "pvtracker.E001" not in {problem.id for problem in run_checks()}
    setattr(settings, name, value)
    assert "pvtracker.E001" in {problem.id for problem in run_checks()}
    with pytest.raises(DemoSecrets, match="settings of production"):
        refuse_demo_secrets()


def test_an_authenticator_whose_key_others_know_is_made_in_a_demo_only(settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(RuntimeError, match="for a demo only"):
        factors.enrol_known(account=account(), secret="A" * 32, by=SOMEONE)
