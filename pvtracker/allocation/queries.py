"""Reading code breaks, and what follows from them by block."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from pvtracker.accounts.roles import ROLES, Permission
from pvtracker.allocation.enums import BreakState
from pvtracker.allocation.models import (
    Allocation,
    BlockPlace,
    CodeBreak,
    DeducibleAlarm,
    RandomisationBlock,
    Treatment,
)
from pvtracker.lib.blocks import Block, BlockContradiction, certain, could_become_certain
from pvtracker.studies.models import Membership, Study
from pvtracker.studies.rules import running

INFORMED = {Permission.READ_CODE_BREAKS, Permission.APPROVE_CODE_BREAK}  # who is told of alarms


@dataclass(frozen=True, slots=True)
class Deducible:
    """Participants whose arm is certain by their block though nobody broke their code; `problem`: what could not be
    judged, '' when all could."""

    subjects: frozenset[str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """What one participant was allocated and what was given, for one person to see."""

    subject: str
    planned: str
    actual: str
    treatments: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return self.planned != self.actual


def breaks_of(study: Study) -> QuerySet[CodeBreak]:
    """The code breaks of a study, the latest first."""
    return CodeBreak.objects.filter(study=study).order_by("-number")


def break_for(study: Study, break_id: uuid.UUID) -> CodeBreak:
    """One code break of the study; Http404 when there is none."""
    found = breaks_of(study).filter(id=break_id).first()
    if found is None:
        raise Http404("No such code break.")
    return found


def alarms_of(study: Study) -> QuerySet[DeducibleAlarm]:
    """The alarms of a study, the latest first."""
    return DeducibleAlarm.objects.filter(study=study).select_related("code_break").order_by("-id")


def is_allocated(study: Study, subject: str) -> bool:
    return Allocation.objects.filter(study=study, subject=subject).exists()


def subjects_named(study: Study, typed: str) -> list[str]:
    """Whom people mean by what they read off a form: the subject identifier, the same without the study code that
    stands before it, or the number that the site prints, alone or with the site before it.

    The whole identifier means one. What is less may mean several, and none of them goes before another: a wrong arm
    would be shown. Another end of an identifier names nobody.
    """
    allocated = Allocation.objects.filter(study=study)
    if allocated.filter(subject=typed).exists():
        return [typed]
    coded = f"{study.code}-{typed}"
    meant = {
        subject
        for subject, number in allocated.values_list("subject", "number")
        if subject == coded
        or (number and (typed == number or (subject.endswith(f"-{typed}") and typed.endswith(f"-{number}"))))
    }
    return sorted(meant)


def received(study: Study, subject: str) -> Received:
    """The arm, planned and actual, and what was in the exposures; Http404 when the participant has no allocation."""
    found = Allocation.objects.filter(study=study, subject=subject).first()
    if found is None:
        raise Http404("No such allocation.")
    given = Treatment.objects.filter(study=study, subject=subject).order_by("start", "source_id")
    lines = tuple(" ".join(filter(None, (_dose(row), _days(row)))) for row in given)
    return Received(subject=subject, planned=found.planned, actual=found.actual, treatments=lines)


def _dose(row: Treatment) -> str:
    return row.treatment if row.dose is None else f"{row.treatment} {row.dose:g} {row.unit}".rstrip()


def _days(row: Treatment) -> str:
    return f"from {row.start}{f' to {row.end}' if row.end else ''}" if row.start else ""


def has_blocks(study: Study) -> bool:
    """Whether the study's randomisation list is known here, so that deduction can be judged at all."""
    return RandomisationBlock.objects.filter(study=study).exists()


def blocks_of(study: Study) -> list[Block]:
    """The list's blocks with who was given their places; BlockContradiction when it contradicts itself."""
    members: dict[uuid.UUID, list[str]] = {}
    places = BlockPlace.objects.filter(study=study).order_by("position")
    for block_id, subject in places.values_list("block_id", "subject"):
        members.setdefault(block_id, []).append(subject)
    return [
        Block(
            name=f"{block.stratum} {block.number}".strip(),
            composition={str(arm): int(count) for arm, count in block.composition.items()},
            members=tuple(members.get(block.id, ())),
        )
        for block in RandomisationBlock.objects.filter(study=study).order_by("stratum", "number")
    ]


def opened_arms(study: Study) -> dict[str, str]:
    """The planned arm's code of every participant whose code was broken: blocks hold what was planned."""
    opened = CodeBreak.objects.filter(study=study, state=BreakState.OPENED).values("subject")
    rows = Allocation.objects.filter(study=study, subject__in=opened)
    return dict(rows.values_list("subject", "planned_code"))


def deducible(study: Study) -> Deducible:
    """Who is certain by block now, judged block by block."""
    opened = opened_arms(study)
    subjects: set[str] = set()
    problems: list[str] = []
    try:
        blocks = blocks_of(study)
    except BlockContradiction as fault:
        return Deducible(frozenset(), str(fault))
    for block in blocks:
        try:
            subjects |= certain([block], opened).keys()
        except BlockContradiction as fault:
            problems.append(str(fault))
    return Deducible(frozenset(subjects), " ".join(problems)[:300])


def could_deduce(study: Study, subject: str) -> int:
    """The most others who could become certain when this participant's code is broken, whatever the arm is.

    0 when the block cannot be judged: the alarm after the break says so.
    """
    try:
        blocks = [block for block in blocks_of(study) if subject in block.members]
        return could_become_certain(blocks, opened_arms(study), subject)
    except BlockContradiction:
        return 0


def people_to_inform(study: Study) -> list[str]:
    """The names, with the role, of the unblinded people whom an alarm is for."""
    today = timezone.localdate()
    rows = Membership.objects.filter(
        running(today), study=study, starts_on__lte=today, account__is_active=True
    )
    held = rows.select_related("account").order_by("account__full_name", "role")
    return [
        f"{row.account.full_name}, {ROLES[row.role].label}"
        for row in held
        if row.role in ROLES and ROLES[row.role].permissions & INFORMED
    ]
