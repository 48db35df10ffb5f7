"""Log lines: one per entry, no control characters, and faults told by type and place, never by their text."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from pvtracker.lib.log_lines import OneLine

SECRET = "Zyxoline for S-01"


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(OneLine("{levelname} {name} {message}", style="{"))
    logger = logging.getLogger("pvtracker.test_log_lines")
    logger.propagate, logger.handlers, before = False, [handler], logger.level
    logger.setLevel(logging.DEBUG)
    yield logger, stream
    logger.setLevel(before)
    logger.handlers = []


def test_a_fault_is_told_by_type_and_place(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    try:
        try:
            raise ValueError(f"Failing row contains ({SECRET})")
        except ValueError as fault:
            raise RuntimeError(SECRET) from fault
    except RuntimeError:
        logger.exception("a job failed")
    told = stream.getvalue()
    assert SECRET not in told
    assert "fault: RuntimeError" in told and "fault: ValueError" in told
    assert "test_log_lines.py" in told


def test_a_fault_given_as_an_argument_is_told_by_its_type(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.error("%s failed: %s", "x", ValueError(SECRET))
    logger.error(ValueError(SECRET))
    logger.info(
        "Task %(name)s raised: %(exc)s", {"name": "signals.screen", "exc": repr(SECRET), "args": SECRET}
    )
    assert SECRET not in stream.getvalue()
    assert "signals.screen" in stream.getvalue()


@pytest.mark.parametrize("mark", ["\n", "\r\n", "\x1b[2J", "\u2028", "\u202e", "\x00", "\x85"])
def test_nothing_that_is_sent_writes_a_line_of_its_own(
    log: tuple[logging.Logger, io.StringIO], mark: str
) -> None:
    logger, stream = log
    logger.warning("Not Found: %s", f"/studies/x{mark}CRITICAL root forged/")
    told = stream.getvalue()
    assert told.count("\n") == 1 and mark not in told.removesuffix("\n")


def test_words_of_other_languages_stay_readable(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.info("site %s", "Köln 東京")
    assert "Köln 東京" in stream.getvalue()
