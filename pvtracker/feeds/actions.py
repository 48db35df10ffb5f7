"""Giving numbers to what waits in the outbox.

One head row per study is locked while numbers are given, and a number becomes visible only with its commit. So a reader
that saw n never meets a smaller new number, and n, n+1, n+2 … without a hole proves that nothing is missing.
"""

from __future__ import annotations

import uuid

from django.db import connection, transaction
from django.utils import timezone

from pvtracker.audit.context import Actor, acting, action, within
from pvtracker.audit.models import Outbox
from pvtracker.feeds.models import FeedAccess, FeedHead
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


@action
def grant_feed(*, study: Study, client_id: int, by: Actor, reason: str) -> FeedAccess:
    """Let a sponsor's API client read the feed of a study."""
    access, _ = FeedAccess.objects.get_or_create(
        study=study, client_id=client_id, defaults={"granted_by": by.name}
    )
    return access
