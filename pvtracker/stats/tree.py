"""A hierarchy of terms given by parent pointers, checked, with the ancestors of every node.

A node may stand under several parents (a preferred term with several paths). It is then part of each of them, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from pvtracker.stats.results import IntArray

ROOT = ""  # the parent of the root


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes in the order of their first row. `nodes[i]` stands at or above `below[i]`: all such pairs, a node with
    itself included, each once; both have shape (pairs,)."""

    names: tuple[str, ...]
    nodes: IntArray
    below: IntArray

    def members(self, leaf: IntArray) -> tuple[IntArray, IntArray]:
        """For observations at these nodes, shape (n,): every pair of node and observation under it, once."""
        size = len(self.names)
        above = sparse.csr_array((np.ones(len(self.nodes), np.int8), (self.below, self.nodes)), (size, size))
        found = above[leaf].tocoo()
        return found.col.astype(np.int64), found.row.astype(np.int64)


def tree(child: ArrayLike, parent: ArrayLike) -> Tree:
    """The checked hierarchy. child, parent: names of shape (n,), one row per link; the root's parent is ''.

    ValueError for a node without name, a link given twice, a parent without a row of its own, no root, two roots, a
    root that also stands under a node, and a cycle: each with a sentence that names the node.
    """
    below, above = text("child", child), text("parent", parent)
    if len(below) != len(above):
        raise ValueError(f"child and parent must have the same length, got {len(below)} and {len(above)}")
    if ROOT in below:
        raise ValueError(f"every node needs a name, got none in row {below.index(ROOT) + 1}")
    parents: dict[str, list[str]] = {}
    for name, its in zip(below, above, strict=True):
        if its in parents.setdefault(name, []):
            raise ValueError(f"the link from {name!r} to its parent {its!r} is given twice")
        parents[name].append(its)
    _check_parents(parents)
    number = {name: i for i, name in enumerate(parents)}
    lines = {ROOT: set[int]()}  # of each node: itself and all above it
    for name in _from_the_root(parents):
        lines[name] = set[int]().union({number[name]}, *(lines[its] for its in parents[name]))
    pairs = [(node, number[name]) for name in number for node in sorted(lines[name])]
    nodes, under = np.array(pairs, dtype=np.int64).T
    return Tree(tuple(number), nodes, under)


def _check_parents(parents: dict[str, list[str]]) -> None:
    for name, its in parents.items():
        missing = [parent for parent in its if parent != ROOT and parent not in parents]
        if missing:
            raise ValueError(f"the parent {missing[0]!r} of {name!r} has no row of its own in the tree")
        if ROOT in its and len(its) > 1:
            raise ValueError(f"{name!r} is given as root and also under {its[its.index(ROOT) - 1]!r}")
    roots = [name for name, its in parents.items() if ROOT in its]
    if not roots:
        raise ValueError("the tree has no root: one node must have the parent ''")
    if len(roots) > 1:
        raise ValueError(
            f"the tree has {len(roots)} roots, {roots[0]!r} and {roots[1]!r}: put them under one node"
        )


def _from_the_root(parents: dict[str, list[str]]) -> list[str]:
    """The nodes, each after all its parents; ValueError where that cannot be."""
    children: dict[str, list[str]] = {}
    for name, its in parents.items():
        for parent in its:
            children.setdefault(parent, []).append(name)
    waiting = {name: len(its) for name, its in parents.items()}
    order, ready = list[str](), [ROOT]
    while ready:
        for name in children.get(ready.pop(), ()):
            waiting[name] -= 1
            if not waiting[name]:
                order.append(name)
                ready.append(name)
    if len(order) < len(parents):
        raise ValueError(f"the tree has a cycle: {_cycle(parents, order)}")
    return order


def _cycle(parents: dict[str, list[str]], fine: list[str]) -> str:
    """A cycle in words: walking upwards among the nodes that never became ready must come back."""
    left = parents.keys() - set(fine)
    path = [next(name for name in parents if name in left)]
    while True:
        above = next(parent for parent in parents[path[-1]] if parent in left)
        if above in path:
            return " is under ".join(repr(name) for name in [*path[path.index(above) :], above])
        path.append(above)


def text(name: str, value: ArrayLike) -> list[str]:
    """Names as text, None as ''; ValueError unless of shape (n,)."""
    array = np.asarray(value, dtype=object)
    if array.ndim != 1:
        raise ValueError(f"{name} must have shape (n,), got shape {array.shape}")
    return ["" if item is None else str(item) for item in array.tolist()]


def positions(name: str, value: ArrayLike, names: Sequence[str]) -> IntArray:
    """Where these names stand among the nodes, shape (n,); ValueError for a name that no node has."""
    number = {node: i for i, node in enumerate(names)}
    given = text(name, value)
    unknown = [item for item in given if item not in number]
    if unknown:
        raise ValueError(f"{name} must name nodes of the tree, got {unknown[0]!r}")
    return np.array([number[item] for item in given], dtype=np.int64)
