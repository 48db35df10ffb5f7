"""Row-level security: the rows of a study are seen and written only by a transaction that entered it (`pv.study`).

Every table of the schema with a column `study_id` is protected, for its owner too. Nothing is named here but the
exceptions. docs/reference/isolation.md says what this guards and what it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Tables with a study that are left open, and why.
EXEMPT = {
    "jobs_job": "workers and the sweeper take jobs of every study; a job holds ids, dates and options, no data",
}
# Tables where a row without a study belongs to everybody, and why.
COMMON = {
    "coding_release": "a dictionary release for all studies has no study; one made from a study's data has",
    "audit_accessrecord": "a sign-in or a look at the installation belongs to no study",
}

# Scalar sub-selects: asked once per statement, not once per row. Unset and set back are both '', which is no study.
STUDY = "(select nullif(current_setting('pv.study', true), '')::uuid)"

# What a person may read besides the study that was entered: where they work themselves (the home page).
MINE = {
    "studies_membership": "account_id = (select public.pv_account())",
    "studies_study": "id in (select m.study_id from public.studies_membership m"
    " where m.account_id = (select public.pv_account()))",
    "studies_site": "id in (select m.site_id from public.studies_membership m"
    " where m.account_id = (select public.pv_account()))",
}

# pv_account: the person who acts; no row for a process. The other two are the only ways past the policies, and carry no
# data: they run as the schema's owner, who alone has a policy that lists the studies.
FUNCTIONS = """
create or replace function public.pv_account() returns uuid language sql stable
    as $$ select substring(current_setting('pv.actor', true)
                           from '^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$')::uuid $$;
create or replace function public.pv_study_id(code text) returns uuid
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as 'select s.id from public.studies_study s where s.code = $1';
create or replace function public.pv_study_ids() returns uuid[]
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as 'select coalesce(array_agg(s.id order by s.code), array[]::uuid[]) from public.studies_study s';
"""


def apply(cursor: Any) -> None:
    """Put every table with a study under its policies; run as the owner of the schema, as often as one likes."""
    cursor.execute(FUNCTIONS)
    for table in protected(cursor):
        cursor.execute(f'alter table public."{table}" enable row level security, force row level security')
        for name in _policies(cursor, table):
            cursor.execute(f'drop policy "{name}" on public."{table}"')
        cursor.execute(
            f'create policy study on public."{table}" for all using ({_rule(table)}) with check ({_rule(table)})'
        )
        if table in MINE:
            cursor.execute(f'create policy mine on public."{table}" for select using ({MINE[table]})')
        if table == "studies_study":
            cursor.execute(
                f'create policy directory on public."{table}" for select to current_user using (true)'
            )


def release(cursor: Any) -> None:
    """Free the owner, and nobody else, from the policies until they are applied again: a migration sees every row."""
    for table in _column(
        cursor,
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relforcerowsecurity",
    ):
        cursor.execute(f'alter table public."{table}" no force row level security')


@contextmanager
def unforced(cursor: Any, *tables: str) -> Iterator[None]:
    """The owner sees the rows of every study in these tables, within its own transaction and for this block only."""
    forced = _column(
        cursor,
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relforcerowsecurity"
        " and relname = any(%s)",
        [list(tables)],
    )
    for table in forced:
        cursor.execute(f'alter table public."{table}" no force row level security')
    yield
    for table in forced:
        cursor.execute(f'alter table public."{table}" force row level security')


def protected(cursor: Any) -> list[str]:
    """The tables that must be under a policy: those with a study, and the studies themselves."""
    return _column(cursor, WITH_STUDY, [list(EXEMPT)])


def unprotected(cursor: Any) -> list[str]:
    """The tables among them that are not, or not for their owner, or without a policy for every command."""
    return _column(
        cursor,
        f"{WITH_STUDY} and not (c.relrowsecurity and c.relforcerowsecurity and exists("
        "select from pg_policy p where p.polrelid = c.oid and p.polcmd = '*' and p.polpermissive"
        " and p.polqual is not null and p.polwithcheck is not null))",
        [list(EXEMPT)],
    )


WITH_STUDY = """
select c.relname from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> all(%s)
  and (c.relname = 'studies_study' or exists(
       select from pg_attribute a where a.attrelid = c.oid and a.attname = 'study_id' and not a.attisdropped))
"""


def _rule(table: str) -> str:
    if table == "studies_study":
        return f"id = {STUDY}"
    return f"study_id is null or study_id = {STUDY}" if table in COMMON else f"study_id = {STUDY}"


def _policies(cursor: Any, table: str) -> list[str]:
    return _column(
        cursor, "select polname from pg_policy where polrelid = to_regclass(%s)", [f'public."{table}"']
    )


def _column(cursor: Any, statement: str, values: list[Any] | None = None) -> list[str]:
    cursor.execute(statement, values)
    return sorted(row[0] for row in cursor.fetchall())
