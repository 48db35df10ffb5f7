"""Mail says that something needs its reader at this room's address, and nothing else; a dead server loses none."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from pvtracker.accounts.actions import invite, notices
from pvtracker.accounts.alerts import tell_security
from pvtracker.accounts.models import Account, Notice
from pvtracker.events.actions.locks import ask_to_open
from pvtracker.events.models import EventLock, UnlockRequest
from pvtracker.jobs import actions as jobs
from pvtracker.jobs.models import Job, JobState
from pvtracker.studies.actions import ArmEntry, propose_membership, put_arms
from tests.door import is_in, knock
from tests.open.world import SOMEONE, make_world
from tests.people import account, make_ready, member

pytestmark = pytest.mark.django_db
ADDRESS = "https://open.example.org"


@pytest.fixture(autouse=True)
def mail_is_on(settings: Any) -> None:
    settings.MAIL, settings.ADDRESS, settings.SECURITY_CONTACT = True, ADDRESS, "security@example.org"


def with_address(someone: Account) -> Account:
    Account.objects.filter(id=someone.id).update(email=f"{uuid.uuid4().hex[:8]}@example.org")
    someone.refresh_from_db()
    return someone


def work() -> None:
    """What a worker does with the jobs that wait."""
    for job in Job.objects.filter(task="accounts.mail", state=JobState.QUEUED):
        jobs.run(str(job.id), notices.send_job)


def lock_out(name: str) -> None:
    for _ in range(5):
        knock(Client(), name, "wrong wrong wrong")


def test_every_mail_is_the_same_sentence_whatever_it_is_about() -> None:
    """A lockout, a proposed role, a lock to be opened: one subject and one body, and no word of any of them in it."""
    world = make_world(f"SECRET-{uuid.uuid4().hex[:6]}")
    arms = [ArmEntry("GENE", "Gene product", False), ArmEntry("PBO", "Placebo", True)]
    put_arms(study=world.study, arms=arms, by=SOMEONE)
    ann = make_ready(account("ann"))
    tell_security("code: by name", account=ann)
    monitor = with_address(world.people["mona"])
    clerk = with_address(member(world.study, "study_administrator", name="clerk"))
    propose_membership(
        study=world.study,
        account=ann,
        role="auditor_open",
        reason="audit",
        by=clerk.actor("study_administrator"),
    )
    event = world.record()
    EventLock.objects.create(study=world.study, event=event, version=1, scope="event", reason="test")
    ask_to_open(event=event, reason="a mistake", by=clerk.actor("study_administrator"))
    assert UnlockRequest.objects.exists()
    work()
    assert sorted(sent.to[0] for sent in mail.outbox) == sorted([monitor.email, "security@example.org"])
    said = {(str(sent.subject), str(sent.body), sent.from_email) for sent in mail.outbox}
    [(subject, body, _)] = said
    assert (subject, body) == (
        "pvtracker: something needs you",
        f"Something needs you at\n\n{ADDRESS}/\n\n"
        "This message says nothing else, on purpose. What it is stands there; you may have to sign in first.\n",
    )
    words = [
        world.study.code,
        world.study.title,
        ann.username,
        ann.full_name,
        monitor.username,
        clerk.full_name,
    ]
    words += ["Gene", "Placebo", "PBO", "P1", "Headache", "locked", "auditor", "blinded"]
    raw = " ".join(sent.message().as_string() for sent in mail.outbox).lower()
    assert not [word for word in words if word.lower() in raw]
    assert not [
        value
        for job in Job.objects.filter(task="accounts.mail")
        for value in job.parameters
        if value != "notice"
    ]


def test_a_lockout_is_owed_to_the_security_contact_in_the_same_request() -> None:
    """A name that nobody has too; a mail that waits already is enough for the next one."""
    lock_out("nobody-of-this-name")
    tell_security("another name", account=None)
    owed = Notice.objects.get()
    assert owed.account is None and timezone.now() - owed.owed_at < timedelta(seconds=60)
    assert Job.objects.get(task="accounts.mail").state == JobState.QUEUED
    work()
    assert [sent.to for sent in mail.outbox] == [["security@example.org"]]
    tell_security("a third name", account=None)
    assert Notice.objects.filter(sent_at=None).count() == 1, "the next one is told too"


def test_a_dead_mail_server_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*told: Any, **more: Any) -> None:
        raise ConnectionRefusedError("example.org refused")

    monkeypatch.setattr(notices, "send_mail", dead)
    tell_security("a test", account=None)
    waits = []
    for _ in range(9):
        assert notices.ring_again() == 1
        before = timezone.now()
        work()
        owed = Notice.objects.get()
        assert owed.sent_at is None and owed.given_up_at is None and notices.ring_again() == 0
        waits.append(round((owed.next_try_at - before).total_seconds()))
        Notice.objects.update(next_try_at=timezone.now())
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert set(Job.objects.values_list("state", flat=True)) <= {JobState.DONE}, "no job dies of it"
    monkeypatch.undo()
    notices.ring_again()
    work()
    assert Notice.objects.get().sent_at is not None and len(mail.outbox) == 1
    work()
    assert len(mail.outbox) == 1


def test_a_worker_that_dies_at_the_mail_leaves_it_owed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "send_mail", lambda *told, **more: (_ for _ in ()).throw(MemoryError()))
    tell_security("a test", account=None)
    work()
    assert Job.objects.get().state == JobState.QUEUED and Notice.objects.get().sent_at is None


def test_after_three_days_nobody_tries_any_more_and_a_reader_who_left_gets_none() -> None:
    ann, gone = with_address(make_ready(account("ann"))), with_address(make_ready(account("gone")))
    assert notices.owe(accounts=[ann, gone], by=SOMEONE) == 2
    Account.objects.filter(id=gone.id).update(is_active=False)
    Notice.objects.filter(account=ann).update(owed_at=timezone.now() - timedelta(days=4))
    Account.objects.filter(id=ann.id).update(email="")
    work()
    assert not mail.outbox and Notice.objects.filter(given_up_at=None).count() == 0


def test_the_link_of_an_invitation_goes_to_its_person_and_not_through_the_administrator() -> None:
    made, token = invite(
        username=f"new-{uuid.uuid4().hex[:6]}",
        full_name="New",
        email="new@example.org",
        reason="joins",
        by=SOMEONE,
    )
    assert token == ""
    work()
    [sent] = mail.outbox
    link = str(sent.body).split(ADDRESS)[1].split()[0]
    assert sent.to == [made.email] and Client().get(link).status_code == 200
    assert link not in str(list(Job.objects.values()))


def test_without_mail_and_without_addresses_everything_works_and_nothing_is_owed(settings: Any) -> None:
    settings.MAIL = False
    tell_security("a test", account=None)
    ann = with_address(make_ready(account("ann")))
    assert notices.owe(accounts=[ann], by=SOMEONE) == 0 and not Notice.objects.exists()
    settings.MAIL = True
    bob = make_ready(account("bob"))
    assert notices.owe(accounts=[bob], by=SOMEONE) == 0
    client = Client()
    knock(client, bob.username)
    assert is_in(client)


def test_a_room_without_mail_says_so_when_it_starts(settings: Any) -> None:
    from pvtracker.ops.guard import mail_check

    assert mail_check() == []
    settings.DEMO, settings.MAIL = False, False
    assert ["PVTRACKER_MAIL_HOST" in str(told.msg) for told in mail_check()] == [True]
    settings.MAIL, settings.SECURITY_CONTACT = True, ""
    assert ["PVTRACKER_SECURITY_CONTACT" in str(told.msg) for told in mail_check()] == [True]
