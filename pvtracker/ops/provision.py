"""Logins, databases and schema: what needs administrative rights, done by the launcher before any room starts."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from hashlib import sha256

import psycopg
from psycopg import sql

from pvtracker.ops.environment import ROOT
from pvtracker.ops.rooms import ROOMS, Installation, with_database, with_login
from pvtracker.ops.services.postgres import ServiceError

MIGRATION = "-c pv.actor=process:migrate -c pv.actor_name=migrate -c pv.role=process -c pv.source=migration"
AUDIT_SCHEMA = ROOT / "pvtracker" / "audit" / "protection" / "schema.sql"
# Who may do what with the trail: the room reads it, its tables' owner attaches triggers, the sealer adds links.
AUDIT_RIGHTS = (
    "revoke all on all functions in schema audit from public",
    "grant usage on schema audit to {owner}, {login}, {sealer}",
    "grant select on audit.entry, audit.link, audit.head to {login}, {sealer}",
    "grant select on audit.waiting to {sealer}",
    "grant execute on function audit.record(), audit.refuse(),"
    " audit.adopt(text, text, text, text, text, jsonb[]) to {owner}",
    "grant execute on function audit.seal(integer), audit.told(jsonb) to {sealer}",
    "drop policy if exists everything on audit.entry",
    "create policy everything on audit.entry for select to {sealer} using (true)",
)

# What makes, fills or empties a large object, a place of the database that no trigger sees. Nothing here uses one.
# On a managed server they belong to somebody else, who has to do it; `verify_audit` remarks it until then.
LARGE_OBJECTS = """
do $$ declare name regprocedure; begin
    for name in select oid from pg_proc where pronamespace = 'pg_catalog'::regnamespace and proname in (
        'lo_creat', 'lo_create', 'lo_from_bytea', 'lo_open', 'lo_put', 'lo_truncate', 'lo_truncate64', 'lo_unlink',
        'lowrite')
    loop begin
        execute format('revoke execute on function %s from public', name);
    exception when insufficient_privilege then null;
    end; end loop;
end $$
"""


# What tells any login of the server's work as a whole, the other room's too: sessions, locks, statistics, log, sizes.
# Row numbers of transactions (xmin) stay: they are in every row (docs/reference/isolation.md).
TELLING = """
do $$ declare one regprocedure; begin
    for one in select oid from pg_proc where pronamespace = 'pg_catalog'::regnamespace and (
        proname like 'pg\\_stat\\_get\\_%' or proname like 'pg\\_%wal%lsn' or proname = any(array[
            'pg_lock_status', 'pg_tablespace_size', 'pg_control_checkpoint', 'pg_notification_queue_usage']))
    loop
        execute format('revoke execute on function %s from public', one);
        execute format('grant execute on function %s to pg_monitor', one);
    end loop;
