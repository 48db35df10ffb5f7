"""What a run computes, and the pieces in which it is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pvtracker.cuts import derive
from pvtracker.signals.labels import events_label
from pvtracker.signals.method import MARGIN
from pvtracker.signals.methods import DEFAULT_METHODS, METHODS, Threshold
from pvtracker.stats.tree_scan import SEED

LEVELS = ("SOC", "PT")  # of a run without a plan
ALL_LEVELS = tuple(derive.LEVELS)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run computes. `limits`: beyond which a method flags, its own where none is named."""

    analysis_arm: str
    levels: Sequence[str] = LEVELS
    selections: Sequence[str] = derive.SELECTIONS
    methods: Sequence[str] = DEFAULT_METHODS
    limits: Mapping[str, float] = field(default_factory=dict)
    seed: int = SEED
    margin: float = MARGIN

    def threshold(self, key: str) -> Threshold:
        own = METHODS[key].threshold
        return replace(own, limit=self.limits.get(key, own.limit))


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a run that is computed by itself: methods, for every level of some selections."""

    methods: tuple[str, ...]
    selections: tuple[str, ...]

    @property
    def label(self) -> str:
        """The method, or that it is those of every run, and the selection where it is one of several."""
        if len(self.methods) != 1 or METHODS[self.methods[0]].default:
            return "Methods of every run"
        return f"{METHODS[self.methods[0]].label}: {'; '.join(map(events_label, self.selections))}"


def pieces_of(methods: Sequence[str], selections: Sequence[str]) -> list[Piece]:
    """The pieces in their fixed order (docs/adr/0024): the methods of every run, which are quick, together; of each
    further one every selection by itself. No family of tests reaches beyond a selection, so a piece's numbers are those
    of the whole."""
    quick = tuple(key for key in methods if METHODS[key].default)
    further = [key for key in methods if not METHODS[key].default]
    first = [Piece(quick, tuple(selections))] if quick else []
    return [*first, *(Piece((key,), (selection,)) for key in further for selection in selections)]
