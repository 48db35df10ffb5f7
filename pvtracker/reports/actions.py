"""Make a report of a cut in its own room and keep it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction

from pvtracker.accounts.models import Signature
from pvtracker.accounts.queries import job_actor
from pvtracker.accounts.signing.actions import SigningRefused, sign
from pvtracker.accounts.signing.series import Proof
from pvtracker.audit.context import Actor, action, within
from pvtracker.cuts.data import CutError
from pvtracker.cuts.models import Cut, CutState
from pvtracker.jobs.actions import Claim, Refused
from pvtracker.lib.canonical import sha256_hex
from pvtracker.lib.code_version import code_version
from pvtracker.reports import queries, storage
from pvtracker.reports.blocks import Report
from pvtracker.reports.frozen import to_json
from pvtracker.reports.models import ReportRecord
from pvtracker.reports.pdf import RenderError, render_pdf
from pvtracker.reports.signing import is_whole, subject_of
from pvtracker.studies.models import AnalysisArm, Study
from pvtracker.studies.queries import study_of

if settings.ROOM == "closed":
    from pvtracker.reports.closed import closed_report
    from pvtracker.reports.monitored import look_of
else:
    from pvtracker.reports.open import open_report

Progress = Callable[[int, int, str], None]
BEYOND_SECTIONS = 2  # steps of the work before and after the sections: loading and typesetting


def no_progress(done: int, total: int, text: str) -> None:
    """For callers that have nobody to tell."""


@dataclass(frozen=True, slots=True)
class Request:
    """Which report: of a cut, for the audience of this room; by `analysis_arm` in the closed room, '' in the open, and
    with what its `look`, a run named by its id, says of the plan ('' where there is none)."""

    study: Study
    cut: Cut
    analysis_arm: str
    look: str = ""

    @property
    def unique_key(self) -> str:
        return f"{self.cut.id} {self.analysis_arm} {self.look}".rstrip()


@dataclass(frozen=True, slots=True)
class Made:
    """A report and its two files, not yet kept."""

    content: bytes
    pdf: bytes


def request_for(
    *, study: Study, audience: str, cut_id: uuid.UUID | None = None, analysis_arm: str = ""
) -> Request:
    """The named or the latest cut, and the named or the study's own analysis arm; Refused with a sentence."""
    if audience != settings.ROOM:
        raise Refused(
            f"A report for the {audience} session is made in the {audience} room; this is the {settings.ROOM} room."
        )
    cut = _cut(study, cut_id)
    if audience == "open":
        if analysis_arm:
            raise Refused("An open report is pooled: it has no analysis arm. Leave --analysis-arm away.")
        return Request(study=study, cut=cut, analysis_arm="")
    chosen = analysis_arm or cut.manifest["settings"]["analysis_arm"]
    if chosen not in AnalysisArm.values:
        raise Refused(f"The analysis arm is actual or planned, not {chosen!r}.")
    return Request(study=study, cut=cut, analysis_arm=chosen, look=look_of(cut, analysis_arm=chosen))


def _cut(study: Study, cut_id: uuid.UUID | None) -> Cut:
    usable = queries.usable_cuts(study)
    if cut_id is None:
        latest = usable.first()
        if latest is None:
            raise Refused(
                f"Study {study.code} has no data cut that a report can be made of. Freeze one first."
            )
        return latest
    found = Cut.objects.filter(study=study, id=cut_id).first()
    if found is None:
        raise Refused(f"Study {study.code} has no cut {cut_id} in this room.")
    if found.state == CutState.REFUSED:
        raise Refused(f"The cut {cut_id} was refused: {found.problem}")
    if not usable.filter(id=cut_id).exists():
        raise Refused(f"The cut {cut_id} waits for the allocation of study {study.code}.")
    return found


def kept(request: Request) -> ReportRecord | None:
    """The report of the same cut, settings and code version, when it was made before."""
    return ReportRecord.objects.filter(
        cut=request.cut,
        audience=settings.ROOM,
        analysis_arm=request.analysis_arm,
        code_version=code_version(),
        look=request.look,
    ).first()


