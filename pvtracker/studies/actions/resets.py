"""A reset of somebody's sign-in waits: the people of their studies who may approve it are told."""

from __future__ import annotations

from django.conf import settings

from pvtracker.accounts.actions import notices
from pvtracker.accounts.models import Account
from pvtracker.accounts.queries import same_human
from pvtracker.accounts.roles import Permission
from pvtracker.audit.context import Actor, action, within
from pvtracker.studies.models import Membership, Study
from pvtracker.studies.queries import all_studies, who_may


@action
def tell_approvers(*, account: Account, by: Actor) -> int:
    """Owe a mail to whoever may be the second person in a study in which this person works; how many are new."""
    told = 0
    for study in all_studies():
        with within(study.id):
            if Membership.objects.filter(study=study, account=account).exists():
                told += tell_awaited(
                    study=study, permission=Permission.APPROVE_MEMBERS, but=[str(account.id)], by=by
                )
    return told


@action
def tell_awaited(*, study: Study, permission: Permission, by: Actor, but: list[str] | None = None) -> int:
    """Owe a mail to the people who may decide on what was asked in the study which was entered: not to who asks, nor
    to whoever it is about, whichever account they use.
    """
    others = [by.id, *(but or [])]
    reached = [one for one in who_may(study, permission) if one.email] if settings.MAIL else []
    awaited = [one for one in reached if not any(same_human(str(one.id), other) for other in others)]
    return notices.owe(accounts=awaited, by=by)
