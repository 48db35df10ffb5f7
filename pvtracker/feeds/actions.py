"""Giving numbers to what waits in the outbox.

One head row per study is locked while numbers are given, and a number becomes visible only with its commit. So a reader
that saw n never meets a smaller new number, and n, n+1, n+2 … without a hole proves that nothing is missing.
"""

from __future__ import annotations

import secrets
import uuid

from django.db import connection, transaction
from django.utils import timezone
from oauth2_provider.models import Application

from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor, acting, action, within
from pvtracker.audit.models import Outbox
from pvtracker.feeds.models import ApiClient, FeedAccess, FeedHead
from pvtracker.feeds.queries import is_open
from pvtracker.studies.models import Study
from pvtracker.studies.queries import study_ids

NUMBER = """
with waiting as (
    select id, study_id, object_id, version, operation, signature_id,
           row_number() over (order by id) as place
    from (select * from audit_outbox
          where study_id = %(study)s and not numbered and kind = 'adverse_event'
          order by id limit %(most)s) picked
), given as (
    insert into feeds_feedentry (study_id, sequence, event_id, version, operation, signature_id)
    select study_id, %(last)s + place, object_id, version, operation, signature_id from waiting order by place
    returning 1
), marked as (
    update audit_outbox set numbered = true where id in (select id from waiting) returning 1
)
select (select count(*) from given), (select count(*) from marked)
"""


def number(study_id: uuid.UUID, *, most: int = 20_000) -> int:
    """Number the committed, unnumbered versions of one study; returns how many. Waits for whoever numbers already."""
    with transaction.atomic():
        acting(by=Actor.process("feed"), reason="", source="scheduler", study=str(study_id))
        FeedHead.objects.get_or_create(study_id=study_id)
        head = FeedHead.objects.select_for_update().get(study_id=study_id)
        with connection.cursor() as cursor:
            cursor.execute(NUMBER, {"study": study_id, "most": most, "last": head.last_sequence})
            given, marked = cursor.fetchone()
        if given != marked:
            raise RuntimeError("numbers given and outbox rows marked differ; rolled back")
        if given:
            head.last_sequence += given
            head.numbered_at = timezone.now()
            head.save(update_fields=["last_sequence", "numbered_at"])
    return int(given)


def number_all() -> int:
    """Number every study that has something waiting, one after the other."""
    return sum(number(study_id) for study_id in study_ids() if _waits(study_id))


def _waits(study_id: uuid.UUID) -> bool:
    with within(study_id):
        return Outbox.objects.filter(study_id=study_id, numbered=False).exists()


class FeedRefused(ValueError):
    """A client cannot be made or let in like this; the text is a sentence for the person who asked."""


@action
def create_client(
    *, client_id: str, name: str, owner: Account | None, reason: str, by: Actor, source: str = "form"
) -> tuple[Application, str]:
    """A new client and its secret, told this once; the library keeps a hash. It reads nothing until a study lets it."""
    if not client_id.strip() or not reason.strip():
        raise FeedRefused("A client needs an id, and a reason why it is made.")
    if Application.objects.filter(client_id__iexact=client_id.strip()).exists():
        raise FeedRefused(f"The id {client_id} is taken or was used before; ids are never given twice.")
    secret = secrets.token_urlsafe(32)
    made = Application.objects.create(
        client_id=client_id.strip(),
        name=name,
        user=owner,
        client_secret=secret,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
    ApiClient.objects.create(client=made, made_by=by.name, reason=reason)
    return made, secret


@action
def end_client(*, client: Application, reason: str, by: Actor, source: str = "form") -> ApiClient:
    """The client's secret and tokens are worth nothing from the next request on. It is never opened again."""
    if not reason.strip():
        raise FeedRefused("Say why the client is ended.")
    known, _ = ApiClient.objects.get_or_create(
        client=client, defaults={"made_by": "", "reason": "made by a command"}
    )
    if known.ended_at is None:
        known.ended_at, known.ended_by, known.end_reason = timezone.now(), by.name, reason
        known.save()
    return known


@action
def let_read(*, study: Study, client_id: str, reason: str, by: Actor, source: str = "form") -> FeedAccess:
    """Let the client of this id read the feed of a study. An id that is not known or ended is one answer."""
    client = Application.objects.filter(client_id=client_id.strip()).first()
    if client is None or not is_open(client):
        raise FeedRefused("There is no such client. Ask the system administrator for its id.")
    if not reason.strip():
        raise FeedRefused("Say why this program may read the feed.")
    return grant_feed(study=study, client_id=client.pk, by=by, reason=reason)


@action
def end_reading(*, access: FeedAccess, reason: str, by: Actor, source: str = "form") -> FeedAccess:
    """A client reads the feed of a study no more."""
    if not reason.strip():
        raise FeedRefused("Say why the client no longer reads.")
    access.ended_at, access.ended_by, access.end_reason = timezone.now(), by.name, reason
    access.save(update_fields=["ended_at", "ended_by", "end_reason"])
    return access


@action
def grant_feed(*, study: Study, client_id: int, by: Actor, reason: str) -> FeedAccess:
    """Let a sponsor's API client read the feed of a study."""
    access, _ = FeedAccess.objects.get_or_create(
        study=study, client_id=client_id, ended_at=None, defaults={"granted_by": by.name, "reason": reason}
    )
    return access
