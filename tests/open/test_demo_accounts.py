"""The demo's sign-ins of the open room."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.core.management import CommandError, call_command
from django.db.models import Value
from django.db.models.functions import Concat
from oauth2_provider.models import Application

from pvtracker.accounts.models import Account
from pvtracker.feeds.models import FeedAccess
from pvtracker.studies.models import Membership
from tests.open.world import World, make_world

pytestmark = pytest.mark.django_db

PASSWORDS = {"investigator": "one-long-password", "medical_monitor": "another-long-one"}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, settings: Any) -> World:
    settings.DEMO = True
    told = json.dumps({"passwords": PASSWORDS, "sponsor": ["test-demo-sponsor", "test-demo-secret"]})
    monkeypatch.setattr("sys.stdin", io.StringIO(told))
    # a development database has its own
    Account.objects.filter(username__in=PASSWORDS).update(username=Concat("username", Value("-before")))
    return make_world("DEMO-ACC")


def test_each_role_gets_a_sign_in_and_a_site_role_its_first_site_with_participants(world: World) -> None:
    call_command("demo_accounts", world.study.code)
    memberships = Membership.objects.filter(study=world.study, account__username__in=PASSWORDS)
    assert {(m.account.username, m.role, m.site and m.site.code) for m in memberships} == {
        ("investigator", "investigator", "01"),
        ("medical_monitor", "medical_monitor", None),
    }
    assert Account.objects.get(username="investigator").check_password("one-long-password")


def test_the_sponsors_client_reads_this_studys_feed_and_its_secret_is_not_kept(world: World) -> None:
    call_command("demo_accounts", world.study.code)
    client = Application.objects.get(client_id="test-demo-sponsor")
    assert client.client_secret != "test-demo-secret"
    assert check_password("test-demo-secret", client.client_secret)
    assert FeedAccess.objects.filter(study=world.study, client=client).exists()


def test_a_second_run_makes_nothing_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("demo_accounts", world.study.code)
    made = Account.objects.count(), Membership.objects.count(), Application.objects.count()
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"passwords": {**PASSWORDS}})))
    call_command("demo_accounts", world.study.code)
    assert (Account.objects.count(), Membership.objects.count(), Application.objects.count()) == made


def test_outside_a_demo_it_refuses(world: World, settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="in a demo only"):
        call_command("demo_accounts", world.study.code)


def test_a_role_of_the_other_room_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "sys.stdin", io.StringIO(json.dumps({"passwords": {"statistician": "a-long-password"}}))
    )
    with pytest.raises(CommandError, match="not a role of the open room"):
        call_command("demo_accounts", world.study.code)
