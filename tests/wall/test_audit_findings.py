"""Attacks on the audit trail that nobody can refuse, by a superuser or by the owner behind a trigger that was switched
off: `verify_audit` finds each and names it. Real logins, both rooms, an installation of its own for each test.
"""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvtracker.audit import verify as verifying
from pvtracker.ops import children
from pvtracker.ops.rooms import Installation
from tests import services
from tests.wall.conftest import wait_for
from tests.wall.trail import ask, change_title, connected, entries, make_report, make_study

BOTH = pytest.mark.parametrize("room", ["open", "closed"])
UNLOCK = "alter table audit.entry disable trigger all; alter table audit.link disable trigger all;"
LOCK = (
    "alter table audit.entry enable always trigger kept, enable always trigger emptied;"
    "alter table audit.link enable always trigger kept, enable always trigger emptied"
)


def back(table: str) -> str:
    """SQL that puts the triggers of a table back as they were."""
    return (
        f"alter table {table} enable trigger all;"
        " do $$ declare name name; begin for name in select tgname from pg_trigger"
        f" where tgrelid = '{table}'::regclass and not tgisinternal"
        f" loop execute format('alter table {table} enable always trigger %I', name); end loop; end $$"
    )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """An installation with empty databases and no anchors, for one test."""
    with services.installation(f"trail{uuid.uuid4().hex[:6]}", tmp_path) as installation:
        yield installation


def verify(place: Installation, room: str) -> tuple[int, str]:
    """What the command would say, without a process of its own and without anchors."""
    verdict = verifying.verify(place.sealer_url(room), anchors=[])
    first = [f"First: {fault}" for fault in verdict.faults[:1]]
    return int(bool(first)), " ".join([*first, *verdict.faults[1:], *verdict.remarks])


def command(place: Installation, room: str, *more: str) -> tuple[int, str]:
    """Exit code and words of the command, in a process of the room."""
    done = children.run(
        place, room, "verify_audit", *more, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, sealer=True
    )
    return done.returncode, done.stdout


def seal(place: Installation, room: str) -> int:
    """What the scheduler does every two seconds."""
    [(count,)] = ask(place, room, "select audit.seal(1000)", who="sealer")
    return int(count)


def worked(place: Installation, room: str) -> uuid.UUID:
    """A study that was changed three times, sealed: four links."""
    study = make_study(place, room, f"S-{uuid.uuid4().hex[:6]}")
    for title in ("One", "Two", "Three"):
        change_title(place, room, study, title)
    assert seal(place, room) == 4
    return study


def attack(place: Installation, room: str, statements: str) -> None:
    """As a superuser who takes the locks off and puts them back."""
    with connected(place, room, "superuser") as own:
        own.execute(f"{UNLOCK} {statements}; {LOCK}".encode())


def anchored(place: Installation, room: str) -> Path:
    """Let a real scheduler anchor once; the file that should go to another machine."""
    file = place.home.path / "anchors" / f"{room}.jsonl"
    code = (
        "from django.conf import settings\n"
        "from pvtracker.audit.sealing import Sealer\n"
        "late = iter((0.0, 10_000.0, 10_000.0)).__next__\n"
        "sealer = Sealer(url=settings.SEALER_URL, folder=settings.ANCHORS, clock=late)\n"
        "sealer.step()\n"
    )
    done = children.run(place, room, "shell", "--no-imports", "-c", code, sealer=True)
    assert done.returncode == 0 and file.exists()
    return file


# --- nothing wrong ----------------------------------------------------------------------------------------------------
@BOTH
def test_a_sound_trail_is_whole(place: Installation, room: str) -> None:
    worked(place, room)
    code, said = command(place, room)
    assert code == 0 and "the audit trail is whole. 4 links, 0 entries waiting" in said, said
    assert "there is no anchor" in said


@BOTH
def test_what_is_not_sealed_yet_is_counted(place: Installation, room: str) -> None:
    study = worked(place, room)
    change_title(place, room, study, "Four")
    code, said = command(place, room)
    assert code == 0 and "4 links, 1 entries waiting for their seal" in said, said