end $$
"""


def provision(installation: Installation) -> None:
    """Create what is missing, give each login its room and no other, and bring both schemas up to date."""
    with psycopg.connect(installation.admin_url, autocommit=True) as connection:
        for room in ROOMS:
            _login(connection, installation.names.owner(room), installation.home.secrets()[f"{room}_owner"])
            _login(connection, installation.names.login(room), installation.home.secrets()[f"{room}_login"])
            _database(connection, installation, room)
        _audit_roles(connection, installation)
    for room in ROOMS:
        _close_statistics(installation, room)
        _audit_schema(installation, room)
        _migrate(installation, room)


def _login(connection: psycopg.Connection[tuple[object, ...]], name: str, password: str) -> None:
    known = connection.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone()
    statement = "alter role {} login password {}" if known else "create role {} login password {}"
    # only the verifier travels: a server that logs statements logs no password
    verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Literal(verifier)))


def _database(
    connection: psycopg.Connection[tuple[object, ...]], installation: Installation, room: str
) -> None:
    names = installation.names
    database, owner, login = map(sql.Identifier, (names.database(room), names.owner(room), names.login(room)))
    if not connection.execute(
        "select 1 from pg_database where datname = %s", [names.database(room)]
    ).fetchone():
        # a managed server's administrator is no superuser: it must be a member of the owner to hand a database over
        connection.execute(sql.SQL("grant {} to current_user").format(owner))
        connection.execute(
            sql.SQL("create database {} owner {} encoding 'UTF8' template template0").format(database, owner)
        )
    connection.execute(sql.SQL("revoke all on database {} from public").format(database))
    # temporary: COPY fills a table of the transaction's own first, because it cannot fill one under row policies
    connection.execute(sql.SQL("grant connect, temporary on database {} to {}").format(database, login))
    if names.suffix == "":
        close_shared_databases(connection)
    url = with_login(
        installation.admin_url,
        user=names.owner(room),
        password=installation.home.secrets()[f"{room}_owner"],
        database=names.database(room),
    )
    with psycopg.connect(url, autocommit=True) as own:
        own.execute("revoke all on schema public from public")
        own.execute(sql.SQL("grant usage on schema public to {}").format(login))
        for kind, rights in (("tables", "select, insert, update, delete"), ("sequences", "usage, select")):
            own.execute(
                sql.SQL(f"alter default privileges in schema public grant {rights} on {kind} to {{}}").format(
                    login
                )
            )


def _audit_roles(connection: psycopg.Connection[tuple[object, ...]], installation: Installation) -> None:
    """The role that owns the trail, which nobody can be, and for each room the login that seals it."""
    names = installation.names
    trail = sql.Identifier(names.audit())
    if not connection.execute("select 1 from pg_roles where rolname = %s", [names.audit()]).fetchone():
        connection.execute(sql.SQL("create role {} nologin").format(trail))
    connection.execute(sql.SQL("alter role {} nologin password null").format(trail))
    connection.execute(sql.SQL("grant {} to current_user").format(trail))
    for room in ROOMS:
        _login(connection, names.sealer(room), installation.home.secrets()[f"{room}_sealer"])
        connection.execute(
            sql.SQL("grant connect on database {} to {}").format(
                *map(sql.Identifier, (names.database(room), names.sealer(room)))
            )
        )


def _audit_schema(installation: Installation, room: str) -> None:
    """The trail of one room: made or brought up to date as its owner, with the rights that each login has to it."""
    names = installation.names
    trail, owner, login, sealer = map(
        sql.Identifier, (names.audit(), names.owner(room), names.login(room), names.sealer(room))
    )
    url = with_database(installation.admin_url, names.database(room))
    with psycopg.connect(url) as connection:
        connection.execute(
            LARGE_OBJECTS.encode()
        )  # on a managed server a warning says that its owner has to do it
        connection.execute(sql.SQL("create schema if not exists audit authorization {}").format(trail))
        connection.execute(sql.SQL("set local role {}").format(trail))
        connection.execute(AUDIT_SCHEMA.read_bytes())
        for statement in AUDIT_RIGHTS:
            connection.execute(sql.SQL(statement).format(owner=owner, login=login, sealer=sealer))


def _close_statistics(installation: Installation, room: str) -> None:
    """Keep from the room's login when and how much the other room works; only a superuser can take this from all."""
    with psycopg.connect(
        with_database(installation.admin_url, installation.names.database(room))
    ) as connection:
        found = connection.execute(
            "select has_function_privilege(%s, 'pg_stat_get_activity(integer)', 'execute'), r.rolsuper"
            " from pg_roles r where r.rolname = current_user",
            [installation.names.login(room)],
        ).fetchone()
        if found == (True, True):
            connection.execute(TELLING.encode())


def close_shared_databases(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Shut the databases that every login may enter: what one room leaves there, the other could read.

    On a managed server they may belong to somebody else, who has to do it.
    """
    for database in ("postgres", "template1"):
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"revoke connect on database {database} from public".encode())


def _migrate(installation: Installation, room: str) -> None:
    """Migrate and protect the tables as their owner, unless that was done (the mark names database and files)."""
    mark = installation.home.path / "logs" / f"schema-{installation.names.database(room)}.json"
    state = {"files": _schema_hash(), "database": _database_identity(installation, room)}
    if mark.exists() and json.loads(mark.read_text()) == state:
        return
    done = subprocess.run(
        [sys.executable, "-m", "django", "protect_tables", "--migrate"],
        # what a migration writes is recorded under its name
        env={**installation.environment(room, owner=True), "PGOPTIONS": MIGRATION},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ServiceError(
            f"The schema of the {room} room could not be brought up to date:\n{done.stderr.strip()}"
        )
    mark.write_text(json.dumps(state))


def _schema_hash() -> str:
    """Over everything that makes the schema: libraries, migrations, and the code that protects the tables."""
    digest = sha256((ROOT / "requirements.txt").read_bytes())
    package = ROOT / "pvtracker"
    protection = [package / "audit" / "tables.py", *package.glob("audit/protection/*")]
    for path in sorted([*package.glob("*/migrations/*.py"), *protection]):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _database_identity(installation: Installation, room: str) -> list[object]:
    """Server and database as the server knows them: a database dropped and made again is another one."""
    with psycopg.connect(installation.admin_url) as connection:
        found = connection.execute(
            "select (select system_identifier::text from pg_control_system()), oid::bigint"
            " from pg_database where datname = %s",
            [installation.names.database(room)],
        ).fetchone()
    return list(found or [])
