"""Who works where: granted, proposed and approved by two people, ended, reviewed. Nothing is deleted."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.conf import settings
from django.utils import timezone

from pvtracker.accounts.models import Account
from pvtracker.accounts.roles import Permission, Role
from pvtracker.audit.context import Actor, action, enter_study
from pvtracker.studies import blinding
from pvtracker.studies.actions.resets import tell_awaited
from pvtracker.studies.models import (
    AccessReview,
    BlindingFinding,
    Decision,
    Membership,
    MembershipRequest,
    Site,
    Study,
)
from pvtracker.studies.queries import all_studies
from pvtracker.studies.rules import StudyRefused, check_giver, check_role, running

log = logging.getLogger(__name__)


@action
def grant_membership(
    *,
    study: Study,
    account: Account,
    role: str,
    by: Actor,
    room: str,
    reason: str,
    site: Site | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    source: str = "form",
) -> Membership:
    """Give a person a role of this `room`; the membership that says the same and still runs is returned as it is.

    A role that needs a second person is given like this by a command only; people propose it.
    """
    enter_study(study.id)
    found = check_role(room=room, role=role, site_given=site is not None)
    _check_giver(role=found, account_id=account.id, by=by, approved_by=None)
    return _grant(
        study=study,
        account=account,
        role=role,
        site=site,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason,
        by=by,
        approved_by=None,
    )


@action
def propose_membership(
    *,
    study: Study,
    account: Account,
    role: str,
    by: Actor,
    reason: str,
    site: Site | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    source: str = "form",
) -> Membership | MembershipRequest:
    """A membership at once where one person is enough, else a request that a second person decides."""
    enter_study(study.id)
    found = check_role(room=settings.ROOM, role=role, site_given=site is not None)
    _check_giver(role=found, account_id=account.id, by=by, approved_by=Actor.process("approval to come"))
    told: dict[str, Any] = {
        "study": study,
        "account": account,
        "role": role,
        "site": site,
        "starts_on": starts_on or timezone.localdate(),
        "ends_on": ends_on,
        "reason": reason,
    }
    _check_entry(**told, by=by)
    if not found.approval:
        return _grant(**told, by=by, approved_by=None)
    same = {name: told[name] for name in ("study", "account", "role", "site")}
    _check_first_day(**same, starts_on=told["starts_on"])
    if MembershipRequest.objects.filter(**same, decision=Decision.WAITING).exists():
        raise StudyRefused("The same role is proposed for this person already and waits for a second person.")
    asked = MembershipRequest.objects.create(
        **told, proposed_at=timezone.now(), proposed_by_id=by.id, proposed_by=by.name
    )
    tell_awaited(study=study, permission=Permission.APPROVE_MEMBERS, but=[str(account.id)], by=by)
    return asked


@action
def decide_request(
    *, request: MembershipRequest, approve: bool, by: Actor, reason: str, source: str = "form"
) -> Membership | None:
    """A second person approves a proposed membership, which then begins, or declines it."""
    enter_study(request.study_id)
    request = MembershipRequest.objects.select_for_update().get(id=request.id)
    if request.decision != Decision.WAITING:
        raise StudyRefused(
            f"{request.decided_by} has decided this already: {request.get_decision_display()}."
        )
    if not reason.strip():
        raise StudyRefused("Say why you decide so.")
    proposer = Actor(id=request.proposed_by_id, name=request.proposed_by)
    found = check_role(room=settings.ROOM, role=request.role, site_given=request.site_id is not None)
    _check_giver(role=found, account_id=request.account_id, by=proposer, approved_by=by)
    request.decision = Decision.APPROVED if approve else Decision.DECLINED
    request.decided_at = timezone.now()
    request.decided_by_id, request.decided_by, request.decision_reason = by.id, by.name, reason
    request.save()
    if not approve:
        return None
    return _grant(
        study=request.study,
        account=request.account,
        role=request.role,
        site=request.site,
        starts_on=max(request.starts_on, timezone.localdate()),
        ends_on=request.ends_on,
        reason=request.reason,
        by=proposer,
        approved_by=by,
    )


@action
def end_membership(
    *, membership: Membership, ends_on: date, reason: str, by: Actor, source: str = "form"
) -> Membership:
    """Let a membership run out on a day, at once when that day has come; it is never deleted."""
    enter_study(membership.study_id)
    if ends_on < membership.starts_on:
        raise StudyRefused(f"The membership began on {membership.starts_on}; it cannot end before that.")
    if not reason:
        raise StudyRefused("Say why the membership ends.")
    if ends_on <= timezone.localdate():
        membership.ended_at = timezone.now()
    membership.ends_on, membership.ended_by, membership.end_reason = ends_on, by.name, reason
    membership.save(update_fields=["ends_on", "ended_at", "ended_by", "end_reason"])
    return membership


@action
def record_review(
    *, study: Study, keep: Mapping[uuid.UUID, bool], by: Actor, reason: str, source: str = "form"
) -> AccessReview:
    """Everybody's access was gone through: who is not kept loses it today. Every running membership is decided."""
    enter_study(study.id)
    today = timezone.localdate()
    held = Membership.objects.select_for_update().filter(running(today), study=study)
    found = {membership.id: membership for membership in held}
    if set(found) != set(keep):
        raise StudyRefused(
            "Who works here has changed meanwhile; look at the list again and decide about all."
        )
    if not reason.strip():
        raise StudyRefused("Say on what this review rests, for example whom you asked.")
    for membership_id, kept in keep.items():
        if not kept:
            membership = found[membership_id]
            last = max(today, membership.starts_on)
            end_membership(membership=membership, ends_on=last, reason=reason, by=by, source=source)
    return AccessReview.objects.create(
        study=study,
        reviewed_at=timezone.now(),
        reviewed_by_id=by.id,
        reviewed_by=by.name,
        reason=reason,
        decisions=[{"membership": str(one), "keep": kept} for one, kept in sorted(keep.items())],
    )


