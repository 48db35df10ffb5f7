"""The closed room, walked through: URLs, tables, navigation. The open room's twin is in tests/architecture."""

from tests.architecture.rooms import *  # noqa: F403 - the tests of both rooms
