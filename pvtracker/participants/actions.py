"""Everything that writes participants and what was done to and measured in them, many rows at a time.

A row is known by its participant and `source_id`, and its content by a hash: the same row delivered again
changes nothing, another content under the same name is written over it (the audit trail keeps what stood
there before).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.utils import timezone

from pvtracker.audit.bulk import copy_rows
from pvtracker.audit.context import Actor, action
from pvtracker.formats.records import (
    DispositionRecord,
    ExposureRecord,
    HistoryRecord,
    MeasurementRecord,
    MedicationRecord,
    ParticipantRecord,
    VisitRecord,
)
from pvtracker.lib.content_hash import content_hash
from pvtracker.lib.partial_dates import parse
from pvtracker.lib.tally import RefusedRow, Tally
from pvtracker.participants.holding import Taken, Watch
from pvtracker.participants.models import (
    Disposition,
    Exposure,
    Measurement,
    MedicalHistory,
    Medication,
    Participant,
    Visit,
)
from pvtracker.studies.actions import add_revealing, analyte_codes
from pvtracker.studies.models import Intervention, Site, Study
from pvtracker.studies.rules import TooLateToDeclare

OLDEST = 125  # years
BATCH = 2_000
LARGEST_INTEGER = 2**31 - 1  # of a PostgreSQL integer
LONGEST_SUBJECT = 60  # characters of USUBJID


@dataclass(frozen=True, slots=True)
class Shape:
    """How a record becomes a row: fields taken as they are, and partial dates, each of which makes three
    columns.
    """

    model: type[Model]
    plain: tuple[str, ...]
    dates: tuple[str, ...]

    def names(self) -> tuple[str, ...]:
        days = (name + end for name in self.dates for end in ("", "_earliest", "_latest"))
        return (*self.plain, *days)

    def values(self, record: Any) -> list[Any]:
        """In the order of `names`."""
        values = [getattr(record, name) for name in self.plain]
        for name in self.dates:
            known = parse(getattr(record, name))
            values += ["", None, None] if known is None else [known.text, known.earliest, known.latest]
        return values

    def refusal(self, record: Any) -> RefusedRow | None:
        """A text or number that does not fit is refused, never cut."""
        for name in self.plain:
            value = getattr(record, name)
            limit = getattr(self.model._meta.get_field(name), "max_length", None)
            if limit is not None and isinstance(value, str) and len(value) > limit:
                message = f"{name} has {len(value)} characters; at most {limit} can be stored."
                return RefusedRow(row=record.row, rule="too-long", message=message)
            if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
                message = f"{name} is too large a number to be stored."
                return RefusedRow(row=record.row, rule="too-large", message=message)
        return None


PARTICIPANTS = Shape(
    Participant,
    ("code", "country", "age", "sex", "race", "ethnicity", "screen_failure", "died"),
    ("consented_on", "started_on", "ended_on", "died_on"),
)
VISITS = Shape(Visit, ("name", "number", "planned_day", "phase"), ("start", "end"))
EXPOSURES = Shape(Exposure, ("phase",), ("start", "end"))
DISPOSITIONS = Shape(Disposition, ("category", "term", "verbatim"), ("start",))
MEASUREMENTS = Shape(
    Measurement,
    (
        "domain",
        "category",
        "analyte",
        "name",
        "value_text",
        "unit_text",
        "value",
        "unit",
        "low",
        "high",
        "visit",
        "not_done",
    ),
    ("taken_on",),
)
HISTORY = Shape(
    MedicalHistory, ("category", "verbatim", "preferred_term", "system_organ_class"), ("start", "end")
)
MEDICATIONS = Shape(
    Medication, ("verbatim", "coded", "medication_class", "indication", "dose_text"), ("start", "end")
)


@action
def store_participants(
    *,
    study: Study,
    records: Iterable[ParticipantRecord],
    by: Actor,
    source: str,
    reason: str = "",
    watch: Watch | None = None,
) -> Tally:
    """Store who takes part. Sites must be there; a participant of an unknown site is refused."""
    sites = {site.code: site.id for site in Site.objects.filter(study=study)}
    known = {
        subject: (person_id, digest, version)
        for person_id, subject, digest, version in Participant.objects.filter(study=study).values_list(
            "id", "subject", "source_hash", "version"
        )
    }
    now = timezone.now()
    names = ("id", "study", "site", "subject", "source_hash", "version", "recorded_at", *PARTICIPANTS.names())
    new: list[tuple[Any, ...]] = []
    refused: list[RefusedRow] = []
    taken: list[Taken] = []
    changed: list[tuple[uuid.UUID, str]] = []
    columns = PARTICIPANTS.names()
    unchanged = 0
    for record in records:
        refusal = _participant_refusal(record, sites)
        if refusal is not None:
            refused.append(refusal)
            continue
        digest = content_hash(record)
        before = known.get(record.participant)
        values = PARTICIPANTS.values(record)
        site_id = sites[record.site]
        person = before[0] if before else uuid.uuid4()
        if watch is not None and (before is None or before[1] != digest):
            taken += watch.take_out(Participant, columns, values, person=person, source_id="")
        if before is None:
            new.append((person, study.id, site_id, record.participant, digest, 1, now, *values))
        elif before[1] == digest:
            unchanged += 1
        else:
            fields = dict(zip(PARTICIPANTS.names(), values, strict=True))
            Participant.objects.filter(id=before[0]).update(
                **fields, site_id=site_id, source_hash=digest, version=before[2] + 1
            )
            changed.append((before[0], ""))
    stored = copy_rows(Participant, names, new)
    if watch is not None and (taken or changed):
        watch.keep(Participant, changed, taken)
    return Tally(stored=stored, changed=len(changed), unchanged=unchanged, refused=tuple(refused))


@action
def store_visits(
    *,
    study: Study,
    records: Iterable[VisitRecord],
    by: Actor,
    source: str,
    reason: str = "",
    watch: Watch | None = None,
) -> Tally:
    """Store visits that took place."""
    return _store(study, VISITS, records, watch=watch)


@action
def store_exposures(
    *,
    study: Study,
    records: Iterable[ExposureRecord],
    by: Actor,
    source: str,
    reason: str = "",
    watch: Watch | None = None,
) -> Tally:
    """Store when an intervention was given. Interventions are found by their blinded name."""
    known = {item.name: item.id for item in Intervention.objects.filter(study=study)}

    def refusal(record: Any) -> RefusedRow | None:
        if record.intervention in known:
            return None
        message = "The intervention of this row is not one of the study's."
        return RefusedRow(row=record.row, rule="unknown-intervention", message=message)

    return _store(
        study,
        EXPOSURES,
        records,
        more=("intervention",),
        more_values=lambda record: (known[record.intervention],),
        refuse=refusal,
        watch=watch,
    )


@action
def store_dispositions(
    *,
    study: Study,
    records: Iterable[DispositionRecord],
    by: Actor,
    source: str,
    reason: str = "",
    watch: Watch | None = None,
) -> Tally:
    """Store milestones and how participation ended."""
    return _store(study, DISPOSITIONS, records, watch=watch)


@action
def declare_revealing(*, study: Study, analytes: Sequence[str], by: Actor, source: str = "form") -> None:
    """Declare analytes that tell the arm. With the first result in the open room it is too late."""
    now = Study.objects.select_for_update().get(id=study.id)
    new = [code for code in analyte_codes(analytes) if code not in now.revealing_analytes]
    if new and Measurement.objects.filter(study=study).exists():
        raise TooLateToDeclare(study.code, new)
    add_revealing(study=study, analytes=new, by=by, source=source)


@action
def store_measurements(
    *,
    study: Study,
    records: Iterable[MeasurementRecord],
    by: Actor,
    source: str,
    reason: str = "",
    watch: Watch | None = None,
) -> Tally:
    """Store laboratory results and vital signs. An analyte that tells the arm is refused: it is for the
    closed room.
    """
    # as declared now: a declaration waits for this transaction, or this one for the declaration
    revealing = Study.objects.select_for_update().get(id=study.id).revealing_analytes

    def refusal(record: Any) -> RefusedRow | None:
        if record.analyte.upper() not in revealing:
            return None
        message = "This analyte is declared for the closed room; nothing of it is stored here."
        return RefusedRow(row=record.row, rule="closed-analyte", message=message)

    return _store(study, MEASUREMENTS, records, refuse=refusal, watch=watch)


@action
def store_history(
    *,
    study: Study,
    records: Iterable[HistoryRecord],
    by: Actor,
    source: str,
    reason: str = "",
    watch: Watch | None = None,
) -> Tally:
    """Store medical history."""
    return _store(study, HISTORY, records, watch=watch)


@action
def store_medications(
    *,
    study: Study,
    records: Iterable[MedicationRecord],
    by: Actor,
    source: str,
    reason: str = "",
    watch: Watch | None = None,
) -> Tally:
    """Store concomitant medication."""
    return _store(study, MEDICATIONS, records, watch=watch)


def people_of(study: Study) -> dict[str, uuid.UUID]:
    """Subject identifier → participant's id."""
    return dict(Participant.objects.filter(study=study).values_list("subject", "id"))


