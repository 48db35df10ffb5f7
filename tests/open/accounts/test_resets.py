"""A lost password or device: two people, neither of them the owner, and nothing changes before the second one."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from pvtracker.accounts import lockout, queries
from pvtracker.accounts.actions import (
    AccountRefused,
    close_unused,
    invite,
    invite_again,
    notices,
    resets,
    set_email,
)
from pvtracker.accounts.models import Account, Notice, OpenSession, Reset
from pvtracker.audit.models import AccessRecord
from pvtracker.jobs.models import Job
from tests.door import code as app_code
from tests.door import enrol, is_in, knock
from tests.open.world import World, make_world
from tests.people import (
    ADMINISTERS,
    PASSWORD,
    account,
    administrator,
    asked_reset,
    browser,
    make_ready,
    member,
)

pytestmark = pytest.mark.django_db
APPROVE = {"decision": "approve", "reason": "asked her myself"}


@pytest.fixture
def world() -> World:
    return make_world(f"RES-{uuid.uuid4().hex[:6]}")


@pytest.fixture
def admins() -> tuple[Account, Account]:
    return administrator(), administrator()


def decide(asked: Reset, by: Account, *, approve: bool = True) -> str:
    return resets.decide_reset(reset=asked, approve=approve, reason="asked her", by=by.actor(ADMINISTERS))


def ask(someone: Account, by: Account, what: str = "both", **more: Any) -> tuple[Reset, str]:
    told = {"reason": "phone lost", "identity": "called back", **more}
    return resets.ask_reset(account=someone, what=what, by=by.actor(ADMINISTERS), **told)


def state(someone: Account) -> tuple[object, ...]:
    """All by which a person comes in."""
    now = Account.objects.get(id=someone.id)
    held = list(Authenticator.objects.filter(user=someone).values_list("id", flat=True))
    sessions = OpenSession.objects.filter(account=someone, ended_at=None).count()
    return now.password, now.is_active, now.email, held, sessions


# --- who may not ------------------------------------------------------------------------------------------------------
def test_one_person_changes_nothing_whatever_they_try(admins: tuple[Account, Account]) -> None:
    """The asker, their other account, the owner, the owner's other account, and a request that has run out."""
    asker, _ = admins
    owner = make_ready(account("owner"))
    enrol(owner)
    knock(Client(), owner.username)
    before = state(owner)
    asked, _ = ask(owner, asker)
    again = make_ready(account("asker-again", person=asker.person))
    of_owner = make_ready(account("owner-again", person=owner.person))
    for one in (asker, again, owner, of_owner):
        with pytest.raises(AccountRefused, match=r"^Nobody approves"):
            decide(asked, one)
    with pytest.raises(AccountRefused, match="approved by a person"):
        resets.decide_reset(reset=asked, approve=True, reason="x", by=notices.MAILER)
    with pytest.raises(AccountRefused, match="waits for a second person"):
        ask(owner, asker)
    for one in (owner, of_owner):
        with pytest.raises(AccountRefused, match=r"^Nobody asks"):
            ask(owner, one)
    with pytest.raises(AccountRefused, match="two people give"):
        invite_again(account=owner, reason="one hand alone", by=asker.actor(ADMINISTERS))
    Reset.objects.filter(id=asked.id).update(expires_at=timezone.now())
    with pytest.raises(AccountRefused, match="run out"):
        decide(asked, administrator())
    assert state(owner) == before
    later, _ = ask(owner, asker)
    assert Reset.objects.get(id=asked.id).decision == "expired" and later.decision == "waiting"
    decide(later, administrator(), approve=False)
    assert state(owner) == before
    with pytest.raises(AccountRefused, match="decided already"):
        decide(later, administrator())


