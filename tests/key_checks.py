"""Tests of the keys between tables of a study, imported by a test module of each room, which runs them against its own
database: a row of another study is refused by the database, in the words in which one that does not exist is."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import ForeignKey
from psycopg import sql

from pvtracker.audit.context import within
from pvtracker.audit.protection import keys, rows
from pvtracker.ops.rooms import Names
from tests.isolation_checks import AS_TEST, ONE, OTHER, administrator, fill, insert
from tests.services import SUFFIX

# Tables of a study whose rows have a study, but in no column of their own: keys to them are watched by a trigger.
BY_WAY = {"open": {"events_adverseevent.term_id"}, "closed": set()}
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|=\(.*?\)")


@contextmanager
def owner() -> Iterator[Any]:
    """A cursor of the schema's owner; what it does is undone."""
    with administrator() as own:
        own.execute(sql.SQL("set local role {}").format(sql.Identifier(Names(SUFFIX).owner(settings.ROOM))))
        yield own.cursor()
        own.rollback()


# --- the catalog ------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_every_key_between_tables_of_a_study_has_the_study_in_it() -> None:
    """Asked of the models, so that what the catalog's own search overlooks is found too."""
    named = {
        (model._meta.db_table, field.column, field.related_model._meta.db_table)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey)
        and has_study(model)
        and has_study(field.related_model)
        and field.column != "study_id"
    }
    with connection.cursor() as cursor:
        assert keys.loose(cursor) == []
        assert {f"{key.table}.{key.column}" for key in keys.found(cursor)} == BY_WAY[settings.ROOM]
        cursor.execute(
            "select c.relname, a.attname, p.relname, k.convalidated and k.condeferrable and k.condeferred"
            "   and k.confdeltype = 'a' and k.confupdtype = 'a' and s.attname = 'study_id' and s.attnotnull"
            " from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class p on p.oid = k.confrelid"
            " join pg_attribute s on s.attrelid = k.conrelid and s.attnum = k.conkey[1]"
            " join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[2]"
            " where k.contype = 'f' and k.connamespace = 'public'::regnamespace"
        )
        found = {(table, column, target): whole for table, column, target, whole in cursor.fetchall()}
    assert found == dict.fromkeys(named, True)
    assert len(named) > (20 if settings.ROOM == "open" else 7)


def has_study(model: Any) -> bool:
    return "study_id" in {field.column for field in model._meta.concrete_fields}


@pytest.mark.django_db
def test_a_key_that_takes_any_studys_row_is_found_and_replaced() -> None:
    """The same search, shown to be able to fail: a model of tomorrow, a trigger that was switched off."""
    with owner() as cursor:
        cursor.execute("create table public.new (id uuid primary key, study_id uuid not null)")
        for column, target in (("site_id", "studies_site"), ("next_id", "new")):
            cursor.execute(f"alter table new add {column} uuid references public.{target} (id)")
        assert keys.loose(cursor) == ["new.next_id", "new.site_id"]
        keys.apply(cursor)
        assert keys.loose(cursor) == []
        keys.apply(cursor)  # as often as one likes
        cursor.execute(
            "alter table new add constraint again foreign key (site_id) references studies_membership (id)"
        )
        keys.apply(cursor)  # of a field that names another model now
        cursor.execute(
            "select conname, confrelid::regclass::text from pg_constraint where conrelid = 'new'::regclass"
            " and contype = 'f' order by 1"
        )
        assert cursor.fetchall() == [
            ("new_next_id_of_study", "new"),
            ("new_site_id_of_study", "studies_membership"),
        ]
        cursor.execute(
            "alter table new alter study_id drop not null, add constraint k foreign key (next_id) references new"
        )
        assert keys.loose(cursor) == ["new.next_id"]
    for way in BY_WAY[settings.ROOM]:
        table, _, column = way.partition(".")
        with owner() as cursor:
            cursor.execute(f"alter table {table} disable trigger pv_own_study_{column}_insert")
            assert keys.loose(cursor) == [way]
            keys.apply(cursor)
            assert keys.loose(cursor) == []


# --- the rows ---------------------------------------------------------------------------------------------------------
def test_a_row_of_another_study_is_refused_like_one_that_does_not_exist(committed_db: str) -> None:
    """Each key, each way to write it, under the room's login and with the study entered."""
    fill()
    tried = 0
    for key in every_key():
        foreign = targets(key)
        assert set(foreign) >= {ONE, OTHER}, key
        nobody: Any = uuid.uuid4() if isinstance(foreign[ONE], uuid.UUID) else 77_777
        for write in ways(key):
            assert outcome(key, write, foreign[ONE]) == "taken", (
                f"{key.table}.{key.column}: its own study's row"
            )
            for everybodys in [foreign[None]] if None in foreign else []:
                assert outcome(key, write, everybodys) == "taken", (
                    f"{key.table}.{key.column}: everybody's row"
                )
            told = outcome(key, write, foreign[OTHER])
            assert "violates foreign key constraint" in told, f"{key.table}.{key.column}: {told}"
            assert told == outcome(key, write, nobody), f"{key.table}.{key.column} tells whether a row exists"
            tried += 1
    assert tried > (30 if settings.ROOM == "open" else 9)