def unknown_participant(row: int) -> RefusedRow:
    """The refusal of a row whose participant is not stored."""
    return RefusedRow(
        row=row,
        rule="unknown-participant",
        message="USUBJID names no stored participant. Deliver the participant in DM, too.",
    )


def _nothing_more(record: Any) -> tuple[Any, ...]:
    return ()


def _no_refusal(record: Any) -> RefusedRow | None:
    return None


def _store(
    study: Study,
    shape: Shape,
    records: Iterable[Any],
    *,
    more: Sequence[str] = (),
    more_values: Callable[[Any], tuple[Any, ...]] = _nothing_more,
    refuse: Callable[[Any], RefusedRow | None] = _no_refusal,
    watch: Watch | None = None,
) -> Tally:
    """Sort rows into new, changed, unchanged and refused; copy the new ones, write the changed ones over."""
    people = people_of(study)
    known = _known(study, shape.model)
    names = ("study", "participant", "source_id", "source_hash", *more, *shape.names())
    changed: list[tuple[Any, ...]] = []
    refused: list[RefusedRow] = []
    taken: list[Taken] = []
    columns = shape.names()
    unchanged = 0

    def new_rows() -> Iterator[tuple[Any, ...]]:
        nonlocal unchanged
        for record in records:
            person = people.get(record.participant)
            refusal = (
                unknown_participant(record.row) if person is None else refuse(record) or shape.refusal(record)
            )
            if refusal is not None:
                refused.append(refusal)
                continue
            digest = content_hash(record)
            before = known.get((person, record.source_id))
            if before == digest:
                unchanged += 1
                continue
            values = shape.values(record)
            if watch is not None and person is not None:
                taken.extend(
                    watch.take_out(shape.model, columns, values, person=person, source_id=record.source_id)
                )
            row = (study.id, person, record.source_id, digest, *more_values(record), *values)
            if before is None:
                yield row
            else:
                changed.append(row)

    stored = copy_rows(shape.model, names, new_rows())
    _write_over(shape.model, names, changed)
    if watch is not None and (taken or changed):
        watch.keep(shape.model, [(row[1], row[2]) for row in changed], taken)
    return Tally(stored=stored, changed=len(changed), unchanged=unchanged, refused=tuple(refused))


