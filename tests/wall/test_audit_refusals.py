"""Attacks on the audit trail that are refused at once: by the room's login, by the owner of its tables, and what a
superuser has to break first. Each runs in both rooms against the real logins (docs/reference/audit.md).
"""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
import pytest

from pvtracker.ops.rooms import Installation
from tests.wall.trail import act, ask, change_title, connected, entries, make_study

BOTH = pytest.mark.parametrize("room", ["open", "closed"])
FORGED = (
    "insert into audit.entry (at, actor, actor_name, role, source, reason, request_id, db_user, table_name, row_key,"
    " operation) values (now(), 'mallory', '', '', '', '', '', '', 'studies_study', '1', 'insert')"
)
NOTHING = (
    "create or replace function audit.record() returns trigger language plpgsql as 'begin return null; end'"
)
# What the room's login tries, and what it is told.
BY_LOGIN = {
    "insert a forged entry": (FORGED, "permission denied for table entry"),
    "change an entry": ("update audit.entry set actor = 'mallory'", "permission denied for table entry"),
    "delete an entry": ("delete from audit.entry", "permission denied for table entry"),
    "empty the trail": ("truncate audit.entry", "permission denied for table entry"),
    "change a link": ("update audit.link set hash = ''", "permission denied for table link"),
    "add a link": (
        "insert into audit.link values (1, 1, '', now())",
        "permission denied for table link",
    ),
    "move the head": ("update audit.head set seq = 0", "permission denied for table head"),
    "see or hold back what waits for its seal": (
        "delete from audit.waiting",
        "permission denied for table waiting",
    ),
    "empty a recorded table": ("truncate studies_study cascade", "permission denied for table studies_study"),
    "disable a trigger": (
        "alter table studies_study disable trigger pv_recorded_update",
        "must be owner of table studies_study",
    ),
    "disable all triggers": (
        "alter table studies_study disable trigger user",
        "must be owner of table studies_study",
    ),
    "drop a trigger": (
        "drop trigger pv_recorded_update on studies_study",
        "must be owner of relation studies_study",
    ),
    "attach a trigger": (
        "create trigger mine before update on studies_study for each row execute function audit.refuse('x')",
        "permission denied for table studies_study",
    ),
    "delete a row of the study": ("delete from studies_study", "permission denied for table studies_study"),
    "replicate": ("set session_replication_role = replica", "permission denied to set parameter"),
    "replicate from the next session on": (
        "alter role {login} set session_replication_role = replica",
        "permission denied to set parameter",
    ),
    "copy into the trail": ("copy audit.entry from stdin", "permission denied for table entry"),
    "read a file of the server into a table": ("copy accounts_account from '/etc/hosts'", "COPY from a file"),
    "run a program on the server": ("copy accounts_account from program 'true'", "external program"),
    "make a large object": ("select lo_create(0)", "permission denied for function lo_create"),
    "keep bytes in a large object": (
        "select lo_from_bytea(0, 'x')",
        "permission denied for function lo_from_bytea",
    ),
    "become the owner of the tables": ("set role {owner}", "permission denied to set role"),
    "begin a session of the owner's": (
        "set session authorization {owner}",
        "permission denied to set session authorization",
    ),
    "call the sealer": ("select audit.seal(1)", "permission denied for function seal"),
    "take up rows as found": (
        "select audit.adopt('studies_study', 'id', '', '', '', '{}')",
        "permission denied for function adopt",
    ),
    "redefine the trigger's function": (NOTHING, "permission denied for schema audit"),
    "become the owner of the trail": ("set role {audit}", "permission denied to set role"),
    "become the sealer": ("set role {sealer}", "permission denied to set role"),
    "make a function of one's own": (
        "create function public.sha256(bytea) returns bytea language sql as 'select null::bytea'",
        "permission denied for schema public",
    ),
    "write the list of migrations": (
        "insert into django_migrations (app, name, applied) values ('x', 'y', now())",
        "permission denied for table django_migrations",
    ),
    "change what is only added to": (
        "update audit_accessrecord set actor = 'x'",
        "permission denied for table audit_accessrecord",
    ),
}
BY_OWNER = {
    "insert a forged entry": (FORGED, "permission denied for table entry"),
    "change an entry": ("update audit.entry set actor = 'mallory'", "permission denied for table entry"),
    "delete an entry": ("delete from audit.entry", "permission denied for table entry"),
    "call the sealer": ("select audit.seal(1)", "permission denied for function seal"),
    "redefine the trigger's function": (NOTHING, "permission denied for schema audit"),
    "drop the trigger's function": ("drop function audit.record() cascade", "must be owner of function"),
    "drop the trail": ("drop schema audit cascade", "must be owner of schema audit"),
    "become the owner of the trail": ("set role {audit}", "permission denied to set role"),
    "replicate": ("set session_replication_role = replica", "permission denied to set parameter"),
    "make a large object": ("select lo_create(0)", "permission denied for function lo_create"),
    "empty a recorded table": ("truncate studies_study cascade", "a recorded table is never emptied"),
    "change what is only added to": ("update audit_accessrecord set actor = 'x'", "added, never changed"),
    "remove what is only added to": ("delete from audit_accessrecord", "added, never changed"),
    "take up rows once more": (
        "select audit.adopt('studies_study', 'id', 'id', '', '', '{{}}')",
        "cannot be taken up a second time",
    ),
}
BY_SEALER = {
    "write a study": ("update studies_study set title = 'x'", "permission denied for table studies_study"),
    "change an entry": ("update audit.entry set actor = 'mallory'", "permission denied for table entry"),
    "forge a link": (
        "insert into audit.link values (1, 1, '', now())",
        "permission denied for table link",
    ),
    "forget what waits": ("delete from audit.waiting", "permission denied for table waiting"),
    "read who is signed in": ("select * from django_session", "permission denied for table django_session"),
}
BY_SUPERUSER = {  # not out of reach, but not in passing
    "change an entry": (
        "update audit.entry set actor = 'mallory'",
        "an entry of the audit trail is never changed",
    ),
    "delete an entry": ("delete from audit.entry", "an entry of the audit trail is never changed"),
    "empty the trail": ("truncate audit.entry", "the audit trail is never emptied"),
    "empty the chain": ("truncate audit.link", "the audit trail is never emptied"),
    "empty a recorded table": ("truncate studies_study cascade", "a recorded table is never emptied"),
    "write without an actor": ("update studies_study set title = 'x'", "No actor, no write"),
    "the same, replicating": (
        "set session_replication_role = replica; update studies_study set title = 'x'",
        "No actor, no write",
    ),
}


