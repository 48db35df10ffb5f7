"""The access records of the open room; the checks are in tests/audit_checks.py."""

from __future__ import annotations

import pytest

from tests import audit_checks

pytestmark = pytest.mark.django_db


def test_a_record_says_who_looked_at_what_when_and_why() -> None:
    audit_checks.check_a_record_says_who_looked_at_what_when_and_why()


def test_a_record_survives_the_rollback_of_the_transaction_around_it() -> None:
    audit_checks.check_a_record_survives_the_rollback_of_the_transaction_around_it()


def test_a_record_leaves_the_context_of_the_transaction_around_it_alone() -> None:
    audit_checks.check_a_record_leaves_the_context_of_the_transaction_around_it_alone()


def test_the_login_can_neither_change_nor_remove_a_record() -> None:
    audit_checks.check_the_login_can_neither_change_nor_remove_a_record()


def test_records_are_written_by_several_threads_at_once() -> None:
    audit_checks.check_records_are_written_by_several_threads_at_once()


def test_what_a_visitor_typed_never_keeps_a_record_out() -> None:
    audit_checks.check_what_a_visitor_typed_never_keeps_a_record_out()


def test_a_look_that_cannot_be_recorded_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    audit_checks.check_a_look_that_cannot_be_recorded_is_refused(monkeypatch)
