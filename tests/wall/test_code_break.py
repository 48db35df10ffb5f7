"""A code is broken in the closed room; the open room holds, says and does nothing of it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator

import psycopg
import pytest

from pvtracker.ops.rooms import Installation
from tests import services
from tests.rooms import shell, wait_for
from tests.wall.test_closed_report import READER
from tests.wall.test_wall import fetch, free_port

CANARIES = (
    "Canary Recipient",
    "canary reason",
    "canary use",
    "canary effect",
    "canary note",
    "canary telephone",
)
ARM = "Low dose"
BREAK = """
from datetime import date
from django.utils import timezone
from pvtracker.accounts.models import Account
from pvtracker.allocation.actions import code_break as actions
from pvtracker.allocation.actions.randomisation import ListPlace, store_list
from pvtracker.audit.context import Actor, within
from pvtracker.cuts import closed
from pvtracker.studies.actions import grant_membership
from pvtracker.studies.queries import study_id_of, study_of
from tests.closed.cuts.folder import allocate, put_cut
from django.conf import settings
by = Actor.process('test')
settings.OPEN_STORAGE.mkdir(parents=True, exist_ok=True)
study = study_of(study_id_of('JOIN'))
if study is None:
    put_cut(settings.OPEN_STORAGE)
    closed.receive_cuts(by=by)
    study = study_of(study_id_of('JOIN'))
people = []
with within(study.id):
    allocate(study)
    arms = (('S-1', 'LOW'), ('S-2', 'LOW'), ('S-3', 'PBO'), ('S-4', 'PBO'))
    places = [ListPlace('', 1, n, arm, subject) for n, (subject, arm) in enumerate(arms)]
    store_list(study=study, places=places, by=by, source='test')
    for role in ('code_break_officer', 'dsmb_chair'):
        account = Account.objects.create(username=role, full_name=f'The {role}')
        grant_membership(study=study, account=account, role=role, room='closed', reason='test', by=by)
        people.append(account)
officer, chair = people
for subject in ('S-1', 'S-2'):
    asked = actions.Asked(subject, 'treatment', 'canary reason', False, 'Canary Recipient', 'physician', 'canary use')
    with within(study.id):
        found = actions.ask(study=study, asked=asked, account=officer, by=officer.actor('code_break_officer'))
        actions.give_opinion(code_break=found, agrees=True, note='canary note', account=chair, by=chair.actor())
        shown = actions.show(code_break=found, account=officer, by=officer.actor('code_break_officer'))
        actions.record_telling(code_break=found, name='Canary Recipient', role='physician', at=timezone.now(),
                               how='canary telephone', account=officer, by=officer.actor())
        assessed = actions.Assessed('canary effect', 'none', 'as randomised')
        actions.assess_impact(code_break=found, assessed=assessed, based_on=0, by=officer.actor())
    print('shown', shown.actual)
"""
PAGES = ("", "cuts/", "reports/", "participants/", "adverse-events/", "queries/", "people/", "looks/")
# What being looked at changes by itself: when a session was last used.
CLOCKS = re.compile(r"session")


def open_rows(rooms: Installation) -> dict[str, list[str]]:
    """Every row of every table of the open database as text, read by the server's administrator."""
    url = services.admin_url()
    found = {}
    with psycopg.connect(url, dbname=rooms.names.database("open"), autocommit=True) as connection:
        tables = connection.execute(
            "select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, table in tables:
            rows = connection.execute(
                f'select t::text from "{schema}"."{table}" t order by 1'.encode()
            ).fetchall()
            found[f"{schema}.{table}"] = [str(row[0]) for row in rows]
    return found


@pytest.fixture
def answers(
    rooms: Installation, start: Callable[..., subprocess.Popen[bytes]]
) -> Iterator[Callable[[], dict[str, str]]]:
    """What the open room answers to a signed-in reader, page by page, without tokens and the session's clock."""
    told = shell(rooms, "open", READER).stdout
    _, cookie, key = next(line.split() for line in told.splitlines() if line.startswith("cookie "))
    port = free_port()
    start("open", "web", "web", "--bind", f"127.0.0.1:{port}", "--workers", "1")

    def page(path: str) -> tuple[int, dict[str, str], str]:
        try:
            return fetch(f"http://127.0.0.1:{port}{path}", f"{cookie}={key}")
        except OSError:
            return 0, {}, ""

    def masked(answer: tuple[int, dict[str, str], str]) -> str:
        tokens = r'(csrfmiddlewaretoken" value="|X-CSRFToken": "|data-session-left=")[A-Za-z0-9]+'
        text = re.sub(tokens, r"\1…", answer[2])
        headers = {
            name: text
            for name, text in answer[1].items()
            if name.lower() not in {"date", "set-cookie", "content-length"}
        }
        return f"{answer[0]} {sorted(headers.items())} {text}"

    wait_for(lambda: page("/health/")[0] == 200, seconds=60, saying="the web process did not answer")
    yield lambda: {path: masked(page(f"/studies/JOIN/{path}")) for path in PAGES}


def check_no_file_of_the_open_room_and_no_log_holds_a_word_of_it(rooms: Installation) -> None:
    places = [rooms.home.storage("open"), rooms.home.path / "logs"]
    for path in [path for place in places for path in place.rglob("*") if path.is_file()]:
        content = path.read_bytes()
        assert not [canary for canary in CANARIES if canary.encode() in content], path


def check_the_closed_room_holds_all_of_it(rooms: Installation) -> None:
    """The search above would find the words: they stand where they belong."""
    url = services.admin_url()
    with psycopg.connect(url, dbname=rooms.names.database("closed"), autocommit=True) as connection:
        rows = connection.execute(
            "select c.recipient_name, c.reason, t.how, i.effect from allocation_codebreak c"
            " join allocation_told t on t.code_break_id = c.id"
            " join allocation_impactassessment i on i.code_break_id = c.id where c.state = 'opened'"
        ).fetchall()
        alarms = connection.execute("select subjects from allocation_deduciblealarm").fetchall()
        looks = connection.execute(
            "select count(*) from audit_accessrecord where kind = 'code_break_look'"
        ).fetchall()
    assert rows == [("Canary Recipient", "canary reason", "canary telephone", "canary effect")] * 2
    assert alarms == [(["S-3", "S-4"],)] and looks == [(2,)]


def test_the_open_room_holds_and_says_nothing_of_a_broken_code(
    rooms: Installation, answers: Callable[[], dict[str, str]]
) -> None:
    answers()  # the first round notes that the session is used
    said, held = answers(), open_rows(rooms)
    assert sum(text.startswith("200") for text in said.values()) >= 4, "the reader is let in"
    done = shell(rooms, "closed", BREAK)
    assert done.stdout.count(f"shown {ARM}") == 2, done.stdout
    assert answers() == said
    after = open_rows(rooms)
    changed = {table for table in after if after[table] != held.get(table)}
    assert not {table for table in changed if not CLOCKS.search(table)}
    everything = "\n".join(row for rows in after.values() for row in rows)
    assert not [canary for canary in CANARIES if canary in everything]
    assert not {table for table in after if re.search("break|alloc|random|alarm|told|impact", table)}
    check_no_file_of_the_open_room_and_no_log_holds_a_word_of_it(rooms)
    check_the_closed_room_holds_all_of_it(rooms)
