"""Times to the first event for the tests: published trials, and one that a formula makes in R and here alike."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

# Freireich et al. (1963) Blood 21:699-716: weeks of remission under 6-mercaptopurine and placebo (1: relapse).
SIX_MP = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35])
SIX_MP_EVENT = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0])
PLACEBO = np.array([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23])
FREIREICH = (
    np.concatenate([SIX_MP, PLACEBO]),
    np.concatenate([SIX_MP_EVENT, np.ones(21, dtype=int)]),
    np.repeat([1, 0], 21),
)

# Miller (1997) Survival Analysis, as `aml` of R's survival: weeks, status, 1 for maintained.
AML = (
    np.array([9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161, 5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45]),
    np.array([1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1]),
    np.repeat([1, 0], [11, 12]),
)

# Edmonson et al. (1979), as `ovarian` of R's survival: days, 1 death, residual disease (1 no, 2 yes)
OVARIAN = (
    np.array([59, 115, 156, 421, 431, 448, 464, 475, 477, 563, 638, 744, 769, 770, 803, 855, 1040, 1106, 1129, 1206,
              1227, 268, 329, 353, 365, 377]),
    np.array([1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0]),
    np.array([2, 2, 2, 2, 2, 1, 2, 2, 2, 1, 1, 1, 2, 2, 1, 1, 2, 1, 1, 2, 1, 2, 2, 1, 2, 1]),
)  # fmt: skip

# Satagopan et al. (2004) Br J Cancer 91:1229-1235, Table 2a: the first nine of 305 women with breast cancer (months;
# 1 died of it, 2 of something else); the others were followed for longer than the 27 months of the table.
BREAST_CANCER = (
    np.array([7, 10, 14, 16, 18, 23, 24, 26, 27] + [28] * 296),
    np.array([0, 1, 0, 1, 2, 1, 0, 2, 1] + [0] * 296),
)

# i <- 0:89; t <- (7*i*i + 3*i) %% 31; e <- (i*i + i %/% 5) %% 3; a <- (5*i + i %/% 7) %% 3; s <- i %/% 45
_i = np.arange(90)
MADE_TIME, MADE_EVENT = (7 * _i * _i + 3 * _i) % 31, (_i * _i + _i // 5) % 3
MADE_ARM, MADE_STRATUM = (5 * _i + _i // 7) % 3, _i // 45
TWO = MADE_ARM < 2  # a < 2 in R


@st.composite
def trial(
    draw: st.DrawFn, *, arms: int = 2, deaths: bool = True, largest: int = 14
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times with many ties, what ended them, and arms, as whole numbers."""
    size = draw(st.integers(1, largest))
    columns = (st.integers(0, 6), st.integers(0, 2 if deaths else 1), st.integers(0, arms - 1))
    time, event, arm = (draw(st.lists(column, min_size=size, max_size=size)) for column in columns)
    return np.array(time), np.array(event), np.array(arm)


def some_trials(
    number: int, *, arms: int = 2, largest: int = 14
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """As `trial` draws them, but the same in every run: what is counted on the page of validation."""
    rng = np.random.default_rng(20)
    sizes = rng.integers(1, largest + 1, number)
    return [(rng.integers(0, 7, n), rng.integers(0, 3, n), rng.integers(0, arms, n)) for n in sizes]
