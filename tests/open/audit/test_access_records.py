"""The access records of the open room."""

from tests.audit_checks import *  # noqa: F403 - the tests of both rooms
