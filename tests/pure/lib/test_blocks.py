"""Who becomes deducible by block when codes are broken, against an enumeration of every list that is possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from itertools import permutations
from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvtracker.lib.blocks import Block, BlockContradiction, certain, chances, could_become_certain

ARMS = ("A", "B", "C")


def possible_lists(block: Block, opened: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Every arrangement of the block, empty places included, that agrees with the opened participants."""
    slots = [arm for arm, count in block.composition.items() for _ in range(count)]
    agreeing = []
    for arrangement in set(permutations(slots)):
        given_arms = dict(zip(block.members, arrangement, strict=False))
        if all(given_arms[member] == arm for member, arm in opened.items() if member in given_arms):
            agreeing.append(arrangement)
    return agreeing


@st.composite
def situations(draw: st.DrawFn) -> tuple[Block, dict[str, str]]:
    """A block of at most seven places, filled in part or whole, of which some participants are opened."""
    composition = {arm: draw(st.integers(0, 3)) for arm in ARMS}
    slots = [arm for arm, count in composition.items() for _ in range(count)][:7]
    arrangement = draw(st.permutations(slots))
    filled = draw(st.integers(0, len(slots)))
    members = tuple(f"P{number}" for number in range(filled))
    who = draw(st.sets(st.sampled_from(members))) if members else set()
    truth = dict(zip(members, arrangement, strict=False))
    return Block("1", Counter(slots), members), {member: truth[member] for member in who}


@given(situations())
@settings(max_examples=300, deadline=None)
def test_certainty_and_chances_are_those_of_an_enumeration(situation: tuple[Block, dict[str, str]]) -> None:
    block, opened = situation
    lists = possible_lists(block, opened)
    sure, shares = certain([block], opened), chances([block], opened)
    for place, member in enumerate(block.members):
        if member in opened:
            assert member not in sure and member not in shares
            continue
        arms = Counter(arrangement[place] for arrangement in lists)
        assert shares[member] == {arm: Fraction(count, len(lists)) for arm, count in arms.items()}
        assert sure.get(member) == (next(iter(arms)) if len(arms) == 1 else None)


@given(situations())
@settings(max_examples=300, deadline=None)
def test_the_warning_is_the_worst_case_of_an_enumeration(situation: tuple[Block, dict[str, str]]) -> None:
    block, opened = situation
    lists = possible_lists(block, opened)
    for place, member in enumerate(block.members):
        if member in opened:
            continue
        known = certain([block], opened)
        worst = 0
        for arm in {arrangement[place] for arrangement in lists}:
            after = certain([block], {**opened, member: arm})
            worst = max(worst, len(after.keys() - known.keys() - {member}))
        assert could_become_certain([block], opened, member) == worst


def test_the_last_of_a_block_of_four_is_certain_and_two_of_one_arm_make_the_other_two_certain() -> None:
    block = Block("1", {"A": 2, "B": 2}, ("P1", "P2", "P3", "P4"))
    assert certain([block], {}) == {}
    assert certain([block], {"P1": "A", "P2": "B"}) == {}
    assert certain([block], {"P1": "A", "P2": "B", "P3": "B"}) == {"P4": "A"}
    assert certain([block], {"P1": "A", "P2": "A"}) == {"P3": "B", "P4": "B"}
    assert could_become_certain([block], {"P1": "A"}, "P2") == 2
    assert could_become_certain([block], {}, "P2") == 0
    assert chances([block], {"P1": "A"})["P4"] == {"A": Fraction(1, 3), "B": Fraction(2, 3)}


def test_a_block_with_places_left_keeps_its_last_participant_uncertain() -> None:
    begun = Block("1", {"A": 2, "B": 2}, ("P1", "P2", "P3"))
    assert certain([begun], {"P1": "A", "P2": "B"}) == {}
    assert certain([begun], {"P1": "A", "P2": "A"}) == {"P3": "B"}


def test_one_block_tells_nothing_of_another() -> None:
    blocks = [Block(name, {"A": 1, "B": 1}, (f"{name}1", f"{name}2")) for name in "xy"]
    assert certain(blocks, {"x1": "A"}) == {"x2": "B"}


def test_the_warning_does_not_depend_on_the_participants_own_arm() -> None:
    """Else it would tell the arm before anybody approved that it be told."""
    block = Block("1", {"A": 2, "B": 2}, ("P1", "P2", "P3", "P4"))
    told = {could_become_certain([block], {"P1": "A"}, member) for member in ("P2", "P3", "P4")}
    assert told == {2}


@pytest.mark.parametrize(
    ("opened", "sentence"),
    [({"P1": "A", "P2": "A"}, "do not fit"), ({"P1": "C"}, "do not fit")],
)
def test_a_list_that_contradicts_the_opened_arms_is_not_judged(opened: dict[str, str], sentence: str) -> None:
    block = Block("7", {"A": 1, "B": 1}, ("P1", "P2"))
    with pytest.raises(BlockContradiction, match=sentence) as refusal:
        certain([block], opened)
    assert "block 7" in str(refusal.value)


def test_a_block_holds_nobody_twice_and_no_more_than_its_places() -> None:
    with pytest.raises(BlockContradiction, match="twice"):
        Block("1", {"A": 2}, ("P1", "P1"))
    with pytest.raises(BlockContradiction, match="more participants than places"):
        Block("1", {"A": 1}, ("P1", "P2"))


def expected_certain(*, participants: int, opened: int) -> float:
    """The mean number of others who are certain with blocks of 2 + 2: three of a block opened give one (always), two of
    one arm give two (a third of all pairs of a block are of one arm)."""
    whole = comb(participants, opened)
    pairs, triples = (comb(4, j) * comb(participants - 4, opened - j) / whole for j in (2, 3))
    return participants / 4 * (triples + 2 * pairs / 3)


def test_sixty_of_three_hundred_opened_make_about_nine_others_certain() -> None:
    """The figure of the reference: with block size 4, 60 codes broken at random give away 9 more on average."""
    rng = np.random.default_rng(4)
    codes = [f"P{number}" for number in range(300)]
    counts = []
    for _ in range(400):
        truth, blocks = {}, []
        for start in range(0, 300, 4):
            members = tuple(codes[start : start + 4])
            truth.update(zip(members, rng.permutation(["A", "A", "B", "B"]).tolist(), strict=True))
            blocks.append(Block(str(start), {"A": 2, "B": 2}, members))
        who = rng.choice(codes, size=60, replace=False).tolist()
        found = certain(blocks, {code: truth[code] for code in who})
        assert all(truth[code] == arm for code, arm in found.items())
        counts.append(len(found))
    theory = expected_certain(participants=300, opened=60)
    assert 9 <= theory < 10
    error = float(np.std(counts, ddof=1)) / sqrt(len(counts))
    assert abs(float(np.mean(counts)) - theory) < 4 * error
