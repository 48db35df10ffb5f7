"""A room process must be weak: neither superuser nor owner of anything, and only in its own database."""

from __future__ import annotations

from django.conf import settings
from django.db import connection


class PowerfulLogin(RuntimeError):
    """The process was given a login that could undo the wall."""


def refuse_powerful_login() -> None:
    """Raise unless the database login of this process is an ordinary one, without rights over the other room."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_user, r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolbypassrls or r.rolreplication,"
            " exists(select from pg_database d where d.datname = current_database()"
            "        and pg_has_role(current_user, d.datdba, 'member')),"
            " exists(select from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            "        where n.nspname not like 'pg\\_%%' and n.nspname <> 'information_schema'"
            "        and pg_has_role(current_user, c.relowner, 'member')),"
            " (select string_agg(d.datname, ', ') from pg_database d where d.datname <> current_database()"
            "        and d.datallowconn and d.datname like %s"
            "        and has_database_privilege(current_user, d.oid, 'connect'))"
            " from pg_roles r where r.rolname = current_user",
            [f"pvtracker_{'closed' if settings.ROOM == 'open' else 'open'}%"],
        )
        user, powerful, owns_database, owns_tables, elsewhere = cursor.fetchone()
    problems = [
        text
        for wrong, text in (
            (powerful, "has rights over the whole server"),
            (owns_database, "owns the database"),
            (owns_tables, "owns tables"),
            (elsewhere, f"may connect to {elsewhere}"),
        )
        if wrong
    ]
    if problems:
        raise PowerfulLogin(
            f"The {settings.ROOM} room refuses to start: its database login {user} {' and '.join(problems)}. "
            "Give it the room's own login (docs/how-to/deploy.md)."
        )
