"""`freeze_cut` refuses a day that the page would refuse, and a file that cannot be written, with a sentence."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from pvtracker.audit.context import Actor
from pvtracker.ops.management.written import write_text
from pvtracker.studies.actions import StudyEntry, create_study


def test_a_cut_off_date_in_the_future_is_refused(db: None) -> None:
    create_study(entry=StudyEntry(code="FUTURE-1", title="A study"), by=Actor.process("test"))
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    with pytest.raises(CommandError, match="lies in the future"):
        call_command("freeze_cut", "FUTURE-1", "--date", tomorrow.isoformat())


def test_what_is_not_a_day_is_wrong_usage() -> None:
    with pytest.raises(CommandError, match="'2014-13-45' is not a day; write it as YYYY-MM-DD"):
        call_command("freeze_cut", "FUTURE-1", "--date", "2014-13-45")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere/rows\.json could not be written: No such file"):
        write_text(str(tmp_path / "nowhere" / "rows.json"), "[]")
