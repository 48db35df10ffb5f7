"""Open room: what is watched and what is expected of it, what each cut showed, and who was told. No arm anywhere."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Lower

from pvtracker.monitoring.enums import Level, Selection


class WatchedTerm(models.Model):
    """One name of one level and selection. Written once; what is expected of it are its expectations."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="watched_terms")
    level = models.CharField(max_length=10, choices=Level.choices)
    name = models.CharField(max_length=200)
    selection = models.CharField(max_length=20, choices=Selection.choices)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "study", "level", "selection", Lower("name"), name="watched_term_once_in_any_capitals"
            ),
            models.CheckConstraint(condition=models.Q(level__in=Level.values), name="watched_level_known"),
            models.CheckConstraint(
                condition=models.Q(selection__in=Selection.values), name="watched_selection_known"
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="watched_name_given"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_level_display().lower()}, {self.get_selection_display().lower()})"


class Expectation(models.Model):
    """One version of what is expected of a watched term, and when to warn. The latest version is in force.

    The rate without treatment is gamma with mean `rate` per person-year, worth `years` person-years. The allocation
    ratio is the protocol's: all active arms together against the reference.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    watched = models.ForeignKey(WatchedTerm, on_delete=models.PROTECT, related_name="expectations")
    version = models.PositiveIntegerField()
    in_force = models.BooleanField(default=True)  # False: this version ends the watching
    members = models.JSONField(default=list)  # preferred terms of a set; [] for any other level
    rate = models.FloatField()
    years = models.FloatField()
    ratio_active = models.FloatField()
    ratio_reference = models.FloatField()
    margin = models.FloatField()
    warn_posterior = models.FloatField(null=True)
    warn_predictive = models.FloatField(null=True)
    based_on = models.CharField(max_length=1000)  # where the expectation comes from
    reason = models.CharField(max_length=1000)
    set_by = models.CharField(max_length=80)
    set_by_name = models.CharField(max_length=120)
    role = models.CharField(max_length=40)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["watched", "version"], name="expectation_version_once"),
            models.CheckConstraint(
                condition=models.Q(
                    rate__gt=0, years__gt=0, ratio_active__gt=0, ratio_reference__gt=0, margin__gt=0
                ),
                name="expectation_above_zero",
            ),
            models.CheckConstraint(
                condition=(
                    models.Q(warn_posterior=None) | models.Q(warn_posterior__gt=0, warn_posterior__lt=1)
                )
                & (models.Q(warn_predictive=None) | models.Q(warn_predictive__gt=0, warn_predictive__lt=1)),
                name="expectation_thresholds_are_probabilities",
            ),
            models.CheckConstraint(
                condition=~models.Q(based_on="") & ~models.Q(reason=""), name="expectation_with_words"
            ),
        ]

    @property
    def treated_share(self) -> float:
        """The active arms' share of all follow-up, by the protocol's ratio."""
        return self.ratio_active / (self.ratio_active + self.ratio_reference)

    def __str__(self) -> str:
        return f"version {self.version}"


class Look(models.Model):
    """What one cut showed of one watched term under one expectation: counted, then computed. Written once.

    Pure function of the cut, the expectation and the code. Null where a number does not exist; `problem` says why.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    expectation = models.ForeignKey(Expectation, on_delete=models.PROTECT, related_name="looks")
    cut = models.ForeignKey("cuts.Cut", on_delete=models.PROTECT, related_name="+")
    treated = models.PositiveIntegerField()  # participants of the analysis set, all arms
    participants = models.PositiveIntegerField()  # of them with the event
    events = models.PositiveIntegerField()
    not_coded = models.PositiveIntegerField()  # events of the selection without a term: they count nowhere
    person_years = models.FloatField()  # to the first event or the end of follow-up
    rate = models.FloatField(null=True)  # pooled, with exact limits
    rate_low = models.FloatField(null=True)
    rate_high = models.FloatField(null=True)
    expected = models.FloatField()  # participants, if treatment added nothing
    p_exceeds = models.FloatField(null=True)
    treated_rate = models.FloatField(null=True)
    treated_low = models.FloatField(null=True)
    treated_high = models.FloatField(null=True)
    ratio = models.FloatField(null=True)
    p_margin = models.FloatField(null=True)
    needed = models.PositiveIntegerField(null=True)  # participants from which on there is an early warning
    false_warning = models.FloatField(null=True)  # chance of so many if treatment adds nothing
    chance = models.FloatField(null=True)  # and if it multiplies the rate by the margin
    warns = models.BooleanField()
    problem = models.CharField(max_length=300, blank=True)
    definitions = models.JSONField()  # printed with the numbers
    code_version = models.CharField(max_length=40)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["expectation", "cut"], name="look_once")]
        indexes = [models.Index(fields=["study", "cut"], name="look_of_cut")]

    def __str__(self) -> str:
        return f"look at the {self.cut}"


class EarlyWarning(models.Model):
    """One person is told of one look, once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    look = models.ForeignKey(Look, on_delete=models.PROTECT, related_name="warnings")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "look", "account"], name="early_warning_once")
        ]
        indexes = [models.Index(fields=["study", "account", "-raised_at"], name="early_warning_of_person")]
