"""The protocol: studies, versions, sites, the arms' names, interventions, and who works where.

The same tables stand in both rooms. The open room writes them; the closed room copies them from the manifest of each
cut. Which participant is in which arm is not here: only the names that the protocol prints.
"""

from __future__ import annotations

import uuid

from django.db import models

from pvtracker.accounts.roles import ROLES


class AnalysisArm(models.TextChoices):
    ACTUAL = "actual", "Actual arm (treatment received)"
    PLANNED = "planned", "Planned arm (as randomised)"


class Study(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=300)
    sponsor = models.CharField(max_length=120, blank=True)
    planned_participants = models.PositiveIntegerField(null=True)
    simulated = models.BooleanField(default=False)
    severity_scale = models.CharField(max_length=40, default="mild-moderate-severe")
    analysis_arm = models.CharField(max_length=10, choices=AnalysisArm.choices, default=AnalysisArm.ACTUAL)
    emergent_window_days = models.PositiveIntegerField(null=True)  # after last exposure; null: no upper end
    definitions = models.JSONField(default=dict)  # what differs from the defaults of `definitions.py`
    revealing_analytes = models.JSONField(default=list)  # analyte codes that tell the arm: closed room only
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(analysis_arm__in=AnalysisArm.values), name="study_analysis_arm"
            ),
            models.CheckConstraint(condition=~models.Q(code=""), name="study_code_given"),
        ]

    def __str__(self) -> str:
        return self.code


class ProtocolVersion(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="protocol_versions")
    number = models.CharField(max_length=20)
    approved_on = models.DateField(null=True)
    summary = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "number"], name="protocol_version_once")]


class Site(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="sites")
    code = models.CharField(max_length=20)
    country = models.CharField(max_length=3, blank=True)
    time_zone = models.CharField(max_length=60, default="UTC")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "code"], name="site_code_once")]

    def __str__(self) -> str:
        return self.code


class Arm(models.Model):
    """The name of a randomised group, as the protocol prints it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="arms")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    is_reference = models.BooleanField(default=False)
    ordinal = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="arm_code_once"),
            models.UniqueConstraint(
                fields=["study"], condition=models.Q(is_reference=True), name="arm_one_reference"
            ),
        ]


class InterventionKind(models.TextChoices):
    PRODUCT = "product", "Product"
    PROCEDURE = "procedure", "Procedure"
    BACKGROUND = "background", "Background treatment"


class Intervention(models.Model):
    """One thing done to a participant that may cause harm, under its blinded name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="interventions")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=InterventionKind.choices)
    ordinal = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="intervention_code_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=InterventionKind.values), name="intervention_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's role in a study, at one site or (no site) at all of them, from a day until a day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="memberships")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="memberships")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="memberships")
    role = models.CharField(max_length=40)  # key in accounts.roles.ROLES
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    reason = models.CharField(max_length=300)
    granted_by_id = models.CharField(max_length=60, default="")
    granted_by = models.CharField(max_length=120)
    approved_by_id = models.CharField(max_length=60, default="")  # of a role that needs a second person
    approved_by = models.CharField(max_length=120, default="")
    ended_at = models.DateTimeField(null=True)  # taken away at once, in the course of its last day
    ended_by = models.CharField(max_length=120, default="")
    end_reason = models.CharField(max_length=300, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "account", "site", "role", "starts_on"],
                name="membership_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=models.F("starts_on")),
                name="membership_dates_in_order",
            ),
        ]

    @property
    def role_label(self) -> str:
        return ROLES[self.role].label


class Decision(models.TextChoices):
    WAITING = "waiting", "Waiting for a second person"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"


class MembershipRequest(models.Model):
    """A membership that one person proposed and another approves or declines. Never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="membership_requests")
    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, related_name="membership_requests"
    )
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=40)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    reason = models.CharField(max_length=300)
    proposed_at = models.DateTimeField()
    proposed_by_id = models.CharField(max_length=60)
    proposed_by = models.CharField(max_length=120)
    decision = models.CharField(max_length=10, choices=Decision.choices, default=Decision.WAITING)
    decided_at = models.DateTimeField(null=True)
    decided_by_id = models.CharField(max_length=60, default="")
    decided_by = models.CharField(max_length=120, default="")
    decision_reason = models.CharField(max_length=300, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decision__in=Decision.values), name="membership_request_decision"
            ),
            models.CheckConstraint(
                condition=models.Q(decision=Decision.WAITING, decided_at__isnull=True)
                | models.Q(decided_at__isnull=False) & ~models.Q(decision=Decision.WAITING),
                name="membership_request_decided_at",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by_id="") | ~models.Q(decided_by_id=models.F("proposed_by_id")),
                name="membership_request_two_people",
            ),
        ]

    @property
    def role_label(self) -> str:
        return ROLES[self.role].label


class AccessReview(models.Model):
    """Somebody went through everybody's access to a study: what was decided about each membership, and why."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="access_reviews")
    reviewed_at = models.DateTimeField()
    reviewed_by_id = models.CharField(max_length=60)
    reviewed_by = models.CharField(max_length=120)
    reason = models.CharField(max_length=300)
    decisions = models.JSONField()  # [{membership, keep}], by the memberships' ids


class BlindingFinding(models.Model):
    """Closed room: somebody who works here unblinded turned up in the open room's list of the same study."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="blinding_findings")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    open_role = models.CharField(max_length=40)
    found_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "account", "open_role"],
                condition=models.Q(gone_at__isnull=True),
                name="blinding_finding_once",
            ),
        ]

    @property
    def open_role_label(self) -> str:
        return ROLES[self.open_role].label if self.open_role in ROLES else self.open_role
