"""One blinding status per person and study, across two rooms that do not talk to each other.

The open room lists who works in each study (the person's random id, role, first and last day: no names) in a file of
its storage, which the closed room may read: `people/<study id>.json`. The closed room asks it when somebody is let in,
and looks again while it runs. Nothing goes the other way, so the open room cannot tell who is unblinded.
"""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from pvtracker.accounts.models import Account
from pvtracker.accounts.queries import system_roles
from pvtracker.accounts.roles import unblinded
from pvtracker.audit.context import within
from pvtracker.lib.canonical import canonical_json, sha256_hex
from pvtracker.studies.models import Membership, Study
from pvtracker.studies.queries import all_studies
from pvtracker.studies.rules import StudyRefused, check_one_blinding_status, running

FOLDER = "people"
CREDIBLE_DAYS = 2  # a nightly list that is older says that the open room's scheduler stands still


class NoList(ValueError):
    """The open room's list of people cannot be relied on; the text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One membership as the list carries it."""

    person: str
    role: str
    starts_on: str
    ends_on: str  # "": without an end


# --- the open room writes --------------------------------------------------------------------------------------------
def list_people() -> list[Path]:
    """Write the list of every study that differs from what lies there; returns the files that were written."""
    written = []
    for study in all_studies():
        with within(study.id):
            content = _content(study)
        path = Path(settings.STORAGE) / FOLDER / f"{study.id}.json"
        if not path.exists() or path.read_bytes() != content:
            _put(path, content)
            written.append(path)
    return written


def _content(study: Study) -> bytes:
    """Memberships that run or will, in a total order: the same people give the same bytes on the same day."""
    today = timezone.localdate()
    found = Membership.objects.filter(running(today), study=study)
    rows = [
        Listed(
            str(m.account.person), m.role, m.starts_on.isoformat(), m.ends_on.isoformat() if m.ends_on else ""
        )
        for m in found.select_related("account")
        if m.account.is_active
    ]
    rows.sort(key=lambda row: (row.role, row.starts_on, row.ends_on, row.person))
    stated = {"study": str(study.id), "day": today.isoformat(), "memberships": [asdict(row) for row in rows]}
    return canonical_json({**stated, "sha256": sha256_hex(canonical_json(stated))})


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    working = path.parent / f".{path.name}.{uuid.uuid4().hex}"
    with working.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    working.rename(path)


# --- the closed room reads -------------------------------------------------------------------------------------------
def listed(study: Study) -> list[Listed]:
    """What the open room says about a study; NoList when it says nothing, or nothing that can be relied on."""
    path = Path(settings.OPEN_STORAGE) / FOLDER / f"{study.id}.json"
    try:
        stated: dict[str, Any] = json.loads(path.read_bytes())
        sha256 = stated.pop("sha256")
        day = date.fromisoformat(stated["day"])
        rows = [Listed(**row) for row in stated["memberships"]]
    except FileNotFoundError as fault:
        raise NoList(
            "The open room has not listed yet who works in this study; its scheduler does."
        ) from fault
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise NoList("The open room's list of who works in this study cannot be read.") from fault
    if sha256_hex(canonical_json(stated)) != sha256 or stated["study"] != str(study.id):
        raise NoList("The open room's list of who works in this study does not have its sha256.")
    if day < timezone.localdate() - timedelta(days=CREDIBLE_DAYS):
        raise NoList(
            f"The open room last listed on {day} who works in this study; its scheduler stands still."
        )
    return rows


def check(*, account: Account, role: str, study: Study, list_needed: bool) -> None:
    """Refuse a role that would make this person blinded and unblinded, or an administrator part of a study.

    `list_needed` False is for the first people, whom a command lets in before the open room has listed anybody: a
    missing list is then no obstacle, and the scheduler finds later what it would have told.
    """
    if system_roles(account):
        raise StudyRefused(
            "This person administers the system, and so has no role in a study: no clinical write, no data by arm. "
            "Choose somebody else."
        )
    today = timezone.localdate()
    held = list(
        Membership.objects.filter(running(today), study=study, account=account).values_list("role", flat=True)
    )
    if settings.ROOM == "closed":
        try:
            held += [row.role for row in listed(study) if row.person == str(account.person)]
        except NoList as fault:
            if list_needed:
                raise StudyRefused(f"{fault} Until it has, nobody is let into the closed room.") from fault
    check_one_blinding_status(role=role, held=held)


def mixed(study: Study) -> set[tuple[uuid.UUID, str]]:
    """Closed room: account and open role of everybody who works here unblinded and in the open room too, today."""
    today = timezone.localdate()
    here = Membership.objects.filter(
        running(today), study=study, starts_on__lte=today, account__is_active=True
    )
    accounts = {
        str(m.account.person): m.account_id for m in here.select_related("account") if unblinded(m.role)
    }
    return {
        (accounts[row.person], row.role)
        for row in listed(study)
        if row.person in accounts and not unblinded(row.role) and row.starts_on <= today.isoformat()
    }
