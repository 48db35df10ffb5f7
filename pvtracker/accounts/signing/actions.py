"""Writing a signature: once, by the signed-in person, for the record that was shown."""

from __future__ import annotations

import uuid

from django.db import IntegrityError, transaction

from pvtracker.accounts.models import Signature
from pvtracker.accounts.signing.meanings import MEANINGS
from pvtracker.accounts.signing.record import Subject
from pvtracker.accounts.signing.series import Proof
from pvtracker.audit.context import Actor, action


class SigningRefused(ValueError):
    """Nothing was signed; the text is a sentence for the page."""


class ContentChanged(SigningRefused):
    """The record is no longer what the signer was shown."""


@action
def sign(
    *, subject: Subject, shown: str, meaning: str, proof: Proof, by: Actor, source: str = "form"
) -> Signature:
    """Sign the record as it stands. Whoever calls holds the record's lock, so that nobody changes it meanwhile.

    `shown` is the hash of what the signer read. Raises `ContentChanged` when the record differs from it, and
    `SigningRefused` for a meaning that this kind of record does not have, or when the person signed it already.
    """
    if by.id != str(proof.account.id):
        raise SigningRefused("A signature is given by the person who is signed in. Nothing was signed.")
    if meaning not in {known.key for known in MEANINGS[subject.kind]}:
        raise SigningRefused("Choose what your signature means. Nothing was signed.")
    if shown != subject.sha256:
        raise ContentChanged(
            "The record was changed after this page was shown, so nothing was signed. "
            f"Read it again, now version {subject.version}, then sign."
        )
    try:
        with transaction.atomic():
            made = Signature.objects.create(
                id=uuid.uuid4(),
                study_id=subject.study_id,
                kind=subject.kind,
                object_id=subject.object_id,
                version=subject.version,
                sha256=subject.sha256,
                meaning=meaning,
                account=proof.account,
                printed_name=proof.account.full_name,
                role=by.role,
                session=proof.session,
                series=proof.series,
                components=list(proof.components),
            )
    except IntegrityError as fault:
        raise SigningRefused("You have signed this version with this meaning already.") from fault
    made.refresh_from_db(fields=["signed_at"])  # the database's clock
    return made