def test_after_a_reset_nobody_makes_a_link_alone_even_to_somebody_who_never_signed_in(
    admins: tuple[Account, Account],
) -> None:
    """Their password is gone and they never came in: for all that, a link without a code is one person's way in."""
    owner = make_ready(account("owner"))
    assert owner.last_login is None
    asked, _ = ask(owner, admins[0], "password")
    decide(asked, admins[1])
    owner.refresh_from_db()
    with pytest.raises(AccountRefused, match="two people give"):
        invite_again(account=owner, reason="one hand alone", by=admins[0].actor(ADMINISTERS))
    with pytest.raises(AccountRefused, match="Only its own person"):
        set_email(account=owner, email="mine@example.org", by=admins[0].actor(ADMINISTERS))
    assert ask(owner, admins[0], "password")[0].decision == "waiting"  # the link was lost: two people again


def test_a_first_link_ends_when_its_person_came_in_by_another_way(admins: tuple[Account, Account]) -> None:
    """By single sign-on: the administrator who made the link has it still, and would set a password with it."""
    name = uuid.uuid4().hex
    owner, token = invite(
        username=name, full_name="Owner", email="", reason="joins", by=admins[0].actor(ADMINISTERS)
    )
    assert Client().get(f"/join/{token}/").status_code == 200
    Account.objects.filter(id=owner.id).update(last_login=timezone.now())
    refused = Client().post(f"/join/{token}/", {"password": PASSWORD, "again": PASSWORD})
    assert refused.status_code == Client().get("/join/unknown/").status_code != 302
    assert not Account.objects.get(id=owner.id).has_usable_password()


def test_the_database_refuses_one_person_in_both_places(admins: tuple[Account, Account]) -> None:
    owner = make_ready(account("owner"))
    asked, _ = ask(owner, admins[0])
    for decided_by in (str(admins[0].id), str(owner.id), ""):
        with pytest.raises(IntegrityError), transaction.atomic():
            Reset.objects.filter(id=asked.id).update(
                decision="approved", decided_at=timezone.now(), decided_by_id=decided_by
            )


def test_an_address_that_was_used_is_changed_by_its_person_alone(admins: tuple[Account, Account]) -> None:
    """Else an administrator would lead the link, or single sign-on by address, to themselves."""
    owner = make_ready(account("owner"))
    assert browser(admins[0]).get(f"/system/accounts/{owner.id}/email/").status_code == 404
    client = browser(owner)
    assert client.get("/account/email/").headers["Location"].startswith("/account/confirm/")
    client = Client()
    knock(client, owner.username)
    assert client.post("/account/email/", {"email": "owner@example.org"}).status_code == 302
    assert Account.objects.get(id=owner.id).email == "owner@example.org"


# --- the two parts of a way in ----------------------------------------------------------------------------------------
def test_the_link_goes_to_the_approver_the_code_to_the_asker_and_both_are_needed(
    admins: tuple[Account, Account],
) -> None:
    owner = make_ready(account("owner"))
    enrol(owner)
    client = Client()
    knock(client, owner.username)
    said = {"what": "both", "reason": "bag stolen", "identity": "came in person"}
    told = browser(admins[0]).post(f"/system/resets/ask/{owner.id}/", said).content.decode()
    code = re.search(r"<code>([A-Z2-9]{5}-[A-Z2-9]{5})</code>", told)
    assert code is not None and "/join/" not in told
    assert Client().post("/sign-in/", {"username": owner.username, "password": PASSWORD}).status_code == 302
    page = f"/system/resets/{owner.resets.get().id}/"
    shown = browser(admins[1]).post(page, APPROVE).content.decode()
    link = re.search(r"/join/[\w-]+/", shown)
    assert link is not None and code[1] not in shown
    now = Account.objects.get(id=owner.id)
    assert not now.has_usable_password() and not Authenticator.objects.filter(user=owner).exists()
    secret = uuid.uuid4().hex
    join = {"password": secret, "again": secret}
    for wrong in ({}, {"code": "AAAAA-AAAAA"}):
        answer = Client().post(link[0], join | wrong)
        assert answer.status_code == 422 and not Account.objects.get(id=owner.id).has_usable_password()
    assert Client().post(link[0], join | {"code": code[1].lower().replace("-", " ")}).status_code == 302
    assert Account.objects.get(id=owner.id).check_password(secret)
    page = Client()
    knock(page, owner.username, secret)
    said_once = page.get("/account/").content.decode()
    assert f"asked for by {admins[0].full_name}, approved by {admins[1].full_name}" in said_once
    assert "your sign-in was reset" not in page.get("/account/").content.decode()


