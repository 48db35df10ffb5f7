"""Keys of the open room's tables that name no row of another study."""

from tests.key_checks import *  # noqa: F403 - the tests of both rooms
