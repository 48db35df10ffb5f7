"""Statistics of two arms and of many terms: counts in, frozen arrays out. No Django; methods in
docs/methods."""

from pvtracker.stats.benjamini_hochberg import benjamini_hochberg, benjamini_hochberg_by_group
from pvtracker.stats.fisher import fisher, fisher_midp
from pvtracker.stats.results import Detectable, DoubleFdr, Interval, PValues, RateRatio

__all__ = [
    "Detectable",
    "DoubleFdr",
    "Interval",
    "PValues",
    "RateRatio",
    "benjamini_hochberg",
    "benjamini_hochberg_by_group",
    "fisher",
    "fisher_midp",
]
