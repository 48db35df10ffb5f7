"""The app of commands; it also registers our own system checks."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register


class OpsConfig(AppConfig):
    name = "pvtracker.ops"

    def ready(self) -> None:
        from pvtracker.ops.guard import demo_settings_check, mail_check

        register(demo_settings_check)
        register(mail_check)
