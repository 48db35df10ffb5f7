"""Checking the audit trail: the chain link by link, the anchors, the triggers, and every row against what it tells.

The hashes are computed here from the stored text, not by the functions of the database that made them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import psycopg
from psycopg import sql

from pvtracker.audit import guards
from pvtracker.audit.anchors import Anchor
from pvtracker.audit.protection import history

FIRST = sha256(b"pvtracker audit chain 1").digest()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MOST_ROWS = 20  # of one table that are named
LATE = timedelta(minutes=10)
# What a session must say alike for a row to be described as the triggers described it.
SESSION = "-c timezone=UTC -c extra_float_digits=1 -c bytea_output=hex -c work_mem=128MB"

STREAM = """
select l.seq, l.entry_id, l.hash, l.sealed_at, e.id, e.at, e.actor, e.actor_name, e.role, e.source, e.reason,
       e.request_id, e.db_user, e.study_id::text, e.participant, e.event, e.table_name, e.row_key, e.operation,
       e.old::text, e.new::text
from audit.link l left join audit.entry e on e.id = l.entry_id order by l.seq
"""
OUTSIDE = """
select e.id, e.table_name, e.row_key from audit.entry e
where not exists (select from audit.link l where l.entry_id = e.id)
  and not exists (select from (select unnest(entries) as entry_id from audit.waiting) w where w.entry_id = e.id)
order by e.id limit 1
"""
LOST = """
select w.entry_id from (select unnest(entries) as entry_id from audit.waiting) w
where not exists (select from audit.entry e where e.id = w.entry_id)
order by w.entry_id limit 1
"""
# Told and present states of the rows of a table, and in which columns they differ. A column that a migration added
# later, or dropped, is no difference.
COMPARED = """
with told as (
    select row_key, audit.told(new order by id) filter (where new is not null) as state,
           (array_agg(operation order by id desc))[1] as last, max(id) as entry_id
    from audit.entry where table_name = {name} group by row_key
), present as (select t.{key}::text as row_key, {described} as state from public.{table} t), compared as (
    select row_key, t.row_key is not null as is_told, p.row_key is not null as is_there, t.last, t.entry_id,
           case when t.state is distinct from p.state then
               (select array_agg(c.key order by c.key) from jsonb_each(t.state) c
                where p.state ? c.key and p.state -> c.key is distinct from c.value) end as differ
    from told t full join present p using (row_key)
)
select row_key, is_told, is_there, last, entry_id, differ, count(*) over ()
from compared
where not is_told or (is_there and last = 'delete') or (not is_there and last <> 'delete')
   or (is_there and cardinality(differ) > 0)
