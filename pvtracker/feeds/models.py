"""What leaves for sponsors: numbered entries, one dense sequence per study, and who may read them."""

from __future__ import annotations

import uuid

from django.db import models

from pvtracker.audit.models import Operation


class FeedHead(models.Model):
    """The last number given in a study. Locked while numbers are given, so that only one process gives them."""

    study = models.OneToOneField(
        "studies.Study", on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    epoch = models.UUIDField(default=uuid.uuid4)  # changes after a restore: older cursors are refused
    last_sequence = models.PositiveBigIntegerField(default=0)
    numbered_at = models.DateTimeField(null=True)


class FeedEntry(models.Model):
    """One version of one event, or one signature under it, in the order in which readers meet it: 1, 2, 3 … without a
    hole."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    sequence = models.PositiveBigIntegerField()
    event_id = models.UUIDField()
    version = models.PositiveIntegerField()
    operation = models.CharField(max_length=10, choices=Operation.choices)
    signature_id = models.UUIDField(null=True)  # of an operation "signed"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "sequence"], name="feed_sequence_once"),
            models.UniqueConstraint(
                fields=["study", "event_id", "version", "signature_id"],
                name="feed_version_once",
                nulls_distinct=False,
            ),
        ]


class ApiClient(models.Model):
    """What this room knows of a sponsor's program beside the library's own row: who made it, and who ended it why."""

    client = models.OneToOneField(
        "oauth2_provider.Application", on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    made_by = models.CharField(max_length=120)
    reason = models.CharField(max_length=300)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=120, blank=True)
    end_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, end_reason="")
                | (models.Q(ended_at__isnull=False) & ~models.Q(end_reason="")),
                name="api_client_end_has_a_reason",
            ),
        ]


class FeedAccess(models.Model):
    """A sponsor's API client may read one study's feed, until somebody ends it. Never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey("oauth2_provider.Application", on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField(auto_now_add=True)
    granted_by = models.CharField(max_length=120)
    reason = models.CharField(max_length=300, default="")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=120, default="")
    end_reason = models.CharField(max_length=300, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "client"],
                condition=models.Q(ended_at__isnull=True),
                name="feed_access_once",
            )
        ]
