"""The Celery worker of this room."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Do this room's background jobs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        from django.db import connections

        from pvtracker.celery import app

        connections.close_all()
        # Celery would have Django look over every model and address, as other commands do not: see `room_process`.
        os.environ["CELERY_SKIP_CHECKS"] = "1"
        app.worker_main(
            [
                "worker",
                f"--concurrency={options['concurrency']}",
                f"--hostname={settings.ROOM}@%h",
                f"--queues={settings.ROOM}",
                "--loglevel=INFO",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
            ]
        )
