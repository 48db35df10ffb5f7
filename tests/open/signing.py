"""Signing through the pages, as a person does it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client

from pvtracker.accounts.actions import record_identity_check
from pvtracker.events.models import AdverseEvent
from tests.open.world import SOMEONE, World
from tests.signed import sign_at

PASSWORD = "correct horse battery"


def with_passwords(world: World) -> World:
    """Everybody of the world can sign in by hand, and somebody made sure who they are."""
    for account in world.people.values():
        account.set_password(PASSWORD)
        account.save()
        record_identity_check(account=account, how="test", by=SOMEONE)
    return world


def address(world: World, event: AdverseEvent) -> str:
    return world.url(f"adverse-events/{event.id}/sign/")


def sign(
    world: World, event: AdverseEvent, client: Client, name: str = "alice", **typed: Any
) -> HttpResponse:
    """Read the page and send the form, as filled in by this person; `typed` replaces parts of it."""
    posted = {
        "meaning": "responsibility",
        "username": world.people[name].username,
        "password": PASSWORD,
    }
    return sign_at(client, address(world, event), **(posted | typed))
