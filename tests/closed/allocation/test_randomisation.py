"""The blocks of the randomisation list: delivered as CSV, filled by a simulated trial, refused when they contradict."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from pvtracker.allocation import queries
from pvtracker.allocation.models import Allocation, BlockPlace, RandomisationBlock
from pvtracker.ops.simulation import simulate
from pvtracker.studies.models import Study
from tests.closed.test_simulated_trial import CODE, load

pytestmark = pytest.mark.django_db

GOOD = """STRATUM,BLOCK,POSITION,ARMCD,SUBJECT
site 01,1,1,LOW,S-1
site 01,1,2,PBO,S-3
site 02,1,1,PBO,S-4
site 02,1,2,LOW,
site 02,1,3,LOW,S-2
site 02,1,4,PBO,
"""


def read(folder: Path, text: str) -> str:
    path = folder / "list.csv"
    path.write_text(text)
    out = io.StringIO()
    call_command("import_randomisation", path, study="JOIN", stdout=out)
    return out.getvalue()


def test_a_delivered_list_becomes_blocks_with_their_composition(study: Study, tmp_path: Path) -> None:
    assert "6 places in 2 blocks" in read(tmp_path, GOOD)
    blocks = {block.name: block for block in queries.blocks_of(study)}
    assert blocks["site 01 1"].composition == {"LOW": 1, "PBO": 1}
    assert blocks["site 01 1"].members == ("S-1", "S-3")
    assert blocks["site 02 1"].composition == {"LOW": 2, "PBO": 2}
    assert blocks["site 02 1"].members == ("S-4", "S-2")


def test_the_arms_of_places_that_nobody_has_are_not_kept(study: Study, tmp_path: Path) -> None:
    """What the next participant will receive stands nowhere, not even here."""
    read(tmp_path, GOOD)
    columns = {field.name for field in BlockPlace._meta.concrete_fields}
    assert columns == {"id", "study", "block", "position", "subject"}
    assert BlockPlace.objects.filter(study=study).count() == 4


def test_a_later_delivery_replaces_the_list(study: Study, tmp_path: Path) -> None:
    read(tmp_path, GOOD)
    read(tmp_path, "BLOCK;POSITION;ARMCD;SUBJECT\n7;1;LOW;S-1\n7;2;PBO;S-3\n")
    (block,) = queries.blocks_of(study)
    assert block.name == "7" and block.members == ("S-1", "S-3")


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("ARMCD", "ARM", "no column ARMCD"),
        ("site 01,1,2,PBO,S-3", "site 01,1,2,PBO", "Row 2 of the list"),
        ("site 01,1,2,PBO,S-3", "site 01,one,2,PBO,S-3", "Row 2: BLOCK must be a whole number"),
        ("site 01,1,2,PBO,S-3", "site 01,1,-2,PBO,S-3", "Row 2: POSITION must be a whole number"),
        ("site 01,1,2,PBO,S-3", "site 01,1,2,,S-3", "Row 2: ARMCD is empty"),
        ("site 01,1,2,PBO,S-3", "site 01,1,2,PBO,S-1", "S-1 stands twice"),
        (
            "site 01,1,2,PBO,S-3",
            "site 01,1,1,PBO,S-3",
            "Position 1 of block 1 of stratum site 01 stands twice",
        ),
        ("site 01,1,2,PBO,S-3", "site 01,1,2,PBO,S-9", "No allocation of participant S-9"),
        ("site 01,1,2,PBO,S-3", "site 01,1,2,LOW,S-3", "do not name the same planned arm"),
    ],
)
def test_a_list_that_cannot_be_right_stores_nothing_and_tells_no_arm(
    study: Study, tmp_path: Path, before: str, after: str, sentence: str
) -> None:
    assert before in GOOD
    with pytest.raises(CommandError, match=sentence) as refusal:
        read(tmp_path, GOOD.replace(before, after))
    assert "LOW" not in str(refusal.value) and "PBO" not in str(refusal.value)
    assert not RandomisationBlock.objects.filter(study=study).exists()


def test_an_empty_list_and_an_unknown_study_are_refused(study: Study, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is empty"):
        read(tmp_path, GOOD.splitlines()[0] + "\n")
    with pytest.raises(CommandError, match="no study NONE"):
        call_command("import_randomisation", tmp_path / "list.csv", study="NONE")


def test_a_simulated_trial_brings_its_blocks(tmp_path: Path) -> None:
    load(tmp_path, seed=3)
    trial = simulate(study=CODE, participants=8, seed=3).closed
    study = Study.objects.get(code=CODE)
    blocks = queries.blocks_of(study)
    assert [sum(block.composition.values()) for block in blocks] == list(trial.block_sizes)
    assert [member for block in blocks for member in block.members] == list(trial.randomised)
    assert len(set(trial.randomised)) == 8
    arm_of = dict(Allocation.objects.filter(study=study).values_list("subject", "planned_code"))
    for block in blocks:
        assert len(set(block.composition.values())) == 1, "each arm equally often"
        given = Counter(arm_of[member] for member in block.members)
        assert all(given[arm] <= count for arm, count in block.composition.items())
