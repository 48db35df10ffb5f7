"""The whole open database as text, read by the administrator: every row of every table in the order of its writing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import psycopg
from psycopg import sql

from pvtracker.ops.blind.masks import COLUMNS, PROGRESS

_TABLES = """
    select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
      and n.nspname not like 'pg_temp%' and n.nspname not like 'pg_toast%'
    order by 1, 2
"""
_SEQUENCES = "select schemaname, sequencename, last_value from pg_sequences order by 1, 2"
# What the catalog keeps of contents after ANALYZE: frequent values, shares and spreads, but for columns of random
# values and moments, whose histograms are as random as they are.
_STATISTICS = """
    select s.schemaname || '.' || s.tablename, s.attname, s.null_frac, s.n_distinct, s.most_common_vals::text,
           s.most_common_freqs::text, s.histogram_bounds::text
    from pg_stats s
    join information_schema.columns c
      on (c.table_schema, c.table_name, c.column_name) = (s.schemaname, s.tablename, s.attname)
    where s.schemaname not in ('pg_catalog', 'information_schema')
      and c.data_type not in ('uuid', 'timestamp with time zone', 'jsonb')
    order by 1, 2
"""
_RANDOM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{32}")
_HIDDEN = {(column.table, column.column) for column in COLUMNS}


def tables(connection: psycopg.Connection[tuple[object, ...]]) -> list[tuple[str, str]]:
    """Schema and name of every table and stored view that is not PostgreSQL's own."""
    return [(str(schema), str(name)) for schema, name in connection.execute(_TABLES).fetchall()]


def dump(url: str) -> Iterator[tuple[str, str]]:
    """Name and text of every table, one JSON object a row; then sequences, and what the catalog knows of contents."""
    with psycopg.connect(url, autocommit=True) as connection:
        most = 0
        for schema, name in tables(connection):
            named = sql.Identifier(schema, name)
            statement = sql.SQL("select to_jsonb(t) from {} t order by {}").format(
                named, _order(connection, schema, name)
            )
            rows = [_line(name, row) for (row,) in connection.execute(statement)]
            most = max(most, len(rows))
            yield f"{schema}.{name}", "\n".join(rows)
        found = connection.execute(_SEQUENCES).fetchall()
        yield "sequences", "\n".join(map(str, found))
        # every row, not a sample, which would differ by chance
        target = min(10_000, max(100, most // 300 + 1))
        connection.execute(sql.SQL("set default_statistics_target = {}").format(sql.Literal(target)))
        connection.execute("analyze")
        known = connection.execute(_STATISTICS).fetchall()
        yield "pg_stats", "\n".join(_statistics(row) for row in known if row[0] not in PROGRESS)


def _statistics(row: tuple[object, ...]) -> str:
    """One line; frequent values of a text column that holds random ids are as random as they are."""
    return str(row[:4] if any(_RANDOM.search(str(value)) for value in row[4:]) else row)


def _order(connection: psycopg.Connection[tuple[object, ...]], schema: str, table: str) -> sql.SQL:
    """By running number where there is one, jobs by the time they were asked for, all others as they lie.

    A row that was written over lies elsewhere, as soon as there was room: where numbers tell the order in which rows
    were first written, that order is compared, and where they do not, nothing is written over during a check.
    """
    statement = "select 1 from information_schema.columns where (table_schema, table_name) = (%s, %s)"
    numbered = f"{statement} and column_name = 'id' and data_type in ('bigint', 'integer')"
    if connection.execute(numbered.encode(), [schema, table]).fetchone():
        return sql.SQL("t.id")
    return sql.SQL("t.created_at, t.ctid" if table == "jobs_job" else "t.ctid")


def _line(table: str, row: object) -> str:
    if not isinstance(row, dict):
        return str(row)
    shown = {
        name: f"‹{name}›" if (table, name) in _HIDDEN and value not in (None, "") else value
        for name, value in row.items()
    }
    return json.dumps(shown, ensure_ascii=False)