@pytest.fixture(scope="module", autouse=True)
def studies(rooms: Installation) -> dict[str, uuid.UUID]:
    """A study in each room, so that there is a row and an entry to attack."""
    return {room: make_study(rooms, room, "ATTACKED") for room in ("open", "closed")}


def is_refused(rooms: Installation, room: str, who: str, statement: str, told: str) -> None:
    """The statement fails with the sentence, and nothing changed in table or trail."""
    before = ask(rooms, room, "select count(*), max(id) from audit.entry")
    names = rooms.names
    text = statement.replace("{audit}", names.audit()).replace("{sealer}", names.sealer(room))
    text = text.replace("{owner}", names.owner(room)).replace("{login}", names.login(room))
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=told), connected(rooms, room, who) as own:
        own.execute(text.replace("'{{}}'", "'{}'").encode())
    assert ask(rooms, room, "select count(*), max(id) from audit.entry") == before
    assert ask(rooms, room, "select title from studies_study where code = 'ATTACKED'") == [("A title",)]


@BOTH
@pytest.mark.parametrize("attack", BY_LOGIN)
def test_the_rooms_login_cannot(rooms: Installation, room: str, attack: str) -> None:
    is_refused(rooms, room, "login", *BY_LOGIN[attack])


@BOTH
@pytest.mark.parametrize("attack", BY_OWNER)
def test_the_owner_of_the_tables_cannot(rooms: Installation, room: str, attack: str) -> None:
    is_refused(rooms, room, "owner", *BY_OWNER[attack])


@BOTH
@pytest.mark.parametrize("attack", BY_SEALER)
def test_the_sealer_cannot(rooms: Installation, room: str, attack: str) -> None:
    is_refused(rooms, room, "sealer", *BY_SEALER[attack])


@BOTH
@pytest.mark.parametrize("attack", BY_SUPERUSER)
def test_even_a_superuser_is_refused_until_the_triggers_are_off(
    rooms: Installation, room: str, attack: str
) -> None:
    is_refused(rooms, room, "superuser", *BY_SUPERUSER[attack])