def report_mixed_blinding() -> int:
    """Closed room, study by study: write down who is blinded and unblinded at once; returns how many are new."""
    by = Actor.process("scheduler")
    return sum(_report_study(study=study, by=by) for study in all_studies())


@action
def _report_study(*, study: Study, by: Actor) -> int:
    """The findings of one study as they stand now; a finding that is no longer true is closed, not removed."""
    enter_study(study.id)
    try:
        now = blinding.mixed(study)
    except blinding.NoList as fault:
        if Membership.objects.filter(study=study).exists():
            log.warning("study %s: %s", study.id, fault)
        return 0
    known = {
        (f.account_id, f.open_role): f for f in BlindingFinding.objects.filter(study=study, gone_at=None)
    }
    for key in known.keys() - now:
        known[key].gone_at = timezone.now()
        known[key].save(update_fields=["gone_at"])
    for account_id, open_role in now - known.keys():
        BlindingFinding.objects.create(
            study=study, account_id=account_id, open_role=open_role, found_at=timezone.now()
        )
        log.error("study %s: somebody is blinded and unblinded at once; see its page People", study.id)
    return len(now - known.keys())


def _grant(
    *,
    study: Study,
    account: Account,
    role: str,
    site: Site | None,
    starts_on: date | None,
    ends_on: date | None,
    reason: str,
    by: Actor,
    approved_by: Actor | None,
) -> Membership:
    first_day = starts_on or timezone.localdate()
    _check_entry(
        study=study,
        account=account,
        role=role,
        site=site,
        starts_on=first_day,
        ends_on=ends_on,
        reason=reason,
        by=by,
    )
    same = Membership.objects.filter(
        running(first_day),
        study=study,
        account=account,
        role=role,
        site=site,
        starts_on__lte=first_day,
    ).first()
    if same is None:
        _check_first_day(study=study, account=account, role=role, site=site, starts_on=first_day)
    return same or Membership.objects.create(
        study=study,
        account=account,
        site=site,
        role=role,
        starts_on=first_day,
        ends_on=ends_on,
        reason=reason,
        granted_by_id=by.id,
        granted_by=by.name,
        approved_by_id=approved_by.id if approved_by else "",
        approved_by=approved_by.name if approved_by else "",
    )


def _check_first_day(
    *, study: Study, account: Account, role: str, site: Site | None, starts_on: date
) -> None:
    """A role that was ended is given anew from another day on: its record of the first day stays as it is."""
    ended = Membership.objects.filter(study=study, account=account, role=role, site=site, starts_on=starts_on)
    if ended.filter(ended_at__isnull=False).exists():
        raise StudyRefused(
            f"This person had the role from {starts_on} on, and it was ended. Choose another first day."
        )


def _check_giver(*, role: Role, account_id: uuid.UUID, by: Actor, approved_by: Actor | None) -> None:
    """Compares the humans behind the accounts of giver, approver and receiver."""
    actors = {by.id, approved_by.id if approved_by else ""}
    accounts = {str(account_id), *(one for one in actors if one and not one.startswith("process:"))}
    rows = Account.objects.filter(id__in=accounts).values_list("id", "person")
    persons = {str(one): str(person) for one, person in rows}
    check_giver(role=role, account_id=str(account_id), by=by, approved_by=approved_by, persons=persons)


def _check_entry(
    *,
    study: Study,
    account: Account,
    role: str,
    site: Site | None,
    starts_on: date,
    ends_on: date | None,
    reason: str,
    by: Actor,
) -> None:
    """What holds for a membership however it comes about."""
    if site is not None and site.study_id != study.id:
        raise StudyRefused(f"Site {site.code} belongs to another study.")
    if not account.is_active:
        raise StudyRefused("This account is deactivated; nobody can work with it.")
    if not reason.strip():
        raise StudyRefused("Say why this person gets the role.")
    if len(reason) > 300:
        raise StudyRefused("The reason has more than 300 characters; say it shorter.")
    if ends_on is not None and ends_on < starts_on:
        raise StudyRefused("The last day is before the first. Correct one of them.")
    blinding.check(account=account, role=role, study=study, list_needed=not by.id.startswith("process:"))
