"""What the tests of a module make once and share."""

from tests.closed.joined import joined_once, report_once

__all__ = ["joined_once", "report_once"]
