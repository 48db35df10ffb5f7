"""What each site's data is like: pooled, so that both rooms may show it. Pure functions of a cut.

Late is what the site learnt late, from onset to the day on which it became aware, and apart from that what it entered
late, from awareness to the day on which a person typed it here. Imported events were typed somewhere else, and cuts of
earlier versions have no day of entry.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from pvtracker.cuts import derive
from pvtracker.cuts.data import CutData
from pvtracker.stats.site_reporting import SiteReporting, site_reporting

LATE_DAYS = 7
LARGEST_P = 0.1  # after adjustment: below it a site is to be looked at
REPLICATES, SEED = 1999, 1  # at least; of more sites more, see `replicates_for`
MOST_DRAWN = 2_000  # participants; of more the exchanges are not drawn but normal
NO_SITE = "no site"
DATASETS = ("participants", "exposures", "adverse_events", "assessments")  # what is read
GAPS = {  # what is missing of an event, by its key
    "no_grade": "No severity grade",
    "not_related": "Not judged for relatedness",
    "no_onset": "Onset unknown",
    "not_coded": "Not coded",
    "no_awareness": "Awareness date unknown",
}


@dataclass(frozen=True, slots=True)
class Site:
    """One site. Rates per year, days whole; a number that does not exist is None and `warning` says why.

    `gaps` counts events by what is missing of them, of `events`. `known_delay`: events whose onset and awareness are
    whole days; `median_delay` and `upper_delay` (three quarters are no later) are in days, by the inverse of the
    empirical distribution. `typed`: events with a day of entry, None where the cut has no such days; `entered`: those
    of them whose awareness is a whole day, with their delays from awareness in the same three numbers. `look`: it
    reports less (or more) than the others, beyond chance after adjustment.
    """

    site: str
    participants: int
    events: int
    years: float
    rate: float | None
    ratio: float | None
    low: float | None
    high: float | None
    p_permuted: float | None
    p_adjusted: float | None
    look: str
    warning: str
    gaps: Mapping[str, int]
    known_delay: int
    late: int
    median_delay: int | None
    upper_delay: int | None
    typed: int | None = None
    entered: int = 0
    late_entry: int = 0
    median_entry: int | None = None
    upper_entry: int | None = None


@dataclass(frozen=True, slots=True)
class Sites:
    """The sites with treated participants, in the order of their codes, and how much a participant's events cluster."""

    sites: tuple[Site, ...]
    dispersion: float | None

    def stated(self) -> dict[str, Any]:
        """As plain data."""
        return {"sites": [asdict(site) for site in self.sites], "dispersion": self.dispersion}

    @staticmethod
    def read(stated: Mapping[str, Any]) -> Sites:
        return Sites(tuple(Site(**site) for site in stated["sites"]), stated["dispersion"])


def replicates_for(sites: int) -> int:
    """So many that one site alone can be flagged: the least p is 2 / (1 + replicates), times the number of sites when
    adjusted, and that is at most half of LARGEST_P."""
    return max(REPLICATES, math.ceil(4 * sites / LARGEST_P) - 1)


def sites_of(data: CutData) -> Sites:
    """Reporting and gaps by site, over treated participants and their treatment-emergent events, all arms together."""
    people = derive.analysis_set(data)
    events = derive.emergent_events(data, people)
    code = data.participants.set_index("subject")["site"].fillna("").replace("", NO_SITE)
    site_of = code.reindex(people["subject"]).to_numpy()
    own = np.bincount(events["participant"].to_numpy(), minlength=len(people))
    found = site_reporting(
        own,
        people["follow_up_years"].to_numpy(),
        site_of,
        null="drawn" if len(people) <= MOST_DRAWN else "normal",
        replicates=replicates_for(len(set(site_of))),
        seed=SEED,
    )
    rows, dated = (
        _events(data, events[["subject", "number"]]),
        data.has_column("adverse_events", "entered_on"),
    )
    position = np.searchsorted(found.site.astype(str), site_of[events["participant"].to_numpy()].astype(str))
    return Sites(
        tuple(_site(found, index, rows[position == index], dated=dated) for index in range(len(found.site))),
        _known(found.dispersion),
    )


def _events(data: CutData, chosen: pd.DataFrame) -> pd.DataFrame:
    """One row per event that counts: a truth for each gap, whether it was typed, and the days from onset to awareness
    and from awareness to entry (missing: unknown)."""
    columns = ["subject", "number", "grade", "preferred_term", "entered_on"]
    columns += [f"{name}_{end}" for name in ("onset", "aware_on") for end in ("earliest", "latest")]
    rows = chosen.merge(data.adverse_events[columns], on=["subject", "number"], validate="one_to_one")
    judged = data.assessments
    judged = judged[(judged["assessor"] == "investigator") & (judged["causality"].fillna("") != "")]
    pairs = judged[["subject", "number"]].drop_duplicates().assign(judged=True)
    rows = rows.merge(pairs, on=["subject", "number"], how="left")
    aware = rows["aware_on_earliest"] == rows["aware_on_latest"]
    whole = (rows["onset_earliest"] == rows["onset_latest"]) & aware
    return pd.DataFrame(
        {
            "no_grade": rows["grade"].isna(),
            "not_related": rows["judged"].isna(),
            "no_onset": rows["onset_earliest"].isna(),
            "not_coded": rows["preferred_term"].fillna("") == "",
            "no_awareness": rows["aware_on_earliest"].isna(),
            "delay": (rows["aware_on_earliest"] - rows["onset_earliest"]).dt.days.where(whole),
            "typed": rows["entered_on"].notna(),
            "entry": (rows["entered_on"] - rows["aware_on_earliest"]).dt.days.where(aware),
        }
    )


def _site(found: SiteReporting, index: int, rows: pd.DataFrame, *, dated: bool) -> Site:
    known_delay, late, median_delay, upper_delay = _delays(rows["delay"])
    entered, late_entry, median_entry, upper_entry = _delays(rows["entry"])
    ratio, adjusted = _known(found.ratio[index]), _known(found.p_adjusted[index])
    far = adjusted is not None and adjusted <= LARGEST_P and ratio is not None
    return Site(
        site=str(found.site[index]),
        participants=int(found.participants[index]),
        events=int(found.events[index]),
        years=float(found.years[index]),
        rate=_known(found.rate[index]),
        ratio=ratio,
        low=_known(found.low[index]),
        high=_known(found.high[index]),
        p_permuted=_known(found.p_permuted[index]),
        p_adjusted=adjusted,
        look=("less" if ratio is not None and ratio < 1 else "more") if far else "",
        warning=found.warning[index] or "",
        gaps={key: int(rows[key].sum()) for key in GAPS},
        known_delay=known_delay,
        late=late,
        median_delay=median_delay,
        upper_delay=upper_delay,
        typed=int(rows["typed"].sum()) if dated else None,
        entered=entered,
        late_entry=late_entry,
        median_entry=median_entry,
        upper_entry=upper_entry,
    )


def _delays(days: pd.Series[float]) -> tuple[int, int, int | None, int | None]:
    """How many are known, how many of these are late, the median, and within how many days three quarters are."""
    known = days.dropna().to_numpy(dtype=np.float64)
    if not len(known):
        return 0, 0, None, None
    middle, upper = (int(q) for q in np.quantile(known, [0.5, 0.75], method="inverted_cdf"))
    return len(known), int((known > LATE_DAYS).sum()), middle, upper


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
