"""The web process of this room (gunicorn)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Serve this room's pages."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--bind", default="127.0.0.1:8000" if settings.ROOM == "open" else "127.0.0.1:8001"
        )
        parser.add_argument("--workers", type=int, default=2)

    def handle(self, *args: Any, **options: Any) -> None:
        from django.db import connections
        from gunicorn.app.wsgiapp import WSGIApplication
        from gunicorn.http import wsgi

        connections.close_all()  # the master forks; a child must not inherit a connection

        told = wsgi.Response.default_headers

        def without_server(response: Any) -> list[str]:
            """The headers less the name of the software, for which gunicorn has no setting."""
            return [line for line in told(response) if not line.startswith("Server:")]

        wsgi.Response.default_headers = without_server

        class Server(WSGIApplication):  # type: ignore[misc]  # gunicorn ships no types
            def init(self, parser: Any, opts: Any, args: Any) -> None:
                self.cfg.set("bind", options["bind"])
                self.cfg.set("workers", options["workers"])
                self.cfg.set("threads", 4)
                self.cfg.set("worker_class", "gthread")
                self.cfg.set("proc_name", f"pvtracker-{settings.ROOM}")
                self.cfg.set("control_socket_disable", True)
                self.app_uri = "pvtracker.wsgi:application"

            def load_config(self) -> None:
                self.init(None, None, None)

        Server(prog="pvtracker").run()
