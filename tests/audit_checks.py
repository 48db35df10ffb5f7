"""Tests of the access records, imported by a test module of each room, which runs them against its own database."""

from __future__ import annotations

import threading
import uuid

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from pvtracker.audit import looks
from pvtracker.audit.context import Actor, acting, request_id
from pvtracker.audit.enums import AccessKind
from pvtracker.audit.models import AccessRecord

BY = Actor(id=str(uuid.uuid4()), name="Ann Lee", role="statistician")


def look(**more: str) -> str:
    """Record a look at an object of its own and give back the object's id."""
    object_id = uuid.uuid4().hex
    looks.record(kind=AccessKind.LOOK, by=BY, object_kind="run", object_id=object_id, **more)
    return object_id


@pytest.mark.django_db
def test_a_record_says_who_looked_at_what_when_and_why() -> None:
    token = request_id.set("r" * 32)
    try:
        object_id = look(reason="planned review", detail="2 arms", address="127.0.0.1")
    finally:
        request_id.reset(token)
    kept = AccessRecord.objects.get(object_id=object_id)
    assert (kept.actor, kept.actor_name, kept.role) == (BY.id, "Ann Lee", "statistician")
    assert (kept.kind, kept.object_kind, kept.study_id) == ("look", "run", None)
    assert (kept.reason, kept.detail, kept.address) == ("planned review", "2 arms", "127.0.0.1")
    assert kept.request_id == "r" * 32
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        assert abs((cursor.fetchone()[0] - kept.at).total_seconds()) < 60


@pytest.mark.django_db
def test_a_record_survives_the_rollback_of_the_transaction_around_it() -> None:
    object_id = ""
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        acting(by=BY, reason="", source="form")
        object_id = look()
        raise ZeroDivisionError
    assert AccessRecord.objects.filter(object_id=object_id).count() == 1


@pytest.mark.django_db
def test_a_record_leaves_the_context_of_the_transaction_around_it_alone() -> None:
    with transaction.atomic():
        acting(by=Actor(id="somebody", name="Somebody"), reason="mine", source="form")
        look(reason="theirs")
        with connection.cursor() as cursor:
            cursor.execute("select current_setting('pv.actor'), current_setting('pv.reason')")
            assert cursor.fetchone() == ("somebody", "mine")


@pytest.mark.django_db
def test_the_login_can_neither_change_nor_remove_a_record() -> None:
    object_id = look()
    for attempt in (
        lambda: AccessRecord.objects.filter(object_id=object_id).update(actor="nobody"),
        lambda: AccessRecord.objects.filter(object_id=object_id).delete(),
        lambda: connection.cursor().execute("truncate audit_accessrecord"),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            attempt()
    assert AccessRecord.objects.get(object_id=object_id).actor == BY.id


@pytest.mark.django_db
def test_records_are_written_by_several_threads_at_once() -> None:
    written: list[str] = []
    threads = [threading.Thread(target=lambda: written.append(look())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert AccessRecord.objects.filter(object_id__in=written).count() == 4


@pytest.mark.django_db
def test_what_a_visitor_typed_never_keeps_a_record_out() -> None:
    object_id = look(detail="a\0b\ud800" + "x" * 5_000)
    assert AccessRecord.objects.get(object_id=object_id).detail.startswith("ab?x")


@pytest.mark.django_db
def test_a_look_that_cannot_be_recorded_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(**parameters: object) -> None:
        raise psycopg.OperationalError("the server is gone")

    monkeypatch.setattr(psycopg, "connect", gone)
    with pytest.raises(looks.NotRecorded, match="nothing is shown"):
        look()
    with pytest.raises(ValueError, match="needs an actor"):
        looks.record(kind=AccessKind.LOOK, by=Actor(id="", name="Nobody"))
