"""Closed room: who received what, the cuts that were joined with it, and the breaking of one code."""

from __future__ import annotations

import uuid

from django.db import models

from pvtracker.allocation.enums import BreakState, Category, SecondOpinion


class Allocation(models.Model):
    """The arm of one participant, planned and actual, by the participant's subject identifier."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="allocations")
    subject = models.CharField(max_length=60)
    planned_code = models.CharField(max_length=40)
    planned = models.CharField(max_length=120)
    actual_code = models.CharField(max_length=40)
    actual = models.CharField(max_length=120)
    number = models.CharField(max_length=60, blank=True)  # as the site knows and prints the participant
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


class RandomisationBlock(models.Model):
    """One block of the randomisation list and how often it holds each arm. Blocks and their sizes are closed data."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    stratum = models.CharField(max_length=120, blank=True)
    number = models.PositiveIntegerField()
    composition = models.JSONField()  # code of the arm → how often

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "stratum", "number"], name="randomisation_block_once")
        ]

    def __str__(self) -> str:
        return f"block {self.number}" + (f" of {self.stratum}" if self.stratum else "")


class BlockPlace(models.Model):
    """Which participant was given which place of a block; a place of nobody has no row."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    block = models.ForeignKey(RandomisationBlock, on_delete=models.PROTECT, related_name="places")
    position = models.PositiveIntegerField()
    subject = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "subject"], name="block_place_once"),
            models.UniqueConstraint(fields=["block", "position"], name="block_position_once"),
        ]


class CodeBreak(models.Model):
    """One participant's arm told to one person: asked for, approved or an emergency, shown, told, assessed.

    The arm itself stands in the allocation and nowhere here. Never deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()  # within the study
    subject = models.CharField(max_length=60)
    category = models.CharField(max_length=20, choices=Category.choices)
    reason = models.TextField()
    emergency = models.BooleanField()
    recipient_name = models.CharField(max_length=120)
    recipient_role = models.CharField(max_length=120)
    recipient_account = models.CharField(
        max_length=60, blank=True
    )  # id, when the recipient has an account here
    expected_use = models.TextField()
    state = models.CharField(max_length=20, choices=BreakState.choices)
    could_deduce = (
        models.PositiveIntegerField()
    )  # others who could become certain, as the request page warned
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=60)
    requested_by_name = models.CharField(max_length=120)
    requested_person = models.UUIDField()  # the human behind the account: two accounts are not two people
    opinion = models.CharField(max_length=20, choices=SecondOpinion.choices, blank=True)
    opinion_note = models.TextField(blank=True)
    opinion_at = models.DateTimeField(null=True)
    opinion_by = models.CharField(max_length=60, blank=True)
    opinion_by_name = models.CharField(max_length=120, blank=True)
    shown_at = models.DateTimeField(null=True)  # the first time; each look is an access record
    times_shown = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="code_break_number_once"),
            models.CheckConstraint(
                condition=models.Q(category__in=Category.values), name="code_break_category_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=BreakState.values), name="code_break_state_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(opinion_by=models.F("requested_by")), name="code_break_by_two_people"
            ),
            models.CheckConstraint(
                condition=models.Q(opinion="", opinion_by="", opinion_at__isnull=True)
                | (
                    models.Q(opinion__in=SecondOpinion.values, opinion_at__isnull=False)
                    & ~models.Q(opinion_by="")
                ),
                name="code_break_opinion_is_somebodys",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=[BreakState.APPROVED, BreakState.OPENED], emergency=False)
                | models.Q(opinion=SecondOpinion.APPROVED),
                name="code_break_needs_a_second_person",
            ),
            models.CheckConstraint(
                condition=models.Q(state=BreakState.OPENED, shown_at__isnull=False, times_shown__gte=1)
                | (~models.Q(state=BreakState.OPENED) & models.Q(shown_at__isnull=True, times_shown=0)),
                name="code_break_shown_is_opened",
            ),
        ]

    def __str__(self) -> str:
        return f"code break {self.number}"


class Told(models.Model):
    """Who was told the arm, when and how, as the person who saw it says."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    code_break = models.ForeignKey(CodeBreak, on_delete=models.PROTECT, related_name="told")
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=120)
    at = models.DateTimeField()
    how = models.CharField(max_length=200)
    entered_at = models.DateTimeField()
    entered_by = models.CharField(max_length=60)
    entered_by_name = models.CharField(max_length=120)


class ImpactAssessment(models.Model):
    """What the code break does to the blind and to the analysis; a later version says why it came."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    code_break = models.ForeignKey(CodeBreak, on_delete=models.PROTECT, related_name="assessments")
    version = models.PositiveIntegerField()
    effect = models.TextField()
    measures = models.TextField()
    analysis = models.TextField()
    reason = models.TextField(blank=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=60)
    made_by_name = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code_break", "version"], name="impact_version_once"),
            models.CheckConstraint(
                condition=models.Q(version=1) | ~models.Q(reason=""), name="impact_change_has_a_reason"
            ),
        ]


class DeducibleAlarm(models.Model):
    """Participants whose arm became certain through their block when a code was broken; it tells no arm."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    code_break = models.OneToOneField(CodeBreak, on_delete=models.PROTECT, related_name="alarm")
    subjects = models.JSONField()  # who became certain
    problem = models.CharField(max_length=300, blank=True)  # why the blocks could not be judged
    raised_at = models.DateTimeField()
    raised_for = models.JSONField()  # names of the unblinded people it was raised for
    seen_at = models.DateTimeField(null=True)
    seen_by = models.CharField(max_length=60, blank=True)
    seen_by_name = models.CharField(max_length=120, blank=True)
    measures = models.TextField(blank=True)
