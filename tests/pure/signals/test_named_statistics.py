"""Every number of a run is that of the statistic of its name, with its options, on the counts that the row prints.

The statistics are named here once more, by their function, so that a line of METHODS that names another one is found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import hypergeom

from pvtracker import stats
from pvtracker.signals.methods import METHODS
from pvtracker.signals.rows import ResultRow
from pvtracker.signals.screen import screen
from pvtracker.studies.definitions import parse
from tests.pure.signals.drawn import SERIOUS, TERMS, drawn, drawn_cut
from tests.pure.signals.pilot import domain, pilot_cut

NUMBERS = ("estimate", "low", "high", "p", "p_adjusted", "posterior", "beyond_margin", "r_hat")
SEED, MARGIN = 3, 1.6
OCCURRED = {term for one in drawn() for _, term in one.events}


@dataclass(frozen=True, slots=True)
class Family:
    """The rows of one method, level and arm in the order of the terms; `systems`: their organ classes."""

    level: str
    rows: Sequence[ResultRow]
    systems: Sequence[str]

    @property
    def counts(self) -> tuple[list[int], ...]:
        """Participants with the event and participants, arm and reference."""
        return tuple(self.of(name) for name in ("n_arm", "N_arm", "n_ref", "N_ref"))

    @property
    def rates(self) -> tuple[list[Any], ...]:
        """Participants with the event and years to it, arm and reference."""
        return tuple(self.of(name) for name in ("n_arm", "person_years_arm", "n_ref", "person_years_ref"))

    def of(self, name: str) -> list[Any]:
        return [getattr(row, name) for row in self.rows]

    @property
    def fisher(self) -> np.ndarray:
        return stats.fisher(*self.counts).p

    def by_site(self) -> list[np.ndarray]:
        """Counts as above within the sites, each of shape (rows, sites)."""
        sites = sorted({one.site for one in drawn()})

        def counted(arm: str, site: str, row: ResultRow | None) -> int:
            return sum(
                (one.arm, one.site) == (arm, site)
                and (row is None or one.first(row.term, row.level) is not None)
                for one in drawn()
            )

        return [
            np.array([[counted(arm, site, row if had else None) for site in sites] for row in self.rows])
            for arm in ("Low dose", "Placebo")
            for had in (True, False)
        ]

    def times(self, row: ResultRow, *, death: int) -> tuple[list[int], list[int], list[int]]:
        """Days to the first event, to death or to the end, which of them it was, and whether in the arm."""
        first = [one.first(row.term, row.level) for one in drawn()]
        pairs = list(zip(drawn(), first, strict=True))
        return (
            [at or one.days for one, at in pairs],
            [1 if at else death * one.died for one, at in pairs],
            [int(one.arm == "Low dose") for one in drawn()],
        )


Numbers = dict[str, Any]
AT_95 = {"confidence_level": 0.95}


def interval(found: Any) -> Numbers:
    return {name: getattr(found, name) for name in ("estimate", "low", "high")}


def ratio(found: Any) -> Numbers:
    return interval(found) | {"p": found.p}


def terms_only(of: Callable[[Family], Any]) -> Callable[[Family], Numbers]:
    """Adjusted by organ class, which only preferred terms have."""

    def numbers(family: Family) -> Numbers:
        return {"p": family.fisher} | ({"p_adjusted": of(family)} if family.level == "PT" else {})

    return numbers


def posterior(of: Callable[[Family], Any]) -> Callable[[Family], Numbers]:
    """Of preferred terms: ratios from the logarithms, and the probability of more in the arm."""

    def numbers(family: Family) -> Numbers:
        if family.level != "PT":
            return {}
        found = of(family)
        return {
            "estimate": np.exp(found.mean),
            "low": np.exp(found.low),
            "high": np.exp(found.high),
            "posterior": found.p_positive,
            "beyond_margin": found.p_beyond_margin,
            "r_hat": found.r_hat,
        }

    return numbers


def curves(function: Callable[..., Any], *, death: int) -> Callable[[Family], Numbers]:
    def numbers(family: Family) -> Numbers:
        return {"p": [function(*family.times(row, death=death)).p for row in family.rows]}

    return numbers


def cox(family: Family) -> Numbers:
    found = [stats.cox(*family.times(row, death=0), **AT_95) for row in family.rows]
    limits = {name: [getattr(one, name)[0] for one in found] for name in ("estimate", "low", "high")}
    return limits | {"p": [one.p_likelihood[0] for one in found]}


def time_lost(family: Family) -> Numbers:
    """The third line is the difference."""
    found = [stats.restricted_mean_time_lost(*family.times(row, death=2), **AT_95) for row in family.rows]
    limits = {name: [getattr(one, name)[2] for one in found] for name in ("estimate", "low", "high")}
    return limits | {"p": [one.p for one in found]}


def incidence_difference(family: Family) -> Numbers:
    """On the last day on which ten of each arm are followed, the event behind them or not: counted back day by day."""

    def followed(day: int, arm: str) -> int:
        return sum(one.arm == arm and one.days >= day for one in drawn())

    sides = ("Low dose", "Placebo")
    days_of_all = range(max(one.days for one in drawn()), 0, -1)
    last = next(day for day in days_of_all if min(followed(day, side) for side in sides) >= 10)
    found = []
    for row in family.rows:
        days, what, arm = family.times(row, death=2)
        found.append(stats.incidence_difference(days, what, arm, [last], **AT_95))
    return {name: [getattr(one, name)[0] for one in found] for name in ("estimate", "low", "high")}


@cache
def scanned() -> dict[str, float]:
    """Adjusted p of each node of the tree of terms and organ classes; the root, which everybody has, says nothing."""
    assert all(one.events for one in drawn())
    systems = sorted(set(TERMS.values()))
    found = stats.tree_scan(
        [int(one.arm == "Low dose") for one in drawn()],
        [who for who, one in enumerate(drawn()) for _ in one.events],
        [term for one in drawn() for _, term in one.events],
        [*TERMS, *systems, "any"],
        [*TERMS.values(), *["any"] * len(systems), ""],
        null="participants",
        alternative="greater",
        minimum_cases=1,
        replicates=9999,
        seed=SEED,
    )
    return dict(zip(found.node.tolist(), found.p.tolist(), strict=True))


def tree_scan(family: Family) -> Numbers:
    x, a, y, b = (np.array(one) for one in family.counts)
    return {
        "p": hypergeom.sf(x - 1, a + b, x + y, a),
        "p_adjusted": [scanned()[row.term] for row in family.rows],
    }


OF_COUNTS: dict[str, Callable[[Family], Numbers]] = {
    "rd_mn": lambda f: interval(stats.risk_difference_mn(*f.counts, **AT_95)),
    "rd_newcombe": lambda f: interval(stats.risk_difference_newcombe(*f.counts, **AT_95)),
    "rd_exact": lambda f: interval(stats.risk_difference_exact(*f.counts, inversion="one-sided", **AT_95)),
    "rr_koopman": lambda f: interval(stats.risk_ratio_koopman(*f.counts, **AT_95)),
    "or_midp": lambda f: interval(stats.odds_ratio_midp(*f.counts, **AT_95)),
    "or_conditional": lambda f: interval(stats.odds_ratio_conditional(*f.counts, **AT_95)),
    "fisher": lambda f: {"p": f.fisher, "p_adjusted": stats.benjamini_hochberg(f.fisher)},
    "fisher_midp": lambda f: {"p": stats.fisher_midp(*f.counts).p},
    "barnard": lambda f: {"p": stats.barnard(*f.counts, berger_boos=0.0).p},
    "boschloo": lambda f: {"p": stats.boschloo(*f.counts, two_sided="minlike", berger_boos=0.0).p},
    "by": lambda f: {"p": f.fisher, "p_adjusted": stats.benjamini_yekutieli(f.fisher)},
    "dfdr_2004": terms_only(lambda f: stats.double_fdr_2004(f.fisher, f.systems).p_adjusted),
    "dfdr_2012": terms_only(lambda f: stats.double_fdr_2012(f.fisher, f.systems).p_adjusted),
    "group_bh": terms_only(
        lambda f: stats.group_bh(f.fisher, f.systems, null_share="tst", alpha=0.1).p_adjusted
    ),
    "eair_ratio": lambda f: ratio(stats.rate_ratio_exact(*f.rates, **AT_95)),
    "rate_ratio_midp": lambda f: ratio(stats.rate_ratio_midp(*f.rates, **AT_95)),
    "rate_difference_mn": lambda f: interval(stats.rate_difference_mn(*f.rates, **AT_95)),
}
OF_PEOPLE: dict[str, Callable[[Family], Numbers]] = {
    "tree_scan": tree_scan,
    "log_rank": curves(stats.log_rank, death=0),
    "gray": curves(stats.gray, death=2),
    "cox": cox,
    "time_lost": time_lost,
    "rd_mn_stratified": lambda f: interval(
        stats.risk_difference_mn_stratified(*f.by_site(), weights="mantel-haenszel", **AT_95)
    ),
    "cmh_exact": lambda f: {"p": stats.cmh_exact(*f.by_site()).p},
    "rd_mh": lambda f: interval(stats.risk_difference_mh(*f.by_site(), variance="sato", **AT_95)),
    "rr_mh": lambda f: interval(stats.risk_ratio_mh(*f.by_site(), **AT_95)),
    "or_mh": lambda f: interval(stats.odds_ratio_mh(*f.by_site(), **AT_95)),
    "or_stratified_exact": lambda f: interval(
        stats.odds_ratio_stratified_exact(*f.by_site(), mid_p=False, **AT_95)
    ),
    "breslow_day": lambda f: {"p": stats.breslow_day(*f.by_site(), tarone=True).p},
    "incidence_difference": incidence_difference,
}
HIERARCHICAL: dict[str, Callable[[Family], Numbers]] = {
    "berry_berry": posterior(lambda f: stats.berry_berry(*f.counts, f.systems, seed=SEED, margin=MARGIN)),
    "berry_berry_poisson": posterior(
        lambda f: stats.berry_berry_poisson(*f.rates, f.systems, seed=SEED, margin=MARGIN)
    ),
}


def families(rows: Sequence[ResultRow], method: str, systems: dict[str, str]) -> list[Family]:
    own = [row for row in rows if row.method == method]
    found = []
    for level, arm in dict.fromkeys((row.level, row.arm) for row in own):
        its = [row for row in own if (row.level, row.arm) == (level, arm)]
        found.append(Family(level, its, [systems[row.term] for row in its] if level == "PT" else []))
    return found


def holds(rows: Sequence[ResultRow], expected: Numbers, *, within: float) -> None:
    """Each of the numbers, and none where the statistic has none or it is not finite."""
    for name in NUMBERS:
        wanted = np.asarray(expected.get(name, [np.nan] * len(rows)), dtype=float)
        assert len(wanted) == len(rows)
        for row, value in zip(rows, wanted.tolist(), strict=True):
            there = pytest.approx(value, rel=1e-9, abs=within) if np.isfinite(value) else None
            assert getattr(row, name) == there, (row.term, name)


def within(method: str) -> float:
    """Limits of the exact difference are sought to 1e-6, by steps that depend on which tables are sought together."""
    return 1e-6 if method == "rd_exact" else 1e-12


@cache
def run(selection: str, *methods: str) -> list[ResultRow]:
    """Of the drawn trial."""
    found = screen(
        drawn_cut(),
        analysis_arm="planned",
        selections=(selection,),
        methods=methods,
        seed=SEED,
        margin=MARGIN,
        rules=parse({"strata": ["site"]}),
    )
    return found.rows


def test_every_method_of_a_run_is_named_here() -> None:
    """But for the model over periods and that under other priors, whose rows test_periods.py and test_priors.py compare
    with the calculator's in the same way."""
    elsewhere = {"berry_berry_periods", "berry_berry_priors"}
    assert {*OF_COUNTS, *OF_PEOPLE, *HIERARCHICAL, *elsewhere} == set(METHODS)


