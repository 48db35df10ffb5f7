"""What writes in an unusual way is recorded all the same, and sealers who work at once share what waits."""

from __future__ import annotations

import random
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from psycopg import sql

from pvtracker.ops.rooms import Installation
from tests.wall.trail import act, ask, connected, entries, make_study

BOTH = pytest.mark.parametrize("room", ["open", "closed"])
MADE = (
    "insert into accounts_account (id, username, full_name, email, person, is_active, created_at, password, reopenable)"
    " select v.id, 'u' || v.id, 'New', '', gen_random_uuid(), true, now(), '!', false"
    " from unnest(%(keys)s::uuid[]) v(id)"
)
# Statements that write more than they seem to, and what the trail has to tell of each of two rows.
WRITTEN = {
    "with a as (update accounts_account set full_name = 'A' where id = %(one)s returning 1)"
    " update accounts_account set full_name = 'B' where id = %(two)s": ("A", "B"),
    f"{MADE} on conflict (id) do update set full_name = 'C'": ("C", "C"),
    "merge into accounts_account t using unnest(%(keys)s::uuid[]) v(id) on t.id = v.id"
    " when matched and t.id = %(one)s then update set full_name = 'D' when matched then update set full_name = 'E'": (
        "D",
        "E",
    ),
}


@BOTH
def test_however_a_statement_writes_each_row_is_told_once(rooms: Installation, room: str) -> None:
    one, two = uuid.uuid4(), uuid.uuid4()
    values = {"one": one, "two": two, "keys": [one, two]}
    with connected(rooms, room, "login") as own:
        act(own)
        own.execute(MADE.encode(), values)
        for statement in WRITTEN:
            own.execute(statement.encode(), values)
    for place, key in enumerate((one, two)):
        told = [(operation, new["full_name"]) for operation, _, new, _, _ in entries(rooms, room, key)]
        assert told == [("insert", "New"), *(("update", names[place]) for names in WRITTEN.values())]


@BOTH
def test_rows_that_are_removed_are_told(rooms: Installation, room: str) -> None:
    """Few tables allow it; the owner of the tables can."""
    key = uuid.uuid4()
    with connected(rooms, room, "login") as own:
        act(own)
        own.execute(MADE.encode(), {"keys": [key]})
    with connected(rooms, room, "owner") as own:
        act(own)
        own.execute("delete from accounts_account where id = %s", [key])
    [_, (operation, old, new, actor, _)] = entries(rooms, room, key)
    assert (operation, old["full_name"], new, actor) == ("delete", "New", None, "ann")


