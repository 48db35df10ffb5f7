"""The tree scan of a trial: participants permuted, against all permutations; what it does and does not do."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from pvtracker.stats import tree_replicates, tree_scan, tree_scan_bernoulli
from tests.pure.stats import trees
from tests.pure.stats.against import Against
from tests.pure.stats.trees import BOTH, CHILD, PARENT, above, agrees, arms_within, four_cells, tail

ARM = [1, 0, 1, 1, 0, 0, 1, 0, 0]
STRATUM = [0, 0, 0, 0, 0, 1, 1, 1, 1]
EVENTS = [  # participant, term; the first has three in one class, two of them the same
    (0, "rash"),
    (0, "rash"),
    (0, "itch"),
    (2, "swelling"),
    (2, "pain"),
    (3, "rash"),
    (4, "blur"),
    (6, "itch"),
    (7, "swelling"),
]
WHO, TERM = [who for who, _ in EVENTS], [term for _, term in EVENTS]


def ratios(arm: list[int], stratum: list[int], wanted: Callable[[float, float], bool]) -> dict[str, float]:
    """The ratio of every node by the definition: sets of participants, counted."""
    up, people = above(*BOTH), range(len(arm))
    found = {}
    for node in up:
        inside = {who for who, term in EVENTS if node in up[term]}
        x, n = sum(arm[i] for i in inside), len(inside)
        strata = [{i for i in people if stratum[i] == s} for s in set(stratum)]
        expected = sum(len(inside & s) * sum(arm[i] for i in s) / len(s) for s in strata)
        ratio = four_cells(x, n, sum(arm), len(arm), expected)
        found[node] = ratio if wanted(x, expected) else 0.0
    return found


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
@pytest.mark.parametrize("strata", [None, STRATUM])
def test_all_permutations_of_a_small_trial(
    alternative: str, strata: list[int] | None, against: Against
) -> None:
    wanted: dict[str, Callable[[float, float], bool]] = {
        "greater": lambda x, e: x > e + 1e-12,
        "less": lambda x, e: x < e - 1e-12,
        "two-sided": lambda x, e: True,
    }
    groups = strata or [0] * len(ARM)
    labellings = list(arms_within(groups, ARM))
    assert len(labellings) == (126 if strata is None else 10 * 4)
    exact = tail(
        ((1 / len(labellings), ratios(arm, groups, wanted[alternative])) for arm in labellings),
        ratios(ARM, groups, wanted[alternative]),
    )
    found = tree_scan(
        ARM, WHO, TERM, *BOTH, stratum=strata, alternative=alternative, replicates=20_000, seed=3
    )
    agrees(found, exact, 20_000)
    against(
        "tree_scan",
        "all permutations",
        "brute force",
        found.p,
        [exact[n][1] for n in found.node],
        within=0.02,
    )


def test_a_participant_counts_once_in_each_node_and_paths_lead_to_it_once() -> None:
    found = tree_scan(ARM, WHO, TERM, *BOTH, replicates=99)
    counted = dict(
        zip(found.node, zip(found.cases.tolist(), found.controls.tolist(), strict=True), strict=True)
    )
    assert counted == {
        "all": (4, 2),
        "eye": (1, 2),
        "skin": (4, 1),
        "pain": (1, 0),
        "blur": (0, 1),
        "rash": (2, 0),
        "itch": (2, 0),
        "swelling": (1, 1),
    }
    assert found.expected == pytest.approx((found.cases + found.controls) * 4 / 9)
    by_event = tree_scan(ARM, WHO, TERM, *BOTH, null="events_conditional", replicates=99)
    assert dict(zip(by_event.node, by_event.cases, strict=True))["skin"] == 6


def test_nulls_of_events_are_the_bernoulli_models() -> None:
    own = {term: [0, 0] for term in BOTH[0]}
    for who, term in EVENTS:
        own[term][1 - ARM[who]] += 1
    table = (list(own), [x for x, _ in own.values()], [y for _, y in own.values()])
    for null, probability in (("events_conditional", None), ("events_unconditional", 4 / 9)):
        found = tree_scan(ARM, WHO, TERM, *BOTH, null=null, replicates=200, seed=9)
        same = tree_scan_bernoulli(*table, *BOTH, probability=probability, replicates=200, seed=9)
        assert found.null == null
        np.testing.assert_array_equal(found.p, same.p)
        np.testing.assert_array_equal(found.llr, same.llr)


def test_events_of_one_participant_inflate_the_null_of_events_but_not_that_of_participants() -> None:
    """200 trials without any effect: 60 participants, 12 of them with ten events of one class each. By chance a p at or
    below 5 % comes in 20 or more of 200 trials once in 300 times; events held for independent give 25 and 38."""
    terms = [f"t{i}" for i in range(12)]
    child, parent = ["all", "class", "other", *terms], ["", "all", "all", *["class"] * 8, *["other"] * 4]
    arm = np.repeat([1, 0], 30)
    rejected = {"participants": 0, "events_conditional": 0, "events_unconditional": 0}
    for trial in range(200):
        rng = np.random.default_rng(trial)
        prone = rng.choice(60, 12, replace=False)
        who = np.concatenate([np.repeat(prone, 10), rng.integers(0, 60, 60)])
        term = np.concatenate([rng.choice(terms[:8], 120), rng.choice(terms, 60)])
        for null in rejected:
            scan = tree_scan(arm, who, term, child, parent, null=null, replicates=99, threads=1, seed=trial)
            rejected[null] += int(scan.p.min() <= 0.05)
    assert rejected["participants"] < 20
    assert rejected["events_conditional"] >= 20
    assert rejected["events_unconditional"] >= 30


def test_a_node_without_events_in_the_reference_is_a_candidate() -> None:
    """TreeMineR drops it. All 6 of the arm, none of 6: the exact p is 1/924, and it is the smallest there is."""
    found = tree_scan([1] * 6 + [0] * 6, range(6), ["rash"] * 6, CHILD, PARENT, replicates=9240)
    rash = found.node.tolist().index("rash")
    assert found.llr[rash] == pytest.approx(12 * np.log(2))
    assert found.p[rash] == pytest.approx(1 / 924, abs=4.5 * (1 / 924 / 9240) ** 0.5)


def test_swapping_the_arms_swaps_excess_and_deficit() -> None:
    swapped = [1 - arm for arm in ARM]
    here = tree_scan(ARM, WHO, TERM, *BOTH, replicates=20_000, stratum=STRATUM)
    there = tree_scan(swapped, WHO, TERM, *BOTH, replicates=20_000, stratum=STRATUM, alternative="less")
    np.testing.assert_allclose(here.llr, there.llr, atol=1e-12)
    np.testing.assert_array_equal(here.cases, there.controls)
    np.testing.assert_allclose(here.p, there.p, atol=0.02)


def test_the_order_of_events_and_participants_does_not_matter() -> None:
    order = np.random.default_rng(2).permutation(len(EVENTS))
    turned = tree_scan(ARM, np.array(WHO)[order], np.array(TERM)[order], *BOTH, replicates=500)
    same = tree_scan(ARM, WHO, TERM, *BOTH, replicates=500)
    np.testing.assert_array_equal(same.p, turned.p)
    people = [8 - who for who in WHO]
    other = tree_scan(ARM[::-1], people, TERM, *BOTH, stratum=[*"bbbbaaaaa"], replicates=20_000)
    named = tree_scan(ARM, WHO, TERM, *BOTH, stratum=STRATUM, replicates=20_000)
    np.testing.assert_allclose(other.llr, named.llr, atol=1e-12)
    np.testing.assert_allclose(other.p, named.p, atol=0.02)


def test_a_seed_repeats_the_scan_whatever_the_threads() -> None:
    def p(seed: int, threads: int) -> list[float]:
        return tree_scan(
            ARM, WHO, TERM, *BOTH, replicates=1000, seed=seed, threads=threads
        ).largest_llr.tolist()

    assert p(5, 1) == p(5, 2) == p(5, 3)
    assert p(5, 1) != p(6, 1)
    assert len(p(5, 1)) == 1000 and p(5, 1) == sorted(p(5, 1), reverse=True)


def test_p_is_the_rank_among_the_replicates() -> None:
    found = tree_scan(ARM, WHO, TERM, *BOTH, replicates=399)
    for llr, p in zip(found.llr, found.p, strict=True):
        assert p == (1 + (found.largest_llr >= llr - tree_replicates.TIE).sum()) / 400
    assert found.p[found.llr == 0].tolist() == [1.0] * int((found.llr == 0).sum())
    assert (found.alternative, found.seed) == ("greater", 1)


def test_nodes_with_fewer_cases_are_no_candidates() -> None:
    found = tree_scan(ARM, WHO, TERM, *BOTH, minimum_cases=3, replicates=400)
    for node, cases, llr in zip(found.node, found.cases, found.llr, strict=True):
        assert llr == 0 if cases < 3 else llr > 0, node
    loose = tree_scan(ARM, WHO, TERM, *BOTH, replicates=400)
    assert found.largest_llr.sum() < loose.largest_llr.sum()


def test_where_nothing_can_be_compared() -> None:
    for arm, why in (
        ([1, 1], "the reference arm"),
        ([0, 0], "no participant in the arm"),
        ([], "in the arm"),
    ):
        found = tree_scan(arm, [], [], CHILD, PARENT, replicates=9)
        assert np.isnan(found.p).all() and np.isnan(found.llr).all()
        assert all(why in text for text in found.warning)
    for null in ("participants", "events_conditional", "events_unconditional"):
        none = tree_scan([1, 0], [], [], CHILD, PARENT, null=null, replicates=9)
        assert none.p.tolist() == [1.0] * 7 and none.llr.tolist() == [0.0] * 7
        assert set(none.warning) == {"nothing was counted in this node"}
    some = tree_scan([1, 0], [0], ["rash"], CHILD, PARENT, replicates=9)
    assert [node for node, text in zip(some.node, some.warning, strict=True) if text is None] == [
        "all",
        "skin",
        "rash",
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"in_arm": [0, 2]}, "in_arm must be 0 or 1, got 2"),
        ({"in_arm": 1}, "in_arm and event_participant must have shapes (N,) and (n,)"),
        ({"event_participant": [2]}, "event_participant must be a position in in_arm, got 2"),
        ({"event_participant": [-1]}, "event_participant must be ≥ 0, got -1"),
        (
            {"event_participant": []},
            "event_participant and event_node must have the same length, got 0 and 1",
        ),
        ({"event_node": ["x"]}, "event_node must name nodes of the tree, got 'x'"),
        ({"parent": ["", "rash", "skin"]}, "the tree has a cycle"),
        ({"stratum": [1]}, "stratum must label every participant, got shape (1,) for 2"),
        ({"stratum": [1.0, np.nan]}, "stratum must label every participant, got nan"),
        (
            {"stratum": [1, 2], "null": "events_conditional"},
            "strata need the null 'participants', got 'events",
        ),
        (
            {"null": "event"},
            "null must be one of participants, events_conditional, events_unconditional, got",
        ),
        ({"alternative": "more"}, "alternative must be one of greater, less, two-sided, got 'more'"),
        ({"minimum_cases": 2, "alternative": "less"}, "minimum_cases is for excesses only, got 2"),
        ({"minimum_cases": 0}, "minimum_cases must be a whole number from 1 to"),
        ({"replicates": 0}, "replicates must be a whole number from 1 to 10000000, got 0"),
        ({"replicates": 99.5}, "replicates must be a whole number from 1 to 10000000, got 99.5"),
        ({"seed": -1}, "seed must be a whole number from 0 to"),
        ({"threads": 0}, "threads must be a whole number from 1 to 64, got 0"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, object], said: str) -> None:
    fine: dict[str, object] = {
        "in_arm": [0, 1],
        "event_participant": [1],
        "event_node": ["rash"],
        "child": ["all", "skin", "rash"],
        "parent": ["", "all", "skin"],
        "replicates": 9,
    }
    assert tree_scan(**fine).cases.tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match=re.escape(said)):
        tree_scan(**{**fine, **changed})


def test_the_diagnoses_of_treeminer_counted_by_participant() -> None:
    """Every node against sets of participants, where the data is at hand; the smallest p is that of the whole tree."""
    rows, child, parent = trees.treeminer()
    ids = {row["id"]: int(row["exposed"]) for row in rows}
    number = {who: i for i, who in enumerate(ids)}
    arm = [*ids.values(), *[1] * (1000 - sum(ids.values()))]
    arm += [0] * (11_000 - len(arm))
    up = above_by_path(child, parent)
    inside: dict[str, set[str]] = {}
    for row in rows:
        for node in up[row["leaf"]]:
            inside.setdefault(node, set()).add(row["id"])
    who, term = [number[row["id"]] for row in rows], [row["leaf"] for row in rows]
    found = tree_scan(arm, who, term, child, parent, replicates=199)
    exposed = [sum(ids[i] for i in inside.get(node, ())) for node in found.node]
    every = [len(inside.get(node, ())) for node in found.node]
    assert found.cases.tolist() == exposed
    assert (found.cases + found.controls).tolist() == every
    for node in ("12", "19", "ICD-10-SE"):
        at = found.node.tolist().index(node)
        assert found.llr[at] == pytest.approx(four_cells(exposed[at], every[at], 1000, 11_000))
        assert found.p[at] == 1 / 200


def above_by_path(child: list[str], parent: list[str]) -> dict[str, list[str]]:
    """Each node with all above it, where every node has one parent."""
    up = dict(zip(child, parent, strict=True))
    found: dict[str, list[str]] = {}
    for node in child:
        line = [node]
        while up[line[-1]]:
            line.append(up[line[-1]])
        found[node] = line
    return found
