"""The Celery application of one room. Messages carry a job's id and nothing else; JSON only."""

from __future__ import annotations

from celery import Celery
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

# By name, because an address of a socket (redis+socket://…) says its transport itself.
TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = "pvtracker.jobs.broker:Transport"

app = Celery(f"pvtracker-{settings.ROOM}")
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 3600,  # rows with leases find lost work long before
        "unacked_restore_throttle": 1,
        "socket_timeout": 15,
        "socket_connect_timeout": 2,
        "max_retries": 0,  # a form never waits for the broker; the sweeper rings again
        "interval_start": 0,
        "global_keyprefix": f"{settings.ROOM}:",
    },
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_default_queue=settings.ROOM,
    task_serializer="json",
    accept_content=["json"],
    worker_hijack_root_logger=False,
    worker_max_memory_per_child=1_500_000,  # kB; the PDF compiler grows with its tables
    task_publish_retry=False,
    timezone="UTC",
)
APPS = [name for name in settings.INSTALLED_APPS if name.startswith("pvtracker.")]
app.autodiscover_tasks(APPS)
