"""Reading the feed, and what the feed page shows of its health."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.core import signing
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from oauth2_provider.models import Application

from pvtracker.audit.context import enter_study
from pvtracker.audit.models import Outbox
from pvtracker.feeds.models import ApiClient, FeedAccess, FeedEntry, FeedHead
from pvtracker.studies.models import Study
from pvtracker.studies.queries import enter_code

PAGE = 500
SALT = "pvtracker.feed.cursor"

# The body is JSON text already: it goes out as it lies there, without being parsed and written again.
ENTRIES = """
select e.sequence, json_build_object('sequence', e.sequence, 'event_id', e.event_id, 'version', e.version,
       'operation', e.operation, 'recorded_at', v.recorded_at, 'reason', v.reason, 'event', v.body,
       'signature', case when g.id is not null then json_build_object('printed_name', g.printed_name, 'role', g.role,
           'meaning', g.meaning, 'signed_at', g.signed_at, 'time_zone', 'UTC',
           'version', g.version, 'record_sha256', g.sha256) end)::text
from feeds_feedentry e
join events_adverseeventversion v on v.event_id = e.event_id and v.version = e.version
left join accounts_signature g on g.id = e.signature_id
where e.study_id = %s and e.sequence > %s order by e.sequence limit %s
"""


class CursorRefused(ValueError):
    """The cursor is not one of ours, or belongs to another study or client."""


class CursorExpired(ValueError):
    """The feed was restored since the cursor was given: numbers may mean other rows now."""


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the feed. `entries` are JSON texts in order of their numbers."""

    entries: list[str]
    last: int  # number of the last entry, or the cursor's own when there was none
    head: int  # the highest number given so far


def readable_study(client_id: int, code: str) -> Study | None:
    """The study when this client may read its feed, entered for this transaction; unknown and forbidden are the same
    None, and no study is entered.
    """
    study_id = enter_code(code)
    if study_id is None:
        return None
    access = (
        FeedAccess.objects.select_related("study")
        .filter(client_id=client_id, study=study_id, ended_at=None)
        .first()
    )
    if access is None:
        enter_study(None)
        return None
    return access.study


def read_cursor(text: str, *, head: FeedHead, client_id: int) -> int:
    """The number that a cursor stands for; 0 for an empty one, the beginning."""
    if not text:
        return 0
    try:
        study, client, epoch, sequence = signing.loads(text, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError) as fault:
        raise CursorRefused("The cursor is not one that this feed gave.") from fault
    if (study, client) != (str(head.study_id), client_id):
        raise CursorRefused("The cursor belongs to another study or client.")
    if epoch != str(head.epoch):
        raise CursorExpired(
            "The feed was restored since this cursor was given. Start again without a cursor."
        )
    return int(sequence)


def write_cursor(sequence: int, *, head: FeedHead, client_id: int) -> str:
    return signing.dumps([str(head.study_id), client_id, str(head.epoch), sequence], salt=SALT)


def page_after(study_id: uuid.UUID, sequence: int, *, size: int = PAGE) -> Page:
    """The entries with higher numbers than `sequence`, at most `size`."""
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES, [study_id, sequence, size])
        rows = cursor.fetchall()
        cursor.execute("select last_sequence from feeds_feedhead where study_id = %s", [study_id])
        head = cursor.fetchone()
    return Page(
        entries=[row[1] for row in rows], last=rows[-1][0] if rows else sequence, head=head[0] if head else 0
    )


def readers(study: Study) -> QuerySet[FeedAccess]:
    """Who may read the study's feed now."""
    found = FeedAccess.objects.filter(study=study, ended_at=None).select_related("client__user")
    return found.order_by("granted_at", "id")


def clients() -> QuerySet[Application]:
    """Every API client of this room, with `ended` and `end_reason`; those that work first."""
    known = ApiClient.objects.filter(client=OuterRef("pk"))
    ended = known.filter(ended_at__isnull=False)
    found: QuerySet[Application] = Application.objects.select_related("user").annotate(
        ended=Exists(ended), end_reason=Subquery(known.values("end_reason")[:1])
    )
    return found.order_by("ended", "client_id")


def is_open(client: Application) -> bool:
    """Has nobody ended the client, and is the person who answers for it still one of ours?"""
    if client.user is not None and not client.user.is_active:
        return False
    return not ApiClient.objects.filter(client=client, ended_at__isnull=False).exists()


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """What the feed page shows."""

    last_sequence: int
    numbered_at: datetime | None
    waiting: int
    readers: list[FeedAccess]
    latest: list[FeedEntry]


def status(study: Study) -> FeedStatus:
    head = FeedHead.objects.filter(study=study).first()
    return FeedStatus(
        last_sequence=head.last_sequence if head else 0,
        numbered_at=head.numbered_at if head else None,
        waiting=Outbox.objects.filter(study_id=study.id, numbered=False).count(),
        readers=list(readers(study)),
        latest=list(FeedEntry.objects.filter(study=study).order_by("-sequence")[:20]),
    )
