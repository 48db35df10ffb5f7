"""A closed report in the open room: no address, no row, no key. Tried from real processes of both rooms."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from pvtracker.ops import children
from pvtracker.ops.rooms import Installation
from tests.wall.conftest import query, shell, wait_for
from tests.wall.test_wall import fetch, free_port

MAKE_CLOSED = """
from datetime import date
from pvtracker.audit.context import Actor
from pvtracker.cuts import closed
from pvtracker.reports import actions
from pvtracker.audit.context import within
from pvtracker.studies.queries import study_id_of, study_of
from tests.closed.cuts.folder import allocate, put_cut
from django.conf import settings
by = Actor.process('test')
settings.OPEN_STORAGE.mkdir(parents=True, exist_ok=True)
put_cut(settings.OPEN_STORAGE)
closed.receive_cuts(by=by)
study = study_of(study_id_of('JOIN'))
allocate(study)
closed.receive_cuts(by=by)
with within(study.id):
    record = actions.make_report(request=actions.request_for(study=study, audience='closed'), by=by)
from pvtracker.reports import storage
print('made', record.id, record.cut_id, storage.folder_of(record.id))
"""
READER = """
from datetime import date
from pvtracker.accounts.actions import create_account
from pvtracker.audit.context import Actor
from pvtracker.studies.actions import StudyEntry, create_study, grant_membership
from django.contrib.sessions.backends.db import SessionStore
from django.conf import settings
by = Actor.process('test')
study = create_study(entry=StudyEntry(code='JOIN', title='The same study in the open room'), by=by)
a = create_account(username='reader', full_name='Reader', password='long enough words', by=by)
for role in ('medical_monitor', 'study_administrator'):
    grant_membership(study=study, account=a, role=role, room='open', reason='test', by=by)
from tests.people import make_ready
make_ready(a)
s = SessionStore(); s['_auth_user_id'] = str(a.id); s['_auth_user_hash'] = a.get_session_auth_hash()
s['_auth_user_backend'] = settings.AUTHENTICATION_BACKENDS[0]
from pvtracker.accounts import sessions
s[sessions.IN_SESSION] = str(sessions.note(a, device='a test', address='', second_factor=True).id); s.save()
print('cookie', settings.SESSION_COOKIE_NAME, s.session_key)
"""
TRY_TO_OPEN = """
import pathlib
from django.conf import settings
print('KEY', hasattr(settings, 'STORAGE_KEY'))
from pvtracker.lib.sealed import SealError, unseal
sealed = pathlib.Path({path!r}).read_bytes()
import hashlib
for key in (bytes(32), hashlib.sha256(settings.SECRET_KEY.encode()).digest()):
    try:
        unseal(sealed, key=key, name={name!r}); print('OPENED')
    except SealError:
        print('SHUT')
"""


@pytest.fixture(scope="module")
def closed_report(rooms: Installation, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, Path]:
    """A real closed report: its id, its cut's id, its folder in closed storage. It leaves no temporary file."""
    temporary = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TMPDIR", str(temporary))
        done = shell(rooms, "closed", MAKE_CLOSED)
    assert sorted(temporary.rglob("*")) == []
    told = [line.split() for line in done.stdout.splitlines() if line.startswith("made ")]
    assert told, done.stdout
    _, report, cut, folder = told[0]
    return report, cut, Path(folder)


def test_the_closed_room_has_made_a_report(rooms: Installation, closed_report: tuple[str, str, Path]) -> None:
    assert query(rooms, "closed", "select audience from reports_reportrecord") == [("closed",)]
    assert {file.name for file in closed_report[2].iterdir()} == {"content.json.sealed", "report.pdf.sealed"}


def test_no_address_of_the_open_room_leads_to_it(
    rooms: Installation, closed_report: tuple[str, str, Path], start: Callable[..., object]
) -> None:
    said = shell(rooms, "open", READER).stdout
    told = [line.split() for line in said.splitlines() if line.startswith("cookie ")]
    assert told, said
    _, cookie, key = told[0]
    port = free_port()
    start("open", "web", "web", "--bind", f"127.0.0.1:{port}", "--workers", "1")

    def answers(path: str) -> int:
        try:
            return fetch(f"http://127.0.0.1:{port}{path}", f"{cookie}={key}")[0]
        except OSError:
            return 0

    wait_for(lambda: answers("/health/") == 200, seconds=30, saying="the web process did not answer")
    assert answers("/studies/JOIN/reports/") == 200, (
        "the reader is let in, or this test knocks at a shut door"
    )
    report = closed_report[0]
    for path in (f"/studies/JOIN/reports/{report}/", f"/studies/JOIN/reports/{report}/pdf/"):
        assert answers(path) == 404


def test_no_row_of_it_can_stand_in_the_open_database(
    rooms: Installation, closed_report: tuple[str, str, Path]
) -> None:
    assert query(rooms, "open", "select count(*) from reports_reportrecord where audience = 'closed'") == [
        (0,)
    ]
    statement = (
        "insert into reports_reportrecord (id, study_id, cut_id, audience, analysis_arm, content_sha256, pdf_sha256,"
        " code_version, look, made_at) values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'closed',"
        " 'actual', '', '', '', '', now())"
    )
    with pytest.raises(psycopg.errors.CheckViolation, match="report_audience_is_the_room"):
        query(rooms, "open", statement)


def test_the_command_makes_none_in_the_open_room(rooms: Installation, tmp_path: Path) -> None:
    output = tmp_path / "closed.pdf"
    done = children.run(
        rooms, "open", "dsmb_report", "JOIN", "--audience", "closed", "--output", str(output), stderr=-1
    )
    assert done.returncode == 1 and not output.exists()
    assert "made in the closed room" in done.stderr or "There is no study" in done.stderr


def test_no_key_to_it_is_in_the_open_room(rooms: Installation, closed_report: tuple[str, str, Path]) -> None:
    report, _, folder = closed_report
    path = folder / "report.pdf.sealed"
    assert rooms.environment("open")["PVTRACKER_STORAGE"] not in str(path)
    done = shell(rooms, "open", TRY_TO_OPEN.format(path=str(path), name=f"reports/{report}/report.pdf"))
    assert done.stdout.split()[-4:] == ["KEY", "False", "SHUT", "SHUT"], done.stdout
    assert "PVTRACKER_STORAGE_KEY" not in rooms.environment("open")


def test_an_open_process_that_makes_reports_has_not_loaded_what_compares_arms(rooms: Installation) -> None:
    done = shell(
        rooms,
        "open",
        "import json, sys, pvtracker.reports.actions, pvtracker.reports.views, pvtracker.reports.tasks\n"
        "print('LOADED', json.dumps(sorted(m for m in sys.modules if m.startswith('pvtracker.'))))",
    )
    loaded = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("LOADED "))[7:])
    assert "pvtracker.reports.open" in loaded
    forbidden = (
        "pvtracker.signals",
        "pvtracker.allocation",
        "pvtracker.reports.closed",
        "pvtracker.reports.screening",
    )
    assert not [name for name in loaded if name.startswith((*forbidden, "pvtracker.cuts.closed"))]
