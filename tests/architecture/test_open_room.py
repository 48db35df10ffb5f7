"""The open room, walked through: URLs, tables, navigation. The closed room's twin is tests/closed/test_urls.py."""

import pytest
from django.db import connection
from django.urls import get_resolver

from pvtracker.accounts.roles import roles_of
from pvtracker.ops.management.commands.scheduler import steps
from tests.architecture.rooms import *  # noqa: F403 - the tests of both rooms
from tests.architecture.walkers import url_names


@pytest.mark.django_db
def test_nothing_of_signals_is_in_the_open_room() -> None:
    """No table, no address, no scheduled step, and no permission to follow them in any role of this room."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    assert "studies_study" in tables and not [name for name in tables if name.startswith("signals")]
    assert not [name for name, pattern in url_names(get_resolver()) if "signal" in name + pattern]
    assert not [name for name, _, _ in steps() if "signal" in name]
    permissions = {permission for role in roles_of("open").values() for permission in role.permissions}
    assert not [permission for permission in permissions if "signal" in permission]
