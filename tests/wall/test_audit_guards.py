"""Ways round the triggers that an owner or a superuser can prepare: `verify_audit` compares what guards the trail with
this release and names each. Tried in a transaction that is rolled back, in both rooms (docs/reference/audit.md).
"""

from __future__ import annotations

import pytest

from pvtracker.audit import guards
from pvtracker.ops.rooms import Installation
from tests.wall.trail import connected

BOTH = pytest.mark.parametrize("room", ["open", "closed"])
RECORD = "execute function audit.record('id', 'id', '', '', '{}', '{}')"
SEEN = "referencing old table as old_rows new table as new_rows for each statement"
IDLE = "create function public.idle() returns trigger language plpgsql as 'begin return null; end';"
NOT_OURS = "studies_study is not recorded: a trigger is missing or switched off, or is not of this release."
BY_OWNER = {
    "drop a trigger": ("drop trigger pv_recorded_delete on studies_study", NOT_OURS),
    "let it fire in ordinary sessions only": (
        "alter table studies_study enable trigger pv_recorded_update",
        NOT_OURS,
    ),
    "have a column left out": (
        "create or replace trigger pv_recorded_insert after insert on studies_study referencing new table as new_rows"
        " for each statement execute function audit.record('id', 'id', '', '', '{}', '{title}');"
        " alter table studies_study enable always trigger pv_recorded_insert",
        NOT_OURS,
    ),
    "let it fire never": (
        f"create or replace trigger pv_recorded_update after update on studies_study {SEEN} when (false) {RECORD};"
        " alter table studies_study enable always trigger pv_recorded_update",
        NOT_OURS,
    ),
    "put a function of one's own behind it": (
        f"{IDLE} create or replace trigger pv_recorded_update after update on studies_study"
        " for each statement execute function public.idle();"
        " alter table studies_study enable always trigger pv_recorded_update",
        NOT_OURS,
    ),
    "swallow rows before they are there": (
        f"{IDLE} create trigger aside before insert on audit_accessrecord for each row execute function public.idle()",
        "audit_accessrecord has a trigger that is not of this release: aside.",
    ),
    "swallow statements": (
        "create rule aside as on insert to audit_accessrecord do instead nothing",
        "audit_accessrecord has a rule that rewrites statements: aside.",
    ),
    "have code of one's own run where rows are described": (
        "create type public.strange as (x int);"
        " create function public.told(public.strange) returns json language sql as 'select null::json';"
        " create cast (public.strange as json) with function public.told(public.strange)",
        "values of type strange are described by a function that is not PostgreSQL's (a cast to JSON).",
    ),
    "put rows into a child of the table": (
        "create table public.aside () inherits (public.studies_study)",
        "aside is not recorded: it has no primary key of one column.",
    ),
}
BY_SUPERUSER = {
    "put in another function": (
        "create or replace function audit.refuse() returns trigger language plpgsql as 'begin return null; end'",
        "the function audit.refuse is not the one of this release.",
    ),
    "leave a part of a function": (
        "create or replace function audit.masked(described jsonb, columns text[]) returns jsonb language sql immutable"
        " as 'select described'",
        "the function audit.masked is not the one of this release.",
    ),
    "take a function's search path off": (
        "alter function audit.record() reset search_path",
        "the function audit.record is not the one of this release.",
    ),
    "let it run as whoever calls it": (
        "alter function audit.seal(integer) security invoker",
        "the function audit.seal is not the one of this release.",
    ),
    "give a function away": (
        "alter function audit.seal(integer) owner to current_user",
        "the function audit.seal is not the one of this release.",
    ),
    "add a function": (
        "create function audit.aside() returns int language sql as 'select 1'",
        "the function audit.aside is not the one of this release.",
    ),
    "drop a function": (
        "drop function audit.adopt(text, text, text, text, text, jsonb[])",
        "the function audit.adopt is missing.",
    ),
    "tell another state of a row": (
        "create function public.told(jsonb, jsonb) returns jsonb language sql as 'select null::jsonb';"
        " create or replace aggregate audit.told(jsonb) (sfunc = public.told, stype = jsonb)",
        "an aggregate of the schema audit is not the one of this release.",
    ),
    "unlock the entries": (
        "alter table audit.entry disable trigger kept",
        "the trigger that keeps the trail is switched off: audit.entry kept.",
    ),
    "unlock what waits": (
        "drop trigger emptied on audit.waiting",
        "the trigger that keeps the trail is switched off: audit.waiting emptied.",
    ),
}


def named(rooms: Installation, room: str, who: str, statements: str) -> list[str]:
    """What is named while the attack stands."""
    with connected(rooms, room, who) as own:
        own.execute(statements.encode())
        found = list(guards.faults(own.cursor()))
        own.rollback()
    return found


@BOTH
def test_nothing_is_named_where_nothing_was_done(rooms: Installation, room: str) -> None:
    assert named(rooms, room, "sealer", "select 1") == []


@BOTH
def test_a_server_whose_large_objects_are_open_to_everybody_is_remarked(
    rooms: Installation, room: str
) -> None:
    with connected(rooms, room, "superuser") as own:
        assert list(guards.remarks(own.cursor())) == []
        own.execute("grant execute on function lo_create(oid) to public")
        [remark] = guards.remarks(own.cursor())
        own.rollback()
    assert "lo_create is granted to public" in remark


@BOTH
@pytest.mark.parametrize("attack", BY_OWNER)
def test_the_owners_way_round_is_named(rooms: Installation, room: str, attack: str) -> None:
    statements, sentence = BY_OWNER[attack]
    assert named(rooms, room, "owner", statements) == [sentence]


@BOTH
@pytest.mark.parametrize("attack", BY_SUPERUSER)
def test_the_superusers_way_round_is_named(rooms: Installation, room: str, attack: str) -> None:
    statements, sentence = BY_SUPERUSER[attack]
    assert named(rooms, room, "superuser", statements) == [sentence]