def test_codes_of_a_reset_cannot_be_tried_without_end(admins: tuple[Account, Account]) -> None:
    owner = make_ready(account("owner"))
    asked, code = ask(owner, admins[0], "password")
    token = decide(asked, admins[1])
    secret = uuid.uuid4().hex
    said = {"password": secret, "again": secret}
    lockout.failed([lockout.door("code", f"reset:{asked.id}")] * 4)
    assert Client().post(f"/join/{token}/", said | {"code": "AAAAA-AAAAA"}).status_code == 422
    assert Client().post(f"/join/{token}/", said | {"code": code}).status_code == 422


def test_with_an_address_the_link_goes_there_and_nobody_else_sees_it(
    admins: tuple[Account, Account], settings: Any
) -> None:
    settings.MAIL, settings.ADDRESS = True, "https://open.example.org"
    owner = make_ready(account("owner"))
    Account.objects.filter(id=owner.id).update(email="owner@example.org")
    owner.refresh_from_db()
    asked, code = ask(owner, admins[0], "password")
    assert asked.by_mail and decide(asked, admins[1]) == ""
    owed = Notice.objects.get(account=owner)
    job = Job.objects.get(task="accounts.mail", unique_key=str(owed.id))
    assert job.parameters == {"notice": str(owed.id)}
    notices.jobs.run(str(job.id), notices.send_job)
    [sent] = mail.outbox
    link = re.search(r"https://open\.example\.org(/join/[\w-]+/)", str(sent.body))
    assert sent.to == ["owner@example.org"] and link is not None and code not in sent.body
    assert Client().get(link[1]).status_code == 200
    assert queries.invitation_for(link[1].split("/")[2]) == owed.invitation


@pytest.mark.parametrize("what", ["factors", "password"])
def test_the_person_hears_of_a_reset_at_their_own_address_though_another_may_sign_in_first(
    admins: tuple[Account, Account], settings: Any, what: str
) -> None:
    settings.MAIL = True
    owner = make_ready(account("owner"))
    Account.objects.filter(id=owner.id).update(email="owner@example.org")
    owner.refresh_from_db()
    asked, _ = ask(owner, admins[0], what, by_mail=False)
    assert not Notice.objects.filter(account=owner).exists(), "nothing has changed yet"
    decide(asked, admins[1])
    assert Notice.objects.get(account=owner).invitation is None


def test_somebody_of_the_persons_study_approves_and_nobody_elses_does(
    world: World, admins: tuple[Account, Account]
) -> None:
    owner = member(world.study, "coordinator", site=world.sites["01"])
    other = make_world(f"OTH-{uuid.uuid4().hex[:6]}")
    stranger = member(other.study, "study_administrator")
    clerk = member(world.study, "study_administrator", name="clerk")
    asked, _ = ask(owner, admins[0], "factors")
    page = f"people/resets/{asked.id}/"
    assert browser(stranger).get(f"/studies/{other.study.code}/{page}").status_code == 404
    assert owner.full_name in browser(clerk).get(world.url("people/")).content.decode()
    for one, address in ((admins[0], f"/system/resets/{asked.id}/"), (clerk, world.url(page))):
        seen = browser(one).get(address).content.decode()
        assert ('name="decision"' in seen) == (one == clerk) != ("somebody else decides" in seen)
    assert browser(clerk).post(world.url(page), APPROVE).status_code == 302
    assert Reset.objects.get(id=asked.id).decided_by == clerk.full_name


