"""The open room, walked through: URLs, tables, navigation. The closed room's twin is tests/closed/test_urls.py."""

from __future__ import annotations

import pytest

from tests.architecture import rooms


@pytest.mark.django_db
def test_an_anonymous_visitor_is_refused_everywhere() -> None:
    rooms.check_an_anonymous_visitor_is_refused_everywhere()


@pytest.mark.django_db
def test_a_stranger_finds_no_study() -> None:
    rooms.check_a_stranger_finds_no_study()


def test_every_table_names_its_study() -> None:
    rooms.check_every_table_names_its_study()


def test_every_table_belongs_to_the_open_room() -> None:
    rooms.check_every_table_belongs_to_this_room()


def test_every_page_of_the_navigation_exists() -> None:
    rooms.check_every_page_of_the_navigation_exists()
