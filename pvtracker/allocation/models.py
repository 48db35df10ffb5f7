"""Closed room: who received what, and the cuts that were joined with it."""

from __future__ import annotations

import uuid

from django.db import models


class Allocation(models.Model):
    """The arm of one participant, planned and actual, by the participant's subject identifier."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="allocations")
    subject = models.CharField(max_length=60)
    planned_code = models.CharField(max_length=40)
    planned = models.CharField(max_length=120)
    actual_code = models.CharField(max_length=40)
    actual = models.CharField(max_length=120)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "subject"], name="allocation_once")]


class Treatment(models.Model):
    """What was in one exposure: drug and dose."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=60)
    source_id = models.CharField(max_length=60)
    treatment = models.CharField(max_length=200)
    dose = models.FloatField(null=True)
    unit = models.CharField(max_length=40, blank=True)
    start = models.CharField(max_length=30, blank=True)
    end = models.CharField(max_length=30, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "subject", "source_id"], name="treatment_once")
        ]


class RevealingMeasurement(models.Model):
    """A result of an analyte that tells the arm, such as the persistence assay of the gene."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=60)
    source_id = models.CharField(max_length=60)
    analyte = models.CharField(max_length=40)
    name = models.CharField(max_length=120, blank=True)
    value_text = models.CharField(max_length=200, blank=True)
    value = models.FloatField(null=True)
    unit = models.CharField(max_length=40, blank=True)
    visit = models.CharField(max_length=120, blank=True)
    taken_on = models.CharField(max_length=30, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "subject", "source_id"], name="revealing_measurement_once"
            )
        ]


class Simulation(models.Model):
    """How a simulated trial was made. The seed tells the arms, so it lies here."""

    study = models.OneToOneField(
        "studies.Study", on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    parameters = models.JSONField()


class JoinedCut(models.Model):
    """A data cut joined with the arms as they stood then, encrypted in closed storage and never changed."""

    cut_id = models.UUIDField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)  # over the plain bytes of every file
    files = models.JSONField()  # dataset → sha256 of its plain bytes
    participants = models.PositiveIntegerField()
    without_arm = models.PositiveIntegerField()  # participants with no allocation, screen failures included
    joined_at = models.DateTimeField(auto_now_add=True)