# --- the chain --------------------------------------------------------------------------------------------------------
@BOTH
def test_an_altered_entry_is_named(place: Installation, room: str) -> None:
    study = worked(place, room)
    attack(
        place, room, "update audit.entry set actor_name = 'Somebody else' where new = '{\"title\": \"Two\"}'"
    )
    code, said = command(place, room)
    assert code == 1
    assert f"First: link 3: update of studies_study, row {study} is not as it was sealed" in said, said


@BOTH
def test_every_column_of_an_entry_is_under_the_seal(place: Installation, room: str) -> None:
    worked(place, room)
    changes = {
        "at": "at - interval '1 second'",
        "actor": "'x'",
        "actor_name": "'x'",
        "role": "'x'",
        "source": "'x'",
        "reason": "'x'",
        "request_id": "'x'",
        "db_user": "'x'",
        "study_id": "gen_random_uuid()",
        "participant": "'x'",
        "event": "'x'",
        "table_name": "'x'",
        "row_key": "'x'",
        "operation": "'delete'",
        "old": '\'{"title": "x"}\'',
        "new": '\'{"title": "x"}\'',
    }
    columns = {
        name
        for (name,) in ask(
            place,
            room,
            "select attname from pg_attribute where attrelid = 'audit.entry'::regclass and attnum > 0",
        )
    }
    assert columns == {*changes, "id"}
    for column, value in changes.items():
        with connected(place, room, "superuser") as own:
            first = "(select min(id) from audit.entry)"
            own.execute(f"{UNLOCK} update audit.entry set {column} = {value} where id = {first}".encode())
            verdict = verifying.Verdict()
            verifying._chain(own, {}, verdict)
            assert verdict.faults and verdict.faults[0].startswith("link 1: "), column
            own.rollback()


@BOTH
def test_a_deleted_entry_is_named(place: Installation, room: str) -> None:
    study = worked(place, room)
    attack(place, room, 'delete from audit.entry where new = \'{"title": "Two"}\'')
    code, said = verify(place, room)
    assert code == 1 and "(link 3) is missing; the last before it is link 2" in said, said
    assert str(study) in said


@BOTH
def test_an_entry_deleted_with_its_link_is_named(place: Installation, room: str) -> None:
    worked(place, room)
    attack(
        place,
        room,
        'with gone as (delete from audit.entry where new = \'{"title": "Two"}\' returning id)'
        " delete from audit.link where entry_id in (select id from gone)",
    )
    code, said = verify(place, room)
    assert code == 1 and "First: link 3 is missing" in said, said


@BOTH
def test_an_entry_deleted_before_it_was_sealed_is_named(place: Installation, room: str) -> None:
    study = worked(place, room)
    change_title(place, room, study, "Four")
    attack(place, room, 'delete from audit.entry where new = \'{"title": "Four"}\'')
    code, said = verify(place, room)
    assert code == 1 and "is missing; it was waiting for its seal" in said, said


@BOTH
def test_entries_in_another_order_are_named(place: Installation, room: str) -> None:
    worked(place, room)
    attack(
        place,
        room,
        "update audit.link set entry_id = -entry_id where seq in (2, 3);"
        " update audit.link l set entry_id = -o.entry_id from audit.link o"
        " where (l.seq, o.seq) in ((2, 3), (3, 2))",
    )
    code, said = verify(place, room)
    assert code == 1 and "First: link 2: " in said and "is not as it was sealed" in said, said


@BOTH
def test_an_entry_that_was_slipped_in_is_named(place: Installation, room: str) -> None:
    study = worked(place, room)
    attack(
        place,
        room,
        "insert into audit.entry (at, actor, actor_name, role, source, reason, request_id, db_user, study_id,"
        " table_name, row_key, operation, old, new) select at, actor, actor_name, role, source, reason, request_id,"
        " db_user, study_id, table_name, row_key, operation, old, new from audit.entry order by id desc limit 1",
    )
    code, said = verify(place, room)
    assert code == 1 and f"(studies_study, row {study}) is neither sealed nor waiting" in said, said


