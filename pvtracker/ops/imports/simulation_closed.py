"""The closed half of a simulated trial into the closed room: arms, treatments, and the seed that tells
them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction

from pvtracker.allocation import actions as allocation
from pvtracker.allocation.actions.randomisation import ListPlace, store_list
from pvtracker.allocation.models import Allocation
from pvtracker.allocation.queries import has_blocks
from pvtracker.audit.context import Actor
from pvtracker.formats.records import AllocationRecord
from pvtracker.lib.tally import Tally
from pvtracker.ops.imports.report import ImportRefused, Say
from pvtracker.ops.simulation import load_bulk_closed, load_closed
from pvtracker.ops.simulation.types import ClosedTrial
from pvtracker.studies.models import Study
from pvtracker.studies.protocol import put_protocol

SOURCE = "simulation"


def load_simulation_closed(folder: Path, protocol: Mapping[str, Any], *, by: Actor, say: Say) -> None:
    """Store the closed half found in `folder`, all of it or nothing; the same trial again changes nothing.

    Raises ImportRefused when the study stands already with other arms or was made with another seed.
    """
    trial = load_closed(folder)
    with transaction.atomic():
        study, known = _study(protocol, by=by)
        context: dict[str, Any] = {"study": study, "by": by, "source": SOURCE}
        stored = {
            "allocations": allocation.store_allocations(records=trial.allocations, **context),
            "treatments": allocation.store_treatments(records=trial.treatments, **context),
            "measurements": allocation.store_revealing_measurements(records=trial.revealing, **context),
        }
        _finish(study, stored, known=known)
        if not has_blocks(study):
            store_list(places=list_places(trial), **context)
        parameters = {
            "seed": trial.seed,
            "effects": [list(effect) for effect in trial.effects],
            "block_sizes": list(trial.block_sizes),
        }
        allocation.record_simulation(parameters=parameters, **context)
    say(f"closed: {sum(tally.rows for tally in stored.values()):,} rows")


def load_bulk_simulation_closed(folder: Path, protocol: Mapping[str, Any], *, by: Actor, say: Say) -> None:
    """The same for a trial that was simulated as columns; it has allocations only."""
    trial = load_bulk_closed(folder)
    names = {row["code"]: row["name"] for row in protocol["arms"]}
    codes = [trial.arm_codes[arm] for arm in trial.arm.tolist()]
    people = zip(trial.participant.tolist(), codes, strict=True)
    records = [
        AllocationRecord(row, person, code, names[code], code, names[code])
        for row, (person, code) in enumerate(people, start=1)
    ]
    with transaction.atomic():
        study, known = _study(protocol, by=by)
        context: dict[str, Any] = {"study": study, "by": by, "source": SOURCE}
        stored = {"allocations": allocation.store_allocations(records=records, **context)}
        _finish(study, stored, known=known)
        parameters = {"seed": trial.seed, "effects": [list(effect) for effect in trial.effects], "bulk": True}
        allocation.record_simulation(parameters=parameters, **context)
    say(f"closed: {len(records):,} rows")


def list_places(trial: ClosedTrial) -> list[ListPlace]:
    """The randomisation list that the trial was filled from: blocks hold every arm equally often.

    Places of the last block that nobody was given hold what the block is short of.
    """
    arm_of = {row.participant: row.planned_code for row in trial.allocations}
    arms = sorted(set(arm_of.values()))
    waiting = list(trial.randomised)
    places = []
    for number, size in enumerate(trial.block_sizes, start=1):
        members, waiting = waiting[:size], waiting[size:]
        given = Counter(arm_of[member] for member in members)
        short = [arm for arm in arms for _ in range(size // len(arms) - given[arm])]
        filled = [(arm_of[member], member) for member in members] + [(arm, "") for arm in short]
        places += [
            ListPlace(stratum="", block=number, position=position, arm_code=arm, subject=member)
            for position, (arm, member) in enumerate(filled, start=1)
        ]
    return places


def _study(protocol: Mapping[str, Any], *, by: Actor) -> tuple[Study, bool]:
    """The study, and whether its arms stand here already."""
    study = put_protocol(dict(protocol), by=by, source=SOURCE)
    return study, Allocation.objects.filter(study=study).exists()


def _finish(study: Study, stored: dict[str, Tally], *, known: bool) -> None:
    if any(tally.refused for tally in stored.values()):
        raise ImportRefused("A row of the simulated trial does not fit the database.")
    if known and any(tally.stored or tally.changed for tally in stored.values()):
        raise ImportRefused(
            f"There is a study {study.code} already, simulated with other options. Choose another code."
        )
