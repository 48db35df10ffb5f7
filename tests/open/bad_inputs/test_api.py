"""Bad requests of programs: tokens, parameters, methods."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from pvtracker.studies.models import Study
from tests.open.feeds.test_api import sponsor, study

__all__ = ["sponsor", "study"]
pytestmark = pytest.mark.django_db
FEED = "/api/v1/studies/S1/adverse-events/"


def test_a_good_token_is_taken(study: Study, sponsor: dict[str, str]) -> None:
    assert Client().get(FEED, headers=sponsor).status_code == 200


@pytest.mark.parametrize(
    "fault", ["expired", "revoked", "truncated", "unsigned", "empty", "basic", "nul", "long"]
)
def test_a_bad_token_is_refused(study: Study, sponsor: dict[str, str], fault: str) -> None:
    good = sponsor["Authorization"]
    sent = {
        "expired": good,
        "revoked": good,
        "truncated": good[:-3],
        "unsigned": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJzcG9uc29yIn0.",
        "empty": "Bearer ",
        "basic": good.replace("Bearer", "Basic"),
        "nul": good + "\0",
        "long": "Bearer " + "x" * 20_000,
    }[fault]
    if fault == "expired":
        AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    if fault == "revoked":
        told = {"token": good.split()[1], "client_id": "sponsor", "client_secret": "a long secret"}
        assert Client().post("/api/v1/token/revoke/", told).status_code == 200
    answer = Client().get(FEED, headers={"Authorization": sent})
    assert answer.status_code == 401
    assert b"entries" not in answer.content


@pytest.mark.parametrize(
    "asked",
    [
        "participant__allocation__arm=1",
        "subject__allocation__arm=2",
        "ordering=arm",
        "fields=arm",
        "expand=arm",
    ],
)
def test_no_parameter_asks_for_what_is_not_there(study: Study, sponsor: dict[str, str], asked: str) -> None:
    answers = [Client().get(f"{FEED}?{asked}{tail}", headers=sponsor) for tail in ("", "x")]
    assert {a.status_code for a in answers} == {400}
    assert answers[0].content == answers[1].content, "the same answer for every value"


def test_a_parameter_given_twice_is_refused(study: Study, sponsor: dict[str, str]) -> None:
    assert Client().get(f"{FEED}?cursor=&cursor=", headers=sponsor).status_code == 400


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_no_header_changes_the_method(study: Study, sponsor: dict[str, str], header: str) -> None:
    assert Client().get(FEED, headers=sponsor | {header: "DELETE"}).status_code == 200
    assert Client().post(FEED, headers=sponsor | {header: "GET"}).status_code in {405, 415}
    assert Client().post(f"{FEED}?_method=GET", {"_method": "GET"}, headers=sponsor).status_code in {405, 415}


def test_json_that_is_nested_too_deep_is_refused_and_no_fault() -> None:
    """The library would answer 500 where Python's parser gives up."""
    deep = Client(raise_request_exception=False).post(FEED, "[" * 100_000, content_type="application/json")
    assert deep.status_code == 400
