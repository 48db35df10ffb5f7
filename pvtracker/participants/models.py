"""Participants and what was done to and measured in them. Nothing here tells the arm.

Dates are partial: `<name>` is the text as known ('' when unknown), `<name>_earliest` and `<name>_latest` the
first and last day that it can mean. `source_id` names the row in the file it came from, so that a second
import meets it again.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint


def partial_date_constraint(table: str, name: str) -> CheckConstraint:
    """Text and days are both there or both missing, and in order."""
    early, late = f"{name}_earliest", f"{name}_latest"
    return CheckConstraint(
        condition=Q(**{name: "", f"{early}__isnull": True, f"{late}__isnull": True})
        | (~Q(**{name: ""}) & Q(**{f"{early}__isnull": False, f"{late}__gte": F(early)})),
        name=f"{table}_{name}_days",
    )


class Participant(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="participants")
    site = models.ForeignKey("studies.Site", on_delete=models.PROTECT, related_name="participants")
    subject = models.CharField(max_length=60)  # unique subject identifier (USUBJID)
    code = models.CharField(max_length=40)  # as the site knows the participant
    country = models.CharField(max_length=3, blank=True)
    age = models.PositiveSmallIntegerField(null=True)  # years at consent
    sex = models.CharField(max_length=20, blank=True)
    race = models.CharField(max_length=60, blank=True)
    ethnicity = models.CharField(max_length=60, blank=True)
    screen_failure = models.BooleanField(default=False)
    died = models.BooleanField(default=False)
    consented_on = models.CharField(max_length=30, blank=True)
    consented_on_earliest = models.DateField(null=True)
    consented_on_latest = models.DateField(null=True)
    started_on = models.CharField(max_length=30, blank=True)
    started_on_earliest = models.DateField(null=True)
    started_on_latest = models.DateField(null=True)
    ended_on = models.CharField(max_length=30, blank=True)
    ended_on_earliest = models.DateField(null=True)
    ended_on_latest = models.DateField(null=True)
    died_on = models.CharField(max_length=30, blank=True)
    died_on_earliest = models.DateField(null=True)
    died_on_latest = models.DateField(null=True)
    source_hash = models.CharField(max_length=64, blank=True)
    version = models.PositiveIntegerField(default=1)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["study", "subject"], name="participant_subject_once"),
            CheckConstraint(condition=Q(age__isnull=True) | Q(age__lte=125), name="participant_age_possible"),
            partial_date_constraint("participant", "consented_on"),
            partial_date_constraint("participant", "started_on"),
            partial_date_constraint("participant", "ended_on"),
            partial_date_constraint("participant", "died_on"),
        ]

    def __str__(self) -> str:
        return self.code


class Visit(models.Model):
    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="visits")
    source_id = models.CharField(max_length=60)
    source_hash = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=120)
    number = models.FloatField(null=True)
    planned_day = models.IntegerField(null=True)
    phase = models.CharField(max_length=40, blank=True)
    start = models.CharField(max_length=30, blank=True)
    start_earliest = models.DateField(null=True)
    start_latest = models.DateField(null=True)
    end = models.CharField(max_length=30, blank=True)
    end_earliest = models.DateField(null=True)
    end_latest = models.DateField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["participant", "source_id"], name="visit_source_once"),
            partial_date_constraint("visit", "start"),
            partial_date_constraint("visit", "end"),
        ]


class Exposure(models.Model):
    """One administration or course of an intervention. What was in it is known to the closed room only."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="exposures")
    intervention = models.ForeignKey("studies.Intervention", on_delete=models.PROTECT, related_name="+")
    source_id = models.CharField(max_length=60)
    source_hash = models.CharField(max_length=64, blank=True)
    phase = models.CharField(max_length=40, blank=True)
    start = models.CharField(max_length=30, blank=True)
    start_earliest = models.DateField(null=True)
    start_latest = models.DateField(null=True)
    end = models.CharField(max_length=30, blank=True)
    end_earliest = models.DateField(null=True)
    end_latest = models.DateField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["participant", "source_id"], name="exposure_source_once"),
            partial_date_constraint("exposure", "start"),
            partial_date_constraint("exposure", "end"),
        ]


class Disposition(models.Model):
    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="dispositions")
    source_id = models.CharField(max_length=60)
    source_hash = models.CharField(max_length=64, blank=True)
    category = models.CharField(max_length=80, blank=True)
    term = models.CharField(max_length=200)
    verbatim = models.CharField(max_length=400, blank=True)
    start = models.CharField(max_length=30, blank=True)
    start_earliest = models.DateField(null=True)
    start_latest = models.DateField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["participant", "source_id"], name="disposition_source_once"),
            partial_date_constraint("disposition", "start"),
        ]


class Measurement(models.Model):
    """A laboratory result or vital sign; analytes that tell the arm are never stored here."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="measurements")
    source_id = models.CharField(max_length=60)
    source_hash = models.CharField(max_length=64, blank=True)
    domain = models.CharField(max_length=2)  # LB, VS
    category = models.CharField(max_length=80, blank=True)
    analyte = models.CharField(max_length=40)
    name = models.CharField(max_length=120, blank=True)
    value_text = models.CharField(max_length=200, blank=True)
    unit_text = models.CharField(max_length=40, blank=True)
    value = models.FloatField(null=True)
    unit = models.CharField(max_length=40, blank=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    visit = models.CharField(max_length=120, blank=True)
    not_done = models.BooleanField(default=False)
    taken_on = models.CharField(max_length=30, blank=True)
    taken_on_earliest = models.DateField(null=True)
    taken_on_latest = models.DateField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["participant", "source_id"], name="measurement_source_once"),
            CheckConstraint(condition=Q(domain__in=["LB", "VS"]), name="measurement_domain_known"),
            partial_date_constraint("measurement", "taken_on"),
        ]
        indexes = [models.Index(fields=["participant", "analyte"], name="measurement_by_analyte")]


class MedicalHistory(models.Model):
    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="history")
    source_id = models.CharField(max_length=60)
    source_hash = models.CharField(max_length=64, blank=True)
    category = models.CharField(max_length=120, blank=True)
    verbatim = models.CharField(max_length=400)
    preferred_term = models.CharField(max_length=200, blank=True)
    system_organ_class = models.CharField(max_length=200, blank=True)
    start = models.CharField(max_length=30, blank=True)
    start_earliest = models.DateField(null=True)
    start_latest = models.DateField(null=True)
    end = models.CharField(max_length=30, blank=True)
    end_earliest = models.DateField(null=True)
    end_latest = models.DateField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["participant", "source_id"], name="history_source_once"),
            partial_date_constraint("history", "start"),
            partial_date_constraint("history", "end"),
        ]


class Medication(models.Model):
    """Concomitant medication."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="medications")
    source_id = models.CharField(max_length=60)
    source_hash = models.CharField(max_length=64, blank=True)
    verbatim = models.CharField(max_length=400)
    coded = models.CharField(max_length=200, blank=True)
    medication_class = models.CharField(max_length=200, blank=True)
    indication = models.CharField(max_length=400, blank=True)
    dose_text = models.CharField(max_length=200, blank=True)
    start = models.CharField(max_length=30, blank=True)
    start_earliest = models.DateField(null=True)
    start_latest = models.DateField(null=True)
    end = models.CharField(max_length=30, blank=True)
    end_earliest = models.DateField(null=True)
    end_latest = models.DateField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["participant", "source_id"], name="medication_source_once"),
            partial_date_constraint("medication", "start"),
            partial_date_constraint("medication", "end"),
        ]
