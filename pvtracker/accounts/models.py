"""People who sign in to this room. An account belongs to one room; `person` links a human's two accounts."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Cast, Lower, Now

from pvtracker.accounts.roles import ROLES
from pvtracker.audit.context import Actor


class AccountManager(BaseUserManager["Account"]):
    """Finds accounts by user name, whatever the case of its letters."""

    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(username__iexact=username)


class Account(AbstractBaseUser):
    """One person's way into this room. Never deleted and never reused, only deactivated."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(max_length=60, unique=True)
    full_name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    person = models.UUIDField(default=uuid.uuid4)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    reopenable = models.BooleanField(
        default=False
    )  # closed for now, or as unused: two people may open it again
    reopened_at = models.DateTimeField(null=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]
    objects: ClassVar[AccountManager] = AccountManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("username"), name="account_username_once")]

    def __str__(self) -> str:
        return self.full_name

    def actor(self, role: str = "") -> Actor:
        """This person as the actor of an action."""
        return Actor(id=str(self.id), name=self.full_name, role=role)


class SystemRole(models.Model):
    """A role that is held in no study, from a day until a day. Never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="system_roles")
    role = models.CharField(max_length=40)  # key of a role whose scope is the system
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    reason = models.CharField(max_length=300)
    granted_by_id = models.CharField(max_length=60)
    granted_by = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "role", "starts_on"], name="system_role_once"),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=models.F("starts_on")),
                name="system_role_dates_in_order",
            ),
        ]

    @property
    def role_label(self) -> str:
        return ROLES[self.role].label


class Invitation(models.Model):
    """A way in that works once and for some days. Of its token only the hash is kept.

    One that belongs to a reset asks for the code as well that was told to whoever asked for the reset.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="invitations")
    token_sha256 = models.CharField(max_length=64, unique=True)
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    invited_by_id = models.CharField(max_length=60)
    invited_by = models.CharField(max_length=120)
    reset = models.ForeignKey("accounts.Reset", on_delete=models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"invitation of {self.account}"


class IdentityCheck(models.Model):
    """Another person made sure that this account belongs to the human whose name it bears; before a signing right."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="identity_checks")
    how = models.CharField(max_length=300)
    checked_at = models.DateTimeField()
    checked_by_id = models.CharField(max_length=60)
    checked_by = models.CharField(max_length=120)


class AgencyLetter(models.Model):
    """The letter by which an agency was told that this person's electronic signatures bind (21 CFR 11.100(c))."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="agency_letters")
    agency = models.CharField(max_length=120)
    sent_on = models.DateField()
    reference = models.CharField(max_length=200, blank=True)
    recorded_by_id = models.CharField(max_length=60)
    recorded_by = models.CharField(max_length=120)


class Training(models.Model):
    """A training that was done, and the last day on which it counts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="trainings")
    title = models.CharField(max_length=200)
    done_on = models.DateField()
    valid_until = models.DateField()
    recorded_by_id = models.CharField(max_length=60)
    recorded_by = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_until__gte=models.F("done_on")), name="training_dates_in_order"
            ),
        ]


class Acceptance(models.Model):
    """The person accepted one version of the user agreement (`accounts.agreement`)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="acceptances")
    version = models.CharField(max_length=20)
    accepted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "version"], name="acceptance_once")]


