"""Closed room: screening runs with their result rows, and signals with their steps and alerts."""

from __future__ import annotations

import uuid

from django.db import models

from pvtracker.signals.enums import AlertKind, Measure, Origin, State, Step


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

    def __str__(self) -> str:
        return f"run of {self.made_at:%Y-%m-%d %H:%M} UTC"


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


class Signal(models.Model):
    """A finding that people follow: one term of one level, selection, arm and reference, over all runs of the study.

    What it is now; how it came there are its steps. `version` is that of the last step.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="signals")
    level = models.CharField(max_length=10)
    term = models.CharField(max_length=200)
    selection = models.CharField(max_length=30)
    arm = models.CharField(max_length=120, blank=True)  # '' of a signal by hand: about no arm alone
    reference = models.CharField(max_length=120, blank=True)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    state = models.CharField(max_length=20, choices=State.choices)
    measure = models.CharField(max_length=20, choices=Measure.choices, blank=True)
    owner = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, null=True, related_name="+")
    due_on = models.DateField(null=True)
    version = models.PositiveIntegerField(default=1)
    raised_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "level", "term", "selection", "arm", "reference"], name="signal_once"
            ),
            models.CheckConstraint(condition=models.Q(state__in=State.values), name="signal_state_known"),
            models.CheckConstraint(condition=models.Q(origin__in=Origin.values), name="signal_origin_known"),
            models.CheckConstraint(condition=~models.Q(term=""), name="signal_of_a_term"),
            models.CheckConstraint(
                condition=models.Q(owner=None, due_on=None)
                | (models.Q(owner__isnull=False) & models.Q(due_on__isnull=False)),
                name="signal_owner_with_due_date",
            ),
            models.CheckConstraint(
                condition=models.Q(measure__in=["", *Measure.values])
                & (~models.Q(state__in=[State.ACTION.value, State.CLOSED.value]) | ~models.Q(measure="")),
                name="signal_action_is_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.term} ({self.level}, {self.selection})"


class SignalStep(models.Model):
    """One step in the life of a signal, and how the signal stood after it. Written once."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    signal = models.ForeignKey(Signal, on_delete=models.PROTECT, related_name="steps")
    version = models.PositiveIntegerField()
    what = models.CharField(max_length=20, choices=Step.choices)
    state = models.CharField(max_length=20, choices=State.choices)
    measure = models.CharField(max_length=20, choices=Measure.choices, blank=True)
    owner = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, null=True, related_name="+")
    due_on = models.DateField(null=True)
    reason = models.CharField(max_length=2000)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="+")
    numbers = models.JSONField()  # of that run: counts and what each method said (`signals/evidence.py`)
    actor = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=120)
    role = models.CharField(max_length=40)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["signal", "version"], name="signal_step_version_once"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="signal_step_has_a_reason"),
            models.CheckConstraint(condition=models.Q(what__in=Step.values), name="signal_step_known"),
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="signal_step_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display().lower()}, version {self.version}"


class SignalAssessment(models.Model):
    """What an assessment rests on, beside the numbers of its step. Written once; another one is another step."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    step = models.ForeignKey(SignalStep, on_delete=models.PROTECT, related_name="assessments")
    participants = models.TextField()  # which of them were looked at
    narratives = models.TextField()
    time_course = models.TextField()
    literature = models.TextField()
    alternatives = models.TextField()  # other causes

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "step"], name="signal_assessment_once"),
            models.CheckConstraint(
                condition=~models.Q(participants="")
                & ~models.Q(narratives="")
                & ~models.Q(time_course="")
                & ~models.Q(literature="")
                & ~models.Q(alternatives=""),
                name="signal_assessment_whole",
            ),
        ]


class SignalAlert(models.Model):
    """One person is told of one thing about one signal, once: `step` is what happened, or what set the due date."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    signal = models.ForeignKey(Signal, on_delete=models.PROTECT, related_name="alerts")
    step = models.ForeignKey(SignalStep, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=AlertKind.choices)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "step", "kind", "account"], name="signal_alert_once"),
            models.CheckConstraint(condition=models.Q(kind__in=AlertKind.values), name="signal_alert_known"),
        ]
        indexes = [models.Index(fields=["study", "account", "-raised_at"], name="signal_alert_of_person")]
