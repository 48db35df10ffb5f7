"""Closed room. Everything that writes who received what."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.utils import timezone

from pvtracker.allocation.models import Allocation, RevealingMeasurement, Simulation, Treatment
from pvtracker.audit.bulk import copy_rows
from pvtracker.audit.context import Actor, action
from pvtracker.formats.records import AllocationRecord, RevealingMeasurementRecord, TreatmentRecord
from pvtracker.lib.tally import RefusedRow, Tally
from pvtracker.studies.models import Study

BATCH = 2_000


class AllocationRefused(ValueError):
    """This cannot be written; the text is a sentence for the person who asked, and tells no arm."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A table, the fields that name a row within its study, and the fields that say something about it."""

    model: type[Model]
    keys: tuple[str, ...]
    says: tuple[str, ...]


ALLOCATIONS = Shape(Allocation, ("subject",), ("planned_code", "planned", "actual_code", "actual", "number"))
TREATMENTS = Shape(Treatment, ("subject", "source_id"), ("treatment", "dose", "unit", "start", "end"))
MEASUREMENTS = Shape(
    RevealingMeasurement,
    ("subject", "source_id"),
    ("analyte", "name", "value_text", "value", "unit", "visit", "taken_on"),
)

Line = tuple[int, tuple[Any, ...], tuple[Any, ...]]  # row number, values of `keys`, values of `says`


@action
def store_allocations(
    *, study: Study, records: Iterable[AllocationRecord], by: Actor, source: str, reason: str = ""
) -> Tally:
    """Store the arm, planned and actual, of each randomised participant.

    An allocation that says something else than before is written over it and counted as changed: the
    delivery is the source, and the audit trail keeps what stood there. Joined cuts keep the arms of their
    own day.
    """
    return _store(study, ALLOCATIONS, [(r.row, (r.participant,), _said(ALLOCATIONS, r)) for r in records])


@action
def store_treatments(
    *, study: Study, records: Iterable[TreatmentRecord], by: Actor, source: str, reason: str = ""
) -> Tally:
    """Store drug and dose of each exposure."""
    lines = [(r.row, (r.participant, r.source_id), _said(TREATMENTS, r)) for r in records]
    return _store(study, TREATMENTS, lines)


@action
def store_revealing_measurements(
    *, study: Study, records: Iterable[RevealingMeasurementRecord], by: Actor, source: str, reason: str = ""
) -> Tally:
    """Store results of analytes that tell the arm. One that is not declared so belongs to the open room:
    refused.
    """
    declared = {analyte.upper() for analyte in study.revealing_analytes}
    made = [record.measurement for record in records]
    if any(one.analyte.upper() not in declared for one in made):
        raise AllocationRefused("A measurement's analyte is not declared as telling the arm.")
    lines = [(one.row, (one.participant, one.source_id), _said(MEASUREMENTS, one)) for one in made]
    return _store(study, MEASUREMENTS, lines)


@action
def record_simulation(
    *, study: Study, parameters: dict[str, Any], by: Actor, source: str, reason: str = ""
) -> Simulation:
    """Keep how a simulated trial was made; the same again changes nothing, something else is refused."""
    if not study.simulated:
        raise AllocationRefused(f"Study {study.code} is not simulated.")
    simulation, created = Simulation.objects.get_or_create(study=study, defaults={"parameters": parameters})
    if not created and simulation.parameters != parameters:
        raise AllocationRefused(f"Study {study.code} was simulated with other parameters.")
    return simulation


def _said(shape: Shape, record: Any) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in shape.says)


def _store(study: Study, shape: Shape, lines: Sequence[Line]) -> Tally:
    """Compare each row with what stands there: copy the new ones, write the changed ones over."""
    model = shape.model
    rows = model._default_manager.filter(study=study).values_list(*shape.keys, *shape.says)
    width = len(shape.keys)
    known = {tuple(row[:width]): tuple(row[width:]) for row in rows.iterator(chunk_size=BATCH)}
    new: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    refused: list[RefusedRow] = []
    for number, key, said in lines:
        refusal = _too_long(shape, number, (*key, *said))
        if refusal is not None:
            refused.append(refusal)
        elif key not in known:
            new.append((study.id, *key, *said))
        elif known[key] != said:
            changed.append((study.id, *key, *said))
    names = ("study", *shape.keys, *shape.says)
    stored = _copy(shape, names, new)
    attributes = ("study_id", *shape.keys, *shape.says)
    model._default_manager.bulk_create(
        [model(**dict(zip(attributes, row, strict=True))) for row in changed],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["study", *shape.keys],
        update_fields=list(shape.says),
    )
    unchanged = len(lines) - len(refused) - len(new) - len(changed)
    return Tally(stored=stored, changed=len(changed), unchanged=unchanged, refused=tuple(refused))


def _copy(shape: Shape, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> int:
    """COPY leaves Python's defaults to us: an allocation's id and day."""
    if shape.model is not Allocation:
        return copy_rows(shape.model, names, rows)
    now = timezone.now()
    return copy_rows(Allocation, ("id", "recorded_at", *names), ((uuid.uuid4(), now, *row) for row in rows))


def _too_long(shape: Shape, number: int, values: tuple[Any, ...]) -> RefusedRow | None:
    for name, value in zip((*shape.keys, *shape.says), values, strict=True):
        limit = getattr(shape.model._meta.get_field(name), "max_length", None)
        if limit is not None and isinstance(value, str) and len(value) > limit:
            message = f"{name} has {len(value)} characters; at most {limit} can be stored."
            return RefusedRow(row=number, rule="too-long", message=message)
    return None
