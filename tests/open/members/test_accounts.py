"""Accounts as system administrators keep them: invited, never given a password, closed for good."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from pvtracker.accounts import actions, agreement, queries
from pvtracker.accounts.actions import AccountRefused
from pvtracker.accounts.models import Acceptance, Account, Invitation, Training
from pvtracker.accounts.roles import SIGNING, Permission
from pvtracker.events.models import AdverseEvent
from pvtracker.studies.actions import grant_membership
from pvtracker.studies.queries import has_permission
from tests.open.world import SOMEONE, World, make_world
from tests.people import account, administrator, browser, make_ready, masked

pytestmark = pytest.mark.django_db
SYSTEM = "/system/accounts/"


@pytest.fixture
def world() -> World:
    return make_world(f"ACC-{uuid.uuid4().hex[:6]}")


@pytest.fixture
def admin() -> Account:
    return administrator()


def invited(admin: Account, name: str = "newcomer") -> tuple[Account, str]:
    """Somebody invited by the page; the account and the path of the link."""
    said = {
        "username": f"{name}-{uuid.uuid4().hex[:6]}",
        "full_name": "A Newcomer",
        "reason": "joins the site",
    }
    answer = browser(admin).post(f"{SYSTEM}invite/", said)
    assert answer.status_code == 200
    found = re.search(r"/join/[A-Za-z0-9_-]+/", answer.content.decode())
    assert found is not None
    return Account.objects.get(username=said["username"]), found[0]


# --- invitation ------------------------------------------------------------------------------------------------------
def test_an_invited_person_sets_their_own_password_once(admin: Account) -> None:
    made, link = invited(admin)
    assert not made.has_usable_password()
    secret = uuid.uuid4().hex
    assert Client().get(link).status_code == 200
    assert Client().post(link, {"password": secret, "again": secret}).status_code == 302
    assert Account.objects.get(id=made.id).check_password(secret)
    other = uuid.uuid4().hex
    assert Client().post(link, {"password": other, "again": other}).status_code == 410
    assert Account.objects.get(id=made.id).check_password(secret)


def test_of_a_token_only_the_hash_is_kept(admin: Account) -> None:
    made, link = invited(admin)
    token = link.split("/")[2]
    kept = Invitation.objects.get(account=made)
    assert token not in " ".join(str(value) for value in vars(kept).values())
    assert queries.invitation_for(token) == kept


def test_a_link_that_is_unknown_spent_run_out_or_replaced_gets_one_and_the_same_answer(
    admin: Account,
) -> None:
    made, first = invited(admin)
    _, late = invited(admin)
    closed, shut = invited(admin)
    actions.invite_again(account=made, reason="lost it", by=admin.actor())
    run_out = queries.invitation_for(late.split("/")[2])
    assert run_out is not None
    Invitation.objects.filter(id=run_out.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    actions.deactivate(account=closed, reason="never came", by=admin.actor())
    links = (first, late, shut, "/join/never-given-out/")
    answers = {link: Client().get(link) for link in links}
    assert {answer.status_code for answer in answers.values()} == {410}
    assert len({masked(answer.content, link) for link, answer in answers.items()}) == 1


def test_a_weak_password_or_two_different_ones_are_refused(admin: Account) -> None:
    made, link = invited(admin)
    for said, sentence in (
        ({"password": "short", "again": "short"}, "too short"),
        ({"password": uuid.uuid4().hex, "again": uuid.uuid4().hex}, "The two passwords differ"),
    ):
        answer = Client().post(link, said)
        assert answer.status_code == 422 and sentence in answer.content.decode()
    assert not Account.objects.get(id=made.id).has_usable_password()


def test_a_name_is_never_given_twice_whatever_its_letters_and_whatever_became_of_it(admin: Account) -> None:
    made, _ = invited(admin)
    actions.deactivate(account=made, reason="left", by=admin.actor())
    said = {"username": made.username.upper(), "full_name": "Somebody Else", "reason": "joins"}
    answer = browser(admin).post(f"{SYSTEM}invite/", said)
    assert answer.status_code == 422 and "names are never given twice" in answer.content.decode()
    assert Account.objects.filter(username__iexact=made.username).count() == 1


# --- what is recorded of a person ------------------------------------------------------------------------------------
def test_nobody_signs_before_another_person_has_checked_who_they_are(world: World, admin: Account) -> None:
    someone = account("unchecked")
    grant_membership(
        study=world.study,
        account=someone,
        role="investigator",
        site=world.sites["01"],
        room="open",
        reason="test",
        by=SOMEONE,
    )
    assert has_permission(someone, Permission.RECORD_EVENTS, study=world.study)
    assert not any(has_permission(someone, p, study=world.study) for p in SIGNING)
    page = f"{SYSTEM}{someone.id}/identity/"
    assert browser(admin).post(page, {"how": "passport seen in a call"}).status_code == 302
    assert has_permission(someone, Permission.SIGN_EVENTS, study=world.study)
    check = someone.identity_checks.get()
    assert (check.checked_by, check.how) == (admin.full_name, "passport seen in a call")


def test_nobody_checks_trains_invites_or_closes_themselves(admin: Account) -> None:
    today, by = timezone.localdate(), admin.actor()
    tries = (
        lambda: actions.record_identity_check(account=admin, how="I know me", by=by),
        lambda: actions.record_training(account=admin, title="x", done_on=today, valid_until=today, by=by),
        lambda: actions.invite_again(account=admin, reason="x", by=by),
        lambda: actions.deactivate(account=admin, reason="x", by=by),
    )
    for attempt in tries:
        with pytest.raises(AccountRefused, match=r"^Nobody"):
            attempt()


def test_a_role_of_the_system_is_given_at_the_terminal_only(admin: Account) -> None:
    with pytest.raises(AccountRefused, match="terminal only"):
        actions.grant_system_role(
            account=account(), role="system_administrator", room="open", reason="x", by=admin.actor()
        )


def test_agreement_and_training_are_what_a_newcomer_lacks(admin: Account) -> None:
    someone = account("newcomer")
    assert queries.lacking(someone) == ["agreement", "training"]
    make_ready(someone)
    assert queries.lacking(someone) == []


def test_a_training_counts_through_its_last_day(admin: Account) -> None:
    someone = make_ready(account())
    today = timezone.localdate()
    Training.objects.filter(account=someone).update(valid_until=today)
    assert queries.lacking(someone) == []
    Training.objects.filter(account=someone).update(
        done_on=today - timedelta(days=9), valid_until=today - timedelta(days=1)
    )
    assert queries.lacking(someone) == ["training"]


def test_a_changed_agreement_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    someone = make_ready(account())
    monkeypatch.setattr(agreement, "VERSION", "2")
    assert queries.lacking(someone) == ["agreement"]
    with pytest.raises(AccountRefused, match="has changed meanwhile"):
        actions.accept_agreement(account=someone, version="1", by=someone.actor())
    browser(someone).post("/ready/", {"version": "2", "accept": "on"})
    assert set(Acceptance.objects.filter(account=someone).values_list("version", flat=True)) == {"1", "2"}


@pytest.mark.as_they_are
def test_nothing_opens_before_agreement_and_training(world: World, admin: Account) -> None:
    someone = account("newcomer")
    grant_membership(
        study=world.study,
        account=someone,
        role="coordinator",
        site=world.sites["01"],
        room="open",
        reason="test",
        by=SOMEONE,
    )
    client = browser(someone)
    participant = world.participants["P1"]
    form = world.url(f"participants/{participant.id}/adverse-events/new/")
    for url in ("/", world.url("participants/"), form):
        answer = client.get(url)
        assert (answer.status_code, answer.headers.get("Location")) == (302, "/ready/"), url
    assert client.post(form, world.posted()).headers.get("Location") == "/ready/"
    assert not AdverseEvent.objects.filter(study=world.study).exists()
    assert client.post("/ready/", {"version": agreement.VERSION}).status_code == 422
    assert client.post("/ready/", {"version": agreement.VERSION, "accept": "on"}).status_code == 302
    assert client.get(form).headers.get("Location") == "/ready/", "the training is still missing"
    said = {"title": "How to use this", "done_on": timezone.localdate(), "valid_until": timezone.localdate()}
    assert browser(admin).post(f"{SYSTEM}{someone.id}/training/", said).status_code == 302
    assert client.get(form).status_code == 200


@pytest.mark.as_they_are
def test_a_training_that_runs_out_and_a_changed_agreement_shut_the_door_with_the_next_request(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(make_ready(world.people["alice"]))
    assert client.get(world.url("participants/")).status_code == 200
    yesterday = timezone.localdate() - timedelta(days=1)
    Training.objects.filter(account=world.people["alice"]).update(done_on=yesterday, valid_until=yesterday)
    assert client.get(world.url("participants/")).headers.get("Location") == "/ready/"
    Training.objects.filter(account=world.people["alice"]).update(valid_until=timezone.localdate())
    assert client.get(world.url("participants/")).status_code == 200
    monkeypatch.setattr(agreement, "VERSION", "2")
    assert client.get(world.url("participants/")).headers.get("Location") == "/ready/"


# --- closing ---------------------------------------------------------------------------------------------------------
def test_a_deactivated_person_is_out_with_the_next_request(world: World, admin: Account) -> None:
    alice = world.client("alice")
    assert alice.get(world.url("participants/")).status_code == 200
    page = f"{SYSTEM}{world.people['alice'].id}/deactivate/"
    assert browser(admin).post(page, {"reason": " "}).status_code == 422
    assert browser(admin).post(page, {"reason": "left the site"}).status_code == 302
    answer = alice.get(world.url("participants/"))
    assert answer.status_code == 302 and "/sign-in/" in answer.headers["Location"]


def test_the_letter_to_the_agency_is_recorded_with_its_day(admin: Account) -> None:
    someone, today = account(), timezone.localdate()
    page = f"{SYSTEM}{someone.id}/letter/"
    said = {"agency": "FDA", "sent_on": today + timedelta(days=1), "reference": "binder 3"}
    assert browser(admin).post(page, said).status_code == 422
    assert browser(admin).post(page, said | {"sent_on": today}).status_code == 302
    letter = someone.agency_letters.get()
    assert (letter.agency, letter.sent_on, letter.recorded_by) == ("FDA", today, admin.full_name)
    assert "binder 3" in browser(admin).get(f"{SYSTEM}{someone.id}/").content.decode()


def test_accounts_hardly_used_are_listed_before_they_are_closed(admin: Account) -> None:
    long_ago = timezone.now() - timedelta(days=77)
    asleep, awake, never = account("asleep"), account("awake"), account("never")
    Account.objects.filter(id__in=[asleep.id, awake.id, never.id]).update(created_at=long_ago)
    Account.objects.filter(id=asleep.id).update(last_login=long_ago)
    Account.objects.filter(id=awake.id).update(last_login=timezone.now())
    page = browser(admin).get(f"{SYSTEM}?show=dormant").content.decode()
    assert asleep.username in page and never.username in page
    assert awake.username not in page and account("fresh").username not in page


def test_only_a_system_administrator_finds_these_pages(world: World, admin: Account) -> None:
    for name in ("alice", "mona"):
        for tail in ("", "invite/", f"{admin.id}/", f"{admin.id}/deactivate/"):
            assert world.client(name).get(SYSTEM + tail).status_code == 404, (name, tail)
            assert world.client(name).post(SYSTEM + tail).status_code in (404, 405), (name, tail)


def test_no_page_sets_somebody_elses_password(admin: Account) -> None:
    someone = account()
    for step in ("invite", "identity", "training", "email", "letter", "close", "deactivate"):
        page = browser(admin).get(f"{SYSTEM}{someone.id}/{step}/").content.decode()
        assert 'type="password"' not in page, step
    assert browser(admin).get(f"{SYSTEM}{someone.id}/password/").status_code == 404
