"""API clients at the token door: counted as people are, and shut out with the account that answers for them."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from django.test import Client
from oauth2_provider.models import Application

from pvtracker.accounts import actions, lockout
from pvtracker.accounts.models import Account
from pvtracker.audit.context import enter_study
from pvtracker.audit.models import AccessRecord
from pvtracker.feeds.actions import grant_feed
from pvtracker.feeds.models import FeedAccess
from pvtracker.studies.actions import StudyEntry, create_study
from pvtracker.studies.models import Study
from tests.people import SOMEONE, account, administrator, browser, make_ready, member

pytestmark = pytest.mark.django_db
SECRET = "a long secret of a program"


@pytest.fixture
def owner() -> Account:
    return make_ready(account("owner"))


@pytest.fixture
def study(owner: Account) -> Study:
    study = create_study(entry=StudyEntry(code="CLIENTS", title="Of clients"), by=SOMEONE)
    client = Application.objects.create(
        client_id="sponsor-x",
        client_secret=SECRET,
        client_type="confidential",
        authorization_grant_type="client-credentials",
        name="Sponsor",
        user=owner,
    )
    grant_feed(study=study, client_id=client.pk, by=SOMEONE, reason="contract")
    return study


def ask(client_id: str = "sponsor-x", secret: str = SECRET, **more: Any) -> Any:
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    said = {"grant_type": "client_credentials", "scope": "feed"}
    return Client().post("/api/v1/token/", said, headers={"Authorization": f"Basic {basic}"}, **more)


def test_wrong_secrets_lock_the_client_and_the_answer_does_not_say_so(study: Study) -> None:
    wrong = ask(secret="wrong")
    assert wrong.status_code == 401
    for _ in range(lockout.LIMITS["client"].failures):
        ask(secret="wrong")
    locked = ask()
    unknown = ask(client_id="nobody")
    assert (locked.status_code, locked.json()) == (wrong.status_code, wrong.json())
    assert (unknown.status_code, unknown.json()) == (wrong.status_code, wrong.json())
    assert AccessRecord.objects.filter(kind="locked_out", detail="client: by client").exists()


def test_a_right_secret_is_not_counted(study: Study) -> None:
    for _ in range(lockout.LIMITS["client"].failures + 2):
        assert ask().status_code == 200


def test_keys_end_with_the_account_that_answers_for_them(study: Study, owner: Account) -> None:
    token = ask().json()["access_token"]
    feed = f"/api/v1/studies/{study.code}/adverse-events/"
    bearer = {"Authorization": f"Bearer {token}"}
    assert Client().get(feed, headers=bearer).status_code == 200
    actions.deactivate(account=owner, reason="left the sponsor", by=SOMEONE)
    assert Client().get(feed, headers=bearer).status_code == 401
    assert ask().status_code == 401


@pytest.mark.parametrize("door", ["token", "token/revoke"])
def test_naming_another_client_in_the_header_does_not_go_round_the_lockout(study: Study, door: str) -> None:
    """The library looks at the body when the header's client is wrong; only one of the two would be counted."""
    body = {
        "grant_type": "client_credentials",
        "token": "x",
        "client_id": "sponsor-x",
        "client_secret": SECRET,
    }
    basic = {"Authorization": "Basic " + base64.b64encode(b"nobody:x").decode()}
    assert Client().post(f"/api/v1/{door}/", body, headers=basic).status_code == 400
    assert Client().post(f"/api/v1/{door}/?client_id=sponsor-x", body).status_code == 400
    assert Client().post(f"/api/v1/{door}/", body).status_code == 200


def test_wrong_secrets_at_the_door_where_tokens_are_given_back_lock_the_client_too(study: Study) -> None:
    for _ in range(lockout.LIMITS["client"].failures):
        said = {"token": "x", "client_id": "sponsor-x", "client_secret": "wrong"}
        assert Client().post("/api/v1/token/revoke/", said).status_code == 401
    assert ask().status_code == 401


# --- pages ------------------------------------------------------------------------------------------------------------
def test_the_administrator_makes_a_client_the_study_lets_it_read_and_either_ends_it(study: Study) -> None:
    """Whoever holds the secret names no study; whoever names the study sees no secret."""
    admin, clerk = browser(administrator()), browser(member(study, "study_administrator"))
    made = {"client_id": "pv-system", "name": "Sponsor's database", "owner": "", "reason": "contract 7"}
    page = admin.post("/system/clients/new/", made).content.decode()
    secret = re.search(r"Secret</dt><dd[^>]*><code>([\w-]{40,})</code>", page)
    assert secret is not None and secret[1] not in admin.get("/system/clients/").content.decode()
    again = admin.post("/system/clients/new/", made | {"client_id": "PV-System"})
    assert again.status_code == 422 and "never given twice" in again.content.decode()
    bearer = {"Authorization": f"Bearer {ask('pv-system', secret[1]).json()['access_token']}"}
    feed, page_of_study = f"/api/v1/studies/{study.code}/adverse-events/", f"/studies/{study.code}/feed/"
    assert Client().get(feed, headers=bearer).status_code == 404, "no study has let it read"
    said = {"client_id": "pv-system", "reason": "contract 7"}
    assert clerk.post(f"{page_of_study}readers/new/", said | {"client_id": "unknown"}).status_code == 422
    assert clerk.post(f"{page_of_study}readers/new/", said).status_code == 302
    assert Client().get(feed, headers=bearer).status_code == 200
    enter_study(study.id)
    access = FeedAccess.objects.get(client__client_id="pv-system")
    assert (
        clerk.post(f"{page_of_study}readers/{access.id}/end/", {"reason": "contract over"}).status_code == 302
    )
    assert Client().get(feed, headers=bearer).status_code == 404
    assert clerk.post(f"{page_of_study}readers/new/", said).status_code == 302, (
        "and let in anew, by a row of its own"
    )
    assert Client().get(feed, headers=bearer).status_code == 200
    end = f"/system/clients/{access.client_id}/end/"
    assert admin.post(end, {"reason": " "}).status_code == 422
    assert admin.post(end, {"reason": "secret lost"}).status_code == 302
    assert Client().get(feed, headers=bearer).status_code == 401
    assert ask("pv-system", secret[1]).status_code == 401 and admin.get(end).status_code == 404
    assert clerk.post(f"{page_of_study}readers/new/", said).status_code == 422, (
        "an ended client is as unknown as none"
    )


def test_a_client_made_by_a_command_is_ended_by_the_page_too(study: Study) -> None:
    token = ask().json()["access_token"]
    client = Application.objects.get(client_id="sponsor-x")
    end = {"reason": "contract over"}
    assert browser(administrator()).post(f"/system/clients/{client.pk}/end/", end).status_code == 302
    feed = f"/api/v1/studies/{study.code}/adverse-events/"
    assert Client().get(feed, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert ask().status_code == 401
