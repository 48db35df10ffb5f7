"""The sponsor API as a sponsor's program meets it."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import Application

from pvtracker.audit.context import Actor
from pvtracker.audit.models import Outbox
from pvtracker.events.models import AdverseEvent, AdverseEventVersion
from pvtracker.feeds import actions, queries
from pvtracker.feeds.models import FeedHead
from pvtracker.participants.models import Participant
from pvtracker.studies.actions import StudyEntry, create_study
from pvtracker.studies.models import Site, Study

pytestmark = pytest.mark.django_db
BY = Actor.process("test")


@pytest.fixture
def study() -> Study:
    return create_study(entry=StudyEntry(code="S1", title="First"), by=BY)


@pytest.fixture
def sponsor(study: Study) -> dict[str, str]:
    """A client that may read S1 only; returns its authorisation header."""
    application = Application.objects.create(
        client_id="sponsor",
        client_secret="a long secret",
        client_type="confidential",
        authorization_grant_type="client-credentials",
        name="Sponsor",
    )
    actions.grant_feed(study=study, client_id=application.pk, by=BY, reason="contract")
    return {"Authorization": f"Bearer {token('sponsor', 'a long secret')}"}


def token(client_id: str, secret: str, scope: str = "feed") -> str:
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    answer = Client().post(
        "/api/v1/token/",
        {"grant_type": "client_credentials", "scope": scope},
        headers={"Authorization": f"Basic {basic}"},
    )
    return str(answer.json().get("access_token", ""))


def version(
    study: Study, *, number: int = 1, event: AdverseEvent | None = None, operation: str = "created"
) -> AdverseEvent:
    """One more version of an event, as the actions leave it behind."""
    now = timezone.now()
    if event is None:
        site, _ = Site.objects.get_or_create(study=study, code="01")
        participant, _ = Participant.objects.get_or_create(study=study, site=site, subject="P1", code="P1")
        event = AdverseEvent.objects.create(
            study=study,
            participant=participant,
            number=number,
            verbatim="Headache",
            scale="x",
            recorded_at=now,
        )
    last = AdverseEventVersion.objects.filter(event=event).count() + 1
    AdverseEventVersion.objects.create(
        study=study,
        event=event,
        version=last,
        operation=operation,
        body={"id": str(event.id), "version": last},
        reason="" if operation == "created" else "typing error",
        actor="a",
        actor_name="A",
        source="form",
        recorded_at=now,
    )
    Outbox.objects.create(
        study_id=study.id,
        kind="adverse_event",
        object_id=event.id,
        version=last,
        operation=operation,
        recorded_at=now,
    )
    return event


def read(
    headers: dict[str, str], path: str = "/api/v1/studies/S1/adverse-events/"
) -> tuple[int, dict[str, Any]]:
    answer = Client().get(path, headers=headers)
    return answer.status_code, json.loads(answer.content) if answer.content else {}


def test_versions_amendments_and_voids_come_in_order(study: Study, sponsor: dict[str, str]) -> None:
    event = version(study)
    version(study, event=event, operation="amended")
    version(study, event=event, operation="voided")
    status, page = read(sponsor)
    assert status == 200
    assert [(e["sequence"], e["version"], e["operation"]) for e in page["entries"]] == [
        (1, 1, "created"),
        (2, 2, "amended"),
        (3, 3, "voided"),
    ]
    assert page["entries"][1]["event"] == {"id": str(event.id), "version": 2}
    assert (page["head"], page["more"]) == (3, False)


def test_a_cursor_goes_on_where_it_stopped(
    study: Study, sponsor: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries.page_after, "__kwdefaults__", {"size": 2})
    for number in range(1, 6):
        version(study, number=number)
    seen: list[int] = []
    cursor = ""
    for _ in range(3):
        _, page = read(sponsor, f"/api/v1/studies/S1/adverse-events/?cursor={cursor}")
        seen += [entry["sequence"] for entry in page["entries"]]
        cursor = page["cursor"]
    assert seen == [1, 2, 3, 4, 5] and page["more"] is False
    version(study, number=6)
    assert [
        e["sequence"]
        for e in read(sponsor, f"/api/v1/studies/S1/adverse-events/?cursor={cursor}")[1]["entries"]
    ] == [6]


def test_another_study_answers_as_an_unknown_one(study: Study, sponsor: dict[str, str]) -> None:
    create_study(entry=StudyEntry(code="S2", title="Second"), by=BY)
    assert read(sponsor, "/api/v1/studies/S2/adverse-events/") == read(
        sponsor, "/api/v1/studies/S9/adverse-events/"
    )
    assert read(sponsor, "/api/v1/studies/S2/adverse-events/")[0] == 404


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic c3BvbnNvcjp4"}]
)
def test_without_a_good_token_nothing_is_told(study: Study, headers: dict[str, str]) -> None:
    assert read(headers)[0] == 401


def test_a_token_in_the_address_is_refused(study: Study, sponsor: dict[str, str]) -> None:
    bare = sponsor["Authorization"].split()[1]
    assert read({}, f"/api/v1/studies/S1/adverse-events/?access_token={bare}")[0] == 401


def test_a_token_without_the_scope_is_refused(study: Study, sponsor: dict[str, str]) -> None:
    assert token("sponsor", "a long secret", scope="everything") == ""
    assert token("sponsor", "a wrong secret") == ""


@pytest.mark.parametrize(
    "query", ["subject__allocation__arm=1", "ordering=arm", "fields=arm", "cursor=&cursor=", "access=1"]
)
def test_an_unknown_parameter_is_refused_whatever_its_value(
    study: Study, sponsor: dict[str, str], query: str
) -> None:
    assert read(sponsor, f"/api/v1/studies/S1/adverse-events/?{query}")[0] == 400


def test_a_forged_or_borrowed_cursor_is_refused(study: Study, sponsor: dict[str, str]) -> None:
    version(study)
    _, page = read(sponsor)
    head = FeedHead.objects.get(study=study)
    borrowed = queries.write_cursor(0, head=head, client_id=999)
    for cursor in (page["cursor"][:-2], "1", borrowed, "%00", "x" * 5000):
        assert read(sponsor, f"/api/v1/studies/S1/adverse-events/?cursor={cursor}")[0] == 400
    FeedHead.objects.update(epoch=uuid.uuid4())
    assert read(sponsor, f"/api/v1/studies/S1/adverse-events/?cursor={page['cursor']}")[0] == 410


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(study: Study, sponsor: dict[str, str], method: str) -> None:
    answer = getattr(Client(), method)(
        "/api/v1/studies/S1/adverse-events/", headers=sponsor, content_type="application/json"
    )
    assert answer.status_code == 405


def test_the_description_is_openapi_31_and_names_no_arm() -> None:
    answer = Client().get("/api/v1/openapi.json")
    schema = answer.json()
    assert schema["openapi"].startswith("3.1")
    assert "/api/v1/studies/{code}/adverse-events/" in schema["paths"]
    text = answer.content.decode().lower()
    assert not [word for word in ('"arm', "placebo", "allocation", "treatment_group", "kit") if word in text]


def test_a_page_takes_a_fixed_number_of_queries(
    study: Study, sponsor: dict[str, str], django_assert_max_num_queries: Any
) -> None:
    for number in range(1, 40):
        version(study, number=number)
    actions.number(study.id)
    with django_assert_max_num_queries(16):
        read(sponsor)
