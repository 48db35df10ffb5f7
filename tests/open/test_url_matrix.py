"""Every address of the open room × everybody who might ask for it. A new address fails until it has a rule here."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings
from oauth2_provider.models import Application

from pvtracker.audit.context import enter_study, within
from pvtracker.coding.models import Term
from pvtracker.events.models import DataQuery
from pvtracker.feeds.actions import grant_feed
from pvtracker.studies.actions import SiteEntry, put_sites
from tests.acting import as_test
from tests.architecture.asking import Browser, last_entry, outcome
from tests.architecture.fields import sweep
from tests.architecture.foreign import faults_of_foreign_ids
from tests.architecture.forms import shown
from tests.architecture.matrix import (
    CLIENT,
    METHODS,
    NO,
    OF_BOTH_ROOMS,
    PUBLIC,
    Known,
    Person,
    Place,
    Rule,
    everybody,
    filled,
    patterns,
)
from tests.matrix_checks import *  # noqa: F403 - the tests of both rooms
from tests.open.feeds.test_api import token
from tests.open.known import make_known
from tests.open.world import SOMEONE, World, enrol
from tests.people import make_ready, member

READ = "read_participants"
RULES = OF_BOTH_ROOMS | {
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
    "report_sign": Rule("sign_open_reports", "sign_open_reports"),
    "report_signatures": Rule("read_open_reports", NO),
    "coding": Rule("code_events", NO),
    "event_code": Rule("code_events", "code_events"),
    "term_suggestions": Rule(READ, NO),
    "data_queries": Rule(READ, NO),
    "data_query_answer": Rule(NO, "record_events", at_site=True),
    "cuts": Rule("freeze_cuts", "freeze_cuts"),
    "analysis_sets": Rule("read_open_reports", NO),
    "definitions": Rule("read_open_reports", NO),
    "definition_terms": Rule("read_open_reports", NO),
    "definitions_edit": Rule("set_definitions", "set_definitions"),
    "reports": Rule("read_open_reports", "make_open_reports"),
    "report": Rule("read_open_reports", NO),
    "report_pdf": Rule("read_open_reports", NO),
    "pooled_rates": Rule("read_pooled_rates", NO),
    "pooled_rate": Rule("read_pooled_rates", NO),
    "pooled_rates_method": Rule("read_pooled_rates", NO),
    "pooled_rate_new": Rule("set_expected_rates", "set_expected_rates"),
    "pooled_rate_change": Rule("set_expected_rates", "set_expected_rates"),
    "pooled_rate_end": Rule("set_expected_rates", "set_expected_rates"),
    "early_warning_read": Rule(NO, "hear_of_pooled_rates"),
    "feed": Rule("read_feed_status", NO),
    "token": Rule(NO, PUBLIC),
    "token_revoke": Rule(NO, PUBLIC),
    "openapi": Rule(PUBLIC, NO),
    "api_adverse_events": Rule(CLIENT, NO),
}


@pytest.fixture(scope="module")
def world(kept: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Known, Known]]:
    """Two studies with full data each."""
    with (
        pytest.MonkeyPatch.context() as patched,
        override_settings(STORAGE=tmp_path_factory.mktemp("storage")),
    ):
        patched.setattr("pvtracker.celery.app.send_task", lambda name, args: None)
        made, own = make_known("OWN")
        elsewhere, other = make_known("OTHER")
        with within(own.study.id):
            own.said.update(takes(made, site="01", participant="P1"))
        put_sites(study=other.study, sites=[SiteEntry("FAR-77")], by=SOMEONE)
        enrol(elsewhere, [("FAR-Q9", "FAR-77", "")])
        with within(other.study.id):
            other.said.update(takes(elsewhere, site="FAR-77", participant="FAR-Q9"))
        yield made, own, other


def takes(world: World, *, site: str, participant: str) -> dict[str, object]:
    """What fields of forms take of this study and of no other."""
    term = Term.objects.filter(release__study_id=world.study.id).earliest("id")
    term.id += 900_000_000  # a number that stands nowhere else in a page
    term.lowest_level_term += f" of {site}"
    with as_test():
        enter_study(world.study.id)
        term.save(force_insert=True)
    return {
        "site": site,
        "participant": participant,
        "term": term.id,
        "intervention": world.interventions["Infusion"].id,
        "writer": make_ready(world.people["alice"]).id,
    }


@pytest.fixture(scope="module")
def place(world: tuple[World, Known, Known]) -> Place:
    _, own, other = world
    return Place(own, other, RULES, everybody(own.study, other.study, "open"))


def test_a_sponsors_client_is_answered_at_the_feed_of_its_own_study_alone(place: Place) -> None:
    with transaction.atomic():
        application = Application.objects.create(
            client_id="sponsor",
            client_secret="a long secret",
            client_type="confidential",
            authorization_grant_type="client-credentials",
            name="Sponsor",
        )
        grant_feed(study=place.own.study, client_id=application.pk, by=SOMEONE, reason="contract")
        client = Browser(Authorization=f"Bearer {token('sponsor', 'a long secret')}")
        answered = {
            (name, known.study.code)
            for known in (place.own, place.other)
            for name, pattern in patterns()
            for method in METHODS
            if name in RULES and PUBLIC not in (RULES[name].get, RULES[name].post)
            if outcome(client.ask(method, filled(pattern, known.study.code, known.ids))) == "answered"
        }
        assert answered == {("api_adverse_events", "OWN")}
        feeds = [
            client.ask("get", f"/api/v1/studies/{code}/adverse-events/") for code in ("OTHER", "NO-SUCH")
        ]
        assert {(answer.status_code, answer.content) for answer in feeds} == {(404, feeds[0].content)}
        transaction.set_rollback(True)


def test_an_id_of_another_site_is_answered_as_one_that_does_not_exist(
    world: tuple[World, Known, Known],
) -> None:
    """The people work at site 02; what is behind the blanks belongs to site 01 of their own study."""
    made, own, _ = world
    with transaction.atomic():
        enter_study(own.study.id)
        event = made.record("P3", by="bob")
        query = DataQuery.objects.get(id=str(own.ids["query_id"]))
        query.id, query.participant, query.event = uuid.uuid4(), event.participant, event
        query.save(force_insert=True)
        here = {"participant_id": event.participant_id, "event_id": event.id, "query_id": query.id}
        there = {name: own.ids[name] for name in here}
        people = [
            Person(key, member(made.study, key, site=made.sites["02"]))
            for key in ("coordinator", "investigator")
        ]
        away = Place(
            Known(own.study, own.ids | here, own.said | {"site": "02", "participant": "P3"}),
            Known(own.study, own.ids | there, own.said | {"site": "01", "participant": "P1"}),
            RULES,
            people,
        )
        faults = faults_of_foreign_ids(list(zip(people, away.browsers, strict=True)), away.own, away.other)
        swept = sweep(away, shown(away), last_entry(own.study.id))
        transaction.set_rollback(True)
    faults += swept.faults
    assert not faults, "\n".join(faults[:20])
    assert "q" in swept.told_apart
