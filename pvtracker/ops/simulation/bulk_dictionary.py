"""A synthetic dictionary of any size over the 27 organ classes of the local terms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pvtracker.ops.simulation.terms import ORGAN_CLASSES

Texts = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class BulkDictionary:
    """One row per synthetic preferred term, most frequent first; every column has shape (n_terms,)."""

    code: Texts  # SYN-00001 …
    preferred_term: Texts  # Synthetic term 00001 …
    high_level_term: Texts
    high_level_group_term: Texts
    system_organ_class: Texts  # an organ class of the local terms, marked as synthetic
    weight: NDArray[np.float64]  # share of all events without effects; adds up to 1


def synthetic_dictionary(terms: int) -> BulkDictionary:
    """About 12 terms per high level term and 5 of those per group; every term has one path.

    Frequencies fall like those of real reports: the n-th most frequent term has a share in proportion to
    1/(n + 10).
    """
    groups = max(min(len(ORGAN_CLASSES), terms), terms // 60)
    high_terms = max(groups, terms // 12)
    term = np.arange(terms)
    high_term = term % high_terms
    group = high_term % groups
    organ_class = group % len(ORGAN_CLASSES)
    weight = 1.0 / (term + 11.0)
    return BulkDictionary(
        code=np.array([f"SYN-{n + 1:05d}" for n in term]),
        preferred_term=np.array([f"Synthetic term {n + 1:05d}" for n in term]),
        high_level_term=np.array([f"Synthetic high level term {n + 1:04d}" for n in high_term]),
        high_level_group_term=np.array([f"Synthetic group {n + 1:03d}" for n in group]),
        system_organ_class=np.array([f"{ORGAN_CLASSES[n]} (synthetic)" for n in organ_class]),
        weight=weight / weight.sum(),
    )
