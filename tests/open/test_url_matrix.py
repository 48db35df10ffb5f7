"""Every address of the open room × everybody who might ask for it. A new address fails until it has a rule here."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from oauth2_provider.models import Application

from pvtracker.accounts.roles import roles_of
from pvtracker.audit.context import enter_study, within
from pvtracker.events.models import DataQuery
from pvtracker.feeds.actions import grant_feed
from tests.architecture.matrix import (
    ANONYMOUS,
    ANYBODY,
    CLIENT,
    DOOR,
    MEMBERS,
    METHODS,
    NO,
    OWN,
    PUBLIC,
    Known,
    Person,
    Rule,
    ask,
    faults_of_foreign_ids,
    faults_of_matrix,
    filled,
    outcome,
    patterns,
)
from tests.open.feeds.test_api import token
from tests.open.known import make_known
from tests.open.world import SOMEONE, World
from tests.people import account, administrator, make_ready, member

pytestmark = pytest.mark.django_db
READ = "read_participants"
RULES = {
    "home": Rule(ANYBODY, NO),
    "components": Rule(ANYBODY, NO),
    "health": Rule(PUBLIC, NO),
    "sign_in": Rule(PUBLIC, PUBLIC),
    "sign_out": Rule(NO, DOOR),
    "end_session": Rule(OWN, OWN),
    "openid_connect_login": Rule(OWN, OWN),
    "openid_connect_callback": Rule(OWN, OWN),
    "ready": Rule(ANYBODY, ANYBODY),
    "join": Rule(PUBLIC, PUBLIC),
    "job": Rule(MEMBERS, NO),
    "accounts": Rule("manage_accounts", NO),
    "account_invite": Rule("manage_accounts", "manage_accounts"),
    "account_detail": Rule("manage_accounts", NO),
    "account_step": Rule("manage_accounts", "manage_accounts"),
    "resets": Rule("manage_accounts", NO),
    "reset_ask": Rule("manage_accounts", "manage_accounts"),
    "reset_decide": Rule("manage_accounts", "manage_accounts"),
    "people_reset": Rule("approve_members", "approve_members"),
    "people": Rule("approve_members", NO),
    "people_propose": Rule("manage_members", "manage_members"),
    "people_review": Rule("manage_members", "manage_members"),
    "people_end": Rule("manage_members", "manage_members"),
    "people_decide": Rule("approve_members", "approve_members"),
    "participants": Rule(READ, NO),
    "participant": Rule(READ, NO, at_site=True),
    "event_new": Rule("record_events", "record_events", at_site=True),
    "event_draft": Rule(NO, "record_events", at_site=True),
    "events": Rule(READ, NO),
    "event": Rule(READ, NO, at_site=True),
    "event_edit": Rule("record_events", "record_events", at_site=True),
    "event_history": Rule(READ, NO, at_site=True),
    "event_void": Rule("void_events", "void_events", at_site=True),
    "event_opinion": Rule("assess_as_sponsor", "assess_as_sponsor", at_site=True),
    "event_sign": Rule("sign_events", "sign_events", at_site=True),
    "events_sign": Rule("sign_events", "sign_events"),
    "event_lock": Rule("lock_events", "lock_events", at_site=True),
    "event_unlock": Rule("lock_events approve_unlock", "lock_events approve_unlock", at_site=True),
    "locks": Rule("lock_events approve_unlock", "lock_events"),
    "drafts_left": Rule("hand_over_drafts", NO),
    "draft_left": Rule("hand_over_drafts", "hand_over_drafts", at_site=True),
    "clients": Rule("manage_clients", NO),
    "client_new": Rule("manage_clients", "manage_clients"),
    "client_end": Rule("manage_clients", "manage_clients"),
    "feed_reader": Rule("manage_members", "manage_members"),
    "feed_reader_end": Rule("manage_members", "manage_members"),
    "held_texts": Rule("release_held_text", NO),
    "arm_names": Rule("release_held_text", "release_held_text"),
    "held_text": Rule("release_held_text", "release_held_text"),
    "looks": Rule("read_audit", NO),
    "trail": Rule("read_audit", NO),
    "trail_review": Rule("read_audit", NO),
    "system_trail": Rule("manage_accounts", NO),
    "report_sign": Rule("sign_open_reports", "sign_open_reports"),
    "report_signatures": Rule("read_open_reports", NO),
    "coding": Rule("code_events", NO),
    "event_code": Rule("code_events", "code_events"),
    "term_suggestions": Rule(READ, NO),
    "data_queries": Rule(READ, NO),
    "data_query_answer": Rule(NO, "record_events", at_site=True),
    "cuts": Rule("freeze_cuts", "freeze_cuts"),
    "reports": Rule("read_open_reports", "make_open_reports"),
    "report": Rule("read_open_reports", NO),
    "report_pdf": Rule("read_open_reports", NO),
    "feed": Rule("read_feed_status", NO),
    "token": Rule(NO, PUBLIC),
    "token_revoke": Rule(NO, PUBLIC),
    "openapi": Rule(PUBLIC, NO),
    "api_adverse_events": Rule(CLIENT, NO),
}


@pytest.fixture
def two(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[World, Known, Known]:
    """Two studies with full data each."""
    settings.STORAGE = tmp_path
    monkeypatch.setattr("pvtracker.celery.app.send_task", lambda name, args: None)
    world, own = make_known("OWN")
    _, other = make_known("OTHER")
    return world, own, other


def everybody(world: World, other: Known) -> list[Person]:
    """Each role at the site of the objects; the site's roles at the other site; strangers; nobody."""
    people = [Person(ANONYMOUS, None), Person("a stranger", make_ready(account("stranger")), own_study=False)]
    for key, role in roles_of("open").items():
        if role.scope == "system":
            people.append(Person(key, administrator()))
            continue
        at = world.sites["01"] if role.scope == "site" else None
        people.append(Person(key, member(world.study, key, site=at)))
        with within(other.study.id):
            away = other.study.sites.get(code="01") if role.scope == "site" else None
        people.append(Person(key, member(other.study, key, site=away), own_study=False))
        if role.scope == "site":
            people.append(Person(key, member(world.study, key, site=world.sites["02"]), own_site=False))
    return people


