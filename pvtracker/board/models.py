"""Closed room: what the data and safety monitoring board recommends. Meetings and votes have no table yet."""

from __future__ import annotations

import uuid

from django.db import models


class RecommendationKind(models.TextChoices):
    """The words of the institutes' templates (domain.md, rule 12)."""

    CONTINUE = "continue", "Continue"
    MODIFY = "modify", "Continue with modification"
    SUSPEND = "suspend", "Suspend"
    TERMINATE = "terminate", "Terminate"


class Recommendation(models.Model):
    """The current version of one recommendation. Amended by a new version; never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="recommendations")
    report = models.ForeignKey(
        "reports.ReportRecord", on_delete=models.PROTECT, related_name="recommendations"
    )
    kind = models.CharField(max_length=10, choices=RecommendationKind.choices)
    text = models.TextField()
    version = models.PositiveIntegerField(default=1)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=RecommendationKind.values), name="recommendation_kind_known"
            ),
            models.CheckConstraint(condition=~models.Q(text=""), name="recommendation_says_something"),
        ]

    def __str__(self) -> str:
        return f"recommendation of {self.recorded_at:%Y-%m-%d}"


class RecommendationVersion(models.Model):
    """What a recommendation said at one version, who wrote it and why. Written once."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    recommendation = models.ForeignKey(Recommendation, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=RecommendationKind.choices)
    text = models.TextField()
    reason = models.CharField(max_length=500, blank=True)
    actor = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=120)
    role = models.CharField(max_length=40)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recommendation", "version"], name="recommendation_version_once"),
            models.CheckConstraint(
                condition=models.Q(version=1) | ~models.Q(reason=""), name="recommendation_change_has_reason"
            ),
        ]
