"""What writes in an unusual way is recorded all the same, and sealers who work at once share what waits."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

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