@BOTH
@pytest.mark.parametrize("who", ["login", "owner"])
def test_no_actor_no_write(rooms: Installation, studies: dict[str, uuid.UUID], room: str, who: str) -> None:
    with (
        pytest.raises(
            psycopg.errors.InsufficientPrivilege, match="No actor, no write: update of studies_study"
        ),
        connected(rooms, room, who) as own,
    ):
        act(own, studies[room], actor="")
        own.execute("update studies_study set title = 'x' where id = %s", [studies[room]])
    assert len(entries(rooms, room, studies[room])) == 1


@BOTH
def test_a_row_keeps_its_key(rooms: Installation, studies: dict[str, uuid.UUID], room: str) -> None:
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="the key of a row never changes"),
        connected(rooms, room, "login") as own,
    ):
        act(own, studies[room])
        own.execute("update studies_study set id = gen_random_uuid() where id = %s", [studies[room]])


def test_a_clinical_row_is_never_deleted(rooms: Installation) -> None:
    for table in ("events_adverseevent", "participants_participant", "participants_measurement"):
        with pytest.raises(
            psycopg.errors.InsufficientPrivilege, match=f"permission denied for table {table}"
        ):
            ask(rooms, "open", f"delete from {table}", who="login")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
        ask(rooms, "closed", "delete from allocation_allocation", who="login")


@BOTH
def test_what_is_made_in_ones_own_schema_shadows_nothing(rooms: Installation, room: str) -> None:
    """Temporary tables, functions, types and operators of the same names, first on the search path: the change is
    recorded where it belongs, with the values that it had.
    """
    study = make_study(rooms, room, "SHADOWED")
    with connected(rooms, room, "login") as own:
        act(own, study)
        for name in ("entry", "waiting", "new_rows", "old_rows"):
            own.execute(f"create temporary table {name} (id bigint)".encode())
        own.execute(SHADOWS)
        own.execute("set search_path = pg_temp, public")
        own.execute("update public.studies_study set title = 'Shadowed' where id = %s", [study])
    assert entries(rooms, room, study)[1][:3] == (
        "update",
        {"title": "A title"},
        {"title": "Shadowed"},
    )


SHADOWS = b"""
create domain pg_temp.jsonb as pg_catalog.text;
create function pg_temp.to_jsonb(anyelement) returns pg_catalog.jsonb language sql
    as $$ select '{}'::pg_catalog.jsonb $$;
create function pg_temp.clock_timestamp() returns timestamptz language sql as $$ select '1999-01-01'::timestamptz $$;
create function pg_temp.part(pg_catalog.jsonb, text) returns text language sql as $$ select null::text $$;
create operator pg_temp.->> (leftarg = pg_catalog.jsonb, rightarg = text, function = pg_temp.part);
"""


@BOTH
def test_rows_that_are_copied_in_are_recorded_and_cannot_be_frozen(rooms: Installation, room: str) -> None:
    columns = "id, username, full_name, email, person, is_active, created_at, password, reopenable"
    key = uuid.uuid4()
    line = f"{key}\t{key.hex}\tEve\t\t{uuid.uuid4()}\tt\t2026-01-01\t!\tf\n"

    def copied(own: psycopg.Connection[tuple[Any, ...]], how: str) -> None:
        statement = f"copy accounts_account ({columns}) from stdin {how}"
        with own.cursor().copy(statement.encode()) as copy:
            copy.write(line)

    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="No actor, no write: insert of accounts_"),
        connected(rooms, room, "login") as own,
    ):
        copied(own, "")
    with (
        pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="COPY FREEZE"),
        connected(rooms, room, "login") as own,
    ):
        act(own)
        copied(own, "(freeze)")
    assert entries(rooms, room, key) == []
    with connected(rooms, room, "login") as own:
        act(own)
        copied(own, "")
    [(operation, _, new, actor, _)] = entries(rooms, room, key)
    assert (operation, new["username"], actor) == ("insert", key.hex, "ann")


