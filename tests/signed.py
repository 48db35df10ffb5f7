"""Signing through a page as a person does it, in either room; and what must stand with every signature."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from pvtracker.accounts.models import Signature


def shown_hash(page: HttpResponse) -> str:
    """The hash that the form carries."""
    found = re.search(r'name="shown" value="([0-9a-f]{64})"', page.content.decode())
    assert found, "the page carries no hash of what it shows"
    return found[1]


def sign_at(client: Client, url: str, **typed: Any) -> HttpResponse:
    """Read the page at `url` and send its form as filled in; None leaves a field out."""
    posted = {"shown": shown_hash(client.get(url)), **typed}
    return client.post(url, {name: value for name, value in posted.items() if value is not None})


def manifestation(signature: Signature, *, role: str, meaning: str) -> tuple[str, ...]:
    """The parts that 21 CFR 11.50 asks for: printed name, date and time with the zone, meaning; and the role."""
    return (signature.printed_name, f"{signature.signed_at:%Y-%m-%d %H:%M:%S} UTC", meaning, role)
