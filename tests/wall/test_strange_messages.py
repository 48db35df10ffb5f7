"""What lies in a broker's queue and is no bell of ours: dropped and told of, without its content; the worker lives."""

from __future__ import annotations

import base64
import json
import pickle
import subprocess
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from pvtracker.ops.blind import scratch
from pvtracker.ops.rooms import Installation
from tests.rooms import wait_for
from tests.wall.test_jobs_survive import rehearsals, states

SECRET = "Zyxoline-for-S-01"  # stands for a clinical or arm text; it must not get into the log


class Bomb:
    """Runs when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str, ...]]:
        return (open, ("/dev/null/never",))


def message(**changes: Any) -> dict[str, Any]:
    """A bell as we send it, changed."""
    body = changes.pop("arguments", ([str(uuid.uuid4())], {}, {"callbacks": None}))
    raw = changes.pop("raw", json.dumps(body).encode())
    plain = {
        "body": base64.b64encode(raw).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": "jobs.rehearse", "id": str(uuid.uuid4()), "retries": 0},
        "properties": {
            "correlation_id": str(uuid.uuid4()),
            "reply_to": str(uuid.uuid4()),
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": "open"},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid.uuid4()),
        },
    }
    for name, value in changes.items():
        plain[name.replace("_", "-")] = value
    return plain


HEADERS = message()["headers"]
STRANGE: dict[str, bytes] = {
    "no JSON": SECRET.encode(),
    "no text": b"\xff\xfe\x00" + SECRET.encode(),
    "nested brackets": b"[" * 100_000,
    "no object": json.dumps([SECRET]).encode(),
    "empty object": b"{}",
    "no headers": json.dumps(message(headers=None)).encode(),
    "no properties": json.dumps(message(properties=None)).encode(),
    "unknown task": json.dumps(message(headers=HEADERS | {"task": f"os.{SECRET}"})).encode(),
    "task of the other room": json.dumps(message(headers=HEADERS | {"task": "signals.screen"})).encode(),
    "pickle": json.dumps(
        message(content_type="application/x-python-serialize", raw=pickle.dumps(Bomb()))
    ).encode(),
    "pickle called JSON": json.dumps(message(raw=pickle.dumps(Bomb()))).encode(),
    "text for an id": json.dumps(message(arguments=([SECRET], {}, {}))).encode(),
    "two arguments": json.dumps(message(arguments=([str(uuid.uuid4()), SECRET], {}, {}))).encode(),
    "named arguments": json.dumps(
        message(arguments=([str(uuid.uuid4())], {"verbatim": SECRET}, {}))
    ).encode(),
    "no id": json.dumps(message(headers={"task": "jobs.rehearse"})).encode(),
    "no delivery tag": json.dumps(message(properties={"body_encoding": "base64"})).encode(),
}


def test_strange_messages_are_dropped_and_the_worker_lives(
    rooms: Installation, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    broker = scratch.client(rooms.broker_urls["open"])
    worker = start("open", "strange", "worker")
    log = rooms.home.path / "logs" / "open-strange.log"
    wait_for(lambda: "ready" in log.read_text(), seconds=30, saying="the worker did not start")
    for strange in STRANGE.values():
        broker.lpush("open:open", strange)
    [job] = rehearsals(rooms, count=1, steps=1, seconds=0)
    wait_for(lambda: states(rooms, [job]) == {"done"}, seconds=40, saying="the worker no longer works")
    wait_for(lambda: broker.llen("open:open") == 0, seconds=20, saying="messages are left in the queue")
    told = log.read_text()
    assert worker.poll() is None
    assert told.count("a message was refused") == len(STRANGE), told
    assert SECRET not in told and "Traceback" not in told
    for reason in ("it is no JSON", "names no task of this room", "is not JSON", "not one job's id"):
        assert reason in told


@pytest.mark.parametrize("room", ["open", "closed"])
def test_celery_takes_json_only_and_results_are_not_kept(rooms: Installation, room: str) -> None:
    from tests.rooms import shell

    told = shell(
        rooms,
        room,
        "from pvtracker.celery import app; c = app.conf\n"
        "print(c.accept_content, c.task_serializer, c.task_ignore_result, c.result_backend)",
    ).stdout
    assert told.split() == ["['json']", "json", "True", "None"]
