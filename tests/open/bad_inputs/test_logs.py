"""No clinical value and no arm in a log, whatever is refused and whatever goes wrong."""

from __future__ import annotations

import io
import logging
import logging.config
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from pvtracker.events.actions import capture
from pvtracker.lib.log_lines import OneLine
from tests.deliveries import ARM_WORDS, TYPED_WORDS, delivery, write
from tests.open.test_import_study import load
from tests.open.world import World, make_world

pytestmark = pytest.mark.django_db
VALUES = (TYPED_WORDS[0], "2026-02-30", *TYPED_WORDS[1:])


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that any logger would write, at the lowest level, through the formatter of production."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(OneLine("{asctime} {levelname} {name} {message}", style="{"))
    root = logging.getLogger()
    loggers = [logging.getLogger(name) for name in ("django.request", "django.security", "pvtracker", "")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.INFO)
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def test_refused_forms_leave_no_value_in_the_log(world: World, logged: io.StringIO) -> None:
    client = world.client("alice")
    url = world.url(f"participants/{world.participants['P1'].id}/adverse-events/new/")
    said = world.posted(verbatim=VALUES[0], onset=VALUES[1], narrative=VALUES[2])
    assert client.post(url, said).status_code == 200
    assert client.post(url, said | {"submission_key": VALUES[3]}).status_code == 200
    assert client.post(world.url("nowhere/"), said).status_code == 404
    Client(enforce_csrf_checks=True).post(url, said)
    assert not [value for value in VALUES if value in logged.getvalue()]


def test_a_fault_inside_leaves_its_type_and_no_value(
    world: World, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**said: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into studies_site (study_id, code) values (current_setting('pv.study')::uuid, %s)",
                [said["details"].verbatim],
            )

    monkeypatch.setattr(capture, "record_event", fails)
    client = world.client("alice")
    client.raise_request_exception = False
    url = world.url(f"participants/{world.participants['P1'].id}/adverse-events/new/")
    answer = client.post(url, world.posted(verbatim=VALUES[0], narrative=VALUES[2]))
    told = logged.getvalue()
    assert answer.status_code == 500
    assert not [value for value in VALUES if value in answer.content.decode() or value in told]
    assert "fault: IntegrityError" in told and "23502" in told, "what helps to find it is there"


def test_a_refused_import_leaves_no_value_and_no_arm_in_the_log(tmp_path: Path, logged: io.StringIO) -> None:
    rows = delivery()
    rows["ae"][0] |= {"AETERM": VALUES[0], "AESTDTC": VALUES[1]}
    rows["lb"][0] |= {"LBSTRESN": VALUES[3]}
    load(write(tmp_path / "in", rows))
    told = logged.getvalue()
    assert not [word for word in (*VALUES, *ARM_WORDS) if word in told]


def test_the_server_logs_no_parameter_of_a_statement() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_setting('log_min_duration_statement'), current_setting('log_statement')"
        )
        assert cursor.fetchone() in {("-1", "none"), ("-1", "ddl")}


def test_the_program_reports_no_fault_with_its_variables() -> None:
    assert settings.DEBUG is False
    assert "mail_admins" not in str(settings.LOGGING) and not settings.ADMINS
    assert settings.LOGGING["formatters"]["line"]["()"] == "pvtracker.lib.log_lines.OneLine"
    assert {handler["formatter"] for handler in settings.LOGGING["handlers"].values()} == {"line"}
