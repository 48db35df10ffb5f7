"""Tests of the wall between studies, imported by a test module of each room, which runs them against its database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from psycopg import sql

from pvtracker.audit.context import within
from pvtracker.audit.protection import keys, rows
from pvtracker.ops.guard import OpenTables, refuse_open_tables
from pvtracker.ops.rooms import Names
from tests.services import SUFFIX, admin_url

ONE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
# Functions that run with more rights than who calls them, and may: none returns a row of a study.
DEFINERS = {"pv_study_id": "an id by its code", "pv_study_ids": "ids"}
# Unique in the whole room though the study is not in it, and why nobody learns anything from that.
ORACLES = {
    "studies_study (code)": "the study's own name; a study is created by commands only, which may list all codes",
}
AS_TEST = "select set_config('pv.actor', 'process:test', true), set_config('pv.actor_name', 'test', true)"
PLAIN = {
    "uuid": "gen_random_uuid()",
    "jsonb": "'{}'",
    "date": "'2026-03-01'",
    "timestamptz": "now()",
    "bool": "false",
    "bytea": "''",
    "inet": "'127.0.0.1'",
    "interval": "'1 day'",
}


@contextmanager
def administrator() -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection to this test's database that no policy binds; what it does is its own."""
    url = urlsplit(admin_url())._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    with psycopg.connect(url) as own:
        yield own


# --- the catalog ------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_every_table_of_a_study_is_under_a_policy() -> None:
    with connection.cursor() as cursor:
        under = set(rows.protected(cursor))
        assert rows.unprotected(cursor) == []
        cursor.execute(
            "select tablename, policyname, cmd, permissive, coalesce(qual, ''), coalesce(with_check, '')"
            " from pg_policies where schemaname = 'public'"
        )
        found = cursor.fetchall()
    named = {
        model._meta.db_table
        for model in apps.get_models()
        if "study_id" in {field.column for field in model._meta.concrete_fields}
    }
    assert named - set(rows.EXEMPT) | {"studies_study"} == under
    assert len(under) > 8
    writing = {table for table, _, command, *_ in found if command != "SELECT"}
    assert writing == under
    for table, name, command, permissive, qual, check in found:
        assert permissive == "PERMISSIVE"
        if command != "SELECT":
            assert (name, command) == ("study", "ALL"), f"{table} may be written past its study by {name}"
            assert "current_setting('pv.study'" in qual and qual == check
            assert ("IS NULL" in qual) == (table in rows.COMMON)


@pytest.mark.django_db
def test_a_table_that_stands_open_is_found() -> None:
    """The same search, shown to be able to fail: a new table, one that its owner may pass, one only for reading."""
    with administrator() as own:
        own.execute(sql.SQL("set local role {}").format(sql.Identifier(Names(SUFFIX).owner(settings.ROOM))))
        cursor = own.cursor()
        for table in ("new", "passed", "readable"):
            cursor.execute(f"create table public.{table} (id uuid primary key, study_id uuid)")
        rule = f"study_id = {rows.STUDY}"
        cursor.execute("alter table passed enable row level security")
        cursor.execute(f"create policy study on passed using ({rule}) with check ({rule})")
        cursor.execute("alter table readable enable row level security, force row level security")
        cursor.execute(f"create policy study on readable for select using ({rule})")
        assert rows.unprotected(cursor) == ["new", "passed", "readable"]
        rows.apply(cursor)
        assert rows.unprotected(cursor) == []
        rows.apply(cursor)  # as often as one likes
        assert rows.unprotected(cursor) == []
        rows.release(cursor)
        assert set(rows.unprotected(cursor)) == set(rows.protected(cursor)), (
            "for a migration the owner is free"
        )
        own.rollback()