def test_asking_deciding_and_what_they_change_are_in_the_trail(admins: tuple[Account, Account]) -> None:
    owner = make_ready(account("owner"))
    enrol(owner)
    asked, _ = ask(owner, admins[0])
    decide(asked, admins[1])
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name, operation, actor from audit.entry where actor in (%s, %s) order by id",
            [str(admins[0].id), str(admins[1].id)],
        )
        rows = {(table, operation): actor for table, operation, actor in cursor.fetchall()}
    first, second = str(admins[0].id), str(admins[1].id)
    assert rows["accounts_reset", "insert"] == first and rows["accounts_reset", "update"] == second
    assert rows["mfa_authenticator", "delete"] == rows["accounts_account", "update"] == second


# --- accounts that nobody uses ----------------------------------------------------------------------------------------
def test_an_unused_account_is_closed_by_the_scheduler_and_opened_again_by_two_people() -> None:
    Account.objects.filter(is_active=True).update(
        is_active=False
    )  # of other tests in the same database: none is awake
    asleep, awake = make_ready(account("asleep")), make_ready(account("awake"))
    last, first = administrator(), administrator()
    long_ago = timezone.now() - timedelta(days=91)
    Account.objects.filter(id__in=[asleep.id, awake.id, first.id, last.id]).update(created_at=long_ago)
    Account.objects.filter(id=asleep.id).update(last_login=long_ago)
    Account.objects.filter(id=first.id).update(last_login=long_ago - timedelta(days=9))
    Account.objects.filter(id=last.id).update(last_login=long_ago)
    Account.objects.filter(id=awake.id).update(last_login=timezone.now())
    closed = close_unused(by=notices.MAILER)
    assert {one.id for one in closed} == {asleep.id, first.id}
    assert Account.objects.get(id=last.id).is_active, "the last administrator stays"
    found = Account.objects.get(id=asleep.id)
    assert not found.is_active and found.reopenable and close_unused(by=notices.MAILER) == []
    second = administrator()
    Account.objects.filter(id=last.id).update(last_login=timezone.now())
    page = browser(second).get(f"/system/accounts/{asleep.id}/").content.decode()
    assert "closed for now" in page and "Ask for a reset" in page
    asked, _ = ask(asleep, last, "reopen", identity="passport seen in a call")
    with pytest.raises(AccountRefused):
        ask(awake, last, "reopen")
    assert decide(asked, second)
    opened = Account.objects.get(id=asleep.id)
    assert opened.is_active and not opened.has_usable_password() and close_unused(by=notices.MAILER) == []
    assert opened.identity_checks.filter(how="passport seen in a call", checked_by=last.full_name).exists()


def test_an_administrator_who_never_came_in_is_not_the_last_one() -> None:
    """Their link may have run out: the installation would be left to nobody."""
    Account.objects.filter(is_active=True).update(is_active=False)  # of other tests in the same database
    used, unused, invited = administrator(), administrator(), administrator()
    long_ago = timezone.now() - timedelta(days=91)
    Account.objects.filter(id__in=[used.id, unused.id]).update(created_at=long_ago)
    Account.objects.filter(id=used.id).update(last_login=long_ago)
    assert [one.id for one in close_unused(by=notices.MAILER)] == [unused.id]
    left = Account.objects.filter(is_active=True).values_list("id", flat=True)
    assert set(left) == {used.id, invited.id}


def test_a_stolen_device_is_shut_out_by_one_person_at_once_and_let_in_by_two(
    admins: tuple[Account, Account],
) -> None:
    owner = make_ready(account("owner"))
    enrol(owner)
    client = Client()
    knock(client, owner.username)
    page = f"/system/accounts/{owner.id}/close/"
    assert browser(admins[0]).post(page, {"reason": "bag stolen"}).status_code == 302
    thief = Client()
    knock(thief, owner.username)
    assert not is_in(client) and not is_in(thief)
    asked, _ = ask(owner, admins[0], "reopen")
    with pytest.raises(AccountRefused, match=r"^Nobody approves"):
        decide(asked, admins[0])
    assert not Account.objects.get(id=owner.id).is_active
    decide(asked, admins[1])
    now = Account.objects.get(id=owner.id)
    assert now.is_active and not now.has_usable_password()
    assert not Authenticator.objects.filter(user=owner).exists()


