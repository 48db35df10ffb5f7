"""Adverse events, the judgements on them, their versions, the queries they raise, and what is being typed.

An event is amended by a new version and voided by a last one; no row is ever deleted.
"""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Now

from pvtracker.audit.models import Operation
from pvtracker.events.enums import (
    ActionTaken,
    Assessor,
    Causality,
    EventState,
    LockScope,
    Outcome,
    SeriousnessCriterion,
)
from pvtracker.participants.models import partial_date_constraint


class AdverseEvent(models.Model):
    """The current version. `serious` is as reported (null: not stated); `criteria` may contradict it, and then a
    query says so."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="adverse_events")
    participant = models.ForeignKey(
        "participants.Participant", on_delete=models.PROTECT, related_name="adverse_events"
    )
    number = models.PositiveIntegerField()  # within the participant
    verbatim = models.CharField(max_length=400)
    term = models.ForeignKey("coding.Term", on_delete=models.PROTECT, null=True, related_name="+")
    onset = models.CharField(max_length=30, blank=True)
    onset_earliest = models.DateField(null=True)
    onset_latest = models.DateField(null=True)
    end = models.CharField(max_length=30, blank=True)
    end_earliest = models.DateField(null=True)
    end_latest = models.DateField(null=True)
    ongoing = models.BooleanField(default=False)
    phase = models.CharField(max_length=40, blank=True)
    scale = models.CharField(max_length=40)
    grade = models.PositiveSmallIntegerField(null=True)
    severity_reported = models.CharField(max_length=40, blank=True)
    serious = models.BooleanField(null=True)
    criteria = ArrayField(models.CharField(max_length=20), default=list)
    outcome = models.CharField(max_length=30, blank=True, choices=Outcome.choices)
    outcome_reported = models.CharField(max_length=200, blank=True)  # where it is none of our words
    aware_on = models.CharField(max_length=30, blank=True)  # the site became aware
    aware_on_earliest = models.DateField(null=True)
    aware_on_latest = models.DateField(null=True)
    narrative = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=EventState.choices, default=EventState.SUBMITTED)
    version = models.PositiveIntegerField(default=1)
    source_id = models.CharField(max_length=60, blank=True)
    source_hash = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["participant", "number"], name="event_number_once"),
            UniqueConstraint(
                fields=["participant", "source_id"], condition=~Q(source_id=""), name="event_source_once"
            ),
            CheckConstraint(
                condition=Q(grade__isnull=True) | Q(grade__range=(1, 5)), name="event_grade_1_to_5"
            ),
            CheckConstraint(condition=Q(version__gte=1), name="event_version_positive"),
            CheckConstraint(condition=Q(state__in=EventState.values), name="event_state_known"),
            CheckConstraint(condition=Q(outcome__in=["", *Outcome.values]), name="event_outcome_known"),
            CheckConstraint(
                condition=Q(criteria__contained_by=SeriousnessCriterion.values), name="event_criteria_known"
            ),
            CheckConstraint(condition=~Q(verbatim=""), name="event_verbatim_given"),
            partial_date_constraint("event", "onset"),
            partial_date_constraint("event", "end"),
            partial_date_constraint("event", "aware_on"),
        ]

    def __str__(self) -> str:
        return f"adverse event {self.number} of {self.participant}"

    @property
    def label(self) -> str:
        """The preferred term once coded, else what the clinician wrote."""
        return self.term.preferred_term if self.term else self.verbatim


class Assessment(models.Model):
    """One assessor's judgement on one intervention. The sponsor adds an opinion, never replaces one."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, related_name="assessments")
    intervention = models.ForeignKey("studies.Intervention", on_delete=models.PROTECT, related_name="+")
    assessor = models.CharField(max_length=20, choices=Assessor.choices)
    causality = models.CharField(max_length=20, choices=Causality.choices, blank=True)
    causality_reported = models.CharField(max_length=40, blank=True)
    action_taken = models.CharField(max_length=20, choices=ActionTaken.choices, blank=True)
    action_reported = models.CharField(max_length=200, blank=True)  # where it is none of our words

    class Meta:
        constraints = [
            UniqueConstraint(fields=["event", "intervention", "assessor"], name="assessment_once"),
            CheckConstraint(condition=Q(assessor__in=Assessor.values), name="assessment_assessor_known"),
            CheckConstraint(
                condition=Q(causality__in=["", *Causality.values]), name="assessment_causality_known"
            ),
            CheckConstraint(
                condition=Q(action_taken__in=["", *ActionTaken.values]), name="assessment_action_known"
            ),
        ]


class AdverseEventVersion(models.Model):
    """What the event said at one version, who wrote it and why. Written once."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    operation = models.CharField(max_length=10, choices=Operation.choices)
    body = models.JSONField()
    reason = models.CharField(max_length=500, blank=True)
    actor = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=120)
    role = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=120)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["event", "version"], name="event_version_once"),
            CheckConstraint(
                condition=Q(operation="created") | ~Q(reason=""), name="event_version_change_has_reason"
            ),
        ]


class QueryState(models.TextChoices):
    OPEN = "open", "Open"
    ANSWERED = "answered", "Answered"
    CLOSED = "closed", "Closed"


class DataQuery(models.Model):
    """A question about a stored value: raised by a rule, answered by a person. It never blocks storing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    participant = models.ForeignKey(
        "participants.Participant", on_delete=models.PROTECT, related_name="queries"
    )
    event = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, null=True, related_name="queries")
    domain = models.CharField(max_length=10)
    source_id = models.CharField(max_length=60, blank=True)
    rule = models.CharField(max_length=60)
    field = models.CharField(max_length=40)
    message = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=QueryState.choices, default=QueryState.OPEN)
    answer = models.CharField(max_length=500, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["participant", "domain", "source_id", "event", "rule", "field"],
                condition=Q(state="open"),
                name="query_open_once",
                nulls_distinct=False,
            ),
            CheckConstraint(condition=Q(state__in=QueryState.values), name="query_state_known"),
        ]