class Signature(models.Model):
    """One electronic signature: who signed which version of which record, when, and what it means. Written once.

    `sha256` is of the whole record in that version (`accounts.signing.record`): the signature fits no other.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study_id = models.UUIDField()  # no key: studies stand above accounts
    kind = models.CharField(max_length=40)  # a key of accounts.signing.meanings
    object_id = models.UUIDField()
    version = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    meaning = models.CharField(max_length=20)  # key in accounts.signing.meanings
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="signatures")
    printed_name = models.CharField(max_length=120)
    role = models.CharField(max_length=40)
    signed_at = models.DateTimeField(db_default=Now())  # the database's clock
    session = models.CharField(max_length=64)  # sha256 of the session's key
    series = models.UUIDField()
    components = ArrayField(models.CharField(max_length=20))  # what was asked: user name, password, code

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "object_id", "version", "account", "meaning"], name="signature_once"
            ),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="signature_version_positive"),
            models.CheckConstraint(
                condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$"), name="signature_sha256"
            ),
            models.CheckConstraint(
                condition=models.Q(components__contains=["password"]), name="signature_asked_a_secret"
            ),
        ]
        indexes = [models.Index(fields=["study_id", "-signed_at"], name="signature_latest")]


class OpenSession(models.Model):
    """One signed-in browser of a person: what the clocks of a session run on, and what "Your sessions" lists.

    Django's own session row holds the id of this one. Ending is written here, and counts from the next request on.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="sessions")
    started_at = models.DateTimeField()
    used_at = models.DateTimeField()
    device = models.CharField(max_length=200)
    address = models.CharField(max_length=60)
    second_factor = models.BooleanField(default=False)
    new_device = models.BooleanField(default=False)  # not seen for this account before
    tell = models.TextField(blank=True)  # what the next page of this session says, once
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=40, blank=True)


class Lockout(models.Model):
    """Wrong tries at one door: a user name, an address, a person's codes, an API client.

    The key is a keyed hash: people type passwords into the wrong field, and nobody should find them here.
    """

    key = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(max_length=10)
    failures = models.PositiveIntegerField(default=0)
    counted_from = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="lockouts")


class ResetWhat(models.TextChoices):
    FACTORS = "factors", "Second factors, for a lost device"
    PASSWORD = "password", "Password"
    BOTH = "both", "Password and second factors"
    REOPEN = "reopen", "Open the account again"


class ResetDecision(models.TextChoices):
    WAITING = "waiting", "Waiting for a second person"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"
    EXPIRED = "expired", "Ran out"


class Reset(models.Model):
    """A way in taken from an account so that its person gets another: asked by one person, approved by another.

    Nothing of the account changes before. Never deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="resets")
    what = models.CharField(max_length=10, choices=ResetWhat.choices)
    reason = models.CharField(max_length=300)
    identity = models.CharField(max_length=300)  # how the asker made sure who asks
    by_mail = models.BooleanField(
        default=False
    )  # the link goes to the person's own address, else by the approver
    code = models.CharField(max_length=128, blank=True)  # salted hash; told once to the asker
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    asked_by_id = models.CharField(max_length=60)
    asked_by = models.CharField(max_length=120)
    decision = models.CharField(max_length=10, choices=ResetDecision.choices, default=ResetDecision.WAITING)
    decided_at = models.DateTimeField(null=True)
    decided_by_id = models.CharField(max_length=60, default="")
    decided_by = models.CharField(max_length=120, default="")
    decision_reason = models.CharField(max_length=300, default="")
    told_at = models.DateTimeField(null=True)  # at the person's next sign-in

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(decision="waiting"), name="reset_asked_once"
            ),
            models.CheckConstraint(condition=models.Q(what__in=ResetWhat.values), name="reset_what_known"),
            models.CheckConstraint(
                condition=models.Q(decision__in=ResetDecision.values), name="reset_decision_known"
            ),
            models.CheckConstraint(
                condition=models.Q(decision="waiting", decided_at__isnull=True)
                | models.Q(decided_at__isnull=False) & ~models.Q(decision="waiting"),
                name="reset_decided_at",
            ),
            models.CheckConstraint(
                condition=~models.Q(decision="approved") | ~models.Q(decided_by_id=""),
                name="reset_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by_id="")
                | ~models.Q(decided_by_id=models.F("asked_by_id"))
                & ~models.Q(decided_by_id=Cast("account", models.CharField())),
                name="reset_two_people",
            ),
            models.CheckConstraint(
                condition=~models.Q(asked_by_id=Cast("account", models.CharField())),
                name="reset_not_asked_by_its_own_account",
            ),
        ]

    def __str__(self) -> str:
        return f"reset of {self.account}"


class Notice(models.Model):
    """Mail that is owed: that something needs somebody at this room's address. What it is, the room alone says."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, related_name="+"
    )  # null: security
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, null=True, related_name="+")
    owed_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "invitation"],
                condition=models.Q(sent_at__isnull=True, given_up_at__isnull=True),
                name="notice_owed_once",
                nulls_distinct=False,
            ),
        ]
