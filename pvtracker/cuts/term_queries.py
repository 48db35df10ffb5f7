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


def by_query(events: pd.DataFrame, queries: Queries) -> pd.DataFrame:
    """The events of all queries, one row for each event and query that it belongs to, with the column `query`."""
    parts = [events[matching(events, terms)].assign(**{QUERY: name}) for name, terms in queries]
    return pd.concat(parts, ignore_index=True) if parts else events.iloc[:0].assign(**{QUERY: ""})
