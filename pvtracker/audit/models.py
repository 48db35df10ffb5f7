"""What each change left behind for readers outside (the outbox); who looked or came in (access records)."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from pvtracker.audit.enums import AccessKind


class Operation(models.TextChoices):
    CREATED = "created", "Created"
    AMENDED = "amended", "Amended"
    VOIDED = "voided", "Voided"
    SIGNED = "signed", "Signed"  # the version stands; somebody put their name to it


class Outbox(models.Model):
    """One row per version of a clinical object, and per signature under one, written in the transaction that made it.

    Numbers for readers are given later, under one head lock (`feeds`), never here: a number taken at insert becomes
    visible only at commit, and a reader that had already gone past it would miss the row.
    """

    id = models.BigAutoField(primary_key=True)
    study_id = models.UUIDField()
    kind = models.CharField(max_length=40)  # adverse_event, …
    object_id = models.UUIDField()
    version = models.PositiveIntegerField()
    operation = models.CharField(max_length=10, choices=Operation.choices)
    signature_id = models.UUIDField(null=True)  # of an operation "signed"
    recorded_at = models.DateTimeField()
    numbered = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "object_id", "version", "signature_id"],
                name="outbox_version_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(operation="signed", signature_id__isnull=False)
                | (~models.Q(operation="signed") & models.Q(signature_id__isnull=True)),
                name="outbox_signed_by_a_signature",
            ),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="outbox_version_positive"),
        ]
        indexes = [
            models.Index(
                fields=["study_id", "id"], condition=models.Q(numbered=False), name="outbox_waiting"
            ),
        ]


class AccessRecord(models.Model):
    """Who looked, took data out, came in or was kept out: what changes no row and has to be known all the same.

    Only `audit.looks.record` writes here, on a connection of its own; the room's login may add and read, never change.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now())  # the database's clock
    kind = models.CharField(max_length=30, choices=AccessKind.choices)
    actor = models.CharField(max_length=120)
    actor_name = models.CharField(max_length=200)
    role = models.CharField(max_length=40, blank=True)
    study_id = models.UUIDField(
        null=True
    )  # no key: the record stands whatever becomes of the transaction around it
    object_kind = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=120, blank=True)
    reason = models.TextField(blank=True)
    detail = models.TextField(blank=True)
    address = models.CharField(max_length=100, blank=True)
    request_id = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=AccessKind.values), name="access_record_kind_known"
            ),
            models.CheckConstraint(condition=~models.Q(actor=""), name="access_record_names_an_actor"),
        ]
        indexes = [models.Index(fields=["study_id", "-at"], name="access_record_of_study")]
