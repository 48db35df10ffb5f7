"""The open half of the SDTM domains: everything clinical, nothing that tells an arm."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from pvtracker.formats.records import (
    DispositionRecord,
    EventRecord,
    ExposureRecord,
    HistoryRecord,
    MeasurementRecord,
    MedicationRecord,
    ParticipantRecord,
    VisitRecord,
)
from pvtracker.formats.sdtm.adverse_events import adverse_events
from pvtracker.formats.sdtm.columns import OPEN_COLUMNS, OPEN_REQUIRED
from pvtracker.formats.sdtm.measurements import is_revealing, measurement
from pvtracker.formats.sdtm.participants import participant
from pvtracker.formats.sdtm.rows import Collected, DomainCount, Row, collect
from pvtracker.formats.tables import Refused, StructuralFault, Table, narrowed

STUDY_TREATMENT = "Study treatment"

Files = Mapping[str, Iterable[Table | StructuralFault]]


@dataclass(frozen=True, slots=True)
class OpenRecords:
    """What the open room stores. A domain with a fault has no records."""

    participants: tuple[ParticipantRecord, ...]
    visits: tuple[VisitRecord, ...]
    exposures: tuple[ExposureRecord, ...]
    dispositions: tuple[DispositionRecord, ...]
    events: tuple[EventRecord, ...]
    measurements: tuple[MeasurementRecord, ...]  # LB, then VS
    left_out_analytes: frozenset[str]  # the revealing ones of which there are results
    history: tuple[HistoryRecord, ...]
    medications: tuple[MedicationRecord, ...]
    refused: tuple[Refused, ...]
    faults: tuple[StructuralFault, ...]
    counts: tuple[DomainCount, ...]  # one per delivered domain, in load order


def open_records(
    files: Files,
    *,
    intervention: str = STUDY_TREATMENT,
    revealing_analytes: frozenset[str] = frozenset(),
) -> OpenRecords:
    """The records of all delivered domains, made from the columns of `OPEN_COLUMNS` only.

    `intervention` is the blinded name under which exposure and causality are stored. Rows of LB and VS whose
    analyte is among `revealing_analytes` are left out before anything of them is read, and only counted.
    Tables that were read with all their columns are narrowed first; better is to read them with
    `OPEN_COLUMNS`.
    """
    seen = {
        domain: [narrowed(file, OPEN_COLUMNS) if isinstance(file, Table) else file for file in files[domain]]
        for domain in files
    }
    participants = collect(
        "DM",
        seen.get("DM", ()),
        required=OPEN_REQUIRED["DM"],
        build=participant,
        key=lambda record: (record.participant,),
    )
    visits = _visits(seen.get("SV", ()))
    exposures = _rows_of("EX", seen, lambda row: _exposure(row, intervention))
    dispositions = _rows_of("DS", seen, _disposition)
    events = adverse_events(seen.get("AE", ()), intervention=intervention)
    left_out: set[str] = set()
    laboratory = _measurements("LB", seen, revealing_analytes, left_out)
    vital_signs = _measurements("VS", seen, revealing_analytes, left_out)
    history = _rows_of("MH", seen, _history)
    medications = _rows_of("CM", seen, _medication)
    made: tuple[Collected[Any], ...] = (
        participants,
        visits,
        exposures,
        dispositions,
        events,
        laboratory,
        vital_signs,
        history,
        medications,
    )
    return OpenRecords(
        participants=participants.records,
        visits=visits.records,
        exposures=exposures.records,
        dispositions=dispositions.records,
        events=events.records,
        measurements=laboratory.records + vital_signs.records,
        left_out_analytes=frozenset(left_out),
        history=history.records,
        medications=medications.records,
        refused=tuple(row for part in made for row in part.refused),
        faults=tuple(fault for part in made for fault in part.faults),
        counts=tuple(part.count for part in made if part.count.domain in files),
    )


class _Sourced(Protocol):
    """A record that its row's number names within its participant."""

    @property
    def participant(self) -> str: ...
    @property
    def source_id(self) -> str: ...


_SourcedRecord = TypeVar("_SourcedRecord", bound=_Sourced)


def _row_key(record: _Sourced) -> tuple[str, str]:
    return record.participant, record.source_id


def _rows_of(domain: str, files: Files, build: Callable[[Row], _SourcedRecord]) -> Collected[_SourcedRecord]:
    return collect(domain, files.get(domain, ()), required=OPEN_REQUIRED[domain], build=build, key=_row_key)


