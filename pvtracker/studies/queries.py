"""Studies as one person may see them. Everything study-scoped is fetched through the person's memberships."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet
from django.http import Http404
from django.utils import timezone

from pvtracker.accounts.factors import last_tested_of_member
from pvtracker.accounts.models import Account, Reset, ResetDecision
from pvtracker.accounts.queries import identity_checked
from pvtracker.accounts.roles import ROLES, SIGNING, Permission
from pvtracker.audit.context import Actor, enter_study, require_transaction, within
from pvtracker.studies.definitions import OF_THE_STUDY, Definitions, of_settings
from pvtracker.studies.models import (
    AccessReview,
    BlindingFinding,
    Intervention,
    Membership,
    MembershipRequest,
    Site,
    Study,
)
from pvtracker.studies.rules import running


def memberships_of(account: Any) -> list[Membership]:
    """The memberships in force today, with their study and site: all of them for the person who acts in this
    transaction, for anybody else those in the study that was entered.
    """
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


def _granting(account: Any, permission: Permission, study: Study | None = None) -> list[Membership]:
    """Memberships that give a permission, in one study or in any; none to sign with before the identity was checked."""
    if permission in SIGNING and not (isinstance(account, Account) and identity_checked(account)):
        return []
    granting = [m for m in _remembered(account) if permission in ROLES[m.role].permissions]
    return granting if study is None else [m for m in granting if m.study_id == study.id]


def definitions_of(study: Study) -> Definitions:
    """By which definitions the cuts of the study are frozen from now on."""
    return of_settings({name: getattr(study, name) for name in (*OF_THE_STUDY, "definitions")})


def has_permission(account: Any, permission: Permission, *, study: Study, site: Site | None = None) -> bool:
    """May this person do this in this study (and, when named, at this site)?"""
    granting = _granting(account, permission, study)
    return any(site is None or m.site_id is None or m.site_id == site.id for m in granting)


def study_for(account: Any, code: str, permission: Permission) -> Study:
    """The study, when the person has the permission in it, entered for this transaction.

    Unknown and forbidden are the same answer: 404. Nothing of the study was read before the person's own memberships
    named it.
    """
    return study_for_any(account, code, [permission])


def study_for_any(account: Any, code: str, permissions: Iterable[Permission]) -> Study:
    """The same, when the person has one of the permissions."""
    granting = (m for permission in permissions for m in _granting(account, permission))
    return _entered(next((m.study for m in granting if m.study.code == code), None))


def study_by_id(account: Any, study_id: uuid.UUID) -> Study:
    """The study, when the person works in it in any role, entered for this transaction; 404 otherwise."""
    return _entered(next((m.study for m in _remembered(account) if m.study_id == study_id), None))


def _entered(study: Study | None) -> Study:
    if study is None:
        raise Http404("No such study.")
    enter_study(study.id)
    return study


def enter_by_code(code: str) -> Study | None:
    """The study of this code, entered for this transaction; None when there is none. Asks nobody's permission: this is
    for commands and for callers that look for the permission next, and leave again when there is none.
    """
    study_id = enter_code(code)
    return Study.objects.get(id=study_id) if study_id else None


def enter_code(code: str) -> uuid.UUID | None:
    """The id of the study of this code, entered in one statement; None, and none entered, when there is none."""
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('pv.study', coalesce(public.pv_study_id(%s)::text, ''), true)", [code]
        )
        entered = cursor.fetchone()[0]
    return uuid.UUID(entered) if entered else None


def study_of(study_id: uuid.UUID | None) -> Study | None:
    """The study of this id, for commands and jobs; what is read of it next is read `within(study_id)`."""
    if study_id is None:
        return None
    with within(study_id):
        return Study.objects.filter(id=study_id).first()


def study_id_of(code: str) -> uuid.UUID | None:
    """The id behind a study's code, whichever study is entered; says nothing else about it."""
    with connection.cursor() as cursor:
        cursor.execute("select public.pv_study_id(%s)", [code])
        found: uuid.UUID | None = cursor.fetchone()[0]
    return found


def study_ids() -> list[uuid.UUID]:
    """The ids of all studies of this room in the order of their codes, for work that goes study by study."""
    with connection.cursor() as cursor:
        cursor.execute("select public.pv_study_ids()")
        return list(cursor.fetchone()[0])


def all_studies() -> list[Study]:
    """Every study of this room; what is read of one of them is read `within(study.id)`."""
    return [study for study in map(study_of, study_ids()) if study is not None]


def sites_for(account: Any, permission: Permission, study: Study) -> QuerySet[Site]:
    """The sites at which the person has the permission: all of them when a membership names none."""
    granting = _granting(account, permission, study)
    sites = Site.objects.filter(study=study).order_by("code")
    if any(m.site_id is None for m in granting):
        return sites
    return sites.filter(id__in=[m.site_id for m in granting])


def intervention_names(study: Study) -> dict[str, str]:
    """The blinded names of the study's interventions by code."""
    return dict(Intervention.objects.filter(study=study).values_list("code", "name"))


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


def who_may(study: Study, permission: Permission) -> list[Account]:
    """The active people who have a permission in the study today; the study is entered."""
    today = timezone.localdate()
    roles = [key for key, role in ROLES.items() if permission in role.permissions]
    held = Membership.objects.filter(running(today), study=study, role__in=roles, starts_on__lte=today)
    return list(Account.objects.filter(is_active=True, id__in=held.values("account_id")).order_by("username"))


def resets_of(study: Study) -> QuerySet[Reset]:
    """Resets that wait for a second person, of people who work in the study."""
    held = Membership.objects.filter(running(timezone.localdate()), study=study)
    return (
        Reset.objects.filter(
            decision=ResetDecision.WAITING,
            expires_at__gt=timezone.now(),
            account__in=held.values("account_id"),
        )
        .select_related("account")
        .order_by("asked_at")
    )


# --- who works in a study; the study is entered -----------------------------------------------------------------------
REVIEW_DAYS = 90


@dataclass(frozen=True, slots=True)
class ReviewState:
    """When access to a study was last gone through, and when it has to be again."""

    last: AccessReview | None
    due_on: date | None  # None: nobody works here yet
    overdue: bool


def members_of(study: Study) -> list[Membership]:
    """Memberships that run or will begin, by role and name; `tested`: when a second factor of theirs worked last."""
    found = Membership.objects.filter(running(timezone.localdate()), study=study)
    return list(
        found.annotate(tested=last_tested_of_member())
        .select_related("account", "site")
        .order_by("role", "account__full_name", "starts_on", "id")
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
