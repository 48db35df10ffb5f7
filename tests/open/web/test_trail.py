"""The page History: who changed what, when and why, in words, narrowed and exported."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.urls import reverse

from pvtracker.accounts.actions import create_account
from pvtracker.audit.models import AccessRecord
from pvtracker.events.actions.capture import amend_event
from pvtracker.events.actions.drafts import save_draft
from pvtracker.events.models import AdverseEvent
from tests.open.world import SOMEONE, World, make_world
from tests.people import administrator, browser
from tests.word_checks import nameless_rows, unnamed

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    world = make_world("HIST")
    world.person("ada", "auditor_open")
    return world


@pytest.fixture
def event(world: World) -> AdverseEvent:
    """Recorded with grade 1 and amended to grade 3."""
    event = world.record()
    return amend_event(
        event=event,
        version=1,
        details=world.details(grade=3),
        reason="seen again by the physician",
        by=world.people["alice"].actor("investigator"),
    )


def page(world: World, query: str = "", person: str = "ada") -> str:
    answer = world.client(person).get(world.url(f"history/{query}"))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_change_is_told_in_words_with_person_role_and_reason(world: World, event: AdverseEvent) -> None:
    text = page(world, f"?event={event.id}&field=grade")
    assert "grade changed from 1 to 3" in text
    assert "Alice (Investigator)" in text
    assert "seen again by the physician" in text


def test_the_history_of_a_field_is_two_clicks_from_the_event(world: World, event: AdverseEvent) -> None:
    shown = world.client("ada").get(reverse("event", args=[world.study.code, event.id])).content.decode()
    address = f"{reverse('trail', args=[world.study.code])}?event={event.id}"
    assert address in shown, "the first click"
    assert '<option value="grade">grade</option>' in page(world, f"?event={event.id}"), "the second"
    of_participant = world.client("ada").get(
        reverse("participant", args=[world.study.code, event.participant_id])
    )
    assert f"?participant={event.participant_id}" in of_participant.content.decode()


def test_it_is_narrowed_by_person_day_kind_participant_and_source(world: World, event: AdverseEvent) -> None:
    assert "grade changed" in page(world, "?person=ali&kind=events_adverseevent")
    assert "grade changed" not in page(world, "?person=bob&kind=events_adverseevent")
    assert "grade changed" not in page(world, "?kind=studies_site")
    assert "grade changed" not in page(world, "?kind=events_adverseevent&field=narrative")
    assert "grade changed" in page(world, "?participant=P1&field=grade"), "the number that the site prints"
    assert "grade changed" in page(world, f"?participant={event.participant.subject}&field=grade")
    assert "grade changed" not in page(world, "?participant=P3")
    assert "grade changed" not in page(world, "?last=2020-01-01")
    assert "grade changed" in page(world, "?first=2020-01-01")
    assert "grade changed" not in page(world, "?source=sha256")
    assert "grade changed" in page(world, f"?participant={event.participant_id}&kind=events_adverseevent")
    other = world.participants["P3"].id
    assert "grade changed" not in page(world, f"?participant={other}")
    assert "Write a day as in" in page(world, "?first=yesterday")


def test_the_entries_of_another_study_are_not_there(world: World, event: AdverseEvent) -> None:
    other = make_world("HIST-2")
    other.person("olga", "auditor_open")
    assert "grade changed" not in page(other, f"?event={event.id}", person="olga")
    assert world.client("ada").get(other.url("history/")).status_code == 404


def test_only_who_may_read_the_audit_trail_reads_it(world: World) -> None:
    assert world.client("alice").get(world.url("history/")).status_code == 404
    assert (
        "Audit trail"
        not in world.client("alice")
        .get(reverse("participant", args=[world.study.code, world.participants["P1"].id]))
        .content.decode()
    )


def test_the_export_is_safe_for_spreadsheets_and_recorded(world: World) -> None:
    world.record(verbatim='=HYPERLINK("http://example.org")')
    before = AccessRecord.objects.filter(kind="export", object_kind="history").count()
    answer = world.client("ada").get(world.url("history/?kind=events_adverseevent&format=csv"))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["what was done"] for row in rows] == ["recorded"] and "HYPERLINK" in rows[0]["changes"]
    assert (rows[0]["kind of record"], rows[0]["about"]) == ("Adverse event", "adverse event 1 of P1")
    assert (rows[0]["who"], rows[0]["source"]) == ("Alice (Investigator)", "form on a page")
    assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    assert AccessRecord.objects.filter(kind="export", object_kind="history").count() == before + 1


def test_the_page_and_the_file_say_words_not_keys(world: World) -> None:
    event = world.record(serious=True, criteria=frozenset({"medically_important"}), onset="2026")
    text = page(world, f"?event={event.id}")
    for said in (
        "seriousness criteria: other medically important",
        "scale of severity: ",
        "rule: partial onset",
        "domain: adverse events",
        "what the event said: ",
        "About adverse event 1 of P1 only.",
    ):
        assert said in text, said
    body = text[text.index("<tbody") : text.index("</tbody")]
    assert not re.search(
        r"medically_important|daids-2\.1|partial-onset|adverse_event|[a-z]_(id|on|at|by)\b", body
    )
    told = world.client("ada").get(world.url(f"history/?event={event.id}&format=csv")).content.decode()
    assert "seriousness criteria: other medically important" in told and "medically_important" not in told


def test_the_history_of_accounts_is_narrowed_too(world: World) -> None:
    create_account(username="newcomer", full_name="New Comer", password="a password of words", by=SOMEONE)
    admin, address = browser(administrator()), reverse("system_trail")
    told = admin.get(f"{address}?kind=accounts_account&field=full_name").content.decode()
    assert "full name: New Comer" in told and "participant" not in told.lower()
    assert "New Comer" not in admin.get(f"{address}?kind=mfa_authenticator").content.decode()


def test_what_is_typed_in_a_draft_is_not_repeated(world: World) -> None:
    alice = world.people["alice"]
    save_draft(
        participant=world.participants["P1"],
        account=alice,
        event=None,
        body={"verbatim": ["SECRETWORD"]},
        by=alice.actor("investigator"),
    )
    text = page(world, "?kind=events_draft")
    assert "1–1 of 1 entries" in text and "participant P1" in text
    assert "SECRETWORD" not in text


def test_entries_of_accounts_are_for_who_manages_accounts(world: World) -> None:
    create_account(username="newcomer", full_name="New Comer", password="a password of words", by=SOMEONE)
    assert world.client("ada").get(reverse("system_trail")).status_code == 404
    assert "New Comer" not in page(world, "?kind=accounts_account")
    admin = browser(administrator())
    assert "New Comer" in admin.get(reverse("system_trail")).content.decode()
    assert admin.get(world.url("history/")).status_code == 404
    told = admin.get(f"{reverse('system_trail')}?format=csv").content.decode("utf-8-sig")
    assert "New Comer" in told and "argon2" not in told


def test_every_record_and_field_of_this_room_has_words() -> None:
    assert unnamed() == [] and nameless_rows() == []