@pytest.mark.django_db
def test_a_room_with_an_open_table_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_open_tables()
    monkeypatch.setattr(rows, "unprotected", lambda cursor: ["events_new"])
    monkeypatch.setattr(keys, "loose", lambda cursor: ["events_new.site_id"])
    told = "events_new without row policies, events_new.site_id not kept within its study"
    with pytest.raises(OpenTables, match=told):
        refuse_open_tables()


@pytest.mark.django_db
def test_the_login_is_weak() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,"
            " exists(select from pg_class c where c.relowner = r.oid and c.relpersistence <> 't'),"
            " exists(select from pg_class c where c.relnamespace = 'public'::regnamespace"
            "        and pg_has_role(r.oid, c.relowner, 'member'))"
            " from pg_roles r where rolname = current_user"
        )
        assert cursor.fetchone() == (False,) * 7


@pytest.mark.django_db
def test_the_login_does_not_see_the_work_of_the_server() -> None:
    """Sessions, transactions and sizes of all databases would tell one room when the other is at work."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname from pg_class c where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'v'"
            " and (c.relname like 'pg\\_stat\\_%%' or c.relname = 'pg_locks')"
        )
        views = {name for (name,) in cursor.fetchall()}
        assert {"pg_stat_database", "pg_stat_activity", "pg_stat_wal", "pg_locks"} <= views
        asked = [f"select * from {view} limit 1" for view in sorted(views)]
        for statement in (*asked, "select pg_current_wal_lsn()", "select pg_tablespace_size('pg_default')"):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                cursor.execute(statement)


@pytest.mark.django_db
def test_nothing_goes_round_the_policies() -> None:
    """No materialized view, no view with its owner's rights, no function with them that returns rows of a study."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%%'"
            " and (c.relkind in ('m', 'f') or c.relkind = 'v'"
            "      and not coalesce('security_invoker=true' = any(c.reloptions), false))"
        )
        assert cursor.fetchall() == []
        cursor.execute(
            "select p.proname, p.proretset, coalesce(array_to_string(p.proconfig, ','), '') from pg_proc p"
            " join pg_namespace n on n.oid = p.pronamespace"
            " where p.prosecdef and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)"
            " and n.nspname not in ('pg_catalog', 'information_schema')"
            " and has_schema_privilege(current_user, n.oid, 'usage')"
            " and has_function_privilege(current_user, p.oid, 'execute')"
        )
        found = cursor.fetchall()
    assert {name for name, *_ in found} == set(DEFINERS)
    for name, returns_rows, told in found:
        assert not returns_rows and "search_path=pg_catalog" in told, name


@pytest.mark.django_db
def test_unique_constraints_name_the_study() -> None:
    """A refused duplicate tells that a value is taken: what is unique has its study in it, or nobody can guess it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname, array_agg(a.attname::text order by a.attnum), bool_or(a.attname = 'study_id'"
            "   or a.atttypid = 'uuid'::regtype or a.attidentity <> '')"
            " from pg_index i join pg_class c on c.oid = i.indrelid"
            " join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)"
            " where i.indisunique and c.relname = any(%s) group by c.relname, i.indexrelid",
            [rows.protected(cursor)],
        )
        found = {f"{table} ({', '.join(columns)})": hidden for table, columns, hidden in cursor.fetchall()}
    assert len(found) > 15
    assert {name for name, hidden in found.items() if not hidden} == set(ORACLES)


# --- the rows ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in every table: one row of each of two studies."""

    tables: list[str]


def fill() -> Filled:
    """One row of each study in every table, past every key and check: only the policies are looked at here."""
    with administrator() as own:
        cursor = own.cursor()
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(AS_TEST)  # the trail is kept even so
        tables = rows.protected(cursor)
        for constraint, table in cursor.execute(
            "select conname, conrelid::regclass::text from pg_constraint where contype in ('c', 'u')"
            " and connamespace = 'public'::regnamespace"
        ).fetchall():
            cursor.execute(f'alter table {table} drop constraint "{constraint}"')
        for (index,) in cursor.execute(
            "select indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indexrelid"
            " where i.indisunique and not i.indisprimary and c.relnamespace = 'public'::regnamespace"
            " and not exists (select from pg_constraint k where k.conindid = i.indexrelid)"
        ).fetchall():
            cursor.execute(f"drop index {index}")
        for table in tables:
            for study in (ONE, OTHER):
                insert(cursor, table, {own_column(table): f"'{study}'"}, own_column(table))
    return Filled(tables)


