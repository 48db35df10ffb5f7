"""Keys of the closed room's tables that name no row of another study."""

from tests.key_checks import *  # noqa: F403 - the tests of both rooms
