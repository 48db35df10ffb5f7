"""The wall between studies in the open room's database."""

from __future__ import annotations

import pytest

from tests import isolation_checks as checks


@pytest.mark.django_db
def test_every_table_of_a_study_is_under_a_policy() -> None:
    checks.check_every_table_of_a_study_is_under_a_policy()


@pytest.mark.django_db
def test_a_table_that_stands_open_is_found() -> None:
    checks.check_a_table_that_stands_open_is_found()


@pytest.mark.django_db
def test_a_room_with_an_open_table_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    checks.check_a_room_with_an_open_table_does_not_start(monkeypatch)


@pytest.mark.django_db
def test_the_login_is_weak() -> None:
    checks.check_the_login_is_weak()


@pytest.mark.django_db
def test_nothing_goes_round_the_policies() -> None:
    checks.check_nothing_goes_round_the_policies()


@pytest.mark.django_db
def test_unique_constraints_name_the_study() -> None:
    checks.check_unique_constraints_name_the_study()


def test_without_a_study_no_row_is_seen(committed_db: str) -> None:
    checks.check_without_a_study_no_row_is_seen()


def test_each_study_sees_its_own_rows_and_cannot_write_others(committed_db: str) -> None:
    checks.check_each_study_sees_its_own_rows_and_cannot_write_others()


def test_the_setting_ends_with_the_transaction(committed_db: str) -> None:
    checks.check_the_setting_ends_with_the_transaction()
