"""Two-by-two tables for the tests of the statistics."""

from itertools import product

import numpy as np
from hypothesis import strategies as st

from pvtracker.stats.results import IntArray


def every_table(N_arm: int, N_ref: int) -> tuple[IntArray, IntArray]:
    """All pairs (n_arm, n_ref) of arms of these sizes, flat."""
    pairs = np.array(list(product(range(N_arm + 1), range(N_ref + 1))), dtype=np.int64)
    return pairs[:, 0], pairs[:, 1]


@st.composite
def one_table(draw: st.DrawFn, largest: int = 60) -> tuple[int, int, int, int]:
    """(n_arm, N_arm, n_ref, N_ref) with no arm empty."""
    N_arm = draw(st.integers(1, largest))
    N_ref = draw(st.integers(1, largest))
    return draw(st.integers(0, N_arm)), N_arm, draw(st.integers(0, N_ref)), N_ref
