"""A study in the open room whose cuts go to a folder of the test."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pvtracker.studies.actions import ArmEntry, put_arms
from tests.open.world import SOMEONE, World, make_terms, make_world, measure

CUT_DATE = date(2026, 3, 31)
ARM_NAMES = ("Modified cells", "Unmodified cells")


@pytest.fixture
def storage(tmp_path: Path, settings: Any) -> Path:
    settings.STORAGE = tmp_path
    return tmp_path / "cuts"


@pytest.fixture(scope="module")
def two_arms_once(kept: None) -> World:
    return make_study()


@pytest.fixture
def two_arms(db: None, two_arms_once: World, storage: Path) -> World:
    """The study of `make_study` as it was made, in a transaction and with objects of the test alone."""
    return deepcopy(two_arms_once)


def make_study(code: str = "CUT") -> World:
    """Two sites, three participants, two treated; the protocol names two arms."""
    world = make_world(code)
    arms = [ArmEntry("A", ARM_NAMES[0]), ArmEntry("B", ARM_NAMES[1], is_reference=True)]
    put_arms(study=world.study, arms=arms, by=SOMEONE)
    make_terms(world)
    measure(world, "P1", "CD4", {"2026-02-10": 410.0, "2026-04-02": 380.5})
    return world