def compute(request: Request, *, by: Actor, progress: Progress, reason: str = "report") -> Made:
    """The files of the report; Refused when the cut cannot be read, compared or typeset."""

    def tell(done: int, total: int, text: str) -> None:
        progress(done + 1, total + BEYOND_SECTIONS, text)

    progress(0, 1, "Reading the cut")
    try:
        report = _report(request, tell, by=by, reason=reason)
        sections = len(report.sections) + BEYOND_SECTIONS
        progress(sections - 1, sections, "Typesetting")
        return Made(content=to_json(report), pdf=render_pdf(report))
    except (CutError, RenderError) as fault:
        raise Refused(str(fault)) from fault


def _report(request: Request, progress: Progress, *, by: Actor, reason: str) -> Report:
    if settings.ROOM == "closed":
        return closed_report(
            request.cut,
            analysis_arm=request.analysis_arm,
            look=request.look,
            progress=progress,
            by=by,
            reason=reason,
        )
    return open_report(request.cut, progress)


@action
def keep_report(
    *, request: Request, made: Made, by: Actor, report_id: uuid.UUID | None = None
) -> ReportRecord:
    """Store the files, then their row. Somebody who kept the same report meanwhile was first: theirs is returned."""
    report_id = report_id or uuid.uuid4()
    storage.write(report_id, {storage.CONTENT: made.content, storage.PDF: made.pdf})
    try:
        with transaction.atomic():
            return ReportRecord.objects.create(
                id=report_id,
                study=request.study,
                cut=request.cut,
                audience=settings.ROOM,
                analysis_arm=request.analysis_arm,
                content_sha256=sha256_hex(made.content),
                pdf_sha256=sha256_hex(made.pdf),
                code_version=code_version(),
                look=request.look,
            )
    except IntegrityError:
        first = kept(request)
        if first is None:
            raise
        if first.id != report_id:
            storage.remove(report_id)
        return first


@action
def sign_report(
    *, record: ReportRecord, shown: str, meaning: str, proof: Proof, by: Actor, source: str = "form"
) -> Signature:
    """Sign the report by the hashes that its files have now; SigningRefused when they are not the frozen ones."""
    subject = subject_of(record)
    if not is_whole(subject):
        raise SigningRefused("A file of this report is missing or altered, so it cannot be signed.")
    return sign(subject=subject, shown=shown, meaning=meaning, proof=proof, by=by, source=source)


def make_report(
    *, request: Request, by: Actor, progress: Progress = no_progress, reason: str = "report"
) -> ReportRecord:
    """The kept report, made now unless it was made before."""
    with within(request.study.id):
        found = kept(request)
    if found is not None:
        return found
    made = compute(request, by=by, progress=progress, reason=reason)
    with within(request.study.id):
        return keep_report(request=request, made=made, by=by)


def make_job(claim: Claim) -> None:
    """The work of a `reports.make` job; parameters `cut` (id, or '' for the latest) and `analysis_arm` ('' for the
    study's own). The report has the job's id, so a second attempt leaves no second folder.
    """
    parameters = claim.job.parameters
    study = study_of(claim.job.study_id)
    if study is None:
        raise Refused("The study of this job does not exist.")
    with within(study.id):
        request = request_for(
            study=study,
            audience=settings.ROOM,
            cut_id=uuid.UUID(parameters["cut"]) if parameters.get("cut") else None,
            analysis_arm=parameters.get("analysis_arm", ""),
        )
        record = kept(request)
    by = job_actor(claim.job.requested_by)
    made = None
    if record is None:
        made = compute(
            request,
            by=by,
            progress=lambda done, total, text: claim.progress(done=done, total=total, text=text),
        )
    with claim.completing():
        if made is not None:
            record = keep_report(request=request, made=made, by=by, report_id=claim.job.id)
        assert record is not None  # noqa: S101 - kept before, or just now
        claim.result.update(
            report=str(record.id), content_sha256=record.content_sha256, pdf_sha256=record.pdf_sha256
        )
