"""The wall between studies in the open room's database."""

from tests.isolation_checks import *  # noqa: F403 - the tests of both rooms
