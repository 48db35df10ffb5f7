"""A simulated trial in the closed room: arms, treatments, the persistence assay, and the seed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pvtracker.allocation.models import Allocation, RevealingMeasurement, Simulation, Treatment
from pvtracker.audit.context import Actor
from pvtracker.ops.imports.report import ImportRefused
from pvtracker.ops.imports.simulation_closed import load_bulk_simulation_closed, load_simulation_closed
from pvtracker.ops.simulation import dump, dump_bulk, simulate, simulate_bulk
from pvtracker.studies.models import Study

pytestmark = pytest.mark.django_db

BY = Actor.process("test")
CODE = "SIM-CLOSED"
PROTOCOL: dict[str, Any] = {
    "id": "6b1a2c4e-0000-4000-8000-000000000002",
    "study": {"code": CODE, "title": "Simulated", "simulated": True, "revealing_analytes": ["OZ1DNA"]},
    "arms": [
        {"code": "OZ1", "name": "OZ1", "is_reference": False},
        {"code": "PLACEBO", "name": "Placebo", "is_reference": True},
    ],
    "versions": [],
    "interventions": [],
    "sites": [],
}


def load(folder: Path, *, seed: int) -> None:
    dump(simulate(study=CODE, participants=8, seed=seed), folder)
    load_simulation_closed(folder, PROTOCOL, by=BY, say=lambda text: None)


def test_arms_treatments_assay_and_seed_are_stored(tmp_path: Path) -> None:
    trial = simulate(study=CODE, participants=8, seed=3).closed
    load(tmp_path, seed=3)
    study = Study.objects.get(code=CODE)
    kept = Counter(Allocation.objects.filter(study=study).values_list("actual_code", flat=True))
    assert kept == Counter(one.actual_code for one in trial.allocations)
    assert Treatment.objects.filter(study=study).count() == len(trial.treatments)
    assert RevealingMeasurement.objects.filter(study=study).count() == len(trial.revealing) > 0
    assert Simulation.objects.get(study=study).parameters["seed"] == 3


def test_the_same_again_changes_nothing_and_another_seed_is_refused(tmp_path: Path) -> None:
    load(tmp_path, seed=3)
    before = sorted(Allocation.objects.filter(study__code=CODE).values_list("id", "subject", "actual_code"))
    load(tmp_path, seed=3)
    with pytest.raises(ImportRefused, match="other options"):
        load(tmp_path, seed=4)
    assert (
        sorted(Allocation.objects.filter(study__code=CODE).values_list("id", "subject", "actual_code"))
        == before
    )


def test_a_large_trial_brings_its_arms(tmp_path: Path) -> None:
    trial = simulate_bulk(study=CODE, participants=60, terms=40, seed=5)
    dump_bulk(trial, tmp_path)
    load_bulk_simulation_closed(tmp_path, PROTOCOL, by=BY, say=lambda text: None)
    kept = dict(Allocation.objects.filter(study__code=CODE).values_list("subject", "actual_code"))
    codes = [trial.closed.arm_codes[arm] for arm in trial.closed.arm.tolist()]
    assert kept == dict(zip(trial.closed.participant.tolist(), codes, strict=True))
