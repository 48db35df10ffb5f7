"""Looks of the commands that show data by arm: each is recorded, and what cannot be recorded writes nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command

from pvtracker.audit.models import AccessRecord
from pvtracker.reports import actions as report_actions
from pvtracker.signals import actions as signal_actions
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY
from tests.closed.signals.conftest import closed_storage, joined_cut, open_storage, silent_broker, study

__all__ = ["closed_storage", "joined_cut", "open_storage", "silent_broker", "study"]
pytestmark = pytest.mark.django_db


def silent(*told: object) -> None:
    """Progress that nobody follows."""


def commands_looks(study: Study, name: str) -> list[tuple[str, str, str]]:
    found = AccessRecord.objects.filter(study_id=study.id, actor=f"process:command:{name}").order_by("-id")
    return [(look.kind, look.object_kind, look.reason) for look in found]


def test_the_screening_command_records_the_look_and_the_opened_cut(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("detect_signals", "JOIN", reason="question of the chair", stdout=io.StringIO())
    kept = commands_looks(study, "detect_signals")
    assert kept[:2] == [
        ("look", "screening run", "question of the chair"),
        ("look", "joined cut", "question of the chair"),
    ]


def test_the_commands_files_are_exports(study: Study, tmp_path: Path) -> None:
    call_command("detect_signals", "JOIN", json=str(tmp_path / "rows.json"), stdout=io.StringIO())
    reason = "screening asked for at the command line"
    assert commands_looks(study, "detect_signals")[0] == ("export", "screening run", reason)
    pdf, plain = tmp_path / "closed.pdf", tmp_path / "closed.json"
    call_command("dsmb_report", "JOIN", audience="closed", output=pdf, json=str(plain))
    assert json.loads(plain.read_text())
    kept = commands_looks(study, "dsmb_report")
    assert kept[0] == ("export", "report", "report asked for at the command line")
    assert kept[1][1] == "joined cut"


@pytest.mark.parametrize(
    "command",
    [
        lambda folder: call_command("detect_signals", "JOIN", json=str(folder / "x"), stdout=io.StringIO()),
        lambda folder: call_command("dsmb_report", "JOIN", audience="closed", output=folder / "x"),
    ],
    ids=["detect_signals", "dsmb_report"],
)
def test_a_command_that_cannot_record_writes_nothing(
    study: Study,
    tmp_path: Path,
    command: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signal_actions.run_screening(request=signal_actions.request_for(study=study), by=BY, progress=silent)
    report_actions.make_report(request=report_actions.request_for(study=study, audience="closed"), by=BY)

    def gone(**parameters: object) -> None:
        raise psycopg.OperationalError("no connection is left")

    monkeypatch.setattr(psycopg, "connect", gone)
    with pytest.raises(CommandError, match="could not be recorded"):
        command(tmp_path)
    assert not (tmp_path / "x").exists()