@BOTH
def test_a_borrowed_name_stands_beside_the_login_that_borrowed_it(rooms: Installation, room: str) -> None:
    """A documented limit: SQL on the room's own connection may say any name. Login and request do not follow."""
    study = make_study(rooms, room, "BORROWED")
    with connected(rooms, room, "login") as own:
        for name, value in (("pv.actor", "the principal investigator"), ("pv.study", str(study))):
            own.execute("select set_config(%s, %s, true)", [name, value])
        own.execute("update studies_study set title = 'x' where id = %s", [study])
    told = "select actor, db_user, request_id, source from audit.entry where row_key = %s order by id desc limit 1"
    assert ask(rooms, room, told, str(study)) == [
        ("the principal investigator", rooms.names.login(room), "", "")
    ]


@BOTH
def test_a_transaction_that_commits_late_is_sealed_late_and_not_passed_over(
    rooms: Installation, room: str
) -> None:
    late, early = make_study(rooms, room, "LATE"), make_study(rooms, room, "EARLY")
    ask(rooms, room, "select audit.seal(1000)", who="sealer")
    with connected(rooms, room, "login") as own:
        act(own, late)
        own.execute("update studies_study set title = 'first' where id = %s", [late])
        change_title(rooms, room, early, "second")
        assert ask(rooms, room, "select audit.seal(1000)", who="sealer") == [(1,)]
        own.execute("update studies_study set title = 'third' where id = %s", [late])
    assert ask(rooms, room, "select audit.seal(1000)", who="sealer") == [(2,)]
    linked = ask(
        rooms,
        room,
        "select e.new ->> 'title', l.seq from audit.link l join audit.entry e on e.id = l.entry_id"
        " where e.row_key = any(%s) and e.operation = 'update' order by e.id",
        [str(late), str(early)],
    )
    last = linked[-1][1]
    assert linked == [("first", last - 1), ("second", last - 2), ("third", last)]


@BOTH
def test_the_owners_own_change_is_recorded_under_the_owners_login(rooms: Installation, room: str) -> None:
    study = make_study(rooms, room, "OWNED")
    change_title(rooms, room, study, "Changed by hand", who="owner", actor="somebody at the console")
    operation, old, new, actor, user = entries(rooms, room, study)[-1]
    assert (operation, old, new) == ("update", {"title": "A title"}, {"title": "Changed by hand"})
    assert (actor, user) == ("somebody at the console", rooms.names.owner(room))


@BOTH
def test_a_replicating_superuser_is_recorded_too(rooms: Installation, room: str) -> None:
    study = make_study(rooms, room, "REPLICA")
    with connected(rooms, room, "superuser") as own:
        act(own, study, actor="root")
        own.execute("set session_replication_role = replica")
        own.execute("update studies_study set title = 'x' where id = %s", [study])
    assert entries(rooms, room, study)[-1][2:4] == ({"title": "x"}, "root")


@BOTH
def test_nobody_logs_in_as_the_owner_of_the_trail(rooms: Installation, room: str) -> None:
    able = "select rolcanlogin or rolsuper or rolbypassrls or rolcreaterole from pg_roles where rolname = %s"
    assert ask(rooms, room, able, rooms.names.audit()) == [(False,)]
    owners = ask(
        rooms,
        room,
        "select distinct pg_get_userbyid(c.relowner) from pg_class c where c.relnamespace = 'audit'::regnamespace"
        " union select pg_get_userbyid(p.proowner) from pg_proc p where p.pronamespace = 'audit'::regnamespace",
    )
    assert owners == [(rooms.names.audit(),)]
    members = "select pg_has_role(%s, %s, 'member')"
    for login in (rooms.names.login(room), rooms.names.owner(room), rooms.names.sealer(room)):
        assert ask(rooms, room, members, login, rooms.names.audit()) == [(False,)]


@BOTH
def test_the_trail_tells_the_study_that_was_entered_and_no_other(rooms: Installation, room: str) -> None:
    mine, other = make_study(rooms, room, "MINE"), make_study(rooms, room, "OTHERS")
    with connected(rooms, room, "login") as own:
        act(own, mine)
        seen = own.execute("select distinct study_id from audit.entry").fetchall()
        assert (mine,) in seen and (other,) not in seen
        act(own, None)
        assert own.execute("select study_id from audit.entry where study_id is not null").fetchall() == []


def test_a_sealer_enters_its_own_room_only(rooms: Installation) -> None:
    for room, other in (("open", "closed"), ("closed", "open")):
        url = rooms.sealer_url(room).replace(rooms.names.database(room), rooms.names.database(other))
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(url)
