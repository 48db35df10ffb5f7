"""Data cuts: in the open room the ones frozen here, in the closed room the ones received and verified."""

from __future__ import annotations

import uuid

from django.db import models


class CutState(models.TextChoices):
    READY = "ready", "Ready"
    REFUSED = "refused", "Refused"  # closed room: a file does not have the hash that the manifest names


class Cut(models.Model):
    """One frozen copy of a study's data. `sha256` covers the manifest, and through it every file."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="cuts")
    date = models.DateField()
    sha256 = models.CharField(max_length=64)
    manifest = models.JSONField()
    state = models.CharField(max_length=10, choices=CutState.choices, default=CutState.READY)
    problem = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=CutState.values), name="cut_state_known")
        ]
        indexes = [models.Index(fields=["study", "-made_at"], name="cut_latest")]

    def __str__(self) -> str:
        return f"cut of {self.date}"