@BOTH
def test_sealers_at_once_pass_nothing_over_and_seal_nothing_twice(rooms: Installation, room: str) -> None:
    study = make_study(rooms, room, "AT ONCE")
    with connected(rooms, room, "login") as own:
        act(own, study)
        for number in range(60):
            own.execute("update studies_study set title = %s where id = %s", [str(number), study])
    waiting = ask(rooms, room, "select coalesce(sum(amount), 0) from audit.waiting")[0][0]
    with ThreadPoolExecutor(4) as pool:
        sealed = list(
            pool.map(
                lambda _: ask(rooms, room, "select audit.seal(7)", who="sealer")[0][0],
                range(waiting // 7 + 1),
            )
        )
    assert sum(sealed) == waiting
    told = "select count(*), count(distinct entry_id), max(seq), (select seq from audit.head) from audit.link"
    [(links, different, last, head)] = ask(rooms, room, told)
    assert links == different == last == head


# Kinds of column with values that read alike, differ by a byte, or are nothing; each has the name of its kind.
KINDS: dict[str, tuple[str, list[str]]] = {
    "yes": ("boolean", ["true", "false"]),
    "small": ("smallint", ["1", "-1"]),
    "whole": ("integer", ["1", "2"]),
    "large": ("bigint", ["1", "9007199254740993"]),
    "measured": ("double precision", ["0", "-0", "NaN", "Infinity", "0.1", "0.30000000000000004"]),
    "exact": ("numeric", ["1.0", "1.00", "NaN"]),
    "words": ("text", ["", "a", "A", "ä", 'two "words"']),
    "code": ("varchar(20)", ["", "a", "a "]),
    "padded": ("char(4)", ["a", "b"]),
    "of_words": ("some_words", ["a", "b"]),
    "known": ("jsonb", ["null", "{}", '{"a": 1.0}', '{"a": 1.00}', '{"a": 2}']),
    "as_written": ("json", ["null", "{}", '{"a":1}', '{"a": 1}']),
    "day": ("date", ["2026-03-05", "infinity"]),
    "moment": ("timestamptz", ["2026-03-05 10:00+01", "2026-03-05 09:00+00", "infinity"]),
    "local": ("timestamp", ["2026-03-05 10:00", "2026-03-05 09:00"]),
    "span": ("interval", ["1 day", "24 hours"]),
    "several": ("uuid[]", ["{}", "{00000000-0000-0000-0000-000000000001}"]),
    "raw": ("bytea", ["\\x00", "\\xff00"]),
    "odd\"name's %s $1": ("text", ["a", "b"]),
}
ROWS = 400


@pytest.mark.parametrize("stay", [0.0, 0.5, 0.9])
def test_many_rows_at_once_are_recorded_as_each_by_itself(rooms: Installation, stay: float) -> None:
    """A large statement takes another way (`audit.recording`): the same columns, rows and values."""
    chance = random.Random(stay)
    before = [[chance.choice([*values, None]) for _, values in KINDS.values()] for _ in range(ROWS)]
    after = [
        [was if chance.random() < stay else now for was, now in zip(row, chance.choice(before), strict=True)]
        for row in before
    ]
    names = [sql.Identifier(name) for name in KINDS]
    kinds = sql.SQL(", ").join(
        sql.SQL("{} {}").format(name, sql.SQL(kind))
        for name, (kind, _) in zip(names, KINDS.values(), strict=True)
    )
    change = sql.SQL("update {} t set ({columns}) = (select {columns} from wanted where id = t.id)")
    told = []
    with connected(rooms, "open", "superuser") as own:
        act(own)
        own.execute("create domain some_words as text")
        for table, rows in (("wanted", after), ("at_once", before), ("one_by_one", before)):
            own.execute(
                sql.SQL("create table {} (id bigint primary key, {})").format(sql.Identifier(table), kinds)
            )
            made = sql.SQL("insert into {} values ({})").format(
                sql.Identifier(table), sql.SQL(", ").join([sql.Placeholder()] * (1 + len(KINDS)))
            )
            own.cursor().executemany(made, [[key, *row] for key, row in enumerate(rows)])
        for table in ("at_once", "one_by_one"):
            own.execute(
                f"create trigger recorded after update on {table} referencing old table as old_rows new table as"
                " new_rows for each statement execute function audit.record('id', '', 'whole', 'code', '{}', '{}')"
            )
            whole = change.format(sql.Identifier(table), columns=sql.SQL(", ").join(names))
            if table == "at_once":
                own.execute(whole)
            else:
                for key in range(ROWS):
                    own.execute(whole + sql.SQL(" where id = {}").format(key))
            told.append(
                own.execute(
                    "select row_key, participant, event, study_id, operation, actor, reason, old::text, new::text"
                    " from audit.entry where table_name = %s order by row_key::bigint",
                    [table],
                ).fetchall()
            )
        waiting = own.execute(
            "select count(*) from audit.waiting cross join lateral unnest(entries) as one"
            " join audit.entry e on e.id = one where e.table_name = 'at_once'"
        ).fetchone()
        own.rollback()
    assert told[0] == told[1]
    assert waiting == (len(told[0]),)
    assert len(told[0]) > ROWS / 2