def every_key() -> list[keys.Key]:
    """Those of two columns, told as the ones they were made from, and those that are watched."""
    with administrator() as own:
        cursor = own.cursor()
        cursor.execute(
            "select k.conname, c.relname, a.attname, p.relname, b.attname, true"
            " from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class p on p.oid = k.confrelid"
            " join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[2]"
            " join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[2]"
            " where k.contype = 'f' and k.connamespace = 'public'::regnamespace order by 2, 3"
        )
        return [*(keys.Key(*row) for row in cursor.fetchall()), *keys.found(cursor)]


def targets(key: keys.Key) -> dict[uuid.UUID | None, Any]:
    """A row that the key may name, by its study; None: one of no study."""
    with administrator() as own:
        if not key.by:
            found = own.execute(
                f'select study_id, "{key.target_column}" from public.{key.target}'.encode()
            ).fetchall()
            return dict(found)
        cursor = own.cursor()
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(AS_TEST)
        made = {}
        for study in (ONE, OTHER, None):
            [(way,)] = cursor.execute(
                f"insert into public.{key.by_table} select (jsonb_populate_record(t, jsonb_build_object("
                f"'{key.by_column}', %s::text, 'study_id', %s::text))).* from public.{key.by_table} t limit 1"
                f' returning "{key.by_column}"',
                [str(uuid.uuid4()), str(study) if study else None],
            ).fetchall()
            made[study] = insert(cursor, key.target, {key.by: f"'{way}'"}, key.target_column)
        return made


def ways(key: keys.Key) -> list[str]:
    """Statements by which the room's login may write the key of a row of study ONE; %s is what it names."""
    [(identity, privileged)] = told(
        "select a.atttypid = 'uuid'::regtype, has_table_privilege(c.oid, 'update') from pg_class c"
        " join pg_attribute a on a.attrelid = c.oid and a.attname = 'id' where c.oid = %s::regclass",
        [f"public.{key.table}"],
    )
    new = "gen_random_uuid()" if identity else "88888"
    insertion = (
        f"insert into public.{key.table} select (jsonb_populate_record(t, jsonb_build_object('id', {new},"
        f" '{key.column}', %s::text))).* from public.{key.table} t where study_id = '{ONE}' limit 1"
    )
    change = f'update public.{key.table} set "{key.column}" = %s'
    return [insertion, *([change] if privileged else [])]


def told(statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def outcome(key: keys.Key, write: str, names: Any) -> str:
    """'taken', or what the database says; nothing stays. Only this key is asked: the filled rows satisfy no other."""
    try:
        with within(ONE), connection.cursor() as cursor:
            cursor.execute(AS_TEST)
            cursor.execute(write, [str(names) if "%s::text" in write else names])
            assert cursor.rowcount == 1, write
            if key.simple:
                cursor.execute(f'set constraints "{key.constraint}" immediate')
            transaction.set_rollback(True)
    except IntegrityError as fault:
        return IDS.sub("*", str(fault))
    return "taken"


# --- a database with rows ---------------------------------------------------------------------------------------------
def test_a_database_with_rows_is_taken_over_and_a_stray_row_is_named(committed_db: str) -> None:
    """As a release before this one left it: keys of one column, policies forced, rows of two studies."""
    fill()
    key = next(key for key in every_key() if key.table == "studies_membership" and key.column == "site_id")
    own_row = targets(key)
    with owner() as cursor:
        rows.release(cursor)
        cursor.execute(AS_TEST)
        cursor.execute(  # the filled rows satisfy no other key
            "select conname from pg_constraint where conrelid = 'studies_membership'::regclass and contype = 'f'"
            " and conname <> %s",
            [key.constraint],
        )
        for (other,) in cursor.fetchall():
            cursor.execute(f'alter table studies_membership drop constraint "{other}"')
        cursor.execute(
            f'alter table {key.table} drop constraint "{key.constraint}",'
            f" add constraint plain foreign key (site_id) references studies_site (id) deferrable initially deferred"
        )
        cursor.execute(
            "update studies_membership set site_id = %s where study_id = %s", [own_row[OTHER], ONE]
        )
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table studies_site force row level security")
        cursor.execute("alter table studies_membership force row level security")
        cursor.execute("savepoint before")
        with pytest.raises(
            keys.StrayKeys, match=r"^1 rows of studies_membership name in site_id a row of studies_site"
        ):
            keys.apply(cursor)
        cursor.execute("rollback to before")
        cursor.execute("alter table studies_membership no force row level security")
        cursor.execute("update studies_membership set site_id = %s where study_id = %s", [own_row[ONE], ONE])
        cursor.execute("set constraints all immediate")
        keys.apply(cursor)
        assert keys.loose(cursor) == []
        cursor.execute(
            "select relforcerowsecurity from pg_class where relname in ('studies_site', 'studies_membership')"
            " order by relname"
        )
        assert cursor.fetchall() == [(False,), (True,)], "as each was found"
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            cursor.execute(
                "update studies_membership set site_id = %s where study_id = %s", [own_row[OTHER], ONE]
            )