@pytest.mark.parametrize("method", [*OF_COUNTS, *OF_PEOPLE])
def test_the_numbers_of_a_drawn_trial_are_those_of_the_named_statistic(method: str) -> None:
    named = OF_COUNTS | OF_PEOPLE
    found = families(run("all", *named), method, TERMS)
    assert sum(len(family.rows) for family in found) == len(OCCURRED) + 5 > 35
    for family in found:
        holds(family.rows, named[method](family), within=within(method))


def once(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same, which takes a second, but for what it was given before."""
    kept: dict[str, Any] = {}

    def call(*given: Any, **options: Any) -> Any:
        key = repr(([np.asarray(one).tolist() for one in given], options))
        return kept[key] if key in kept else kept.setdefault(key, function(*given, **options))

    return call


@pytest.mark.parametrize("method", HIERARCHICAL)
def test_the_numbers_of_the_serious_terms_are_those_of_the_named_model(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in HIERARCHICAL:
        monkeypatch.setattr(stats, name, once(getattr(stats, name)))
    found = families(run("serious", method), method, TERMS)
    assert sum(len(family.rows) for family in found) == len(SERIOUS) + 2
    for family in found:
        holds(family.rows, HIERARCHICAL[method](family), within=within(method))


OF_THE_PILOT = tuple(method for method in OF_COUNTS if method != "rd_exact")  # which takes seconds


@cache
def of_the_pilot() -> list[ResultRow]:
    return screen(pilot_cut(), analysis_arm="planned", selections=("grade3plus",), methods=OF_THE_PILOT).rows


@pytest.mark.parametrize("method", OF_THE_PILOT)
def test_the_numbers_of_the_pilot_are_those_of_the_named_statistic(method: str) -> None:
    """Of the severe events, either dose."""
    ae = domain("ae")
    systems = dict(zip(ae["AEDECOD"], ae["AEBODSYS"], strict=True))
    found = families(of_the_pilot(), method, systems)
    assert sum(len(family.rows) for family in found) >= 40
    for family in found:
        holds(family.rows, OF_COUNTS[method](family), within=within(method))