order by entry_id nulls first, row_key limit {most}
"""


@dataclass(slots=True)
class Verdict:
    """What was counted, what is wrong (first things first), and what a reader should know."""

    links: int = 0
    waiting: int = 0
    anchors: int = 0
    tables: int = 0
    rows: int = 0
    chain_seconds: float = 0.0
    rows_seconds: float = 0.0
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def verify(url: str, *, anchors: Sequence[Anchor]) -> Verdict:
    """Check one room's trail, as the sealer's login, in one snapshot; changes nothing."""
    verdict = Verdict(anchors=len(anchors))
    with psycopg.connect(url, options=SESSION) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        begun = time.perf_counter()
        _chain(connection, {anchor.seq: anchor for anchor in anchors}, verdict)
        _unsealed(connection, verdict)
        _guards(connection, verdict)
        checked = time.perf_counter()
        _rows(connection, verdict)
        verdict.chain_seconds, verdict.rows_seconds = checked - begun, time.perf_counter() - checked
    return verdict


def canonical(seq: int, sealed_at: datetime, entry: Sequence[Any]) -> bytes:
    """The bytes of a link that are hashed after the hash before: each field with its length, `-` where there is none.

    `entry` is the row from its id on, its columns in the order of `STREAM`.
    """
    told = [str(seq), _moment(sealed_at), str(entry[0]), _moment(entry[1]), *entry[2:]]
    parts = []
    for text in told:
        if text is None:
            parts.append(b"-")
        else:
            value = text.encode()
            parts.append(b"%d:%b" % (len(value), value))
    return b"".join(parts)


def _moment(at: datetime) -> str:
    return str((at - EPOCH) // MICROSECOND)


# --- the chain ------------------------------------------------------------------------------------------------------
def _chain(connection: psycopg.Connection[Any], anchors: dict[int, Anchor], verdict: Verdict) -> None:
    """Every link in order. Stops at the first that is not as it was sealed: all after it rest on it."""
    last, before, sealed_at = FIRST, "the beginning", EPOCH
    for seq, row in enumerate(_stream(connection), start=1):
        if row[0] != seq:
            verdict.faults.append(f"link {seq} is missing; the last before it is {before}.")
            return
        if row[4] is None:
            verdict.faults.append(f"entry {row[1]} (link {seq}) is missing; the last before it is {before}.")
            return
        about = f"link {seq}: {row[18]} of {row[16]}, row {row[17]}"
        last = sha256(last + canonical(seq, row[3], row[4:])).digest()
        if last != row[2]:
            verdict.faults.append(f"{about} is not as it was sealed (entry {row[4]}).")
            return
        if row[3] < sealed_at:
            verdict.remarks.append(
                f"the clock went back: link {seq} was sealed at {row[3]:%Y-%m-%d %H:%M:%S}, the one before it at "
                f"{sealed_at:%Y-%m-%d %H:%M:%S} UTC. Order is by number."
            )
        if seq in anchors and anchors[seq].hash != last.hex():
            verdict.faults.append(f"{about} was anchored with another hash at {anchors[seq].at}.")
            return
        before, sealed_at, verdict.links = about, row[3], seq
    _end(connection, anchors, verdict, last)


def _stream(connection: psycopg.Connection[Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor(name="chain") as cursor:
        cursor.itersize = 5_000
        cursor.execute(STREAM)
        yield from cursor


def _end(
    connection: psycopg.Connection[Any], anchors: dict[int, Anchor], verdict: Verdict, last: bytes
) -> None:
    head = connection.execute("select seq, hash from audit.head").fetchone()
    beyond = [anchor for seq, anchor in sorted(anchors.items()) if seq > verdict.links]
    if head is None or head[0] > verdict.links:
        verdict.faults.append(f"link {verdict.links + 1} is missing: the end of the chain was cut off.")
    elif beyond:
        verdict.faults.append(
            f"link {verdict.links + 1} is missing: the end of the chain was cut off; link {beyond[-1].seq} was "
            f"anchored at {beyond[-1].at}."
        )
    elif head != (verdict.links, last):
        verdict.faults.append("the head of the chain is not its last link.")
    if verdict.links and not anchors:
        verdict.remarks.append(
            "there is no anchor: a chain that was cut off or rewritten would not be noticed."
        )


def _unsealed(connection: psycopg.Connection[Any], verdict: Verdict) -> None:
    """Entries that wait are few and young; none is forgotten."""
    found = connection.execute(OUTSIDE).fetchone()
    if found:
        verdict.faults.append(
            f"entry {found[0]} ({found[1]}, row {found[2]}) is neither sealed nor waiting for it."
        )
    lost = connection.execute(LOST).fetchone()
    if lost:
        verdict.faults.append(f"entry {lost[0]} is missing; it was waiting for its seal.")
    waiting = connection.execute(
        "select count(*), min(e.at), clock_timestamp() from (select unnest(entries) as entry_id from audit.waiting) w"
        " join audit.entry e on e.id = w.entry_id"
    ).fetchone()
    if waiting and waiting[0]:
        verdict.waiting = waiting[0]
        if waiting[2] - waiting[1] > LATE:
            verdict.remarks.append(
                f"{waiting[0]} entries wait for their seal, the oldest since {waiting[1]:%Y-%m-%d %H:%M:%S} UTC: "
                "is the scheduler running?"
            )


# --- what records, and what was recorded ------------------------------------------------------------------------------
def _guards(connection: psycopg.Connection[Any], verdict: Verdict) -> None:
    with connection.cursor() as cursor:
        verdict.faults += guards.faults(cursor)
        verdict.remarks += guards.remarks(cursor)


def _rows(connection: psycopg.Connection[Any], verdict: Verdict) -> None:
    """Every row of every recorded table is what the trail says it became."""
    with connection.cursor() as cursor:
        there = history.tables(cursor)
    recorded = [table for table in there if table.recorded and table.key]
    for table in recorded:
        verdict.tables += 1
        counted = connection.execute(
            sql.SQL("select count(*) from public.{}").format(sql.Identifier(table.name))
        ).fetchone()
        verdict.rows += counted[0] if counted else 0
        statement = sql.SQL(COMPARED).format(
            name=sql.Literal(table.name),
            key=sql.Identifier(table.key),
            table=sql.Identifier(table.name),
            described=sql.SQL(history.described(table)),  # names of the catalog
            most=sql.Literal(MOST_ROWS),
        )
        found = connection.execute(statement).fetchall()
        verdict.faults += [_told(table.name, row) for row in found]
        if found and found[0][6] > MOST_ROWS:
            verdict.faults.append(f"{table.name}: {found[0][6] - MOST_ROWS} further rows differ.")
    gone = connection.execute(
        "select distinct table_name from audit.entry where table_name <> all(%s) order by 1",
        [[table.name for table in there]],
    )
    verdict.remarks += [f"the trail tells of a table that is gone: {name}." for (name,) in gone]


def _told(table: str, row: tuple[Any, ...]) -> str:
    key, is_told, is_there, last, entry, differ, _ = row
    if not is_told:
        return f"{table}, row {key}, is there, but the trail tells nothing of it."
    if is_there and last == "delete":
        return f"{table}, row {key}, is there, but entry {entry} tells that it was deleted."
    if not is_there:
        return f"{table}, row {key}, is missing; entry {entry} tells of it last."
    return f"{table}, row {key}, was changed behind the trail since entry {entry}: {', '.join(differ)}."
