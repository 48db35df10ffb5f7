"""What an attacker or a broken program sends: answered with a refusal, never with a fault."""

from __future__ import annotations

import pytest
from django.test import Client

from pvtracker.audit.context import Actor
from pvtracker.events.models import DataQuery, Draft
from pvtracker.studies.actions import StudyEntry, StudyRefused, create_study
from tests.open.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(two_sites: World) -> World:
    return two_sites


@pytest.mark.parametrize(
    "address", ["/%00", "/studies/%00/participants/", "/api/v1/studies/%00/adverse-events/"]
)
def test_an_address_with_nul_is_nobodys(world: World, address: str) -> None:
    assert Client().get(address).status_code == 404
    assert world.client("alice").get(address).status_code == 404


@pytest.mark.parametrize("page", ["participants/", "adverse-events/", "queries/", "terms/"])
@pytest.mark.parametrize("parameter", ["q", "site", "sort", "page", "rule", "state", "grade", "serious"])
def test_a_list_asked_for_with_nul_is_a_list(world: World, page: str, parameter: str) -> None:
    assert world.client("alice").get(world.url(page), {parameter: "a\0b"}).status_code == 200


def test_a_draft_with_nul_in_the_name_of_a_field_is_kept(world: World) -> None:
    url = world.url(f"participants/{world.participants['P1'].id}/draft/")
    assert world.client("alice").post(url, {"verb\0atim": "Head"}).status_code == 302
    assert Draft.objects.get(study=world.study).body == {"verbatim": ["Head"]}


@pytest.mark.parametrize(
    "back",
    [
        "participants",
        "studies\nx",
        "%0d%0a",
        "//evil.example/",
        "https://evil.example/",
        "javascript:alert(1)",
    ],
)
def test_after_an_answer_the_way_back_is_an_address_of_ours(world: World, back: str) -> None:
    event = world.record(onset="2026")
    query = DataQuery.objects.get(event=event)
    url = world.url(f"queries/{query.id}/answer/")
    answer = world.client("alice").post(url, {"answer": "asked the ward", "next": back})
    assert (answer.status_code, answer["Location"]) == (302, world.url("queries/"))


@pytest.mark.parametrize(
    "grant", ["urn:ietf:params:oauth:grant-type:device_code", "password", "refresh_token", "", "\0"]
)
def test_the_token_door_refuses_every_grant_but_client_credentials(grant: str) -> None:
    answer = Client().post("/api/v1/token/", {"grant_type": grant})
    assert (answer.status_code, answer.json()) == (400, {"error": "unsupported_grant_type"})


def test_a_client_id_with_nul_is_an_unknown_client() -> None:
    told = {"grant_type": "client_credentials", "client_id": "spon\0sor", "client_secret": "x"}
    answer = Client().post("/api/v1/token/", told)
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


@pytest.mark.parametrize(
    "code",
    [
        "../../x",
        "a/b",
        ".",
        "..",
        "-x",
        "x\ny",
        "x\n",
        "<script>",
        'x"',
        "a b",
        "",
        "\0",
        "a%2Fb",
        "Ä1",
        "x?y",
        "x#",
    ],
)
def test_a_study_code_that_would_not_go_into_an_address_is_refused(code: str) -> None:
    with pytest.raises(StudyRefused, match="letters, digits"):
        create_study(entry=StudyEntry(code=code, title="A study"), by=Actor.process("test"))


@pytest.mark.parametrize("code", ["OZ1-DEMO", "CDISCPILOT01", "NCT01234567", "ABC_1.2", "7"])
def test_a_study_code_as_studies_have_them_is_taken(code: str) -> None:
    assert create_study(entry=StudyEntry(code=code, title="A study"), by=Actor.process("test")).code == code
