"""Statistics of two arms and of many terms: counts in, frozen arrays out. No Django; methods in
docs/methods."""

from pvtracker.stats.benjamini_hochberg import benjamini_hochberg, benjamini_hochberg_by_group
from pvtracker.stats.fisher import fisher, fisher_midp
from pvtracker.stats.odds_ratio import odds_ratio_conditional
from pvtracker.stats.results import Detectable, DoubleFdr, Interval, PValues, RateRatio
from pvtracker.stats.risk_difference import risk_difference_mn
from pvtracker.stats.risk_ratio import risk_ratio_koopman, risk_ratio_mn

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
    "odds_ratio_conditional",
    "risk_difference_mn",
    "risk_ratio_koopman",
    "risk_ratio_mn",
]
