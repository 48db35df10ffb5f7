"""What a worker takes from the broker: a task of this room and the id of a job, and nothing else.

Whatever else lies in the queue is dropped before Celery looks at it, because Celery's worker ends at a message that is
no JSON and writes the body of one that it does not know into the log. Nothing is lost: the job is a row, and the
sweeper rings for it again.
"""

from __future__ import annotations

import base64
import json
import logging
import uuid
from typing import Any

from django.conf import settings
from kombu.transport import redis

log = logging.getLogger(__name__)


class Channel(redis.Channel):
    """Drops what is no JSON."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]  # kombu has no types here
        except (ValueError, RecursionError) as fault:
            log.error("a message was refused: it is no JSON (%s)", type(fault).__name__)
            return None


class Transport(redis.Transport):
    """Redis, which delivers only bell messages to a worker."""

    Channel = Channel

    def _deliver(self, message: Any, queue: Any) -> None:
        reason = (
            refusal(message) if queue == settings.ROOM else ""
        )  # the other queue is Celery's own: the ping
        if reason:
            log.error("a message was refused: %s", reason)
            return
        super()._deliver(message, queue)  # type: ignore[no-untyped-call]  # kombu has no types here


def refusal(message: Any) -> str:
    """Why a message is none of ours, without a word of its content; '' for a bell."""
    from pvtracker.celery import app

    if not isinstance(message, dict) or not isinstance(message.get("headers"), dict):
        return "it has no headers"
    properties = message.get("properties")
    if not isinstance(properties, dict) or not isinstance(properties.get("delivery_info"), dict):
        return "it has no properties"
    if not isinstance(properties.get("delivery_tag"), str) or not isinstance(
        message["headers"].get("id"), str
    ):
        return "it has no tag or no id"
    if message.get("content-type") != "application/json":
        return "its content is not JSON"
    if properties.get("body_encoding") != "base64":
        return "its encoding is not base64"
    task = str(message["headers"].get("task"))
    if task.startswith("celery.") or task not in app.tasks:
        return "it names no task of this room"
    try:
        body = json.loads(base64.b64decode(message["body"], validate=True))
        arguments, named, _ = body
        (job_id,) = arguments
        uuid.UUID(job_id)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return "its arguments are not one job's id"
    return "its arguments are not one job's id" if named else ""
