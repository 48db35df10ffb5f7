"""People of the closed room, signed in, who have said why they look."""

from __future__ import annotations

import uuid
from datetime import date

from django.test import Client

from pvtracker.accounts.actions import record_identity_check
from pvtracker.accounts.models import Account
from pvtracker.studies.actions import grant_membership
from pvtracker.studies.models import Study
from tests.acting import as_test
from tests.closed.cuts.folder import BY

SECRET = "four unlikely words here"


def person_of(study: Study, role: str, *, person: uuid.UUID | None = None) -> Account:
    """An account with one role in the study; its password is SECRET."""
    account = Account(
        username=f"{role}-{uuid.uuid4().hex[:6]}", full_name=f"A {role}", person=person or uuid.uuid4()
    )
    account.set_password(SECRET)
    with as_test():
        account.save()
    grant(study, account, role)
    return account


def checked_person(study: Study, role: str) -> Account:
    """The same, and somebody made sure who that is: such a person may sign."""
    account = person_of(study, role)
    record_identity_check(account=account, how="test", by=BY)
    return account


def grant(study: Study, account: Account, role: str) -> None:
    """Give the account a role in the study."""
    grant_membership(
        study=study,
        account=account,
        role=role,
        room="closed",
        starts_on=date(2020, 1, 1),
        reason="test",
        by=BY,
    )


def signed_in(account: Account, study: Study | None = None) -> Client:
    """A browser of this person; with a study, the purpose of its looks is stated."""
    client = Client()
    client.force_login(account)
    if study is not None:
        answer = client.post(f"/studies/{study.code}/purpose/", {"purpose": "review", "words": "test"})
        assert answer.status_code in {302, 404}  # 404: the role reads nothing by arm
    return client


def client_of(study: Study, role: str) -> Client:
    """A browser of somebody with this role who said why."""
    return signed_in(person_of(study, role), study)
