"""Rules of the protocol, and of who may work in a study."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.db.models import Q

from pvtracker.accounts.roles import ROLES, Role, study_roles, unblinded
from pvtracker.audit.context import Actor

_SAYS_REFERENCE = re.compile(r"\b(placebo|control)\b", re.IGNORECASE)


class StudyRefused(ValueError):
    """The study cannot be written like this; the text is a sentence for the person who asked."""


class TooLateToDeclare(StudyRefused):
    """An analyte that tells the arm, declared after results came: cuts and history keep what stood in the open room,
    and the numbers of its results have the gaps of all that were delivered.
    """

    def __init__(self, study: str, analytes: Sequence[str]) -> None:
        super().__init__(
            f"{', '.join(analytes)}: results of study {study} stand in the open room, so that it is too late to "
            "declare which analytes tell the arm. Load the trial under a code of its own, and declare them before its "
            "results."
        )


class NoReferenceArm(ValueError):
    """Which arm the others are compared with cannot be told; the text asks for it and lists the arms."""


def reference_arm(arms: Mapping[str, str], *, named: str = "") -> str:
    """The code of the arm that the others are compared with; `arms` is name by code, as the protocol prints
    them.

    The one `named` (a code, whatever the case of its letters), else the only one whose name says placebo or
    control.
    """
    listed = "; ".join(f"{code} ({name})" for code, name in arms.items())
    if named:
        found = [code for code in arms if code.casefold() == named.casefold()]
        if len(found) != 1:
            raise NoReferenceArm(f"There is no arm {named}. Name one of these with --reference: {listed}.")
        return found[0]
    found = [code for code, name in arms.items() if _SAYS_REFERENCE.search(name)]
    if len(found) != 1:
        why = "No arm's name says" if not found else "More than one arm's name says"
        raise NoReferenceArm(
            f"{why} placebo or control. Name the reference arm with --reference CODE: {listed}."
        )
    return found[0]


def running(day: date) -> Q:
    """Memberships that have not ended on this day, begun or not: up to the last day, unless taken away at once."""
    return Q(Q(ends_on__isnull=True) | Q(ends_on__gte=day), ended_at__isnull=True)


def check_role(*, room: str, role: str, site_given: bool) -> Role:
    """The role, when a membership in this room can give it, at one site or at all as the role asks."""
    roles = study_roles(room)
    if role not in roles:
        raise StudyRefused(f"{role} is not a role of the {room} room. Roles there: {', '.join(roles)}.")
    if roles[role].scope == "site" and not site_given:
        raise StudyRefused(f"{roles[role].label} is a role at one site; name the site.")
    if roles[role].scope == "study" and site_given:
        raise StudyRefused(f"{roles[role].label} is a role in the whole study; name no site.")
    return roles[role]


def check_giver(
    *, role: Role, account_id: str, by: Actor, approved_by: Actor | None, persons: Mapping[str, str]
) -> None:
    """Nobody gives a role to themselves; a role that needs two people has two, neither of them the one who gets it.

    `persons` tells the human behind an account's id: a second account makes no second person. A process (a command at
    the terminal of the installation) lets the first people in and needs no second one.
    """
    gets, gives = persons.get(account_id, account_id), persons.get(by.id, by.id)
    approves = persons.get(approved_by.id, approved_by.id) if approved_by else ""
    if gets in {gives, approves}:
        raise StudyRefused(
            "Nobody gives a role to themselves or approves their own; ask somebody else to do it."
        )
    if approves == gives:
        raise StudyRefused("Nobody approves what they proposed themselves; a second person has to.")
    if role.approval and approved_by is None and not by.id.startswith("process:"):
        raise StudyRefused(f"{role.label} is a role that a second person approves; propose it instead.")


def check_one_blinding_status(*, role: str, held: Iterable[str]) -> None:
    """A person is blinded or unblinded in a study, never both: refuses a role of the other kind than those `held`."""
    for other in held:
        if unblinded(other) != unblinded(role):
            label = ROLES[other].label if other in ROLES else other
            kinds = ("blinded", "unblinded") if unblinded(role) else ("unblinded", "blinded")
            raise StudyRefused(
                f"This person works {kinds[0]} in this study ({label}) and cannot be {kinds[1]} in it as well. End "
                "that role first, or choose somebody else."
            )
