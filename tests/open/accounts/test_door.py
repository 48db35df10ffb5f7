"""Signing in to the open room: what is let in, what is kept out, and what is said to both."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.test import Client
from django.utils import timezone

from pvtracker.accounts import actions, lockout
from pvtracker.accounts.models import Account, Lockout, OpenSession
from pvtracker.accounts.reauthentication import NotConfirmed, confirm
from pvtracker.audit.models import AccessRecord
from tests.door import code, enrol, hashings, is_in, knock, texts
from tests.hashing import COST
from tests.people import PASSWORD, SOMEONE, account, administrator, make_ready

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> Account:
    return make_ready(account("ann"))


# --- one answer for whatever is wrong ---------------------------------------------------------------------------------
def test_name_and_password_open_the_door_whatever_the_case_of_the_name(ann: Account) -> None:
    client = Client()
    assert knock(client, ann.username.upper()).status_code == 302
    assert is_in(client)


def test_a_session_id_from_before_the_sign_in_is_worth_nothing_after_it(ann: Account) -> None:
    client, planted = Client(), Client()
    session = planted.session
    session["planted"] = "by somebody else"
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""
    planted.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""
    knock(client, ann.username)
    assert is_in(client) and not is_in(planted)


def test_every_refusal_reads_the_same_and_costs_one_hash(ann: Account) -> None:
    shut = make_ready(account("shut"))
    for _ in range(5):
        knock(Client(), shut.username, "wrong wrong wrong")
    closed = make_ready(account("closed"))
    actions.deactivate(account=closed, reason="left", by=SOMEONE)
    cases = {
        "wrong password": (ann.username, "wrong wrong wrong"),
        "unknown name": ("nobody-of-this-name", "wrong wrong wrong"),
        "right password, locked": (shut.username, PASSWORD),
        "right password, deactivated": (closed.username, PASSWORD),
    }
    pages, costs = set(), {}
    for what, (name, password) in cases.items():
        with hashings() as runs:
            answer = knock(Client(), name, password)
        assert answer.status_code == 200, what
        pages.add(texts(answer).replace(name, "NAME"))
        costs[what] = len(runs)
    assert len(pages) == 1
    assert set(costs.values()) == {1}, costs


def test_nobody_signs_up_and_no_password_is_mailed() -> None:
    for path in ("/signup/", "/accounts/signup/", "/password/reset/", "/accounts/password/reset/"):
        assert Client().get(path).status_code in {302, 404}
        assert Client().post(path, {"username": "new", "password1": PASSWORD}).status_code in {302, 404}
    assert not Account.objects.filter(username="new").exists()


def test_passwords_are_kept_as_argon2id(ann: Account) -> None:
    assert ann.password.startswith("argon2$argon2id$")
    assert settings.PASSWORD_HASHERS[0] == "django.contrib.auth.hashers.Argon2PasswordHasher"
    passes, memory, _ = COST  # the class's own, before tests made it cheap
    assert passes >= 2 and memory >= 19 * 1024


# --- lockout --------------------------------------------------------------------------------------------------------
def test_the_fifth_wrong_try_locks_and_is_an_alert_and_time_lifts_it(ann: Account) -> None:
    for _ in range(5):
        knock(Client(), ann.username, "wrong wrong wrong")
    client = Client()
    knock(client, ann.username)
    assert not is_in(client)
    alerts = AccessRecord.objects.filter(kind="locked_out", object_id=str(ann.id))
    assert alerts.count() == 1
    assert AccessRecord.objects.filter(kind="sign_in_failed", object_id=str(ann.id)).count() >= 5
    Lockout.objects.filter(account=ann).update(locked_until=timezone.now())
    knock(client, ann.username)
    assert is_in(client)


def test_a_system_administrator_lifts_a_lock_of_somebody_else_only(ann: Account) -> None:
    for _ in range(5):
        knock(Client(), ann.username, "wrong wrong wrong")
    admin = administrator()
    browser = Client()
    browser.force_login(admin)
    answer = browser.post(f"/system/accounts/{ann.id}/unlock/", {"reason": "called, and proved to be Ann"})
    assert answer.status_code == 302
    client = Client()
    knock(client, ann.username)
    assert is_in(client)
    with pytest.raises(actions.AccountRefused, match="their own lockout"):
        actions.lift_lockout(account=admin, reason="mine", by=admin.actor())


def test_many_names_from_one_address_lock_the_address(ann: Account) -> None:
    limit = lockout.LIMITS["address"].failures
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    for number in range(limit):
        knock(Client(), f"guess-{number}", "wrong wrong wrong", **elsewhere)
    client = Client()
    knock(client, ann.username, **elsewhere)
    assert not is_in(client)
    knock(client, ann.username, REMOTE_ADDR="198.51.100.8")
    assert is_in(client)


def test_what_was_typed_as_a_name_is_not_kept() -> None:
    knock(Client(), "my-secret-password", "wrong wrong wrong")
    rows = [str(vars(row)) for row in [*Lockout.objects.all(), *AccessRecord.objects.all()]]
    assert rows and not any("my-secret-password" in row for row in rows)


# --- second factor --------------------------------------------------------------------------------------------------
def test_a_code_is_asked_for_and_is_good_once(ann: Account) -> None:
    key = enrol(ann)
    first, second = Client(), Client()
    now = code(key)
    for client in (first, second):
        assert knock(client, ann.username).headers["Location"].startswith("/sign-in/code/")
        assert not is_in(client)
    assert first.post("/sign-in/code/", {"code": now}).status_code == 302 and is_in(first)
    again = second.post("/sign-in/code/", {"code": now})
    assert again.status_code == 200 and "used before" in again.content.decode() and not is_in(second)
    assert second.post("/sign-in/code/", {"code": code(key, later=1)}).status_code == 302 and is_in(second)


def test_wrong_codes_lock_too(ann: Account) -> None:
    key = enrol(ann)
    client = Client()
    knock(client, ann.username)
    for _ in range(5):
        client.post("/sign-in/code/", {"code": "000000" if code(key) != "000000" else "111111"})
    refused = client.post("/sign-in/code/", {"code": code(key)})
    assert refused.status_code == 200 and not is_in(client)
    assert AccessRecord.objects.filter(kind="locked_out", detail="code: by code").exists()


def test_an_old_or_far_code_is_refused(ann: Account) -> None:
    key = enrol(ann)
    client = Client()
    knock(client, ann.username)
    for far in (-3, 3):
        client.post("/sign-in/code/", {"code": code(key, later=far)})
        assert not is_in(client)


def test_keys_of_authenticators_lie_encrypted(ann: Account) -> None:
    key = enrol(ann)
    assert key not in str(Authenticator.objects.get(user=ann).data)


def test_a_recovery_code_opens_once(ann: Account) -> None:
    enrol(ann)
    spare = RecoveryCodes.activate(ann).get_unused_codes()[0]
    for wanted in (True, False):
        browser = Client()
        knock(browser, ann.username)
        browser.post("/sign-in/code/", {"code": spare})
        assert is_in(browser) is wanted


def test_an_app_is_added_only_with_a_correct_code(ann: Account) -> None:
    client = Client()
    knock(client, ann.username)
    page = client.get("/account/authenticator/")
    key = client.session["mfa.totp.secret"]
    assert page.status_code == 200 and key in page.content.decode()
    wrong = client.post("/account/authenticator/", {"code": "000000" if code(key) != "000000" else "111111"})
    assert wrong.status_code == 200 and not Authenticator.objects.filter(user=ann).exists()
    client.post("/account/authenticator/", {"code": code(key)})
    assert Authenticator.objects.filter(user=ann, type="totp").count() == 1


def test_a_new_factor_is_recorded_and_ends_the_other_sessions(ann: Account) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        knock(client, ann.username)
    here.get("/account/authenticator/")
    here.post("/account/authenticator/", {"code": code(here.session["mfa.totp.secret"])})
    assert is_in(here) and not is_in(there)
    told = AccessRecord.objects.filter(actor=str(ann.id), kind="second_factor_changed")
    assert [record.detail for record in told] == ["now recovery_codes, totp"]


# --- signing again within a session -----------------------------------------------------------------------------------
def test_a_confirmation_takes_password_and_unused_code(ann: Account) -> None:
    key = enrol(ann)
    now = code(key)
    confirm(account=ann, password=PASSWORD, code=now)
    for password, given in ((PASSWORD, now), (PASSWORD, ""), ("wrong wrong", code(key, later=1))):
        with pytest.raises(NotConfirmed):
            confirm(account=ann, password=password, code=given)
    confirm(account=ann, password=PASSWORD, continued=True)


def test_wrong_confirmations_lock_the_same_door(ann: Account) -> None:
    for _ in range(5):
        with pytest.raises(NotConfirmed):
            confirm(account=ann, password="wrong wrong wrong")
    with pytest.raises(NotConfirmed):
        confirm(account=ann, password=PASSWORD)
    client = Client()
    knock(client, ann.username)
    assert not is_in(client)


# --- passwords ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("weak", ["short", "password1234", "123456789012"])
def test_a_weak_password_is_refused_and_the_old_one_stays(ann: Account, weak: str) -> None:
    client = Client()
    knock(client, ann.username)
    answer = client.post("/account/password/", {"old": PASSWORD, "new": weak, "again": weak})
    assert answer.status_code == 200
    assert Account.objects.get(id=ann.id).check_password(PASSWORD)


def test_changing_the_password_ends_the_other_sessions_and_keeps_this_one(ann: Account) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        knock(client, ann.username)
    new = "quite another set of words"
    assert here.post("/account/password/", {"old": PASSWORD, "new": new, "again": new}).status_code == 302
    assert is_in(here) and not is_in(there)
    assert OpenSession.objects.get(account=ann, ended_at=None)
