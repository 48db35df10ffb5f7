"""The scheduler of this room: small, frequent work that reads the database and needs no broker.

It runs beside the workers, not through them, so that lost bells are found while the broker is down and the feed is
numbered while every worker is busy. Two schedulers at once do no harm: each step locks what it changes.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections

from pvtracker.audit.context import Actor
from pvtracker.audit.sealing import EVERY_SECONDS, Sealer
from pvtracker.ops.guard import mail_check

log = logging.getLogger("pvtracker.scheduler")
SCHEDULER = Actor.process("scheduler")


@cache
def sealer() -> Sealer:
    """The one sealer of this process; it keeps its connection."""
    return Sealer(url=settings.SEALER_URL, folder=settings.ANCHORS)


def steps() -> list[tuple[str, float, Callable[[], object]]]:
    """What this room does and how often: name, seconds between two runs, function."""
    from django.contrib.sessions.backends.db import SessionStore

    from pvtracker.accounts import actions as accounts
    from pvtracker.accounts import lockout
    from pvtracker.accounts.actions import notices
    from pvtracker.jobs import actions as jobs

    own: list[tuple[str, float, Callable[[], object]]] = [
        ("sweep jobs", 5.0, jobs.sweep),
        ("forget old sign-in tries", 3600.0, lockout.forget_old),
        ("forget ended sessions", 3600.0, SessionStore.clear_expired),
    ]
    if settings.MAIL:
        own.append(("ring for mail that is owed", 20.0, notices.ring_again))
    if not settings.DEMO:  # a demo that slept for months finds its people again
        own.append(("close unused accounts", 3600.0, partial(accounts.close_unused, by=SCHEDULER)))
    if settings.SEALER_URL:
        own.append(("seal the audit trail", EVERY_SECONDS, sealer().step))
    if settings.ROOM == "open":
        from pvtracker.feeds import actions as feeds
        from pvtracker.studies import blinding

        own.append(("number the feed", 1.0, feeds.number_all))
        own.append(("list people", 60.0, blinding.list_people))
    else:
        from pvtracker.cuts import closed
        from pvtracker.signals.actions import following, schedule
        from pvtracker.studies import actions as studies

        own.append(("receive cuts", 3.0, closed.receive_cuts))
        own.append(("look for mixed blinding", 300.0, studies.report_mixed_blinding))
        own.append(("order planned screenings", 10.0, schedule.start_planned))
        own.append(("follow signals", 60.0, following.follow_all))
    return own


class Command(BaseCommand):
    help = (
        "Sweep jobs; ring for mail that is owed; close accounts that nobody uses; seal the audit trail; number the feed"
        " and list who works where (open room); receive cuts, look for people who are blinded and unblinded at once,"
        " order"
        " what plans of screening ask for, and tell of signals that are overdue (closed room)."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        for told in mail_check():
            log.warning("%s %s", told.msg, told.hint)
        if not settings.SEALER_URL:
            log.warning("PVTRACKER_SEALER_URL is not set: nobody seals the audit trail of this room")
        due = {name: 0.0 for name, _, _ in steps()}
        while not stop.is_set():
            for name, seconds, function in steps():
                if time.monotonic() >= due[name]:
                    due[name] = time.monotonic() + seconds
                    self._run(name, function)
            if settings.HEARTBEAT:
                Path(settings.HEARTBEAT).touch()
            stop.wait(0.2)

    def _run(self, name: str, function: Callable[[], object]) -> None:
        close_old_connections()
        try:
            function()
        except (
            Exception
        ) as fault:  # one failing step must not stop the others; it is tried again when next due
            log.error("%s failed: %s", name, type(fault).__name__, exc_info=settings.DEMO)