class EventLock(models.Model):
    """An event that nobody changes until the lock is opened. Rows stay when it is: they are the lock's history."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, related_name="locks")
    version = models.PositiveIntegerField()
    scope = models.CharField(max_length=12, choices=LockScope.choices)
    up_to = models.DateField(null=True)  # of a participant's or the study's events: onset up to this day
    reason = models.CharField(max_length=500)
    locked_by = models.CharField(max_length=80)
    locked_by_name = models.CharField(max_length=120)
    locked_at = models.DateTimeField(db_default=Now())
    opened_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["event"], condition=Q(opened_at=None), name="event_locked_once"),
            CheckConstraint(condition=Q(scope__in=LockScope.values), name="event_lock_scope_known"),
            CheckConstraint(condition=~Q(reason=""), name="event_lock_has_reason"),
        ]

    def __str__(self) -> str:
        return f"lock of {self.event}"


class Decision(models.TextChoices):
    WAITING = "waiting", "Waiting"
    APPROVED = "approved", "Approved"
    REFUSED = "refused", "Refused"


class UnlockRequest(models.Model):
    """Somebody asks for a lock to be opened, with a reason; somebody else decides."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    lock = models.ForeignKey(EventLock, on_delete=models.PROTECT, related_name="requests")
    reason = models.CharField(max_length=500)
    requested_by = models.CharField(max_length=80)
    requested_by_name = models.CharField(max_length=120)
    requested_at = models.DateTimeField(db_default=Now())
    decision = models.CharField(max_length=10, choices=Decision.choices, default=Decision.WAITING)
    decided_by = models.CharField(max_length=80, blank=True)
    decided_by_name = models.CharField(max_length=120, blank=True)
    decided_at = models.DateTimeField(null=True)
    comment = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["lock"], condition=Q(decision="waiting"), name="unlock_asked_once"),
            CheckConstraint(condition=Q(decision__in=Decision.values), name="unlock_decision_known"),
            CheckConstraint(condition=~Q(reason=""), name="unlock_has_reason"),
            CheckConstraint(
                condition=Q(decision="waiting", decided_by="", decided_at=None)
                | (~Q(decision="waiting") & ~Q(decided_by="") & Q(decided_at__isnull=False)),
                name="unlock_decided_by_somebody",
            ),
            CheckConstraint(
                condition=~Q(decided_by=models.F("requested_by")), name="unlock_decided_by_another_person"
            ),
        ]


class HeldState(models.TextChoices):
    HELD = "held", "Held"
    RELEASED = "released", "Released"
    REWRITTEN = "rewritten", "Written anew"


class HeldText(models.Model):
    """A text that may tell an arm, kept here and nowhere else until a person has read it.

    In the event, its versions, the feed and the cut stands `HELD` instead. Nothing that was written is lost. A text of
    a delivered row (history, medication, disposition, measurement, visit) is known by its participant, kind and row.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, null=True, related_name="held_texts")
    participant = models.ForeignKey(
        "participants.Participant", on_delete=models.PROTECT, null=True, related_name="held_texts"
    )  # of a delivered row
    domain = models.CharField(max_length=2, blank=True)  # MH, CM, DS, LB, VS, SV, EX, DM of such a row
    source_id = models.CharField(max_length=60, blank=True)
    field = models.CharField(
        max_length=80
    )  # of the event; causality_reported:CODE of a judgement; of the row
    text = models.TextField()
    words = models.CharField(max_length=300)  # what was found in it
    state = models.CharField(max_length=10, choices=HeldState.choices, default=HeldState.HELD)
    held_at = models.DateTimeField()
    held_from = models.CharField(max_length=80)  # id of who wrote it
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["event", "field"], condition=Q(state="held"), name="held_text_once"),
            UniqueConstraint(
                fields=["participant", "domain", "source_id", "field"],
                condition=Q(state="held", event=None),
                name="held_text_of_row_once",
            ),
            CheckConstraint(
                condition=Q(event__isnull=False, participant=None, domain="", source_id="")
                | (Q(event=None, participant__isnull=False) & ~Q(domain="")),
                name="held_text_of_event_or_row",
            ),
            CheckConstraint(condition=Q(state__in=HeldState.values), name="held_text_state_known"),
        ]


class ArmWord(models.Model):
    """A name of a product of the study that tells an arm, beside the arms' own names and codes."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    word = models.CharField(max_length=120)

    class Meta:
        constraints = [UniqueConstraint(fields=["study", "word"], name="arm_word_once")]


class Draft(models.Model):
    """What a person has typed and not yet submitted: kept as typed, held to no clinical rule.

    One that somebody else went on with stays as it is, and says who took it over, by whom and why.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    participant = models.ForeignKey("participants.Participant", on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, null=True, related_name="+")
    body = models.JSONField()
    saved_at = models.DateTimeField()
    handed_at = models.DateTimeField(null=True)
    handed_to = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, null=True, related_name="+")
    handed_by = models.CharField(max_length=120, blank=True)
    handed_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["account", "participant", "event"],
                condition=Q(handed_at=None),
                name="draft_once",
                nulls_distinct=False,
            ),
            CheckConstraint(
                condition=Q(handed_at=None, handed_to=None, handed_reason="")
                | (Q(handed_at__isnull=False, handed_to__isnull=False) & ~Q(handed_reason="")),
                name="draft_handed_to_somebody",
            ),
        ]
