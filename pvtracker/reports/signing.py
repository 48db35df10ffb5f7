"""A frozen report as a record that is signed: its content and its PDF by the hashes that their files have now.

The report itself never changes. Who signed it stands on its page and on a signature sheet, a PDF of its own that names
the hashes of the report it belongs to.
"""

from __future__ import annotations

from pvtracker.accounts.models import Signature
from pvtracker.accounts.signing.queries import Manifestation, Standing, manifestations, signatures_of
from pvtracker.accounts.signing.record import Subject
from pvtracker.lib.canonical import sha256_hex
from pvtracker.reports import storage
from pvtracker.reports.blocks import Column, Paragraph, Report, Row, Section, Table
from pvtracker.reports.models import ReportRecord

KIND = "report"
VERSION = 1  # a frozen report has no other
WORDS = {
    Standing.VALID: "Valid: content and PDF have the hashes that were signed.",
    Standing.VOID: "Void.",
    Standing.ALTERED: "Does not fit: content or PDF is not what was signed.",
}


def subject_of(record: ReportRecord) -> Subject:
    """The report with the sha256 of its files as they lie there now; '' for a file that cannot be opened."""
    return Subject(
        kind=KIND,
        object_id=record.id,
        study_id=record.study_id,
        version=VERSION,
        record={
            "study": record.study.code,
            "audience": record.audience,
            "analysis_arm": record.analysis_arm,
            "cut": str(record.cut_id),
            "cut_date": record.cut.date.isoformat(),
            "cut_sha256": record.cut.sha256,
            "code_version": record.code_version,
            "content_sha256": _hash_now(record, storage.CONTENT, record.content_sha256),
            "pdf_sha256": _hash_now(record, storage.PDF, record.pdf_sha256),
        },
    )


def _hash_now(record: ReportRecord, name: str, stated: str) -> str:
    """The file's own sha256, read anew; '' when it is missing, altered or not ours."""
    try:
        return sha256_hex(storage.read(record.id, name, sha256=stated))
    except storage.StorageError:
        return ""


def is_whole(subject: Subject) -> bool:
    """Could both files be read with their hashes?"""
    return bool(subject.record["content_sha256"] and subject.record["pdf_sha256"])


def manifestations_of(record: ReportRecord) -> list[Manifestation]:
    """The report's signatures, newest first, verified against its files now."""
    signatures: list[Signature] = signatures_of(KIND, record.id)
    return manifestations(signatures, subject_of(record)) if signatures else []


def sheet_of(record: ReportRecord, signatures: list[Manifestation], *, simulated: bool) -> Report:
    """The signature sheet: every part of each signature, and the hashes of the report it belongs to."""
    table = Table(
        key="signatures",
        title="Signatures",
        columns=(
            Column("name", "Printed name", weight=1.2),
            Column("role", "Role"),
            Column("when", "Date and time", weight=1.2),
            Column("meaning", "Meaning", weight=2),
            Column("standing", "Verified when this sheet was made", weight=1.6),
        ),
        rows=tuple(
            Row(
                (
                    one.printed_name,
                    one.role,
                    one.when,
                    f"{one.meaning}: {one.statement}",
                    f"{WORDS[one.standing]} Hash of the signed record: {one.sha256}",
                )
            )
            for one in signatures
        ),
        empty="Nobody has signed this report.",
    )
    hashes = Table(
        key="signed",
        title="What was signed",
        columns=(Column("part", "Part"), Column("value", "Value", weight=3)),
        rows=(
            Row(("Report", str(record.id))),
            Row(("Content sha256", record.content_sha256)),
            Row(("PDF sha256", record.pdf_sha256)),
            Row(("Data cut", str(record.cut_id))),
            Row(("Data cut sha256", record.cut.sha256)),
        ),
    )
    text = Paragraph(
        "This sheet belongs to the frozen report named below and changes nothing in it. Each signature is bound to the "
        "hashes of the report's content and PDF; it means the same as a signature by hand (21 CFR Part 11)."
    )
    section = Section(
        key="signatures",
        title="Electronic signatures",
        audience="closed" if record.audience == "closed" else "open",
        blocks=(text, table, hashes),
    )
    return Report(
        study=record.study.code,
        title="Signature sheet",
        audience=section.audience,
        simulated=simulated,
        cut_id=str(record.cut_id),
        cut_date=record.cut.date.isoformat(),
        cut_sha256=record.cut.sha256,
        analysis_arm=record.analysis_arm,
        code_version=record.code_version,
        sections=(section,),
    )
