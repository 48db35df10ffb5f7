"""What a simulated trial consists of: its protocol, its open half and its closed half."""

from __future__ import annotations

from dataclasses import dataclass

from pvtracker.formats.records import (
    AllocationRecord,
    DispositionRecord,
    EventRecord,
    ExposureRecord,
    HistoryRecord,
    MeasurementRecord,
    MedicationRecord,
    ParticipantRecord,
    RevealingMeasurementRecord,
    TreatmentRecord,
    VisitRecord,
)


@dataclass(frozen=True, slots=True)
class Intervention:
    """One thing done to a participant that may cause harm. Its name is the blinded one."""

    code: str
    name: str
    kind: str  # product, procedure or background; the last has no exposures but medications


@dataclass(frozen=True, slots=True)
class Site:
    """A coded site."""

    code: str
    name: str
    country: str  # ISO 3166 alpha-3
    time_zone: str  # IANA


@dataclass(frozen=True, slots=True)
class ArmName:
    """An arm as the protocol prints it. Who is in it is closed."""

    code: str
    name: str
    reference: bool


@dataclass(frozen=True, slots=True)
class Phase:
    """A period of the trial; events, visits and exposures carry its key."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """One visit of the schedule. Day 1 is the day of the infusion; there is no day 0."""

    number: float
    name: str
    planned_day: int
    phase: str


@dataclass(frozen=True, slots=True)
class Protocol:
    """What everybody in the trial may know."""

    study: str
    title: str
    simulated: bool  # always true here; pages and reports print it
    day_one: str  # the intervention whose day is study day 1
    severity_scale: str
    interventions: tuple[Intervention, ...]
    sites: tuple[Site, ...]
    arms: tuple[ArmName, ...]
    phases: tuple[Phase, ...]
    visits: tuple[PlannedVisit, ...]
    revealing_analytes: tuple[str, ...]  # analytes whose results go to the closed room only
    planned_participants: int


@dataclass(frozen=True, slots=True)
class OpenTrial:
    """Everything that blinded people may see. Holds neither the seed nor the planted effects nor an arm."""

    protocol: Protocol
    participants: tuple[ParticipantRecord, ...]
    visits: tuple[VisitRecord, ...]
    exposures: tuple[ExposureRecord, ...]
    dispositions: tuple[DispositionRecord, ...]
    measurements: tuple[MeasurementRecord, ...]
    histories: tuple[HistoryRecord, ...]
    medications: tuple[MedicationRecord, ...]
    events: tuple[EventRecord, ...]


@dataclass(frozen=True, slots=True)
class ClosedTrial:
    """What tells the arm, and what would let somebody compute it."""

    study: str
    seed: int
    effects: tuple[tuple[str, float], ...]  # planted rate ratios by preferred term
    block_sizes: tuple[int, ...]
    randomised: tuple[str, ...]  # participants by order of randomisation, as the blocks were filled
    allocations: tuple[AllocationRecord, ...]
    treatments: tuple[TreatmentRecord, ...]
    revealing: tuple[RevealingMeasurementRecord, ...]


@dataclass(frozen=True, slots=True)
class SimulatedTrial:
    """Both halves, together only in the process that simulated them."""

    open: OpenTrial
    closed: ClosedTrial
