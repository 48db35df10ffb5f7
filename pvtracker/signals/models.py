"""Closed room: screening runs and their result rows."""

from __future__ import annotations

import uuid

from django.db import models


class Run(models.Model):
    """One screening of one joined cut. Same cut, settings and code version: the same rows."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="runs")
    cut = models.ForeignKey("cuts.Cut", on_delete=models.PROTECT, related_name="runs")
    analysis_arm = models.CharField(max_length=10)
    settings = models.JSONField()  # definitions printed with every result
    code_version = models.CharField(max_length=40)
    methods = models.JSONField()  # key → version
    rows = models.PositiveIntegerField()
    flagged = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)  # over the canonical result rows
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["study", "-made_at"], name="run_latest")]


class Result(models.Model):
    """One row per term, selection, arm and method: what was counted and what came of it (`signals/rows.py`)."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="results")
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    level = models.CharField(max_length=10)
    term = models.CharField(max_length=200)
    selection = models.CharField(max_length=30)
    arm = models.CharField(max_length=120)
    reference = models.CharField(max_length=120)
    n_arm = models.PositiveIntegerField()
    N_arm = models.PositiveIntegerField()
    n_ref = models.PositiveIntegerField()
    N_ref = models.PositiveIntegerField()
    events_arm = models.PositiveIntegerField()
    events_ref = models.PositiveIntegerField()
    person_years_arm = models.FloatField()
    person_years_ref = models.FloatField()
    follow_up_years_arm = models.FloatField()
    follow_up_years_ref = models.FloatField()
    method = models.CharField(max_length=30)
    estimate = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    p = models.FloatField(null=True)
    p_adjusted = models.FloatField(null=True)
    posterior = models.FloatField(null=True)
    flag = models.BooleanField(default=False)
    warning = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["run", "level", "selection", "method"], name="result_by_table")]
