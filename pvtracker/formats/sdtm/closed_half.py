"""The closed half of the SDTM domains: who received what. Only a process of the closed room calls this."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pvtracker.formats.records import AllocationRecord, RevealingMeasurementRecord, TreatmentRecord
from pvtracker.formats.sdtm.columns import CLOSED_COLUMNS, CLOSED_REQUIRED, is_screened_out
from pvtracker.formats.sdtm.measurements import is_revealing, measurement
from pvtracker.formats.sdtm.rows import Collected, DomainCount, Row, collect
from pvtracker.formats.tables import Refused, StructuralFault, Table, narrowed

Files = Mapping[str, Iterable[Table | StructuralFault]]


@dataclass(frozen=True, slots=True)
class ClosedRecords:
    """What the closed room stores. `left_out` in `counts`: participants of no arm, open measurements."""

    allocations: tuple[AllocationRecord, ...]
    treatments: tuple[TreatmentRecord, ...]
    measurements: tuple[RevealingMeasurementRecord, ...]
    refused: tuple[Refused, ...]
    faults: tuple[StructuralFault, ...]
    counts: tuple[DomainCount, ...]


def closed_records(files: Files, *, revealing_analytes: frozenset[str] = frozenset()) -> ClosedRecords:
    """Allocation from DM, treatment from EX, and the rows of LB and VS whose analyte is declared revealing.

    Other domains are not looked at; LB and VS only where `revealing_analytes` names something. Read the files
    with `CLOSED_COLUMNS` and the domains of `closed_domains`.
    """
    wanted = closed_domains(revealing_analytes)
    seen = {
        domain: [
            narrowed(file, CLOSED_COLUMNS) if isinstance(file, Table) else file for file in files[domain]
        ]
        for domain in wanted
        if domain in files
    }
    allocations = collect(
        "DM",
        seen.get("DM", ()),
        required=CLOSED_REQUIRED["DM"],
        build=_allocation,
        key=lambda record: (record.participant,),
        leave_out=_has_no_arm,
    )
    treatments = collect(
        "EX",
        seen.get("EX", ()),
        required=CLOSED_REQUIRED["EX"],
        build=_treatment,
        key=lambda record: (record.participant, record.source_id),
    )
    laboratory = _revealing("LB", seen.get("LB", ()), revealing_analytes)
    vital_signs = _revealing("VS", seen.get("VS", ()), revealing_analytes)
    made = (allocations, treatments, laboratory, vital_signs)
    return ClosedRecords(
        allocations=allocations.records,
        treatments=treatments.records,
        measurements=laboratory.records + vital_signs.records,
        refused=tuple(row for part in made for row in part.refused),
        faults=tuple(fault for part in made for fault in part.faults),
        counts=tuple(part.count for part in made if part.count.domain in seen),
    )


def closed_domains(revealing_analytes: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The domains that hold something for the closed room."""
    return ("DM", "EX", "LB", "VS") if revealing_analytes else ("DM", "EX")


def _has_no_arm(row: Row) -> bool:
    """A screen failure, or a participant who was not (or not yet) given an arm: no code and no name."""
    return is_screened_out(row.text("ARMCD")) or not any(
        row.text(name) for name in ("ARMCD", "ARM", "ACTARMCD", "ACTARM")
    )


def _allocation(row: Row) -> AllocationRecord:
    return AllocationRecord(
        row=row.number,
        participant=row.needed("USUBJID"),
        planned_code=row.text("ARMCD"),
        planned=row.text("ARM"),
        actual_code=row.text("ACTARMCD"),
        actual=row.text("ACTARM"),
        number=row.text("SUBJID"),
    )


def _treatment(row: Row) -> TreatmentRecord:
    return TreatmentRecord(
        row=row.number,
        participant=row.needed("USUBJID"),
        source_id=row.source_id("EX"),
        treatment=row.needed("EXTRT"),
        dose=row.number_of("EXDOSE"),
        unit=row.text("EXDOSU"),
        start=row.date("EXSTDTC"),
        end=row.date("EXENDTC"),
    )


def _revealing(
    domain: str, files: Iterable[Table | StructuralFault], analytes: frozenset[str]
) -> Collected[RevealingMeasurementRecord]:
    return collect(
        domain,
        files,
        required=CLOSED_REQUIRED[domain],
        build=lambda row: RevealingMeasurementRecord(measurement(row, domain)),
        key=lambda record: (record.measurement.participant, record.measurement.source_id),
        leave_out=lambda row: not is_revealing(row, domain, analytes),
    )
