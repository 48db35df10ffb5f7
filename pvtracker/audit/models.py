"""What left each clinical change behind for readers outside: the outbox."""

from __future__ import annotations

from django.db import models


class Operation(models.TextChoices):
    CREATED = "created", "Created"
    AMENDED = "amended", "Amended"
    VOIDED = "voided", "Voided"


class Outbox(models.Model):
    """One row per version of a clinical object, written in the transaction that changed it.

    Numbers for readers are given later, under one head lock (`feeds`), never here: a number taken at insert becomes
    visible only at commit, and a reader that had already gone past it would miss the row.
    """

    id = models.BigAutoField(primary_key=True)
    study_id = models.UUIDField()
    kind = models.CharField(max_length=40)  # adverse_event, …
    object_id = models.UUIDField()
    version = models.PositiveIntegerField()
    operation = models.CharField(max_length=10, choices=Operation.choices)
    recorded_at = models.DateTimeField()
    numbered = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "object_id", "version"], name="outbox_version_once"),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="outbox_version_positive"),
        ]
        indexes = [
            models.Index(
                fields=["study_id", "id"], condition=models.Q(numbered=False), name="outbox_waiting"
            ),
        ]
