"""The closed room's audit trail: what is recorded; the checks are in tests/history_checks.py."""

from __future__ import annotations

import pytest

from tests import history_checks

pytestmark = pytest.mark.django_db


def test_each_way_of_writing_leaves_one_entry_per_row() -> None:
    history_checks.check_each_way_of_writing_leaves_one_entry_per_row()


def test_the_context_is_in_the_entry() -> None:
    history_checks.check_the_context_is_in_the_entry()


def test_every_table_is_recorded_or_named() -> None:
    history_checks.check_every_table_is_recorded_or_named()


def test_no_name_is_left_over_and_each_has_a_reason() -> None:
    history_checks.check_no_name_is_left_over_and_each_has_a_reason()


def test_what_looks_like_a_secret_is_masked() -> None:
    history_checks.check_what_looks_like_a_secret_is_masked()


def test_the_login_may_do_no_more_than_the_code_does() -> None:
    history_checks.check_the_login_may_do_no_more_than_the_code_does()


def test_an_action_within_an_action_keeps_the_reason() -> None:
    history_checks.check_an_action_within_an_action_keeps_the_reason()
