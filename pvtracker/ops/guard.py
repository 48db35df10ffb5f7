"""A room process must be weak, neither superuser nor owner and in its own database only; and a demo stays a demo."""

from __future__ import annotations

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import connection

from pvtracker.accounts.roles import ROLES
from pvtracker.audit.protection import keys, rows

LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]"}
SPONSOR_CLIENT = "demo-sponsor"


class PowerfulLogin(RuntimeError):
    """The process was given a login that could undo the wall."""


class OpenTables(RuntimeError):
    """A table of studies stands without its row policies, or a key of it takes rows of any study."""


def refuse_open_tables() -> None:
    """Raise when a table of this room shows the rows of a study that was not entered, or may name them."""
    with connection.cursor() as cursor:
        found = [f"{table} without row policies" for table in rows.unprotected(cursor)]
        found += [f"{key} not kept within its study" for key in keys.loose(cursor)]
    if found:
        raise OpenTables(
            f"The {settings.ROOM} room refuses to start: {', '.join(found)}. "
            "Run `manage.py migrate`, which puts them up (docs/reference/isolation.md)."
        )


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


class DemoSecrets(RuntimeError):
    """Sign-ins that everybody can know stand where no demo is."""


def demo_settings_check(app_configs: object = None, **kwargs: object) -> list[CheckMessage]:
    """A demo has known names, prints passwords and codes, and speaks plain HTTP: it is for one's own machine only."""
    if not settings.DEMO:
        return []
    outside = sorted(set(settings.ALLOWED_HOSTS) - LOCAL_HOSTS)
    problems = [
        text
        for wrong, text in (
            (settings.SECURE, "PVTRACKER_HTTPS is on"),
            (settings.BEHIND_PROXY, "PVTRACKER_BEHIND_PROXY is on"),
            (bool(outside), f"PVTRACKER_ALLOWED_HOSTS names {', '.join(outside)}"),
        )
        if wrong
    ]
    if not problems:
        return []
    return [
        Error(
            f"This is a demo (PVTRACKER_DEMO=1) with settings of production: {'; '.join(problems)}.",
            hint="Set PVTRACKER_DEMO=0, or take the settings of production away.",
            id="pvtracker.E001",
        )
    ]


def mail_check(app_configs: object = None, **kwargs: object) -> list[CheckMessage]:
    """Without mail, lockouts and awaited people show on pages only; whoever runs the room should have meant it."""
    if settings.DEMO or (settings.MAIL and settings.SECURITY_CONTACT):
        return []
    missing = [
        name
        for name, there in (
            ("PVTRACKER_MAIL_HOST", settings.MAIL),
            ("PVTRACKER_SECURITY_CONTACT", settings.SECURITY_CONTACT),
        )
        if not there
    ]
    return [
        Warning(
            f"{' and '.join(missing)} not set: nobody is told by mail when somebody is locked out of this room.",
            hint="Set both (docs/how-to/secure.md), or watch the log pvtracker.security.",
            id="pvtracker.W001",
        )
    ]


def refuse_demo_secrets() -> None:
    """Raise for a demo that is open to others, and for people or clients of a demo in what is none."""
    if found := demo_settings_check():
        raise DemoSecrets(f"{found[0].msg} {found[0].hint}")
    if settings.DEMO:
        return
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('accounts_account') is null")
        if cursor.fetchone() == (True,):
            return  # nothing is in this database yet
        cursor.execute(
            "select username from accounts_account where is_active and full_name like 'Demo: %%'"
            " and username = any(%s) order by 1",
            [list(ROLES)],
        )
        known = [f"the account {username}" for (username,) in cursor.fetchall()]
        if settings.ROOM == "open":
            cursor.execute(
                "select client_id from oauth2_provider_application where client_id = %s", [SPONSOR_CLIENT]
            )
            known += [f"the API client {client}" for (client,) in cursor.fetchall()]
    if known:
        raise DemoSecrets(
            f"The {settings.ROOM} room refuses to start: {', '.join(known)} of a demo is here, whose secret others may"
            " know, and this is no demo (PVTRACKER_DEMO=0). Start with a database of its own."
        )
