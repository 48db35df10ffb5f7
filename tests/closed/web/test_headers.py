"""Headers of the closed room."""

from __future__ import annotations

import pytest

from tests import headers

pytestmark = pytest.mark.django_db


def test_every_answer_carries_the_headers() -> None:
    headers.check_every_answer_carries_the_headers()


def test_errors_carry_the_headers() -> None:
    headers.check_errors_carry_the_headers()


def test_methods_that_no_page_knows_are_refused() -> None:
    headers.check_other_methods_are_refused()


def test_signing_out_clears_the_browser() -> None:
    headers.check_signing_out_clears_the_browser()


def test_cookies_are_for_this_host_and_room_alone() -> None:
    headers.check_cookies_are_for_this_host_and_room_alone()


def test_static_files_are_isolated() -> None:
    headers.check_static_files_are_isolated()
