"""Closed room: plans, screening runs with their result rows, and signals with their steps and alerts."""

from __future__ import annotations

import uuid

from django.db import models

from pvtracker.signals.enums import AlertKind, AskedFrom, Measure, OrderState, Origin, State, Step


class ScreeningPlan(models.Model):
    """One version of what a study is screened for (`signals/plan.py`). Written once; another one is a later version.

    It is used from when it is signed on; the signature is a row of its own.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="screening_plans")
    version = models.PositiveIntegerField()
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)  # of the content
    reason = models.CharField(max_length=2000)
    made_by = models.CharField(max_length=80)
    made_by_name = models.CharField(max_length=120)
    role = models.CharField(max_length=40)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "version"], name="screening_plan_version_once"),
            models.CheckConstraint(
                condition=models.Q(version__gte=1), name="screening_plan_version_positive"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="screening_plan_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$"), name="screening_plan_sha256"
            ),
        ]

    def __str__(self) -> str:
        return f"plan of screening, version {self.version}"


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
    plan = models.ForeignKey(ScreeningPlan, on_delete=models.PROTECT, null=True, related_name="runs")
    parquet_sha256 = models.CharField(
        max_length=64, blank=True
    )  # of the sealed file; '' in an earlier release
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["study", "-made_at"], name="run_latest")]

    def __str__(self) -> str:
        return f"run of {self.made_at:%Y-%m-%d %H:%M} UTC"


class OverAll(models.Manager["Result"]):
    """The rows over all periods and priors: one per term, selection, arm and method."""

    def get_queryset(self) -> models.QuerySet[Result]:
        return super().get_queryset().filter(period="", prior="")


class Result(models.Model):
    """One row per term, selection, arm and method: what was counted and what came of it (`signals/rows.py`). A method
    that says something of each period of the trial, or under each of several priors, has a row for each beside it."""

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
    period = models.CharField(max_length=40, blank=True)  # '' over all
    beyond_margin = models.FloatField(null=True)
    r_hat = models.FloatField(null=True)
    prior = models.CharField(max_length=40, blank=True)  # '' over all

    objects = models.Manager()
    over_all = OverAll()

    class Meta:
        indexes = [models.Index(fields=["run", "level", "selection", "method"], name="result_by_table")]


class ScreeningOrder(models.Model):
    """A screening that was asked for and is done by jobs: of which cut, by which plan, and what became of it.

    `plan` None is the built-in one. `job_id` is its newest job; a resumed order gets another. The plan orders each cut
    once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)  # its run has the same
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="screening_orders")
    cut = models.ForeignKey("cuts.Cut", on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(ScreeningPlan, on_delete=models.PROTECT, null=True, related_name="+")
    analysis_arm = models.CharField(max_length=10)
    also = models.JSONField(default=list)  # further methods beside those of the plan
    departures = models.JSONField(default=list)  # from the plan, in sentences
    asked_from = models.CharField(max_length=10, choices=AskedFrom.choices)
    state = models.CharField(max_length=10, choices=OrderState.choices, default=OrderState.OPEN.value)
    job_id = models.UUIDField(unique=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="+")
    asked_by_name = models.CharField(max_length=120)
    asked_at = models.DateTimeField()
    stopped_by_name = models.CharField(max_length=120, blank=True)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=OrderState.values), name="screening_order_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(asked_from__in=AskedFrom.values), name="screening_order_asked_from_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state="done", run__isnull=False)
                | (~models.Q(state="done") & models.Q(run__isnull=True)),
                name="screening_order_done_has_a_run",
            ),
            models.UniqueConstraint(
                fields=["study", "plan", "cut"],
                condition=models.Q(asked_from="schedule"),
                name="screening_order_of_a_plan_once",
            ),
        ]
        indexes = [models.Index(fields=["study", "-asked_at"], name="screening_order_latest")]

    def __str__(self) -> str:
        return f"screening asked for on {self.asked_at:%Y-%m-%d %H:%M} UTC"


class ScreeningPiece(models.Model):
    """A finished piece of an order: its rows lie sealed in storage until the run is assembled. Written once."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(ScreeningOrder, on_delete=models.PROTECT, related_name="pieces")
    place = models.PositiveSmallIntegerField()  # among the pieces of the order, from 0
    label = models.CharField(max_length=200)
    code_version = models.CharField(max_length=40)
    rows = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "place", "code_version"], name="screening_piece_once")
        ]


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
    """One person is told of one thing, once: about a signal, where `step` is what happened or what set the due date; or
    about a screening of the plan that failed, where `job_id` is that of the attempt that was given up."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    signal = models.ForeignKey(Signal, on_delete=models.PROTECT, null=True, related_name="alerts")
    step = models.ForeignKey(SignalStep, on_delete=models.PROTECT, null=True, related_name="+")
    order = models.ForeignKey(ScreeningOrder, on_delete=models.PROTECT, null=True, related_name="+")
    job_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=10, choices=AlertKind.choices)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "step", "kind", "account"], name="signal_alert_once"),
            models.UniqueConstraint(
                fields=["study", "order", "job_id", "account"],
                condition=models.Q(order__isnull=False),
                name="screening_alert_once",
            ),
            models.CheckConstraint(condition=models.Q(kind__in=AlertKind.values), name="signal_alert_known"),
            models.CheckConstraint(
                condition=models.Q(
                    kind="failed",
                    signal=None,
                    step=None,
                    order__isnull=False,
                    job_id__isnull=False,
                )
                | (
                    ~models.Q(kind="failed")
                    & models.Q(signal__isnull=False, step__isnull=False, order=None, job_id=None)
                ),
                name="signal_alert_is_of_one_thing",
            ),
        ]
        indexes = [models.Index(fields=["study", "account", "-raised_at"], name="signal_alert_of_person")]
