"""Closed room. Everything that writes the blocks of the randomisation list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pvtracker.allocation.actions import AllocationRefused
from pvtracker.allocation.models import Allocation, BlockPlace, RandomisationBlock
from pvtracker.audit.context import Actor, action
from pvtracker.studies.models import Study

BATCH = 2_000


@dataclass(frozen=True, slots=True)
class ListPlace:
    """One line of the randomisation list; `subject` is '' when nobody was given the place yet."""

    stratum: str
    block: int
    position: int
    arm_code: str
    subject: str = ""


@action
def store_list(*, study: Study, places: Sequence[ListPlace], by: Actor, source: str, reason: str = "") -> int:
    """Store the randomisation list, all of it or nothing; a list that stands here is replaced by the one given.

    Kept are each block's composition and who was given which place; the arms of places that nobody was given yet are
    not. Returns how many blocks it has. AllocationRefused when it contradicts itself or the allocation; the sentence
    tells no arm.
    """
    _check(study, places)
    composition: dict[tuple[str, int], Counter[str]] = {}
    for place in places:
        composition.setdefault((place.stratum, place.block), Counter())[place.arm_code] += 1
    BlockPlace.objects.filter(study=study).delete()
    RandomisationBlock.objects.filter(study=study).delete()
    blocks = {
        key: RandomisationBlock(study=study, stratum=key[0], number=key[1], composition=dict(counts))
        for key, counts in composition.items()
    }
    RandomisationBlock.objects.bulk_create(blocks.values(), batch_size=BATCH)
    BlockPlace.objects.bulk_create(
        [
            BlockPlace(
                study=study,
                block=blocks[place.stratum, place.block],
                position=place.position,
                subject=place.subject,
            )
            for place in places
            if place.subject
        ],
        batch_size=BATCH,
    )
    return len(blocks)


def _check(study: Study, places: Sequence[ListPlace]) -> None:
    if not places:
        raise AllocationRefused("The randomisation list is empty.")
    subjects = Counter(place.subject for place in places if place.subject)
    if twice := [subject for subject, count in subjects.items() if count > 1]:
        raise AllocationRefused(f"Participant {twice[0]} stands twice in the randomisation list.")
    positions = Counter((place.stratum, place.block, place.position) for place in places)
    if again := [where for where, count in positions.items() if count > 1]:
        stratum, block, position = again[0]
        of_stratum = f" of stratum {stratum}" if stratum else ""
        raise AllocationRefused(f"Position {position} of block {block}{of_stratum} stands twice in the list.")
    planned = dict(Allocation.objects.filter(study=study).values_list("subject", "planned_code"))
    for place in places:
        if place.subject and place.subject not in planned:
            raise AllocationRefused(f"No allocation of participant {place.subject} is known here.")
        if place.subject and planned[place.subject] != place.arm_code:
            raise AllocationRefused(
                f"The list and the allocation of participant {place.subject} do not name the same planned arm."
            )
