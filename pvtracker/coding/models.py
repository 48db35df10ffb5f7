"""Dictionary releases and their terms. A release is IMPORTING until it is whole, then READY, and never edited."""

from __future__ import annotations

import uuid

from django.contrib.postgres.indexes import GinIndex
from django.db import models


class ReleaseState(models.TextChoices):
    IMPORTING = "importing", "Importing"
    READY = "ready", "Ready"


class Release(models.Model):
    """One release of one dictionary; `origin` says where its terms come from (a licence, a local list, the data)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study_id = models.UUIDField(null=True)  # a release made from the data of one study; null: for every study
    dictionary = models.CharField(max_length=60)
    number = models.CharField(max_length=40)
    origin = models.CharField(max_length=300)
    made_from_data = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=ReleaseState.choices, default=ReleaseState.IMPORTING)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study_id", "dictionary", "number"], name="release_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ReleaseState.values), name="release_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dictionary} {self.number}"


class Term(models.Model):
    """A lowest level term with its primary path up to the organ class; '' where the dictionary gives no level."""

    id = models.BigAutoField(primary_key=True)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="terms")
    lowest_level_term = models.CharField(max_length=200)
    preferred_term = models.CharField(max_length=200)
    high_level_term = models.CharField(max_length=200, blank=True)
    high_level_group_term = models.CharField(max_length=200, blank=True)
    system_organ_class = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["release", "lowest_level_term", "preferred_term", "system_organ_class"],
                name="term_once",
            ),
        ]
        indexes = [
            GinIndex(fields=["lowest_level_term"], opclasses=["gin_trgm_ops"], name="term_llt_trigram"),
            GinIndex(fields=["preferred_term"], opclasses=["gin_trgm_ops"], name="term_pt_trigram"),
        ]

    def __str__(self) -> str:
        return self.preferred_term