def _known(study: Study, model: type[Model]) -> Mapping[tuple[uuid.UUID | None, str], str]:
    rows = model._default_manager.filter(study=study).values_list(
        "participant_id", "source_id", "source_hash"
    )
    return {(person, source_id): digest for person, source_id, digest in rows.iterator(chunk_size=BATCH)}


def _write_over(model: type[Model], names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    keys = {"study": "study_id", "participant": "participant_id", "intervention": "intervention_id"}
    attributes = [keys.get(name, name) for name in names]
    objects = [model(**dict(zip(attributes, row, strict=True))) for row in rows]
    model._default_manager.bulk_create(
        objects,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["participant", "source_id"],
        update_fields=[name for name in names if name not in {"study", "participant", "source_id"}],
    )


def _participant_refusal(record: ParticipantRecord, sites: Mapping[str, uuid.UUID]) -> RefusedRow | None:
    if record.site not in sites:
        return RefusedRow(row=record.row, rule="unknown-site", message="SITEID names no site of the study.")
    if record.age is not None and not 0 <= record.age <= OLDEST:
        return RefusedRow(row=record.row, rule="age", message=f"AGE must be 0 to {OLDEST} years.")
    if len(record.participant) > LONGEST_SUBJECT:
        return RefusedRow(row=record.row, rule="too-long", message="USUBJID is too long to be stored.")
    return PARTICIPANTS.refusal(record)
