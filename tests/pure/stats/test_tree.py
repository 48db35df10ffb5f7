import numpy as np
import pytest

from pvtracker.stats.tree import positions, tree


def pairs(child: list[str | None], parent: list[str | None]) -> set[tuple[str, str]]:
    made = tree(child, parent)
    found = [
        (made.names[node], made.names[below]) for node, below in zip(made.nodes, made.below, strict=True)
    ]
    assert len(found) == len(set(found)), "each pair once"
    return set(found)


def test_every_node_has_itself_and_all_above_it() -> None:
    assert pairs(["leaf", "all", "class"], ["class", None, "all"]) == {
        ("leaf", "leaf"),
        ("class", "leaf"),
        ("all", "leaf"),
        ("class", "class"),
        ("all", "class"),
        ("all", "all"),
    }
    assert pairs(["only"], [""]) == {("only", "only")}
    assert pairs(["1", "2"], ["", "1"]) == pairs([1, 2], ["", 1])  # type: ignore[list-item]  # numbers are names


def test_a_node_with_two_paths_is_once_below_what_both_lead_to() -> None:
    child = ["all", "skin", "allergy", "rash", "rash"]
    found = pairs(child, ["", "all", "all", "skin", "allergy"])
    assert {node for node, below in found if below == "rash"} == {"rash", "skin", "allergy", "all"}


def test_each_event_is_a_member_of_the_nodes_above_it() -> None:
    made = tree(["all", "skin", "rash"], ["", "all", "skin"])
    node, event = made.members(positions("leaf", ["rash", "all", "rash"], made.names))
    found = sorted((int(e), made.names[n]) for n, e in zip(node, event, strict=True))
    assert found == [
        *((0, name) for name in ("all", "rash", "skin")),
        (1, "all"),
        *((2, name) for name in ("all", "rash", "skin")),
    ]


@pytest.mark.parametrize(
    ("child", "parent", "said"),
    [
        (["all", "a", "b"], ["", "b", "a"], "the tree has a cycle: 'a' is under 'b' is under 'a'"),
        (
            ["all", "c", "a", "a", "b"],
            ["", "a", "all", "b", "a"],
            "the tree has a cycle: 'a' is under 'b' is under 'a'",
        ),
        (["all", "a"], ["", "a"], "the tree has a cycle: 'a' is under 'a'"),
        (["a"], ["b"], "the parent 'b' of 'a' has no row of its own in the tree"),
        (["a", "b"], ["b", "a"], "the tree has no root: one node must have the parent ''"),
        (["a", "b"], ["", ""], "the tree has 2 roots, 'a' and 'b': put them under one node"),
        (["a", "b", "b"], ["", "a", ""], "'b' is given as root and also under 'a'"),
        (["a", "b", "b"], ["", "", "a"], "'b' is given as root and also under 'a'"),
        (["a", "b", "b"], ["", "a", "a"], "the link from 'b' to its parent 'a' is given twice"),
        (["a", ""], ["", "a"], "every node needs a name, got none in row 2"),
        (["a"], ["", "a"], "child and parent must have the same length, got 1 and 2"),
        ([], [], "the tree has no root: one node must have the parent ''"),
        ("a", "", r"child must have shape \(n,\), got shape \(\)"),
    ],
)
def test_what_is_no_tree_is_refused(child: list[str], parent: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        tree(child, parent)


def test_a_name_that_no_node_has_is_refused() -> None:
    with pytest.raises(ValueError, match="leaf must name nodes of the tree, got 'x'"):
        positions("leaf", np.array(["a", "x"]), ("a", "b"))
