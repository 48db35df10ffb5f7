"""People for tests of either room: accounts that may begin at once, with whatever roles."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from functools import cache
from unittest import mock

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone

from pvtracker.accounts import actions, agreement, queries
from pvtracker.accounts.actions import resets
from pvtracker.accounts.models import Account, Reset
from pvtracker.audit.context import Actor
from pvtracker.studies.actions import grant_membership
from pvtracker.studies.models import Site, Study

SOMEONE = Actor.process("test")
ADMINISTERS = "system_administrator"
PASSWORD = uuid.uuid4().hex


def account(name: str = "", *, person: uuid.UUID | None = None) -> Account:
    """An account that lacks agreement, training and identity check."""
    with mock.patch.object(Account, "set_password", lambda self, raw: setattr(self, "password", hashed(raw))):
        return actions.create_account(
            username=f"{name or 'somebody'}-{uuid.uuid4().hex[:8]}",
            full_name=(name or "somebody").title(),
            password=PASSWORD,
            person=person,
            by=SOMEONE,
        )


@cache
def hashed(password: str) -> str:
    """The password as it is kept. Hashed once for everybody: a good hasher is slow on purpose."""
    return make_password(password)


def may_begin(someone: Account) -> Account:
    """The agreement accepted and a training that counts: the pages of a study open."""
    today = timezone.localdate()
    missing = queries.lacking(someone)
    if "agreement" in missing:
        actions.accept_agreement(account=someone, version=agreement.VERSION, by=someone.actor())
    if "training" in missing:
        actions.record_training(
            account=someone,
            title="How to use this",
            done_on=today,
            valid_until=today + timedelta(days=365),
            by=SOMEONE,
        )
    return someone


def make_ready(someone: Account) -> Account:
    """Somebody who may begin, and sign: the identity is checked too."""
    if not queries.identity_checked(someone):
        actions.record_identity_check(account=someone, how="a document seen", by=SOMEONE)
    return may_begin(someone)


def member(
    study: Study, role: str, *, site: Site | None = None, name: str = "", person: uuid.UUID | None = None
) -> Account:
    """Somebody ready who has one role in a study of this room."""
    made = make_ready(account(name or role, person=person))
    grant_membership(
        study=study,
        account=made,
        role=role,
        site=site,
        room=settings.ROOM,
        starts_on=date(2020, 1, 1),
        reason="test",
        by=SOMEONE,
    )
    return made


def administrator() -> Account:
    """A system administrator of this room."""
    made = make_ready(account("administrator"))
    actions.grant_system_role(account=made, role=ADMINISTERS, room=settings.ROOM, reason="test", by=SOMEONE)
    return made


def asked_reset(someone: Account, what: str = "both") -> Reset:
    """A reset of this person's sign-in that waits for a second person."""
    admin = administrator()
    asked, _ = resets.ask_reset(
        account=someone, what=what, reason="phone lost", identity="called back", by=admin.actor(ADMINISTERS)
    )
    return asked


def browser(someone: Account) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(someone)
    return client


def masked(content: bytes, *ids: object) -> bytes:
    """A page without what differs each time: CSRF token, seconds left, and the ids that the address itself named."""
    content = re.sub(rb'data-session-left="\d+"', b"", content)
    content = re.sub(rb'(X-CSRFToken": "|csrfmiddlewaretoken" value=")[A-Za-z0-9]{64}', rb"\1", content)
    for one in ids:
        content = content.replace(str(one).encode(), b"*")
    return content
