"""Records of who looked, took data out, came in or was kept out; they stand whatever becomes of the request."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
from django.db import connection

from pvtracker.audit.context import Actor, request_id
from pvtracker.audit.enums import AccessKind

SOURCE = "access"
SECONDS_TO_CONNECT = 5
MOST_TEXT = 2_000
OF_DJANGO = {"context", "cursor_factory", "prepare_threshold"}  # its own adapters and cursors


class NotRecorded(RuntimeError):
    """The record could not be written, so nothing may be shown."""


def record(
    *,
    kind: AccessKind | str,
    by: Actor,
    study_id: uuid.UUID | None = None,
    object_kind: str = "",
    object_id: str = "",
    reason: str = "",
    detail: str = "",
    address: str = "",
) -> None:
    """Write one access record and commit it at once; NotRecorded when that cannot be done.

    The connection is the record's own and lives no longer: the transaction of the request, which may yet be rolled
    back, has no part in it, and no worker that was forked and no restarted server can leave a dead one behind.
    """
    if not by.id:
        raise ValueError("An access record needs an actor; by.id is empty.")
    values = {
        "kind": AccessKind(kind).value,
        "actor": _text(by.id, 120),
        "actor_name": _text(by.name, 200),
        "role": _text(by.role, 40),
        "study_id": study_id,
        "object_kind": _text(object_kind, 40),
        "object_id": _text(object_id, 120),
        "reason": _text(reason, MOST_TEXT),
        "detail": _text(detail, MOST_TEXT),
        "address": _text(address, 100),
        "request_id": _text(request_id.get(), 40),
    }
    try:
        with psycopg.connect(**_parameters()) as own:
            own.execute(_CONTEXT, {**values, "study": str(study_id or ""), "source": SOURCE})
            own.execute(_INSERT, values)
    except psycopg.Error as fault:
        raise NotRecorded("This look could not be recorded, so nothing is shown. Try again later.") from fault


_CONTEXT = (
    "select set_config('pv.actor', %(actor)s, true), set_config('pv.actor_name', %(actor_name)s, true),"
    " set_config('pv.role', %(role)s, true), set_config('pv.reason', %(reason)s, true),"
    " set_config('pv.source', %(source)s, true), set_config('pv.request_id', %(request_id)s, true),"
    " set_config('pv.study', %(study)s, true)"
)
_INSERT = (
    "insert into audit_accessrecord"
    " (kind, actor, actor_name, role, study_id, object_kind, object_id, reason, detail, address, request_id)"
    " values (%(kind)s, %(actor)s, %(actor_name)s, %(role)s, %(study_id)s, %(object_kind)s, %(object_id)s,"
    " %(reason)s, %(detail)s, %(address)s, %(request_id)s)"
)


def _parameters() -> dict[str, Any]:
    """Where Django's own connection leads now; tests point it at a clone while the process runs."""
    chosen = {
        name: value for name, value in connection.get_connection_params().items() if name not in OF_DJANGO
    }
    return {**chosen, "connect_timeout": SECONDS_TO_CONNECT}


def _text(value: str, most: int) -> str:
    """What a visitor typed may hold what no text column takes; a record is never lost for that."""
    return value.replace("\0", "").encode("utf-8", "replace").decode()[:most]
