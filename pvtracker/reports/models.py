"""Reports that were made in this room: open ones in the open room, closed ones in the closed room, never across.

A check constraint holds the audience to the room of the database: migration 0002 writes it, as it differs by room.
"""

from __future__ import annotations

import uuid

from django.db import models


class ReportRecord(models.Model):
    """A frozen report: its content (JSON) and its PDF lie in this room's storage under the report's id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="reports")
    cut = models.ForeignKey("cuts.Cut", on_delete=models.PROTECT, related_name="reports")
    audience = models.CharField(max_length=6)
    analysis_arm = models.CharField(max_length=10, blank=True)
    content_sha256 = models.CharField(max_length=64)
    pdf_sha256 = models.CharField(max_length=64)
    code_version = models.CharField(max_length=40)
    look = models.CharField(max_length=36, blank=True)  # id of the run whose plan a closed report tells
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cut", "audience", "analysis_arm", "code_version", "look"], name="report_once"
            ),
        ]
        indexes = [models.Index(fields=["study", "-made_at"], name="report_latest")]

    def __str__(self) -> str:
        return f"{self.audience} report of {self.made_at:%Y-%m-%d %H:%M}"
