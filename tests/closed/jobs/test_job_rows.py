"""The closed room keeps its jobs by the same rules in its own database: the same tests, run against it."""

from tests.open.jobs.test_job_rows import *  # noqa: F403
