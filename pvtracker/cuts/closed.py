"""Closed room: find the cuts that the open room froze, verify them, join the arms, and keep the result sealed.

The one module below `ops` that may ask who received what. Polling is safe to repeat and to run in several processes:
the work on one cut is done under a lock of that cut, and what is joined once stays as it is.
"""

from __future__ import annotations

import datetime
import logging
import os
import shutil
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.conf import settings
from django.db import DataError, IntegrityError, connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from pvtracker.allocation.models import Allocation, JoinedCut, RevealingMeasurement, Treatment
from pvtracker.audit import looks
from pvtracker.audit.context import Actor, action, enter_study, within
from pvtracker.audit.enums import AccessKind
from pvtracker.cuts import manifest as manifests
from pvtracker.cuts.columns import CLOSED_DATASETS, DATASETS, OPEN_DATASETS, schema
from pvtracker.cuts.data import CutData, CutError, read_frame, to_parquet
from pvtracker.cuts.models import Cut, CutState
from pvtracker.lib.canonical import canonical_json, sha256_hex
from pvtracker.lib.partial_dates import parse
from pvtracker.lib.sealed import SealError, seal, unseal
from pvtracker.studies.actions import StudyRefused
from pvtracker.studies.models import Study
from pvtracker.studies.protocol import put_protocol
from pvtracker.studies.queries import study_ids

log = logging.getLogger(__name__)
_told: set[uuid.UUID] = set()
TABLES: dict[str, Any] = {
    "arms": Allocation,
    "treatments": Treatment,
    "revealing_measurements": RevealingMeasurement,
}
MEASURED = ("measurements", "revealing_measurements")
DAY_OF = {"treatments": "start", "revealing_measurements": "taken_on"}


@dataclass(slots=True)
class Received:
    """What one look at the open storage brought: ids of cuts."""

    registered: list[uuid.UUID] = field(default_factory=list)
    joined: list[uuid.UUID] = field(default_factory=list)
    waiting: list[uuid.UUID] = field(
        default_factory=list
    )  # verified, but the study has no allocation here yet
    refused: list[uuid.UUID] = field(default_factory=list)


def receive_cuts(*, by: Actor | None = None) -> Received:
    """Register, verify and join what is new in the open storage; what is joined is not touched again."""
    by = by or Actor.process("receive_cuts")
    received = Received()
    waiting, settled = _known_cuts()
    for folder in _whole_folders(Path(settings.OPEN_STORAGE) / "cuts"):
        cut_id = uuid.UUID(folder.name)
        if cut_id in settled:
            continue
        try:
            receive_cut(folder=folder, received=received, by=by, study_id=waiting.get(cut_id))
        except CutError as fault:
            _tell_once(cut_id, str(fault))
            received.refused.append(cut_id)
        except Exception as fault:  # what one folder holds must never keep the next cuts out
            _tell_once(cut_id, f"an internal fault ({type(fault).__name__})")
            received.refused.append(cut_id)
    return received


def _known_cuts() -> tuple[dict[uuid.UUID, uuid.UUID], set[uuid.UUID]]:
    """The studies of the registered cuts that are not joined yet, and the cuts that are done with, looked up study by
    study.
    """
    waiting: dict[uuid.UUID, uuid.UUID] = {}
    settled: set[uuid.UUID] = set()
    for study_id in study_ids():
        with within(study_id):
            settled |= set(JoinedCut.objects.values_list("cut_id", flat=True))
            for cut_id, state in Cut.objects.values_list("id", "state"):
                waiting[cut_id] = study_id
                if state == CutState.REFUSED:
                    settled.add(cut_id)
    return waiting, settled


def _tell_once(cut_id: uuid.UUID, why: str) -> None:
    """The open storage is looked at every few seconds; what is wrong with a cut is said once."""
    if cut_id not in _told:
        log.warning("cut %s was not received: %s", cut_id, why)
        _told.add(cut_id)


def _whole_folders(cuts: Path) -> list[Path]:
    """Folders named by a cut's id that have their manifest, which is written last; anything else is not ours."""
    if not cuts.is_dir():
        return []
    folders = [folder for folder in sorted(cuts.iterdir()) if _is_cut_id(folder.name)]
    return [folder for folder in folders if (folder / manifests.NAME).is_file()]