def _visits(files: Iterable[Table | StructuralFault]) -> Collected[VisitRecord]:
    """SV has no sequence number: the visit's number names the row; a second one of it is SV-3.5-2."""
    times: Counter[tuple[str, str]] = Counter()

    def visit(row: Row) -> VisitRecord:
        participant, number = row.needed("USUBJID"), row.number_of("VISITNUM")
        name = "SV-unnumbered" if number is None else f"SV-{number:.10g}"
        start, end = row.date("SVSTDTC"), row.date("SVENDTC")
        planned_day = row.whole("VISITDY")
        times[participant, name] += 1
        time = times[participant, name]
        return VisitRecord(
            row=row.number,
            participant=participant,
            source_id=name if time == 1 else f"{name}-{time}",
            name=row.text("VISIT"),
            number=number,
            planned_day=planned_day,
            start=start,
            end=end,
            phase=row.text("EPOCH"),
        )

    return collect("SV", files, required=OPEN_REQUIRED["SV"], build=visit, key=_row_key)


def _exposure(row: Row, intervention: str) -> ExposureRecord:
    return ExposureRecord(
        row=row.number,
        participant=row.needed("USUBJID"),
        source_id=row.source_id("EX"),
        intervention=intervention,
        start=row.date("EXSTDTC"),
        end=row.date("EXENDTC"),
        phase=row.text("EPOCH"),
    )


def _disposition(row: Row) -> DispositionRecord:
    return DispositionRecord(
        row=row.number,
        participant=row.needed("USUBJID"),
        source_id=row.source_id("DS"),
        category=row.text("DSCAT"),
        term=row.text("DSDECOD"),
        verbatim=row.needed("DSTERM"),
        start=row.date("DSSTDTC"),
    )


def _measurements(
    domain: str, files: Files, revealing: frozenset[str], left_out: set[str]
) -> Collected[MeasurementRecord]:
    """Rows of LB or VS without those of revealing analytes, whose codes are added to `left_out`."""

    def leave_out(row: Row) -> bool:
        if not is_revealing(row, domain, revealing):
            return False
        left_out.add(row.code(f"{domain}TESTCD"))
        return True

    collected = collect(
        domain,
        files.get(domain, ()),
        required=OPEN_REQUIRED[domain],
        build=lambda row: measurement(row, domain),
        key=_row_key,
        leave_out=leave_out,
    )
    return replace(collected, records=_renumbered(domain, collected.records)) if revealing else collected


def _renumbered(domain: str, records: tuple[MeasurementRecord, ...]) -> tuple[MeasurementRecord, ...]:
    """Each participant's rows by their place among the open ones: a gap would tell that a closed row is there."""
    delivered: dict[str, list[int]] = defaultdict(list)
    for record in records:
        delivered[record.participant].append(_sequence(record))
    places = {
        (person, number): place
        for person, numbers in delivered.items()
        for place, number in enumerate(sorted(numbers), 1)
    }
    return tuple(
        replace(record, source_id=f"{domain}-{places[record.participant, _sequence(record)]}")
        for record in records
    )


def _sequence(record: MeasurementRecord) -> int:
    return int(record.source_id.partition("-")[2])


def _history(row: Row) -> HistoryRecord:
    return HistoryRecord(
        row=row.number,
        participant=row.needed("USUBJID"),
        source_id=row.source_id("MH"),
        category=row.text("MHCAT"),
        verbatim=row.needed("MHTERM"),
        preferred_term=row.text("MHDECOD"),
        system_organ_class=row.text("MHBODSYS") or row.text("MHSOC"),
        start=row.date("MHSTDTC"),
        end=row.date("MHENDTC"),
    )


def _medication(row: Row) -> MedicationRecord:
    dose = [row.text("CMDOSE") or row.text("CMDOSTXT"), row.text("CMDOSU"), row.text("CMDOSFRQ")]
    return MedicationRecord(
        row=row.number,
        participant=row.needed("USUBJID"),
        source_id=row.source_id("CM"),
        verbatim=row.needed("CMTRT"),
        coded=row.text("CMDECOD"),
        medication_class=row.text("CMCLAS"),
        indication=row.text("CMINDC"),
        dose_text=" ".join(part for part in dose if part),
        start=row.date("CMSTDTC"),
        end=row.date("CMENDTC"),
    )
