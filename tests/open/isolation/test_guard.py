"""The guard of all tests against statements with no study entered misses none, however the study was left."""

from __future__ import annotations

import uuid
from contextlib import suppress

import pytest
from django.db import connection, transaction

from pvtracker.audit.context import within
from pvtracker.studies.models import Site

ONE = uuid.uuid4()


def refused() -> bool:
    """Does the guard find fault with a question about sites?"""
    try:
        Site.objects.exists()
    except AssertionError as fault:
        assert "no study is entered" in str(fault)
        return True
    return False


@pytest.mark.django_db
def test_the_guard_sees_that_a_study_was_left_within_a_transaction() -> None:
    assert refused()
    for _ in range(2):
        with within(ONE):
            assert not refused() and not refused()
        assert refused() and refused()
    with suppress(ZeroDivisionError), within(ONE):
        assert not refused()
        raise ZeroDivisionError  # the way back to a savepoint takes the setting along
    assert refused()
    with connection.cursor() as cursor:
        cursor.execute("select set_config('pv.study', %s, true)", [str(ONE)])
        assert not refused()
        cursor.execute("select set_config('pv.study', '', true)")
        assert refused()


def test_the_guard_sees_that_a_transaction_ended(committed_db: str) -> None:
    for _ in range(2):
        with within(ONE):
            assert not refused()
        with transaction.atomic():
            assert refused()
        with transaction.atomic(), transaction.atomic(savepoint=False):
            assert refused()
