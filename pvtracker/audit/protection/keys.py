"""Foreign keys that stay within a study: a row names rows of its own study only, whoever writes it.

A key of Django's is one column and takes the id of any study's row, because the database checks keys past the row
policies. Each such key between tables with a study is replaced by one of two columns, (study_id, x_id) to
(study_id, id): still one check per row, deferred as before, and a row of another study is refused in the very words in
which an id that does not exist is. Keys to a table that has its study by way of another one, or a study only in some of
its rows, are watched by a trigger with the same words. Nothing is named here: the keys stand in the catalog.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pvtracker.audit.protection.rows import unforced


class StrayKeys(RuntimeError):
    """Rows that name a row of another study; somebody has to say which of the two is wrong."""


@dataclass(frozen=True, slots=True)
class Key:
    """A foreign key of one column, from a table with a study to one that belongs to a study."""

    constraint: str
    table: str
    column: str
    target: str
    target_column: str
    own_study: bool  # the table's study is always given
    by: str = ""  # column of the target that names the row which has the study; '': the target's own study
    by_table: str = ""
    by_column: str = ""
    always: bool = True  # the target always has a study; False: a row without one is everybody's

    @property
    def simple(self) -> bool:
        """Whether a key of two columns can say it."""
        return self.always and not self.by

    @property
    def name(self) -> str:
        return f"{self.table}_{self.column}_of_study"[:63]

    @property
    def function(self) -> str:
        """What the triggers run."""
        return f"pv_{self.name}"[:63]

    @property
    def triggers(self) -> set[tuple[str, str]]:
        """Table and name of what watches the key."""
        return {(self.table, f"pv_own_study_{self.column}_{on}") for on in ("insert", "update")}

    def rows_of(self, alias: str) -> str:
        """SQL: the rows which `alias`, a row of the table, may name."""
        joined = (
            f' join public."{self.by_table}" b on b."{self.by_column}" = t."{self.by}"' if self.by else ""
        )
        study = "b.study_id" if self.by else "t.study_id"
        return (
            f'select from public."{self.target}" t{joined}'
            f' where t."{self.target_column}" = {alias}."{self.column}"'
            f" and ({study} is null or {study} = {alias}.study_id)"
        )


def apply(cursor: Any) -> None:
    """Keep every key within its study; run as the owner of the schema, as often as one likes."""
    watched = _watched(cursor)
    for key in found(cursor):
        if key.simple or not key.triggers <= watched:
            _refuse_stray_rows(cursor, key)
        if key.simple:
            _replace(cursor, key)
        else:
            _watch(cursor, key)


def found(cursor: Any) -> list[Key]:
    """Keys of one column between tables of studies: those that are not replaced yet, and those that are watched."""
    cursor.execute(KEYS)
    return [Key(*row) for row in cursor.fetchall()]


def loose(cursor: Any) -> list[str]:
    """Keys that take, or may take, the id of another study's row."""
    watched = _watched(cursor)
    return [
        f"{key.table}.{key.column}"
        for key in found(cursor)
        if key.simple or not key.own_study or not key.triggers <= watched
    ]


def watching(cursor: Any) -> dict[tuple[str, str], str]:
    """Table and name of every trigger that watches a key, and the function that it runs."""
    return {
        trigger: f"{key.function}()" for key in found(cursor) if not key.simple for trigger in key.triggers
    }


def _watched(cursor: Any) -> set[tuple[str, str]]:
    """Table and name of every trigger that fires in every session."""
    cursor.execute(
        "select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid where t.tgenabled = 'A'"
    )
    return set(cursor.fetchall())


def _replace(cursor: Any, key: Key) -> None:
    cursor.execute(
        f'create unique index if not exists "{key.target}_of_study"'
        f' on public."{key.target}" (study_id, "{key.target_column}")'
    )
    with unforced(cursor, key.table, key.target):  # else the check of what is there sees no row
        cursor.execute(
            f'alter table public."{key.table}" drop constraint if exists "{key.name}",'
            f' drop constraint "{key.constraint}", add constraint "{key.name}"'
            f' foreign key (study_id, "{key.column}") references public."{key.target}"'
            f' (study_id, "{key.target_column}")'
            " deferrable initially deferred"
        )


def _watch(cursor: Any, key: Key) -> None:
    """The policies hide the rows of other studies from who writes; the comparison is for the owner, who sees all."""
    function = f'public."{key.function}"'
    cursor.execute(
        f"create or replace function {function}() returns trigger language plpgsql as $$ begin"
        f' if exists (select from new_rows n where n."{key.column}" is not null and not exists ({key.rows_of("n")}))'
        " then raise foreign_key_violation using message ="
        f' \'insert or update on table "{key.table}" violates foreign key constraint "{key.constraint}"\';'
        " end if; return null; end $$"
    )
    for table, name in sorted(key.triggers):
        on = name.rpartition("_")[2]
        cursor.execute(
            f'create or replace trigger "{name}" after {on} on public."{table}"'
            f" referencing new table as new_rows for each statement execute function {function}()"
        )
        cursor.execute(f'alter table public."{table}" enable always trigger "{name}"')


def _refuse_stray_rows(cursor: Any, key: Key) -> None:
    """Said before the database does, which would name one row and not the remedy."""
    with unforced(cursor, key.table, key.target, *([key.by_table] if key.by else [])):
        cursor.execute(
            f'select count(*) from public."{key.table}" n where n."{key.column}" is not null'  # noqa: S608 - catalog
            f" and not exists ({key.rows_of('n')})"
        )
        [stray] = cursor.fetchone()
    if stray:
        raise StrayKeys(
            f"{stray} rows of {key.table} name in {key.column} a row of {key.target} that is not of their study."
            " Correct them before this release is installed (docs/reference/isolation.md)."
        )


# The study of the target: its own column, or that of a row which it names. A key to the study itself is none of these.
KEYS = """
with key as (
    select k.conname, c.relname as from_table, a.attname as from_column, p.relname as to_table,
           b.attname as to_column, k.conrelid, k.confrelid
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid
    join pg_class p on p.oid = k.confrelid
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]
    where k.contype = 'f' and k.connamespace = 'public'::regnamespace and cardinality(k.conkey) = 1
), study as (
    select attrelid, attnotnull from pg_attribute where attname = 'study_id' and not attisdropped
)
select key.conname, key.from_table, key.from_column, key.to_table, key.to_column, own.attnotnull,
       '', '', '', target.attnotnull
from key join study own on own.attrelid = key.conrelid join study target on target.attrelid = key.confrelid
union all
select key.conname, key.from_table, key.from_column, key.to_table, key.to_column, own.attnotnull,
       way.from_column, way.to_table, way.to_column, target.attnotnull
from key join study own on own.attrelid = key.conrelid
join key way on way.conrelid = key.confrelid
join study target on target.attrelid = way.confrelid
where not exists (select from study where study.attrelid = key.confrelid)
order by 2, 3
"""
