"""Signatures as they are shown: who, when, what it means, and whether it still holds."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pvtracker.accounts.models import Signature
from pvtracker.accounts.roles import ROLES
from pvtracker.accounts.signing.meanings import meaning_of
from pvtracker.accounts.signing.record import Subject


class Standing(StrEnum):
    VALID = "valid"
    VOID = "void"  # the record has a later version
    ALTERED = "altered"  # the version is the signed one, the content is not


@dataclass(frozen=True, slots=True)
class Change:
    """A version of a record: who wrote it and when."""

    version: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Manifestation:
    """What 21 CFR 11.50 asks to be shown with a signed record, on pages, in PDFs and in the API."""

    printed_name: str
    role: str
    signed_at: datetime
    meaning: str
    statement: str
    version: int
    sha256: str
    standing: Standing
    sentence: str  # why it does not hold; '' when it does

    @property
    def when(self) -> str:
        """Date and time with the zone."""
        return f"{self.signed_at:%Y-%m-%d %H:%M:%S} UTC"


def signatures_of(kind: str, object_id: uuid.UUID) -> list[Signature]:
    """Every signature of a record, of all its versions, oldest first."""
    return list(Signature.objects.filter(kind=kind, object_id=object_id).order_by("signed_at", "id"))


def standing_of(signature: Signature, subject: Subject) -> Standing:
    """Whether the signature fits the record as it stands now: its hash is computed anew."""
    if (
        signature.kind == subject.kind
        and signature.object_id == subject.object_id
        and signature.sha256 == subject.sha256
    ):
        return Standing.VALID
    return Standing.VOID if signature.version < subject.version else Standing.ALTERED


def manifestations(
    signatures: Collection[Signature], subject: Subject, *, changes: Callable[[], list[Change]] = list
) -> list[Manifestation]:
    """Signatures verified against the record as it stands, the newest first. `changes`: its versions, oldest first;
    asked only where a signature is void."""
    standings = [(signature, standing_of(signature, subject)) for signature in signatures]
    versions = changes() if any(standing is Standing.VOID for _, standing in standings) else []
    return [_manifestation(signature, standing, versions) for signature, standing in reversed(standings)]


def holds(signatures: Collection[Signature], subject: Subject) -> bool:
    """Is the record signed as it stands?"""
    return any(standing_of(signature, subject) is Standing.VALID for signature in signatures)


def _manifestation(signature: Signature, standing: Standing, versions: list[Change]) -> Manifestation:
    meaning = meaning_of(signature.kind, signature.meaning)
    role = ROLES.get(signature.role)
    return Manifestation(
        printed_name=signature.printed_name,
        role=role.label if role else signature.role,
        signed_at=signature.signed_at,
        meaning=meaning.label,
        statement=meaning.statement,
        version=signature.version,
        sha256=signature.sha256,
        standing=standing,
        sentence=_sentence(signature, standing, versions),
    )


def _sentence(signature: Signature, standing: Standing, versions: list[Change]) -> str:
    if standing is Standing.VALID:
        return ""
    if standing is Standing.ALTERED:
        return (
            "This signature does not fit the record: the version is the one that was signed, the content is not. "
            "Record or signature was altered outside this application; tell the system administrator."
        )
    change = next((one for one in versions if one.version > signature.version), None)
    if change is None:
        return f"Signature void: version {signature.version} is no longer the current one. Sign again."
    return (
        f"Signature void since version {change.version}, written by {change.by} on {change.at:%Y-%m-%d at %H:%M} UTC. "
        "Sign again."
    )