def _is_cut_id(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False


@action
def receive_cut(*, folder: Path, received: Received, by: Actor, study_id: uuid.UUID | None = None) -> None:
    """One cut: its protocol, its row, and the join with the arms as they stand now. `study_id` is the study of a cut
    that is registered; a new one belongs to the study that its manifest names.

    A file that does not have its hash makes the row REFUSED, and such a cut is never joined; nor does it change the
    protocol of a study that is known. CutError when not even the manifest can be read, or when its study stands here
    under another id.
    """
    cut_id = uuid.UUID(folder.name)
    _lock(cut_id)
    if study_id is None:
        enter_study(_stated_study(manifests.read(folder)))
    if JoinedCut.objects.filter(cut_id=cut_id).exists():
        return  # another process was first
    cut = Cut.objects.filter(id=cut_id).select_related("study").first()
    if cut is not None and not _has_allocation(cut):
        received.waiting.append(cut_id)  # verified before, and will be again when it is joined
        return
    manifest = manifests.read(folder) if cut is None else cut.manifest
    problem = _problem(folder, manifest)
    if cut is None:
        cut = _register(manifest, sound=not problem, by=by)
        received.registered.append(cut_id)
    if problem:
        Cut.objects.filter(id=cut_id).update(state=CutState.REFUSED, problem=problem[:300])
        received.refused.append(cut_id)
        return
    if not _has_allocation(cut):
        received.waiting.append(cut_id)
        return
    _join(cut, folder)
    received.joined.append(cut_id)


def _has_allocation(cut: Cut) -> bool:
    return Allocation.objects.filter(study=cut.study).exists()


def _lock(cut_id: uuid.UUID) -> None:
    """Hold this cut until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", [0x637574, str(cut_id)])


def _problem(folder: Path, manifest: dict[str, Any]) -> str:
    """What is wrong with the files of a cut, '' when nothing is."""
    try:
        manifests.verify(folder, manifest)
    except CutError as fault:
        return str(fault)
    return ""


def _register(manifest: dict[str, Any], *, sound: bool, by: Actor) -> Cut:
    """The row of a cut. A manifest that is not `sound` is not believed about a study that is known."""
    try:
        known = None if sound else Study.objects.filter(id=_stated_study(manifest)).first()
        study = known or register_protocol(manifest, by=by)
        return Cut.objects.create(
            id=uuid.UUID(manifest["id"]),
            study=study,
            date=datetime.date.fromisoformat(manifest["date"]),
            sha256=manifest["sha256"],
            manifest=manifest,
            made_at=parse_datetime(manifest["made_at"]) or timezone.now(),
        )
    except (KeyError, TypeError, ValueError, AttributeError, DataError, IntegrityError) as fault:
        if isinstance(fault, CutError):
            raise
        raise _lacking(manifest) from fault


def _stated_study(manifest: dict[str, Any]) -> uuid.UUID:
    try:
        return uuid.UUID(manifest["study"]["id"])
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise _lacking(manifest) from fault


def _lacking(manifest: dict[str, Any]) -> CutError:
    return CutError(f"The manifest of cut {manifest.get('id')} lacks what a manifest must say.")


def register_protocol(manifest: dict[str, Any], *, by: Actor) -> Study:
    """Study, arms' names, interventions, sites and versions as the manifest prints them; the study keeps its id.

    CutError when the study's code stands here under another id.
    """
    stated = {**manifest["study"], **manifest["settings"]}
    protocol = {**manifest["protocol"], "id": stated.pop("id"), "study": stated}
    try:
        return put_protocol(protocol, by=by, source="cut")
    except StudyRefused as refusal:
        raise CutError(str(refusal)) from refusal


def _join(cut: Cut, folder: Path) -> None:
    """Seal the open files and the arms into closed storage, then the row that names them."""
    plain = {name: (folder / f"{name}.parquet").read_bytes() for name in OPEN_DATASETS}
    hashes = {name: cut.manifest["datasets"][name]["sha256"] for name in OPEN_DATASETS}
    if any(sha256_hex(plain[name]) != hashes[name] for name in plain):
        raise CutError("A file of the cut changed while it was read.")
    subjects = read_frame(plain["participants"], dataset="participants", columns=["subject"])["subject"]
    for name in CLOSED_DATASETS:
        plain[name] = to_parquet(_closed_table(name, cut, set(subjects)))
        hashes[name] = sha256_hex(plain[name])
    with_arm = len(read_frame(plain["arms"], dataset="arms", columns=["subject"]))
    target = _folder_of(cut.id)
    working = target.parent / f".{cut.id}.{uuid.uuid4().hex}"
    working.mkdir(parents=True)
    try:
        for name, content in plain.items():
            sealed = seal(content, key=settings.STORAGE_KEY, name=_name(cut.id, name, hashes[name]))
            with (working / f"{name}.parquet.sealed").open("wb") as stream:
                stream.write(sealed)
                stream.flush()
                os.fsync(stream.fileno())
        shutil.rmtree(target, ignore_errors=True)  # left by a run that stopped before its row was committed
        working.rename(target)
    finally:
        shutil.rmtree(working, ignore_errors=True)
    JoinedCut.objects.create(
        cut_id=cut.id,
        study=cut.study,
        sha256=sha256_hex(canonical_json(hashes)),
        files=hashes,
        participants=len(subjects),
        without_arm=len(subjects) - with_arm,
    )


def _closed_table(name: str, cut: Cut, subjects: set[str]) -> pa.Table:
    """The closed rows of the participants in the cut, by the same cut-off rule, in a total order."""
    columns = [column for column, _ in CLOSED_DATASETS[name]]
    day = DAY_OF.get(name)
    found = TABLES[name].objects.filter(study=cut.study).values(*columns)
    rows = [
        row for row in found if row["subject"] in subjects and (day is None or _known(row[day], cut.date))
    ]
    for row in rows:
        if "end" in row and not _known(row["end"], cut.date):
            row["end"] = ""
    rows.sort(key=lambda row: (row["subject"], row[columns[1]]))
    return pa.Table.from_pylist(rows, schema=schema(name))


def _known(text: str, day: datetime.date) -> bool:
    """Whether a partial date may lie on or before the day; an unknown date may."""
    partial = parse(text)
    return partial is None or partial.earliest <= day


def joined(cut: Cut) -> JoinedCut | None:
    """The joined form of a cut, once there is one."""
    return JoinedCut.objects.filter(cut_id=cut.id).first()


def joined_of(study: Study) -> dict[uuid.UUID, JoinedCut]:
    """The joined cuts of a study by cut."""
    return {row.cut_id: row for row in JoinedCut.objects.filter(study=study)}


def joined_cuts(study: Study) -> QuerySet[Cut]:
    """The cuts of a study that have been joined with the arms, the latest first."""
    ids = JoinedCut.objects.filter(study=study).values("cut_id")
    return Cut.objects.filter(study=study, state=CutState.READY, id__in=ids).order_by("-made_at", "-id")


def latest_joined(study: Study) -> Cut | None:
    """The joined cut that was frozen last."""
    return joined_cuts(study).first()


def record_opening(cut: Cut, *, by: Actor, reason: str) -> None:
    """Record that a joined cut is about to be opened, and for whom; NotRecorded when it cannot be."""
    looks.record(
        kind=AccessKind.LOOK,
        by=by,
        study_id=cut.study_id,
        object_kind="joined cut",
        object_id=str(cut.id),
        reason=reason,
        detail=f"cut of {cut.date}",
    )


def load_joined(
    cut: Cut, *, only: Iterable[str] | None = None, analytes: Collection[str] | None = None
) -> CutData:
    """The frames of a joined cut with its arms, all or `only` some datasets; of measurements all or those of some
    `analytes`. CutError when a file is missing, altered, or sealed with another key."""
    with within(cut.study_id):
        row = joined(cut)
    if row is None:
        raise CutError(f"The cut {cut.id} has not been joined with the arms.")
    frames = {}
    for name in DATASETS if only is None else only:
        path = _folder_of(cut.id) / f"{name}.parquet.sealed"
        try:
            plain = unseal(
                path.read_bytes(), key=settings.STORAGE_KEY, name=_name(cut.id, name, row.files[name])
            )
        except (OSError, SealError) as fault:
            raise CutError(f"The closed file of {name} of cut {cut.id} cannot be opened.") from fault
        if sha256_hex(plain) != row.files[name]:
            raise CutError(f"The closed file of {name} of cut {cut.id} does not have its sha256.")
        frames[name] = read_frame(plain, dataset=name, analytes=analytes if name in MEASURED else None)
    return CutData(cut_id=str(cut.id), sha256=cut.sha256, manifest=cut.manifest, frames=frames)


def _folder_of(cut_id: uuid.UUID) -> Path:
    return Path(settings.STORAGE) / "cuts" / str(cut_id)


def _name(cut_id: uuid.UUID, dataset: str, sha256: str) -> str:
    """What a sealed file is bound to."""
    return f"{cut_id}/{dataset}/{sha256}"
