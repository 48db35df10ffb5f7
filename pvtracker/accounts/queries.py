"""Accounts of this room, and what a person still lacks before the first use."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from pvtracker.accounts import agreement
from pvtracker.accounts.models import Acceptance, Account, IdentityCheck, Invitation, SystemRole, Training
from pvtracker.accounts.roles import ROLES, Permission
from pvtracker.audit.context import Actor
from pvtracker.lib.canonical import sha256_hex

DORMANT_DAYS = 90


def same_human(one: str, other: str) -> bool:
    """Do two actors' ids belong to one human? A second account makes no second person."""
    if one == other:
        return True
    ids = [actor for actor in (one, other) if not actor.startswith("process:")]
    persons = list(Account.objects.filter(id__in=ids).values_list("person", flat=True))
    return len(persons) == 2 and persons[0] == persons[1]


def job_actor(requested_by: str) -> Actor:
    """Who a job works for: the person who asked, by name, or the process that did."""
    if requested_by.startswith("process:"):
        return Actor(id=requested_by, name=requested_by.removeprefix("process:"), role="job")
    account = Account.objects.filter(pk=requested_by).first()
    return Actor(id=requested_by, name=account.full_name if account else requested_by, role="job")


def system_roles(account: Any) -> list[str]:
    """Keys of the system roles in force today."""
    if not isinstance(account, Account) or not account.is_active:
        return []
    today = timezone.localdate()
    running = Q(ends_on__isnull=True) | Q(ends_on__gte=today)
    return list(
        SystemRole.objects.filter(running, account=account, starts_on__lte=today).values_list(
            "role", flat=True
        )
    )


def has_system_permission(account: Any, permission: Permission) -> bool:
    """May this person do this in the installation? Remembered on the account object for the request."""
    if not isinstance(account, Account):
        return False
    remembered: list[str] | None = getattr(account, "_system_roles", None)
    if remembered is None:
        remembered = system_roles(account)
        account._system_roles = remembered  # type: ignore[attr-defined]  # lives as long as the request
    return any(permission in ROLES[key].permissions for key in remembered)


def system_actor(account: Any, permission: Permission) -> Actor:
    """The person as actor under a system role; 404, as for a page that does not exist, without the permission."""
    if not isinstance(account, Account) or not has_system_permission(account, permission):
        raise Http404("No such page.")
    role = next(key for key in system_roles(account) if permission in ROLES[key].permissions)
    return account.actor(role=role)


def accounts(*, dormant_only: bool = False) -> QuerySet[Account]:
    """Every account of this room, the active ones first; or those that nobody has used for 90 days."""
    found = Account.objects.order_by("-is_active", "username")
    return found.filter(dormant(), is_active=True) if dormant_only else found


def dormant() -> Q:
    """Accounts that were made, and last used, more than 90 days ago."""
    before = timezone.now() - timedelta(days=DORMANT_DAYS)
    return Q(created_at__lt=before) & (Q(last_login__isnull=True) | Q(last_login__lt=before))


def invitation_for(token: str) -> Invitation | None:
    """The invitation that a token belongs to, spent or not."""
    return (
        Invitation.objects.filter(token_sha256=sha256_hex(token.encode())).select_related("account").first()
    )


def lacking(account: Account) -> list[str]:
    """What a person still lacks before they may work here, of "agreement" and "training"; asked with one query."""
    today = timezone.localdate()
    agreed = Acceptance.objects.filter(account=OuterRef("id"), version=agreement.VERSION)
    trained = Training.objects.filter(account=OuterRef("id"), done_on__lte=today, valid_until__gte=today)
    found = Account.objects.filter(id=account.id).values_list(Exists(agreed), Exists(trained)).first()
    has_agreed, is_trained = found or (False, False)
    return [name for name, there in (("agreement", has_agreed), ("training", is_trained)) if not there]


def trained_until(account: Account) -> date | None:
    """The last day on which the longest of a person's trainings counts."""
    latest = Training.objects.filter(account=account).order_by(F("valid_until").desc()).first()
    return latest.valid_until if latest else None


def identity_checked(account: Account) -> bool:
    """Has another person made sure who this is?"""
    return IdentityCheck.objects.filter(account=account).exists()
