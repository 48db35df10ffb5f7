"""The database server that both rooms share shows neither of them the other, nor a log its secrets."""

from __future__ import annotations

import os
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pvtracker.ops import children, provision
from pvtracker.ops.commands import serve
from pvtracker.ops.rooms import ROOMS, Installation
from pvtracker.ops.services import processes
from pvtracker.ops.services.postgres import ServiceError
from tests.rooms import query


@pytest.mark.parametrize("shared", ["postgres", "template1"])
def test_no_login_may_enter_a_database_that_the_rooms_share(rooms: Installation, shared: str) -> None:
    with psycopg.connect(rooms.admin_url, autocommit=True) as connection:
        found = connection.execute(
            "select datacl::text from pg_database where datname = %s", [shared]
        ).fetchone()
        was_open = found is not None and (found[0] is None or "=c/" in str(found[0]).replace('"', "").lower())
        provision.close_shared_databases(connection)
        try:
            for room in ROOMS:
                with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                    psycopg.connect(rooms.database_url(room, database=shared))
        finally:
            if was_open:  # the server may be somebody's own
                connection.execute(
                    sql.SQL("grant connect on database {} to public").format(sql.Identifier(shared))
                )


def test_the_server_is_told_a_verifier_and_never_a_password(rooms: Installation) -> None:
    class Told:
        """A connection that remembers what it sends."""

        def __init__(self, connection: psycopg.Connection[Any]) -> None:
            self.connection, self.pgconn, self.statements = connection, connection.pgconn, [""]

        def execute(self, statement: Any, *values: Any) -> Any:
            text = statement if isinstance(statement, str) else statement.as_string(self.connection)
            self.statements.append(text)
            return self.connection.execute(statement, *values)

    name = rooms.names.login("open")
    password = rooms.home.secrets()["open_login"]
    with psycopg.connect(rooms.admin_url, autocommit=True) as connection:
        told = Told(connection)
        provision._login(told, name, password)  # type: ignore[arg-type]
    assert f'alter role "{name}"' in told.statements[-1] and "SCRAM-SHA-256$" in told.statements[-1]
    assert not [statement for statement in told.statements if password in statement]
    psycopg.connect(rooms.database_url("open")).close()  # and it opens the door


def test_the_embedded_server_logs_no_refused_row(rooms: Installation) -> None:
    """The detail of a refused row would be the row: in the closed room, with its arm."""
    if os.environ.get("DATABASE_URL"):
        pytest.skip("the server is not ours")
    for room in ROOMS:
        assert query(rooms, room, "select current_setting('log_error_verbosity')") == [("terse",)]


def test_an_installation_is_served_once(rooms: Installation) -> None:
    """A second demo or serve would take the first one's processes for leftovers and end them."""
    with serve.background(rooms):
        before = children._remembered(rooms.home)
        with pytest.raises(ServiceError, match="served already"), serve.background(rooms):
            pytest.fail("a second one was let in")
        assert len(before) == 4
        assert all("manage.py" in processes.command_line(pid) for pid in before)
