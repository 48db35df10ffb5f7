"""The closed half of a simulated trial, permuted: other arms for the same people, and words that exist nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pvtracker.formats.records import RevealingMeasurementRecord
from pvtracker.ops.blind.canaries import CANARY, SEED
from pvtracker.ops.simulation import ClosedTrial


def permuted(half: ClosedTrial, *, backwards: bool = False) -> ClosedTrial:
    """The closed half with everybody's arm, treatment and revealing results exchanged with those of another.

    What the open half knows of (who has an exposure, and when) stays with its owner. `backwards` turns the order of
    the rows round as well.
    """
    donor = donors([(one.participant, one.actual_code) for one in half.allocations])
    by_person = {one.participant: one for one in half.allocations}
    given = {(one.participant, one.source_id): one for one in half.treatments}
    words = {(one.participant): one for one in half.treatments}
    allocations = tuple(
        replace(by_person[donor[one.participant]], participant=one.participant, row=one.row)
        for one in half.allocations
    )
    treatments = []
    for one in half.treatments:
        other = (
            given.get((donor.get(one.participant, one.participant), one.source_id))
            or words[donor.get(one.participant, one.participant)]
        )
        treatments.append(replace(one, treatment=other.treatment, dose=other.dose, unit=other.unit))
    receiver = {theirs: own for own, theirs in donor.items()}
    revealing = tuple(_moved(one, receiver) for one in half.revealing)
    made = replace(half, allocations=allocations, treatments=tuple(treatments), revealing=revealing)
    return _backwards(made) if backwards else made


def donors(arms: list[tuple[str, str]]) -> dict[str, str]:
    """For each participant another one whose arm they are given; a permutation, in which most change the arm.

    The participants are put in order of arm and turned by the size of the largest arm, so that nobody of that arm
    stays in it while places in others last.
    """
    ordered = [person for person, _ in sorted(arms, key=lambda pair: pair[1])]
    sizes: dict[str, int] = {}
    for _, arm in arms:
        sizes[arm] = sizes.get(arm, 0) + 1
    turn = max(sizes.values(), default=0) % max(len(ordered), 1)
    return {person: ordered[(index + turn) % len(ordered)] for index, person in enumerate(ordered)}


def with_canaries(half: ClosedTrial) -> ClosedTrial:
    """The same, with treatments, units, values and the seed replaced by texts and numbers that exist nowhere else."""
    names = {
        name: number for number, name in enumerate(sorted({one.treatment for one in half.treatments}), 1)
    }
    return replace(
        half,
        seed=SEED,
        treatments=tuple(
            replace(one, treatment=f"{CANARY}drug{names[one.treatment]}", unit=f"{CANARY}unit")
            for one in half.treatments
        ),
        revealing=tuple(
            replace(
                one,
                measurement=replace(
                    one.measurement,
                    value_text=f"{CANARY}result",
                    unit_text=f"{CANARY}lab",
                    name=f"{CANARY}assay",
                ),
            )
            for one in half.revealing
        ),
    )


def _moved(record: RevealingMeasurementRecord, receiver: Mapping[str, str]) -> RevealingMeasurementRecord:
    measurement = record.measurement
    person = receiver.get(measurement.participant, measurement.participant)
    return replace(record, measurement=replace(measurement, participant=person))


def _backwards(half: ClosedTrial) -> ClosedTrial:
    return replace(
        half,
        block_sizes=half.block_sizes[::-1],
        allocations=half.allocations[::-1],
        treatments=half.treatments[::-1],
        revealing=half.revealing[::-1],
    )
