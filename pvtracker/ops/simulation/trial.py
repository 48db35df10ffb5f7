"""The whole OZ1-like trial of `domain.md` section 2, as records."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

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
from pvtracker.ops.simulation import protocol as p
from pvtracker.ops.simulation import records
from pvtracker.ops.simulation.background import history_records, medication_records
from pvtracker.ops.simulation.course import course, people
from pvtracker.ops.simulation.events import event_records
from pvtracker.ops.simulation.hiv_labs import hiv_measurements, persistence_measurements
from pvtracker.ops.simulation.profile import PROFILE
from pvtracker.ops.simulation.randomisation import randomisation_list
from pvtracker.ops.simulation.safety_labs import safety_measurements
from pvtracker.ops.simulation.types import ClosedTrial, OpenTrial, SimulatedTrial

NO_EFFECTS: Mapping[str, float] = {}


def simulate(
    *,
    study: str,
    participants: int = 74,
    arms: int = 2,
    seed: int = 1,
    effects: Mapping[str, float] = NO_EFFECTS,
) -> SimulatedTrial:
    """A simulated double-blind trial with this many randomised participants (screen failures come on top).

    `effects` plants signals: ``{"Pyrexia": 3.0}`` triples the rate of that preferred term in every active
    arm, from randomisation on. Without it no event depends on the arm; CD4, viral load and the closed
    persistence assay always do. The same arguments give the same records. Raises ValueError, with a sentence,
    for arguments that no trial can have. From some thousand participants on use `simulate_bulk`.
    """
    check_arguments(study=study, participants=participants, arms=arms, seed=seed)
    check_effects(effects, known={row.term for row in PROFILE})
    order, blocks = randomisation_list(participants=participants, arms=arms, seed=seed)
    return assemble(
        study=study,
        participants=participants,
        arms=arms,
        seed=seed,
        effects=effects,
        order=order,
        blocks=blocks,
    )


def check_arguments(*, study: str, participants: int, arms: int, seed: int) -> None:
    """Raise ValueError with a sentence if no trial can be like this."""
    if not study.strip():
        raise ValueError("A simulated study needs a code: give study=, for example OZ1-SIM.")
    if arms < 2:
        raise ValueError(f"A randomised trial has at least 2 arms, not {arms}.")
    if participants < arms:
        raise ValueError(f"{arms} arms need at least {arms} participants, not {participants}.")
    if seed < 0:
        raise ValueError(f"The seed is a whole number from 0 up, not {seed}.")


def check_effects(effects: Mapping[str, float], *, known: set[str]) -> None:
    """Raise ValueError if an effect names an unknown preferred term or is no rate ratio."""
    for term, ratio in effects.items():
        if term not in known:
            raise ValueError(
                f"No simulated event is called {term!r}: name a preferred term of the local terms."
            )
        if not (math.isfinite(ratio) and 0 <= ratio <= 100):
            raise ValueError(f"The rate ratio of {term} must lie between 0 and 100, not {ratio}.")


def assemble(
    *,
    study: str,
    participants: int,
    arms: int,
    seed: int,
    effects: Mapping[str, float],
    order: Sequence[int],
    blocks: Sequence[int],
) -> SimulatedTrial:
    """The trial under a given randomisation list: `order` holds the arm's index by order of randomisation."""
    everybody = [
        course(person, seed=seed) for person in people(study=study, participants=participants, seed=seed)
    ]
    randomised = [c for c in everybody if c.randomised is not None]
    randomised.sort(key=lambda c: (c.randomised, c.person.number))
    arm_of = {c.person.number: arm for c, arm in zip(randomised, order, strict=True)}
    doses = p.arm_doses(arms)

    participant_rows: list[ParticipantRecord] = []
    visits: list[VisitRecord] = []
    exposures: list[ExposureRecord] = []
    dispositions: list[DispositionRecord] = []
    measurements: list[MeasurementRecord] = []
    histories: list[HistoryRecord] = []
    medications: list[MedicationRecord] = []
    events: list[EventRecord] = []
    allocations: list[AllocationRecord] = []
    treatments: list[TreatmentRecord] = []
    revealing: list[RevealingMeasurementRecord] = []

    for one in everybody:
        arm = arm_of.get(one.person.number)
        share = doses[arm] if arm is not None else 0.0
        participant_rows.append(records.participant_record(one, row=len(participant_rows) + 1))
        visits += records.visit_records(one, first_row=len(visits) + 1)
        given = records.exposure_records(one, first_row=len(exposures) + 1)
        exposures += given
        dispositions += records.disposition_records(one, first_row=len(dispositions) + 1)
        histories += history_records(one, first_row=len(histories) + 1, seed=seed)
        medications += medication_records(one, first_row=len(medications) + 1, seed=seed)
        measured = _numbered(
            hiv_measurements(one, dose_share=share, seed=seed) + safety_measurements(one, seed=seed),
            first_row=len(measurements) + 1,
        )
        measurements += measured
        events += event_records(one, active=share > 0, effects=effects, first_row=len(events) + 1, seed=seed)
        if arm is None:
            continue
        name = p.arm_names(arms)[arm]
        allocations.append(
            AllocationRecord(
                len(allocations) + 1, one.person.participant, name.code, name.name, name.code, name.name
            )
        )
        treatments += records.treatment_records(
            one, given, dose_share=share, first_row=len(treatments) + 1, seed=seed
        )
        revealing += persistence_measurements(
            one,
            dose_share=share,
            first_number=sum(m.domain == "LB" for m in measured) + 1,
            first_row=len(revealing) + 1,
            seed=seed,
        )

    return SimulatedTrial(
        open=OpenTrial(
            protocol=p.protocol(study=study, participants=participants, arms=arms),
            participants=tuple(participant_rows),
            visits=tuple(visits),
            exposures=tuple(exposures),
            dispositions=tuple(dispositions),
            measurements=tuple(measurements),
            histories=tuple(histories),
            medications=tuple(medications),
            events=tuple(events),
        ),
        closed=ClosedTrial(
            study=study,
            seed=seed,
            effects=tuple(sorted(effects.items())),
            block_sizes=tuple(blocks),
            randomised=tuple(one.person.participant for one in randomised),
            allocations=tuple(allocations),
            treatments=tuple(treatments),
            revealing=tuple(revealing),
        ),
    )


def _numbered(measured: list[MeasurementRecord], *, first_row: int) -> list[MeasurementRecord]:
    """The same measurements by day, with rows, and numbered LB-1 …, VS-1 … within the participant."""
    counts = {"LB": 0, "VS": 0}
    result = []
    for row, one in enumerate(sorted(measured, key=lambda m: m.taken_on), start=first_row):
        counts[one.domain] += 1
        result.append(replace(one, row=row, source_id=f"{one.domain}-{counts[one.domain]}"))
    return result
