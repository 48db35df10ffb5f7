"""The open room, walked through: URLs, tables, navigation. The closed room's twin is tests/closed/test_urls.py."""

from tests.architecture.rooms import *  # noqa: F403 - the tests of both rooms
