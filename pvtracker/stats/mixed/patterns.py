"""Sums over the participants who were measured in the same weeks: all that the likelihood needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pvtracker.stats.results import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Patterns:
    """One entry for each set of weeks in which some participants, and no others, were measured.

    seen: shape (patterns, weeks); number: participants; zz: Σ z zᵀ of their regressors, (patterns, q, q); zy: Σ z yᵀ,
    (patterns, q, weeks), and yy: Σ y yᵀ, (patterns, weeks, weeks), 0 in weeks without a value.
    """

    seen: BoolArray
    number: FloatArray
    zz: FloatArray
    zy: FloatArray
    yy: FloatArray

    @property
    def weeks(self) -> int:
        return int(self.seen.shape[1])

    @property
    def regressors(self) -> int:
        return int(self.zz.shape[1])

    @property
    def values(self) -> int:
        return int((self.seen.sum(axis=1) * self.number).sum())


def patterns(y: FloatArray, z: FloatArray) -> Patterns:
    """y: shape (participants, weeks), nan without a value; z: regressors, (participants, q). Each has some value."""
    there = ~np.isnan(y)
    seen, place = np.unique(there, axis=0, return_inverse=True)
    place = place.reshape(-1)
    filled = np.where(there, y, 0.0)
    order = np.argsort(place, kind="stable")
    ends = np.cumsum(np.bincount(place, minlength=len(seen)))[:-1]
    weeks, q = y.shape[1], z.shape[1]
    zz, zy = np.empty((len(seen), q, q)), np.empty((len(seen), q, weeks))
    yy = np.empty((len(seen), weeks, weeks))
    for one, members in enumerate(np.split(order, ends)):
        its_z, its_y = z[members], filled[members]
        zz[one], zy[one], yy[one] = its_z.T @ its_z, its_z.T @ its_y, its_y.T @ its_y
    return Patterns(seen, np.bincount(place, minlength=len(seen)).astype(np.float64), zz, zy, yy)
