"""A signature leaves as an entry of its own, in the same dense numbers: its version stays as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pvtracker.accounts.models import Signature
from pvtracker.audit.context import within
from pvtracker.events.actions import capture
from pvtracker.feeds import actions, queries
from tests.open.signing import sign, with_passwords
from tests.open.world import World, make_world
from tests.signed import manifestation

pytestmark = pytest.mark.django_db


def entries(world: World) -> list[dict[str, Any]]:
    actions.number(world.study.id)
    with within(world.study.id):
        return [json.loads(text) for text in queries.page_after(world.study.id, 0).entries]


def test_a_signature_is_an_entry_with_every_part_of_its_manifestation() -> None:
    world = with_passwords(make_world())
    event = world.record()
    alice = world.client("alice")
    sign(world, event, alice)
    made = Signature.objects.get()
    recorded, signed = entries(world)
    assert (recorded["operation"], signed["operation"]) == ("created", "signed")
    assert recorded["signature"] is None and signed["event"] == recorded["event"]
    assert (recorded["sequence"], signed["sequence"]) == (1, 2)
    name, _, meaning, _ = manifestation(made, role="", meaning="responsibility")
    told = signed["signature"]
    assert (told["printed_name"], told["meaning"], told["role"]) == (name, meaning, "investigator")
    assert told["signed_at"].startswith(f"{made.signed_at:%Y-%m-%dT%H:%M:%S}")
    assert told["signed_at"].endswith("+00:00") and told["time_zone"] == "UTC"
    assert (told["version"], told["record_sha256"]) == (1, made.sha256)


def test_two_signatures_and_an_amendment_are_numbered_without_a_hole() -> None:
    world = with_passwords(make_world())
    event = world.record()
    alice = world.client("alice")
    sign(world, event, alice)
    sign(world, event, alice, username=None, meaning="authorship")
    capture.void_event(event=event, version=1, reason="twice", by=world.people["alice"].actor("investigator"))
    found = entries(world)
    assert [entry["sequence"] for entry in found] == [1, 2, 3, 4]
    assert [entry["operation"] for entry in found] == ["created", "signed", "signed", "voided"]
    assert found[3]["version"] == 2 and found[3]["signature"] is None