def test_an_account_closed_by_hand_is_never_opened_again(admins: tuple[Account, Account]) -> None:
    from pvtracker.accounts.actions import deactivate

    left = make_ready(account("left"))
    deactivate(account=left, reason="left the site", by=admins[0].actor(ADMINISTERS))
    with pytest.raises(AccountRefused, match="closed for now"):
        ask(left, admins[0], "reopen")
    assert browser(admins[0]).get(f"/system/resets/ask/{left.id}/").status_code == 404


# --- devices ----------------------------------------------------------------------------------------------------------
def test_a_factor_that_opened_nothing_for_a_year_is_asked_for_and_testing_it_is_enough() -> None:
    owner = make_ready(account("owner"))
    key = enrol(owner)
    old = timezone.now() - timedelta(days=366)
    Authenticator.objects.filter(user=owner).update(created_at=old, last_used_at=None)
    client = browser(owner)
    assert "Test the app" in client.get("/account/").content.decode()
    tested = client.post("/account/confirm/code/?next=/account/", {"code": app_code(key)})
    assert tested.status_code == 302
    assert "Test the app" not in client.get("/account/").content.decode()
    Authenticator.objects.filter(user=owner).update(created_at=old, last_used_at=old)
    listed = browser(administrator()).get("/system/accounts/").content.decode()
    assert "over a year ago" in listed


def test_a_device_that_is_new_for_an_account_is_told_on_the_next_page_of_every_session(settings: Any) -> None:
    settings.MAIL = True
    owner = make_ready(account("owner"))
    Account.objects.filter(id=owner.id).update(email="owner@example.org")
    firefox = {"HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}
    safari = {"HTTP_USER_AGENT": "Mozilla/5.0 (Mac OS X) Safari/18.0"}
    here, same, there = Client(**firefox), Client(**firefox), Client(**safari)
    for client in (here, same):
        knock(client, owner.username, REMOTE_ADDR="198.51.100.7" if client is here else "198.51.100.99")
        assert "new for it" not in client.get("/account/").content.decode(), "the first, and the same again"
    assert not Notice.objects.exists()
    knock(there, owner.username, REMOTE_ADDR="198.51.100.7")
    for client in (here, there):
        page = client.get("/account/").content.decode()
        assert "new for it: Safari on macOS, 198.51.100.7" in page and ">new device<" in page.replace(
            "\n", ""
        )
        assert "new for it" not in client.get("/account/").content.decode(), "said once"
    assert Notice.objects.get().account == owner
    told = AccessRecord.objects.filter(kind="sign_in", actor=str(owner.id)).order_by("id")
    assert ["new device" in record.detail for record in told] == [False, False, True]
    assert is_in(there)


def test_who_waits_for_a_reset_is_not_told_by_mail_what_it_is(world: World, settings: Any) -> None:
    """Administrators, and whoever approves members in the person's study, are awaited."""
    settings.MAIL = True
    owner = member(world.study, "coordinator", site=world.sites["01"])
    clerk = member(world.study, "study_administrator", name="clerk")
    asker, second = administrator(), administrator()
    for one in (owner, clerk, asker, second):
        Account.objects.filter(id=one.id).update(email=f"{one.username}@example.org")
    said = {"what": "factors", "reason": "phone lost", "identity": "called back"}
    assert browser(asker).post(f"/system/resets/ask/{owner.id}/", said).status_code == 200
    assert {notice.account_id for notice in Notice.objects.all()} == {clerk.id, second.id}


def test_an_administrators_home_page_says_what_waits_and_leads_there(admins: tuple[Account, Account]) -> None:
    asked_reset(make_ready(account("owner")))
    account("unready")
    page = browser(admins[0]).get("/").content.decode()
    for words, link in (
        ("Resets to approve", "/system/resets/"),
        ("Accounts that cannot begin", "/system/accounts/?show=unready"),
        ("Never came in", "/system/accounts/?show=invited"),
    ):
        assert words in page and link in page, words
    assert "No study yet" not in page
    for show in queries.LISTS:
        assert browser(admins[0]).get(f"/system/accounts/?show={show}").status_code == 200
