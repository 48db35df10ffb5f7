"""Studies as one person may see them. Everything study-scoped is fetched through the person's memberships."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.http import Http404
from django.utils import timezone

from pvtracker.accounts.models import Account
from pvtracker.accounts.queries import identity_checked
from pvtracker.accounts.roles import ROLES, SIGNING, Permission
from pvtracker.audit.context import Actor, enter_study
from pvtracker.studies.models import AccessReview, BlindingFinding, Membership, MembershipRequest, Site, Study
from pvtracker.studies.rules import running


def memberships_of(account: Any) -> list[Membership]:
    """The memberships in force today, with their study and site."""
    if not isinstance(account, Account) or not account.is_active:
        return []
    today = timezone.localdate()
    return list(
        Membership.objects.filter(running(today), account=account, starts_on__lte=today)
        .select_related("study", "site")
        .order_by("study__code", "role")
    )


def _remembered(account: Any) -> list[Membership]:
    """The memberships in force, remembered on the account object for the request."""
    remembered: list[Membership] | None = getattr(account, "_memberships", None)
    if remembered is None:
        remembered = memberships_of(account)
        if isinstance(account, Account):
            account._memberships = remembered  # type: ignore[attr-defined]  # lives as long as the request
    return remembered


def needs_second_factor(account: Account) -> bool:
    """Does one of the person's roles in a study ask for more than a password?"""
    return any(ROLES[m.role].second_factor for m in _remembered(account))


def _granting(account: Any, permission: Permission, study: Study) -> list[Membership]:
    """Memberships in a study that give a permission; none to sign with before the identity was checked."""
    if permission in SIGNING and not (isinstance(account, Account) and identity_checked(account)):
        return []
    return [
        m for m in _remembered(account) if m.study_id == study.id and permission in ROLES[m.role].permissions
    ]


def has_permission(account: Any, permission: Permission, *, study: Study, site: Site | None = None) -> bool:
    """May this person do this in this study (and, when named, at this site)?"""
    granting = _granting(account, permission, study)
    return any(site is None or m.site_id is None or m.site_id == site.id for m in granting)


def study_for(account: Any, code: str, permission: Permission) -> Study:
    """The study, when the person has the permission in it, entered for this transaction.

    Unknown and forbidden are the same answer: 404.
    """
    study = Study.objects.filter(code=code).first()
    if study is None or not has_permission(account, permission, study=study):
        raise Http404("No such study.")
    enter_study(study.id)
    return study


def study_for_any(account: Any, code: str, permissions: Iterable[Permission]) -> Study:
    """The same, when the person has one of the permissions."""
    study = Study.objects.filter(code=code).first()
    if study is None or not any(has_permission(account, each, study=study) for each in permissions):
        raise Http404("No such study.")
    enter_study(study.id)
    return study


def study_by_id(account: Any, study_id: uuid.UUID) -> Study | None:
    """The study, when the person works in it in any role."""
    return next((m.study for m in memberships_of(account) if m.study_id == study_id), None)


def sites_for(account: Any, permission: Permission, study: Study) -> QuerySet[Site]:
    """The sites at which the person has the permission: all of them when a membership names none."""
    granting = _granting(account, permission, study)
    sites = Site.objects.filter(study=study).order_by("code")
    if any(m.site_id is None for m in granting):
        return sites
    return sites.filter(id__in=[m.site_id for m in granting])


def actor_for(account: Any, permission: Permission, study: Study) -> Actor:
    """The person as actor, under the role that gives the permission."""
    granting = _granting(account, permission, study)
    if not granting or not isinstance(account, Account):
        raise Http404("No such study.")
    return account.actor(role=granting[0].role)


def somebody_approves(study: Study, *, other_than: Account) -> bool:
    """Can anybody but this person approve a membership in the study today?"""
    today = timezone.localdate()
    held = Membership.objects.filter(
        running(today), study=study, starts_on__lte=today, account__is_active=True
    )
    roles = held.exclude(account=other_than).values_list("role", flat=True).distinct()
    return any(Permission.APPROVE_MEMBERS in ROLES[role].permissions for role in roles)


# --- who works in a study; the study is entered -----------------------------------------------------------------------
REVIEW_DAYS = 90


@dataclass(frozen=True, slots=True)
class ReviewState:
    """When access to a study was last gone through, and when it has to be again."""

    last: AccessReview | None
    due_on: date | None  # None: nobody works here yet
    overdue: bool


def members_of(study: Study) -> list[Membership]:
    """Memberships that run or will begin, by role and name."""
    found = Membership.objects.filter(running(timezone.localdate()), study=study)
    return list(
        found.select_related("account", "site").order_by("role", "account__full_name", "starts_on", "id")
    )


def former_members_of(study: Study) -> list[Membership]:
    """Memberships that have ended, the last first."""
    found = Membership.objects.filter(study=study).exclude(running(timezone.localdate()))
    return list(found.select_related("account", "site").order_by("-ends_on", "account__full_name", "id"))


def requests_of(study: Study) -> list[MembershipRequest]:
    """Proposed memberships, decided or not, the latest first."""
    found = MembershipRequest.objects.filter(study=study).select_related("account", "site")
    return list(found.order_by("-proposed_at", "id"))


def request_of(study: Study, request_id: uuid.UUID) -> MembershipRequest | None:
    found = MembershipRequest.objects.filter(study=study, id=request_id)
    return found.select_related("study", "account", "site").first()


def reviews_of(study: Study) -> list[AccessReview]:
    """The reviews of access that were recorded, the latest first."""
    return list(AccessReview.objects.filter(study=study).order_by("-reviewed_at"))


def review_state(study: Study) -> ReviewState:
    """Ninety days after the last review, or after the first membership, access has to be gone through."""
    last = AccessReview.objects.filter(study=study).order_by("-reviewed_at").first()
    first = Membership.objects.filter(study=study).order_by("starts_on").first()
    since = last.reviewed_at.date() if last else first.starts_on if first else None
    due = since + timedelta(days=REVIEW_DAYS) if since else None
    return ReviewState(last=last, due_on=due, overdue=due is not None and due < timezone.localdate())


def blinding_findings(study: Study) -> list[BlindingFinding]:
    """Closed room: people who were found blinded and unblinded at once, what is still so first."""
    found = BlindingFinding.objects.filter(study=study).select_related("account")
    return list(found.order_by(F("gone_at").desc(nulls_first=True), "-found_at"))
