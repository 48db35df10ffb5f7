"""What follows from permuted blocks once some participants' codes are broken.

The model of the observer, who knows as much as anybody could learn without the list itself:

* which participants were randomised from which block (the order of randomisation and the sizes of the blocks tell it),
* the composition of each block: how often it holds each arm,
* the arms of the participants whose codes are broken.

Every arrangement of a block is equally likely and blocks are independent, so the places within a block tell nothing and
only what is left of the same block counts: a participant's chance of an arm is the share of that arm among the block's
places that are not opened, places that nobody has been given yet included. The participant is certain when one arm only
is left. An observer who knows less is certain of fewer; this is the worst case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction


class BlockContradiction(ValueError):
    """The opened arms, or the number of participants, do not fit the block's composition; the text names no arm."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the randomisation list: how often it holds each arm, and who was randomised from it so far."""

    name: str
    composition: Mapping[str, int]
    members: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.members)) != len(self.members):
            raise BlockContradiction(f"Block {self.name} holds a participant twice.")
        if len(self.members) > sum(self.composition.values()):
            raise BlockContradiction(f"Block {self.name} holds more participants than places.")


def left(block: Block, opened: Mapping[str, str]) -> Counter[str]:
    """How often each arm is left in the block when the `opened` (arm by participant) are taken out."""
    remaining = Counter({arm: count for arm, count in block.composition.items() if count})
    for member in block.members:
        if member in opened:
            remaining[opened[member]] -= 1
    if any(count < 0 for count in remaining.values()):
        raise BlockContradiction(
            f"The opened participants of block {block.name} do not fit what the list says it holds."
        )
    return +remaining


def chances(blocks: Iterable[Block], opened: Mapping[str, str]) -> dict[str, dict[str, Fraction]]:
    """Each arm's probability for each participant who is not opened, for the observer described above."""
    found = {}
    for block in blocks:
        remaining = left(block, opened)
        places = sum(remaining.values())
        shares = {arm: Fraction(count, places) for arm, count in remaining.items()} if places else {}
        found.update({member: dict(shares) for member in block.members if member not in opened})
    return found


def certain(blocks: Iterable[Block], opened: Mapping[str, str]) -> dict[str, str]:
    """The participants who are not opened and whose arm is certain all the same, with that arm."""
    found = {}
    for block in blocks:
        remaining = left(block, opened)
        if len(remaining) == 1:
            (arm,) = remaining
            found.update({member: arm for member in block.members if member not in opened})
    return found


def could_become_certain(blocks: Iterable[Block], opened: Mapping[str, str], member: str) -> int:
    """The most other participants who could become certain when `member` is opened too.

    Taken over every arm that the member may have as far as the observer knows: the answer may be told before the code
    is broken, for it does not depend on the member's own arm.
    """
    if member in opened:
        return 0
    for block in blocks:
        if member in block.members:
            before = certain([block], opened)
            if member in before:
                return 0
            return max(
                len(certain([block], {**opened, member: arm}).keys() - before.keys())
                for arm in left(block, opened)
            )
    return 0