def insert(cursor: Any, table: str, values: dict[str, str], returning: str = "study_id") -> Any:
    """A row with these values in SQL, and anything in the other columns that must have something."""
    needed = cursor.execute(
        "select attname, typname from pg_attribute a join pg_type t on t.oid = a.atttypid where attrelid = %s::regclass"
        " and attnum > 0 and not attisdropped and attidentity = '' and attnotnull and not atthasdef",
        [f"public.{table}"],
    ).fetchall()
    values = {name: PLAIN.get(kind, "'1'" if kind[0] != "_" else "'{}'") for name, kind in needed} | values
    names = ", ".join(f'"{name}"' for name in values)
    told = f"insert into public.{table} ({names}) values ({', '.join(values.values())}) returning {returning}"
    return cursor.execute(told).fetchone()[0]


def own_column(table: str) -> str:
    return "id" if table == "studies_study" else "study_id"


def seen(table: str) -> set[Any]:
    """The studies whose rows the login is shown; asked below Django, where the tests' own guard does not listen."""
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        cursor.execute(f"select {own_column(table)} from public.{table}")
        return {row[0] for row in cursor.fetchall()}


def test_without_a_study_no_row_is_seen(committed_db: str) -> None:
    filled = fill()
    assert len(filled.tables) > 8
    for table in filled.tables:
        assert seen(table) == set(), f"{table} shows rows outside a transaction"
        with transaction.atomic():
            assert seen(table) == set(), f"{table} shows rows without a study"


def test_each_study_sees_its_own_rows_and_cannot_write_others(committed_db: str) -> None:
    filled = fill()
    for table in filled.tables:
        for study, other in ((ONE, OTHER), (OTHER, ONE)):
            with within(study):
                assert seen(table) == {study}, table
            for statement in (
                f"update public.{table} set {own_column(table)} = '{other}'",
                f"update public.{table} set {own_column(table)} = '{study}' where {own_column(table)} = '{other}'",
                f"delete from public.{table} where {own_column(table)} = '{other}'",
            ):
                touched = _touched(statement, study)
                assert touched in (0, None), f"{statement} reached {touched} rows of another study"
    with administrator() as own:
        for table in filled.tables:
            found = own.execute(f"select {own_column(table)} from public.{table}").fetchall()
            assert sorted(row[0] for row in found) == [ONE, OTHER], f"{table} was written"


def _touched(statement: str, study: uuid.UUID) -> int | None:
    """How many rows a statement reached; None where it was refused."""
    try:
        with within(study), connection.cursor() as cursor:
            cursor.execute(AS_TEST)
            cursor.execute(statement)
            return int(cursor.rowcount)
    except Exception as fault:
        assert any(word in str(fault) for word in ("row-level security", "permission denied", "refused")), (
            fault
        )
        return None


def test_the_setting_ends_with_the_transaction(committed_db: str) -> None:
    def setting() -> str:
        with connection.cursor() as cursor:
            cursor.execute("select current_setting('pv.study', true)")
            return str(cursor.fetchone()[0] or "")

    assert setting() == ""
    with within(ONE):
        assert setting() == str(ONE)
        with within(OTHER):
            assert setting() == str(OTHER)
        assert setting() == str(ONE), "the larger transaction has its study back"
        with pytest.raises(ZeroDivisionError), within(OTHER):
            raise ZeroDivisionError
        assert setting() == str(ONE)
    assert setting() == ""
    with pytest.raises(ZeroDivisionError), within(ONE):
        raise ZeroDivisionError
    assert setting() == ""
