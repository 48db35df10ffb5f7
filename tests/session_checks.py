"""Clocks and endings of sessions, the same in both rooms."""

from __future__ import annotations

from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.test import Client

from pvtracker.accounts import actions
from pvtracker.accounts.models import Account, OpenSession
from pvtracker.audit.models import AccessRecord
from tests.door import code, enrol, idle_for, is_in, knock
from tests.people import SOMEONE, account, administrator, browser, make_ready


def in_two_browsers() -> tuple[Account, Client, Client]:
    someone = make_ready(account("ann"))
    here, there = Client(), Client()
    for client in (here, there):
        knock(client, someone.username)
        assert is_in(client)
    return someone, here, there


def check_a_deactivated_account_is_out_with_the_next_request() -> None:
    someone, here, there = in_two_browsers()
    actions.deactivate(account=someone, reason="left", by=SOMEONE)
    assert not is_in(here) and not is_in(there)
    assert not OpenSession.objects.filter(account=someone, ended_at=None).exists()


def check_a_session_can_be_ended_from_another_browser() -> None:
    someone, here, there = in_two_browsers()
    page = here.get("/account/").content.decode()
    assert page.count("this browser") == 1 and "End all but this" in page
    other = OpenSession.objects.filter(account=someone).order_by("started_at").last()
    assert other is not None
    assert here.post(f"/account/sessions/{other.id}/end/").status_code == 302
    assert is_in(here) and not is_in(there)
    knock(there, someone.username)
    here.post("/account/sessions/others/end/")
    assert is_in(here) and not is_in(there)


def check_nobody_ends_a_session_of_somebody_else() -> None:
    _, here, _ = in_two_browsers()
    _, theirs, _ = in_two_browsers()
    for opened in OpenSession.objects.filter(ended_at=None):
        here.post(f"/account/sessions/{opened.id}/end/")
    assert is_in(theirs)


def check_the_idle_clock(minutes: int, someone: Account, key: str = "") -> None:
    """One minute less is in, one minute more is out, and the page asks to sign in again and says why."""
    client = Client()
    knock(client, someone.username)
    if key:
        client.post("/sign-in/code/", {"code": code(key)})
    idle_for(someone, minutes=minutes - 1)
    assert is_in(client)
    idle_for(someone, minutes=minutes + 1)
    answer = client.get("/account/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/sign-in/?next=")
    assert f"after {minutes} minutes without use" in answer.content.decode()
    assert not is_in(client)
    assert AccessRecord.objects.filter(kind="session_ended", actor=str(someone.id), detail="idle").exists()


def check_twelve_hours_are_the_most() -> None:
    someone, here, _ = in_two_browsers()
    for hours, wanted in ((11, True), (2, False)):
        for opened in OpenSession.objects.filter(account=someone):
            opened.started_at -= timedelta(hours=hours)
            opened.save()
        assert is_in(here) is wanted


def check_an_administrator_enrols_before_anything_else() -> None:
    """No page but those of enrolment, by GET or POST; a code opens, and the next sign-in asks for one."""
    admin = administrator()
    client = Client()
    knock(client, admin.username)
    for path in ("/", "/system/accounts/", "/components/"):
        for answer in (client.get(path), client.post(path)):
            assert answer.status_code == 302 and answer.headers["Location"] == "/account/", path
    page = client.get("/account/")
    assert "needs a second factor" in page.content.decode()
    client.get("/account/authenticator/")
    key = client.session["mfa.totp.secret"]
    assert client.post("/account/authenticator/", {"code": code(key)}).status_code == 302
    assert client.get("/system/accounts/").status_code == 200
    again = Client()
    assert knock(again, admin.username).headers["Location"].startswith("/sign-in/code/")
    assert again.get("/system/accounts/").status_code == 302


def check_a_session_that_showed_a_password_only_ends_when_a_factor_is_there() -> None:
    """Somebody with the password alone, who came in before the owner enrolled, does not pass as proved."""
    admin = administrator()
    early = Client()
    knock(early, admin.username)
    enrol(admin)
    for path in ("/account/authenticator/", "/system/accounts/"):
        assert early.get(path).status_code != 200, path
    assert not is_in(early)


def check_administrators_are_out_after_fifteen_minutes() -> None:
    admin = administrator()
    check_the_idle_clock(15, admin, enrol(admin))


def check_a_lost_device() -> None:
    """One administrator asks, which changes nothing, another approves: sessions end, and a new factor is asked for."""
    lost, admin, second = administrator(), administrator(), administrator()
    key = enrol(lost)
    client = Client()
    knock(client, lost.username)
    client.post("/sign-in/code/", {"code": code(key)})
    assert client.get("/system/accounts/").status_code == 200
    said = {"what": "factors", "reason": "phone lost", "identity": "called back"}
    assert browser(admin).post(f"/system/resets/ask/{lost.id}/", said).status_code == 200
    assert is_in(client) and Authenticator.objects.filter(user=lost).exists()
    page = f"/system/resets/{lost.resets.get().id}/"
    said = {"decision": "approve", "reason": "asked Ann herself"}
    refused = browser(admin).post(page, said)
    assert refused.status_code == 422 and "Nobody approves what they asked" in refused.content.decode()
    assert is_in(client)
    assert browser(second).post(page, said).status_code == 302
    assert not is_in(client) and not Authenticator.objects.filter(user=lost).exists()
    knock(client, lost.username)
    assert client.get("/system/accounts/").headers["Location"] == "/account/"
