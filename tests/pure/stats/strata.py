"""Published tables of several strata: (n_arm, N_arm, n_ref, N_ref), each by stratum."""

import numpy as np
from hypothesis import strategies as st

Strata = tuple[list[int], list[int], list[int], list[int]]

# Doll & Hill (1950) in Fagerland, Lydersen & Laake (2017), chapter 10, as in R contingencytables (test-ch10.R)
DOLL_HILL: Strata = ([647, 41], [1269, 69], [2, 19], [29, 51])
# R's UCBAdmissions by department: men among the admitted, men among the others
ADMISSIONS: Strata = (
    [512, 353, 120, 138, 53, 22],
    [601, 370, 322, 269, 147, 46],
    [313, 207, 205, 279, 138, 351],
    [332, 215, 596, 523, 437, 668],
)
# R's ?mantelhaen.test: penicillin for rabbits, after Agresti (1990)
RABBITS: Strata = ([0, 3, 6, 5, 2], [6, 6, 6, 6, 2], [0, 0, 2, 6, 5], [5, 6, 6, 6, 5])
# Sparse, with strata without events in one arm or both
SPARSE: Strata = ([0, 1, 2, 0], [38, 21, 32, 12], [3, 0, 5, 0], [36, 25, 36, 9])


@st.composite
def some_strata(draw: st.DrawFn, largest: int = 12, strata: int = 3) -> Strata:
    """Strata of small arms, empty ones too."""
    sizes = [[draw(st.integers(0, largest)) for _ in range(strata)] for _ in range(2)]
    events = [[draw(st.integers(0, size)) for size in arm] for arm in sizes]
    return events[0], sizes[0], events[1], sizes[1]


def drawn_strata(count: int, largest: int, *, strata: int = 3) -> list[Strata]:
    """The same strata of small arms in every run, for comparisons that are counted on the page of validation."""
    rng = np.random.default_rng(1984)
    drawn = []
    for _ in range(count):
        N_arm, N_ref = (rng.integers(0, largest + 1, strata) for _ in range(2))
        n_arm, n_ref = rng.integers(0, N_arm + 1), rng.integers(0, N_ref + 1)
        drawn.append((n_arm.tolist(), N_arm.tolist(), n_ref.tolist(), N_ref.tolist()))
    return drawn
