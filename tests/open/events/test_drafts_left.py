"""Drafts of people who lost the role: listed to who may go on with them, at their own site; the original stays."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from pvtracker.accounts.models import Account
from pvtracker.audit.context import enter_study
from pvtracker.audit.models import AccessRecord
from pvtracker.events.actions.drafts import save_draft
from pvtracker.events.models import AdverseEvent, Draft
from pvtracker.studies.actions import ArmEntry, end_membership, put_arms
from pvtracker.studies.models import Membership
from tests.open.world import SOMEONE, World, make_world

pytestmark = pytest.mark.django_db
TYPED = {"verbatim": ["Fell off a ladder"], "onset": ["2026-03-05"], "submission_key": ["not-handed-over"]}


@pytest.fixture
def world() -> World:
    """Carl of site 01 has typed two drafts and left; Alice investigates there, Bob at site 02, Clara runs the study."""
    made = make_world("LEFT")
    arms = [ArmEntry("GENE", "Zelvotide", False), ArmEntry("PBO", "Placebo", True)]
    put_arms(study=made.study, arms=arms, by=SOMEONE)
    made.person("clara", "study_administrator")
    typed(made, "carl", **TYPED)
    held = Membership.objects.get(account=made.people["carl"])
    end_membership(membership=held, ends_on=held.starts_on, reason="left the site", by=SOMEONE)
    return made


def typed(world: World, name: str, participant: str = "P1", **body: Any) -> Draft:
    return save_draft(
        participant=world.participants[participant],
        event=None,
        account=world.people[name],
        body=body,
        by=world.people[name].actor("coordinator"),
    )


def listed(world: World, name: str) -> str:
    return str(world.client(name).get(world.url("drafts/")).content.decode())


def hand(client: Client, world: World, draft: Draft, to: Account, **more: str) -> Any:
    said = {"to": str(to.id), "reason": "left the site", **more}
    return client.post(world.url(f"drafts/{draft.id}/"), said)


def test_an_investigator_of_the_site_goes_on_with_it_and_the_original_stays(world: World) -> None:
    alice = world.people["alice"]
    left = Draft.objects.get(account=world.people["carl"])
    assert "Carl" in listed(world, "alice") and "Carl" not in listed(world, "bob")
    assert world.client("bob").get(world.url(f"drafts/{left.id}/")).status_code == 404
    for name in ("mona",):
        assert world.client(name).get(world.url("drafts/")).status_code == 404
    client = world.client("alice")
    assert "Fell off a ladder" in client.get(world.url(f"drafts/{left.id}/")).content.decode()
    assert hand(client, world, left, alice, reason=" ").status_code == 422
    assert hand(client, world, left, world.people["bob"]).status_code == 422, "Bob records at another site"
    form = hand(client, world, left, alice)
    assert (
        form.status_code == 302
        and "Fell off a ladder" in client.get(form.headers["Location"]).content.decode()
    )
    enter_study(world.study.id)
    left.refresh_from_db()
    assert left.body == TYPED and left.account == world.people["carl"]
    assert (left.handed_to, left.handed_by, left.handed_reason) == (alice, "Alice", "left the site")
    copy = Draft.objects.get(account=alice)
    assert copy.body == {"verbatim": TYPED["verbatim"], "onset": TYPED["onset"]}
    assert "Carl" not in listed(world, "alice")
    recorded = client.post(form.headers["Location"], world.posted(verbatim="Fell off a ladder"))
    assert recorded.status_code == 302
    enter_study(world.study.id)
    assert AdverseEvent.objects.get().verbatim == "Fell off a ladder"
    assert Draft.objects.get().id == left.id, "what was taken over is submitted, what was left behind stays"


def test_who_does_not_record_hands_it_to_somebody_who_does(world: World) -> None:
    left = Draft.objects.get(account=world.people["carl"])
    clara = world.client("clara")
    assert "Carl" in listed(world, "clara")
    assert hand(clara, world, left, world.people["clara"]).status_code == 422, "she records nothing herself"
    assert hand(clara, world, left, world.people["alice"]).headers["Location"] == world.url("drafts/")
    enter_study(world.study.id)
    assert Draft.objects.get(account=world.people["alice"]).body["verbatim"] == TYPED["verbatim"]


def test_a_draft_of_ones_own_is_not_replaced_and_nobodys_running_draft_is_listed(world: World) -> None:
    left = Draft.objects.get(account=world.people["carl"])
    own = typed(world, "alice", verbatim=["My own"])
    answer = hand(world.client("alice"), world, left, world.people["alice"])
    assert answer.status_code == 422 and "draft of their own" in answer.content.decode()
    enter_study(world.study.id)
    own.refresh_from_db()
    assert own.body == {"verbatim": ["My own"]}
    assert world.client("alice").get(world.url(f"drafts/{own.id}/")).status_code == 404


def test_a_text_that_may_tell_an_arm_is_neither_shown_nor_handed_over(world: World) -> None:
    """Nobody has looked at a draft. Who may release such texts reads it, which is recorded."""
    enter_study(world.study.id)
    left = Draft.objects.get(account=world.people["carl"])
    Draft.objects.filter(id=left.id).update(body={**TYPED, "narrative": ["She got the Zelvotide."]})
    page = world.client("alice").get(world.url(f"drafts/{left.id}/")).content.decode()
    assert "Zelvotide" not in page and "held for review" in page and "with_held" not in page
    told = hand(
        world.client("alice"), world, left, world.people["alice"], reason="got Zelvotide", with_held="on"
    )
    assert told.status_code == 422 and "may tell who received what" in told.content.decode()
    clara = world.client("clara")
    assert "Zelvotide" in clara.get(world.url(f"drafts/{left.id}/")).content.decode()
    assert AccessRecord.objects.filter(
        object_kind="draft", object_id=str(left.id), detail="narrative"
    ).exists()
    assert hand(clara, world, left, world.people["alice"]).status_code == 302
    enter_study(world.study.id)
    assert "narrative" not in Draft.objects.get(account=world.people["alice"]).body
    left.refresh_from_db()
    assert left.body["narrative"] == ["She got the Zelvotide."], "the original is whole"


def test_a_released_text_goes_with_it_when_who_may_release_says_so(world: World) -> None:
    enter_study(world.study.id)
    left = Draft.objects.get(account=world.people["carl"])
    Draft.objects.filter(id=left.id).update(
        body={**TYPED, "narrative": ["Zelvotide was named by a leaflet."]}
    )
    assert hand(world.client("clara"), world, left, world.people["alice"], with_held="on").status_code == 302
    enter_study(world.study.id)
    assert "leaflet" in Draft.objects.get(account=world.people["alice"]).body["narrative"][0]
