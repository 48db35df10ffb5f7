"""The commands by which the first people and sponsors' systems of an installation get in."""

from __future__ import annotations

import base64
import getpass
import io
import uuid
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from pvtracker.accounts.agreement import VERSION
from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor
from pvtracker.ops.management import commands
from pvtracker.studies.actions import SiteEntry, StudyEntry, create_study, put_sites
from pvtracker.studies.models import Membership, Study

PASSWORD = uuid.uuid4().hex


@pytest.fixture
def study(db: None) -> Study:
    someone = Actor.process("test")
    made = create_study(entry=StudyEntry(code=f"NEW-{uuid.uuid4().hex[:6]}", title="A new study"), by=someone)
    put_sites(study=made, sites=[SiteEntry("101", "SE", "Europe/Stockholm")], by=someone)
    return made


def run(command: str, *arguments: str) -> str:
    said = io.StringIO()
    call_command(command, *arguments, stdout=said)
    return said.getvalue()


def account(study: Study, *more: str, monkeypatch: pytest.MonkeyPatch, password: str = PASSWORD) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    return run("create_account", "a.monitor", "--study", study.code, "--reason", "first sign-in", *more)


def test_an_account_signs_in_and_sees_its_study(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = ("--training", "Good clinical practice", "--identity", "a document seen")
    said = account(
        study, "--full-name", "A Monitor", "--role", "medical_monitor", *trained, monkeypatch=monkeypatch
    )
    client = Client()
    assert client.login(username="a.monitor", password=PASSWORD)
    assert client.get(f"/studies/{study.code}/participants/").headers["Location"] == "/ready/"
    assert client.post("/ready/", {"version": VERSION, "accept": "on"}).headers["Location"] == "/"
    assert client.get(f"/studies/{study.code}/participants/").status_code == 200
    assert str(Account.objects.get(username="a.monitor").person) in said


def test_a_known_account_gets_a_second_role_and_keeps_its_password(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    account(study, "--full-name", "A Monitor", "--role", "medical_monitor", monkeypatch=monkeypatch)
    account(
        study, "--role", "coordinator", "--site", "101", monkeypatch=monkeypatch, password="something else"
    )
    roles = Membership.objects.filter(study=study).values_list("role", "site__code")
    assert set(roles) == {("medical_monitor", None), ("coordinator", "101")}
    assert Client().login(username="a.monitor", password=PASSWORD)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--role", "statistician"), "statistician is not a role of the open room"),
        (("--role", "coordinator"), "is a role at one site; name the site"),
        (("--role", "coordinator", "--site", "999"), "has no site 999"),
    ],
)
def test_what_cannot_be_given_is_refused_and_leaves_no_account(
    study: Study, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        account(study, "--full-name", "A Monitor", *more, monkeypatch=monkeypatch)
    assert not Account.objects.filter(username="a.monitor").exists()


def test_a_weak_password_is_refused(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="too short"):
        account(
            study, "--full-name", "A", "--role", "medical_monitor", monkeypatch=monkeypatch, password="short"
        )


def test_a_sponsors_client_gets_a_token_with_the_secret_it_was_told(study: Study) -> None:
    said = run("create_client", "sponsor-1", "--study", study.code, "--reason", "contract signed")
    secret = said.split()[-1]
    basic = base64.b64encode(f"sponsor-1:{secret}".encode()).decode()
    answer = Client().post(
        "/api/v1/token/", {"grant_type": "client_credentials"}, headers={"authorization": f"Basic {basic}"}
    )
    token = answer.json()["access_token"]
    feed = f"/api/v1/studies/{study.code}/adverse-events/"
    assert Client().get(feed, headers={"authorization": f"Bearer {token}"}).status_code == 200
    assert "secret" not in run("create_client", "sponsor-1", "--study", study.code, "--reason", "again")


def test_nobody_works_in_a_study_and_administers_the_system(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    account(study, "--full-name", "A Monitor", "--role", "medical_monitor", monkeypatch=monkeypatch)
    with pytest.raises(CommandError, match="works in a study, and so cannot administer the system"):
        run("create_account", "a.monitor", "--role", "system_administrator", "--reason", "both")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    run(
        "create_account",
        "b.admin",
        "--full-name",
        "B",
        "--role",
        "system_administrator",
        "--reason",
        "runs it",
    )
    with pytest.raises(CommandError, match="administers the system, and so has no role in a study"):
        run(
            "create_account",
            "b.admin",
            "--study",
            study.code,
            "--role",
            "coordinator",
            "--site",
            "101",
            "--reason",
            "x",
        )


def test_the_trail_names_the_command_who_ran_it_and_why(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    account(study, "--full-name", "A Monitor", "--role", "medical_monitor", monkeypatch=monkeypatch)
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct actor, actor_name, role, source, reason from audit.entry "
            "where table_name = 'studies_membership' and study_id = %s",
            [study.id],
        )
        told = cursor.fetchall()
    human = f"command:create_account, run by {getpass.getuser()}"
    assert told == [("process:command:create_account", human, "process", "command", "first sign-in")]
    with pytest.raises(CommandError, match="--reason"):
        run("create_account", "b.monitor", "--study", study.code, "--role", "medical_monitor")


def test_every_command_that_writes_says_which_it_is() -> None:
    """A command that makes an actor of its own makes it with `Actor.command`, which names the human."""
    folder = Path(commands.__file__).parent
    made = {path.stem: path.read_text() for path in folder.glob("*.py")}
    nameless = {name for name, text in made.items() if "Actor.process(" in text}
    assert nameless == {
        "load_simulation_open",  # of the demo and of tests
        "load_simulation_closed",
        "demo_accounts",
        "scheduler",  # runs by itself for ever: no human is behind what it does
    }
    assert sum("Actor.command(" in text for text in made.values()) >= 9
