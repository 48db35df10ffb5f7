"""Named sets of terms, as the standardised queries of a dictionary are: events of several organ classes that speak of
one thing. Pure functions of the events of a cut.

An event belongs to every query that names one of its terms, at whichever level; so queries overlap.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pvtracker.cuts.derive import LEVELS, QUERY

Queries = Sequence[tuple[str, Collection[str]]]  # name and terms, of any level


def matching(events: pd.DataFrame, terms: Collection[str]) -> NDArray[np.bool_]:
    """Which events have one of the terms, at any level; letters are compared without regard to case."""
    wanted = {term.casefold() for term in terms}
    found = np.zeros(len(events), dtype=bool)
    for column in LEVELS.values():
        codes, names = pd.factorize(events[column])
        hit = np.array([str(name).casefold() in wanted for name in names], dtype=bool)
        found |= np.append(hit, False)[codes]  # -1 of a missing term takes the last
    return found


def belonging(events: pd.DataFrame, sets: Queries) -> list[tuple[str, ...]]:
    """The names of the sets that each event belongs to, as `matching` says it of one, in the order of the sets. Events
    are many and their terms are few: each combination of terms is looked up once, however many sets there are."""
    places: dict[str, list[int]] = {}
    for place, (_, terms) in enumerate(sets):
        for term in {term.casefold() for term in terms}:
            places.setdefault(term, []).append(place)
    columns = [pd.factorize(events[column]) for column in LEVELS.values()]
    combined = np.zeros(len(events), dtype=np.int64)
    for codes, names in columns:
        combined = combined * (len(names) + 1) + codes + 1
    _, first, group = np.unique(combined, return_index=True, return_inverse=True)
    named = []
    for row in zip(*(codes[first].tolist() for codes, _ in columns), strict=True):  # -1 is a missing term
        told = [names[code] for code, (_, names) in zip(row, columns, strict=True) if code >= 0]
        hit = {place for term in told for place in places.get(str(term).casefold(), ())}
        named.append(tuple(sets[place][0] for place in sorted(hit)))
    return [named[place] for place in group.tolist()]


def by_query(events: pd.DataFrame, queries: Queries) -> pd.DataFrame:
    """The events of all queries, one row for each event and query that it belongs to, with the column `query`."""
    parts = [events[matching(events, terms)].assign(**{QUERY: name}) for name, terms in queries]
    return pd.concat(parts, ignore_index=True) if parts else events.iloc[:0].assign(**{QUERY: ""})