@BOTH
def test_a_tail_cut_off_with_its_head_is_found_by_the_anchor(place: Installation, room: str) -> None:
    study = worked(place, room)
    copy = anchored(place, room)
    cut = (
        "delete from audit.entry where id in (select entry_id from audit.link where seq > 2);"
        " delete from audit.link where seq > 2;"
        " alter table studies_study disable trigger all;"
        f" update studies_study set title = 'One' where id = '{study}';"
        f" {back('studies_study')};"
    )
    attack(
        place,
        room,
        cut
        + " update audit.head set (seq, hash) = (select seq, hash from audit.link order by seq desc limit 1)",
    )
    code, said = command(place, room)
    assert (
        code == 1
        and "First: link 3 is missing: the end of the chain was cut off; link 4 was anchored" in said
    ), said
    kept = place.home.path / "elsewhere.jsonl"
    kept.write_bytes(copy.read_bytes())
    copy.unlink()
    assert command(place, room)[0] == 0, (
        "without the anchor nothing shows: that is why it must leave the machine"
    )
    code, said = command(place, room, "--anchors", str(kept))
    assert code == 1 and "link 4 was anchored" in said, said


@BOTH
def test_a_tail_cut_off_is_found_by_the_head(place: Installation, room: str) -> None:
    worked(place, room)
    attack(place, room, "delete from audit.link where seq > 2")
    code, said = verify(place, room)
    assert code == 1 and "First: link 3 is missing: the end of the chain was cut off" in said, said


@BOTH
def test_a_chain_written_anew_is_found_by_the_anchor(place: Installation, room: str) -> None:
    """Everything is consistent again: entries, hashes, head. The anchor remembers."""
    worked(place, room)
    anchored(place, room)
    attack(
        place,
        room,
        "update audit.entry set actor_name = 'Somebody else';"
        " insert into audit.waiting (amount, entries) select 1, array[id] from audit.entry;"
        " delete from audit.link; update audit.head set seq = 0, hash = sha256('pvtracker audit chain 1')",
    )
    assert seal(place, room) == 4
    code, said = command(place, room)
    assert code == 1 and "First: link 4: " in said and "was anchored with another hash" in said, said


@BOTH
def test_a_forged_anchor_is_named(place: Installation, room: str) -> None:
    worked(place, room)
    file = anchored(place, room)
    told = json.loads(file.read_text())
    file.write_text(json.dumps({**told, "seq": 2, "hash": "0" * 64}) + "\n")
    code, said = command(place, room)
    assert code == 1 and "line 1 of the anchors (link 2) was not signed by this room" in said, said


@BOTH
def test_a_clock_set_back_changes_no_order_and_is_remarked(place: Installation, room: str) -> None:
    """Numbers tell the order, not times. The last link is written as a sealer with a wrong clock would have."""
    worked(place, room)
    with connected(place, room, "superuser") as own:
        own.execute(UNLOCK.encode())
        last = own.execute("select hash from audit.link where seq = 3").fetchone()
        assert last is not None
        own.execute("update audit.link set sealed_at = sealed_at - interval '1 hour' where seq = 4")
        rows = own.execute(verifying.STREAM.encode()).fetchall()
        digest = verifying.sha256(last[0] + verifying.canonical(4, rows[3][3], rows[3][4:])).digest()
        own.execute("update audit.link set hash = %s where seq = 4", [digest])
        own.execute("update audit.head set hash = %s", [digest])
        own.execute(LOCK.encode())
    code, said = verify(place, room)
    assert code == 0 and "the clock went back: link 4 was sealed at" in said, said


# --- the rows ---------------------------------------------------------------------------------------------------------
@BOTH
def test_a_row_changed_behind_the_triggers_is_named(place: Installation, room: str) -> None:
    study = worked(place, room)
    with connected(place, room, "superuser") as own:
        own.execute("alter table studies_study disable trigger all")
        own.execute(
            "update studies_study set title = 'Nobody wrote this', sponsor = 'x' where id = %s", [study]
        )
        own.execute(back("studies_study").encode())
    code, said = verify(place, room)
    assert code == 1
    assert f"studies_study, row {study}, was changed behind the trail since entry" in said, said
    assert ": sponsor, title." in said


@BOTH
def test_the_owner_is_found_who_switches_a_trigger_off(place: Installation, room: str) -> None:
    study = worked(place, room)
    with connected(place, room, "owner") as own:
        own.execute(
            "alter table studies_study disable trigger pv_recorded_update, no force row level security"
        )
        own.execute("update studies_study set title = 'By hand' where id = %s", [study])
    code, said = verify(place, room)
    assert code == 1 and "studies_study is not recorded: a trigger is missing or switched off" in said, said
    assert f"row {study}, was changed behind the trail" in said