def test_every_address_answers_each_role_as_its_rule_says(two: tuple[World, Known, Known]) -> None:
    world, own, other = two
    faults = faults_of_matrix(RULES, everybody(world, other), own)
    assert not faults, "\n".join(faults)


def test_a_sponsors_client_is_answered_at_the_feed_of_its_own_study_alone(
    two: tuple[World, Known, Known],
) -> None:
    _, own, other = two
    application = Application.objects.create(
        client_id="sponsor",
        client_secret="a long secret",
        client_type="confidential",
        authorization_grant_type="client-credentials",
        name="Sponsor",
    )
    grant_feed(study=own.study, client_id=application.pk, by=SOMEONE, reason="contract")
    client = Client(headers={"Authorization": f"Bearer {token('sponsor', 'a long secret')}"})
    answered = {
        (name, known.study.code)
        for known in (own, other)
        for name, pattern in patterns()
        for method in METHODS
        if name in RULES and PUBLIC not in (RULES[name].get, RULES[name].post)
        if outcome(ask(client, method, filled(pattern, known.study.code, known.ids))) == "answered"
    }
    assert answered == {("api_adverse_events", "OWN")}
    feeds = [client.get(f"/api/v1/studies/{code}/adverse-events/") for code in ("OTHER", "NO-SUCH")]
    assert {(answer.status_code, answer.content) for answer in feeds} == {(404, feeds[0].content)}


def test_no_rule_is_left_of_an_address_that_is_gone() -> None:
    assert set(RULES) <= {name for name, _ in patterns()}


def test_an_id_of_another_study_is_answered_as_one_that_does_not_exist(
    two: tuple[World, Known, Known],
) -> None:
    world, own, other = two
    people = [p for p in everybody(world, other) if p.own_study and p.own_site]
    faults = faults_of_foreign_ids(people, own, other)
    assert not faults, "\n".join(faults[:20])


def test_an_id_of_another_site_is_answered_as_one_that_does_not_exist(
    two: tuple[World, Known, Known],
) -> None:
    """The people work at site 02; what is behind the blanks belongs to site 01 of their own study."""
    world, own, _ = two
    enter_study(own.study.id)
    event = world.record("P3", by="bob")
    query = DataQuery.objects.get(id=str(own.ids["query_id"]))
    query.id, query.participant, query.event = uuid.uuid4(), event.participant, event
    query.save(force_insert=True)
    here = {"participant_id": event.participant_id, "event_id": event.id, "query_id": query.id}
    there = {name: own.ids[name] for name in here}
    people = [
        Person(key, member(world.study, key, site=world.sites["02"]))
        for key in ("coordinator", "investigator")
    ]
    faults = faults_of_foreign_ids(
        people, Known(own.study, own.ids | here), Known(own.study, own.ids | there)
    )
    assert not faults, "\n".join(faults[:20])
