"""What tests of the audit trail share: connections under each login, and a study to write."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from pvtracker.ops.rooms import Installation, with_database

Rows = list[tuple[Any, ...]]


@contextmanager
def connected(rooms: Installation, room: str, who: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection to a room's database as `login`, `owner`, `sealer` or `superuser`, one transaction long."""
    urls = {
        "login": rooms.database_url(room),
        "owner": rooms.database_url(room, owner=True),
        "sealer": rooms.sealer_url(room),
        "superuser": with_database(rooms.admin_url, rooms.names.database(room)),
    }
    with psycopg.connect(urls[who]) as connection:
        yield connection


def act(
    connection: psycopg.Connection[tuple[Any, ...]], study: uuid.UUID | None = None, actor: str = "ann"
) -> None:
    """Say who acts, and in which study, for the transaction."""
    for name, value in {
        "pv.actor": actor,
        "pv.actor_name": "Ann Lee",
        "pv.role": "tester",
        "pv.reason": "a test",
        "pv.source": "test",
        "pv.request_id": "r1",
        "pv.study": str(study or ""),
    }.items():
        connection.execute("select set_config(%s, %s, true)", [name, value])


def ask(rooms: Installation, room: str, statement: str, *values: Any, who: str = "superuser") -> Rows:
    """Rows of one statement; writes are committed."""
    with connected(rooms, room, who) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def make_study(rooms: Installation, room: str, code: str) -> uuid.UUID:
    """A study, inserted by the room's own login."""
    study = uuid.uuid4()
    with connected(rooms, room, "login") as connection:
        act(connection, study)
        connection.execute(
            "insert into studies_study (id, code, title, sponsor, simulated, severity_scale, analysis_arm,"
            " definitions, revealing_analytes, version, created_at) values (%s, %s, 'A title', '', false, 'daids-2.1',"
            " 'actual', '{}', '[]', 1, now())",
            [study, code],
        )
    return study


def make_report(rooms: Installation, room: str, study: uuid.UUID) -> None:
    """A report, whose entry is anchored at once, and the cut that it is of; both under the id of the study."""
    with connected(rooms, room, "login") as own:
        for name, value in (("pv.actor", "ann"), ("pv.study", str(study))):
            own.execute("select set_config(%s, %s, true)", [name, value])
        own.execute(
            "insert into cuts_cut (id, study_id, date, sha256, manifest, state, problem, made_at)"
            " values (%s, %s, '2026-01-01', '', '{}', 'ready', '', now())",
            [study, study],
        )
        own.execute(
            "insert into reports_reportrecord (id, study_id, cut_id, audience, analysis_arm, content_sha256,"
            " pdf_sha256, code_version, look, made_at) values (%s, %s, %s, %s, '', '', '', '', '', now())",
            [study, study, study, room],
        )


def change_title(
    rooms: Installation, room: str, study: uuid.UUID, title: str, *, who: str = "login", actor: str = "ann"
) -> None:
    """One ordinary change."""
    with connected(rooms, room, who) as connection:
        act(connection, study, actor)
        done = connection.execute("update studies_study set title = %s where id = %s", [title, study])
        assert done.rowcount == 1


def entries(rooms: Installation, room: str, key: uuid.UUID | str) -> Rows:
    """operation, old, new, actor and database user of each entry about a row, oldest first."""
    return ask(
        rooms,
        room,
        "select operation, old, new, actor, db_user from audit.entry where row_key = %s order by id",
        str(key),
    )
