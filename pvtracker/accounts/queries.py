"""Accounts of this room, and what a person still lacks before the first use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from pvtracker.accounts import agreement
from pvtracker.accounts.models import (
    Acceptance,
    Account,
    IdentityCheck,
    Invitation,
    Lockout,
    Notice,
    Reset,
    ResetDecision,
    SystemRole,
    Training,
)
from pvtracker.accounts.roles import ROLES, Permission
from pvtracker.audit.context import Actor
from pvtracker.lib.canonical import sha256_hex

DORMANT_DAYS = 90  # an account that nobody uses for so long is closed
WARN_DAYS = 14  # and listed so long before


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


def system_administrators(*, other_than: list[str]) -> list[Account]:
    """The active people who keep accounts, without those accounts that are named by id."""
    today = timezone.localdate()
    running = Q(ends_on__isnull=True) | Q(ends_on__gte=today)
    roles = [key for key, role in ROLES.items() if Permission.MANAGE_ACCOUNTS in role.permissions]
    held = SystemRole.objects.filter(running, role__in=roles, starts_on__lte=today).values("account_id")
    named = [one for one in other_than if not one.startswith("process:")]
    return list(
        Account.objects.filter(is_active=True, id__in=held).exclude(id__in=named).order_by("username")
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


def accounts(*, show: str = "") -> QuerySet[Account]:
    """Every account of this room, the active ones first; or those that a list of `LISTS` is about."""
    found = Account.objects.order_by("-is_active", "username")
    now, today = timezone.now(), timezone.localdate()
    if show == "dormant":
        return found.filter(unused_since(DORMANT_DAYS - WARN_DAYS), is_active=True)
    if show == "locked":
        shut = Lockout.objects.filter(locked_until__gt=now, account__isnull=False)
        return found.filter(id__in=shut.values("account_id"))
    if show == "invited":
        return found.filter(is_active=True, last_login__isnull=True)
    if show == "unready":
        trained = Training.objects.filter(account=OuterRef("id"), done_on__lte=today, valid_until__gte=today)
        checked = IdentityCheck.objects.filter(account=OuterRef("id"))
        return found.filter(~Exists(trained) | ~Exists(checked), is_active=True)
    return found


# What a list of accounts can be narrowed to, as its links say it.
LISTS = {
    "dormant": "Hardly used",
    "locked": "Locked",
    "invited": "Never came in",
    "unready": "Cannot begin",
}


def unused_since(days: int) -> Q:
    """Accounts that were made, last used and opened again, where they were, more than so many days ago."""
    before = timezone.now() - timedelta(days=days)
    reopened = Q(reopened_at__isnull=True) | Q(reopened_at__lt=before)
    return reopened & Q(created_at__lt=before) & (Q(last_login__isnull=True) | Q(last_login__lt=before))


def dormant() -> Q:
    """Accounts that nobody has used for as long as an account may stay open unused."""
    return unused_since(DORMANT_DAYS)


def resets() -> QuerySet[Reset]:
    """Every reset that was asked for, those that wait for a second person first, then the latest."""
    waiting = Case(When(decision=ResetDecision.WAITING, expires_at__gt=timezone.now(), then=0), default=1)
    return Reset.objects.select_related("account").order_by(waiting, "-asked_at", "id")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One row of what waits for an administrator: how many, why, and where to go on."""

    title: str
    count: int
    text: str
    url: str
    url_label: str
    kind: str = "warning"
    icon: str = "clock-history"


def waiting_for_administrators(account: Account) -> list[Waiting]:
    """What needs a system administrator of this room now; a row for each kind that has any."""
    now = timezone.now()
    to_decide = Reset.objects.filter(decision=ResetDecision.WAITING, expires_at__gt=now).exclude(
        asked_by_id=str(account.id)
    )
    places = (
        (
            "Resets to approve",
            to_decide.exclude(account__person=account.person).count(),
            "Somebody's sign-in is to be reset, and a second person has to approve it.",
            reverse("resets"),
            "danger",
        ),
        (
            "Locked names",
            accounts(show="locked").count(),
            "Too many wrong tries: the person waits 15 minutes, or proves who they are and is let in.",
            f"{reverse('accounts')}?show=locked",
            "danger",
        ),
        (
            "Accounts that cannot begin",
            accounts(show="unready").count(),
            "A training that counts, or the identity check before signing, is not recorded.",
            f"{reverse('accounts')}?show=unready",
            "warning",
        ),
        (
            "Never came in",
            accounts(show="invited").count(),
            "Invited, or made by a command, and not signed in yet.",
            f"{reverse('accounts')}?show=invited",
            "info",
        ),
        (
            "Soon closed as unused",
            accounts(show="dormant").count(),
            f"Not used for {DORMANT_DAYS - WARN_DAYS} days; at {DORMANT_DAYS} the scheduler closes them.",
            f"{reverse('accounts')}?show=dormant",
            "warning",
        ),
        (
            "Mail that nobody took",
            Notice.objects.filter(given_up_at__gt=now - timedelta(days=30)).count(),
            "The mail server refused it for three days, or its reader left. Look at the settings of mail.",
            reverse("accounts"),
            "warning",
        ),
    )
    return [
        Waiting(title=title, count=count, text=text, url=url, url_label="Open", kind=kind)
        for title, count, text, url, kind in places
        if count
    ]


def invitation_for(token: str) -> Invitation | None:
    """The invitation that a token belongs to, spent or not."""
    return (
        Invitation.objects.filter(token_sha256=sha256_hex(token.encode()))
        .select_related("account", "reset")
        .first()
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