@BOTH
def test_a_row_put_in_or_taken_away_behind_the_triggers_is_named(place: Installation, room: str) -> None:
    study, other = worked(place, room), uuid.uuid4()
    with connected(place, room, "superuser") as own:
        own.execute("alter table studies_study disable trigger all")
        own.execute(
            "insert into studies_study select"
            " (jsonb_populate_record(s, jsonb_build_object('id', %s::text, 'code', 'X'))).*"
            " from studies_study s where id = %s",
            [str(other), study],
        )
        own.execute("delete from studies_study where id = %s", [study])
        own.execute(back("studies_study").encode())
    code, said = verify(place, room)
    assert code == 1
    assert f"studies_study, row {other}, is there, but the trail tells nothing of it" in said, said
    assert f"studies_study, row {study}, is missing; entry" in said


@BOTH
def test_a_password_put_in_behind_the_triggers_is_named_and_never_told(
    place: Installation, room: str
) -> None:
    account = uuid.uuid4()
    with connected(place, room, "login") as own:
        own.execute("select set_config('pv.actor', 'ann', true)")
        own.execute(
            "insert into accounts_account (id, username, full_name, email, person, is_active, created_at, password,"
            " reopenable)"
            " values (%s, 'eve', 'Eve', '', gen_random_uuid(), true, now(), 'argon2$the-first-hash', false)",
            [account],
        )
        own.execute("update accounts_account set password = 'argon2$the-second' where id = %s", [account])
    told = str(entries(place, room, account))
    assert "argon2" not in told and told.count("sha256:") == 3
    assert seal(place, room) == 2 and verify(place, room)[0] == 0
    with connected(place, room, "superuser") as own:
        own.execute("alter table accounts_account disable trigger all")
        own.execute("update accounts_account set password = 'argon2$mine' where id = %s", [account])
        own.execute(back("accounts_account").encode())
    code, said = verify(place, room)
    assert code == 1 and f"accounts_account, row {account}, was changed behind the trail" in said, said
    assert ": password." in said and "argon2" not in said


@BOTH
def test_a_function_put_in_the_place_of_ours_is_named(place: Installation, room: str) -> None:
    worked(place, room)
    ask(
        place,
        room,
        "create or replace function audit.record() returns trigger language plpgsql as 'begin return null; end'",
    )
    code, said = verify(place, room)
    assert code == 1 and "the function audit.record is not the one of this release" in said, said


# --- the scheduler ----------------------------------------------------------------------------------------------------
@BOTH
def test_the_scheduler_seals_and_a_report_is_anchored_at_once(place: Installation, room: str) -> None:
    study = make_study(place, room, "SEALED")
    child = children.start(place, room, "scheduler", "scheduler")
    try:
        wait_for(
            lambda: (
                ask(place, room, "select 1 from audit.link")
                and not ask(place, room, "select 1 from audit.waiting")
            ),
            seconds=40,
            saying="nothing was sealed",
        )
        file = place.home.path / "anchors" / f"{room}.jsonl"
        assert not file.exists(), "an ordinary change waits for the next quarter of an hour"
        make_report(place, room, study)
        wait_for(file.exists, seconds=20, saying="the report was not anchored")
        assert file.stat().st_mode & 0o777 == 0o600
        told = json.loads(file.read_text().splitlines()[-1])
        [(hash_of,)] = ask(
            place, room, "select encode(hash, 'hex') from audit.link where seq = %s", told["seq"]
        )
        assert told["hash"] == hash_of and told["room"] == room
    finally:
        children.stop_all([child])
    code, said = command(place, room)
    assert code == 0 and "1 anchors" in said, said


def test_only_the_scheduler_and_the_check_are_given_the_sealers_login(place: Installation) -> None:
    for room in ("open", "closed"):
        plain, sealing = place.environment(room), place.environment(room, sealer=True)
        assert set(sealing) - set(plain) == {"PVTRACKER_SEALER_URL", "PVTRACKER_ANCHORS"}
        assert place.names.sealer(room) not in str(plain)
