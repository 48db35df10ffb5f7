"""The sensitivity to priors of a run, under the priors that the calculator names."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

import numpy as np
import pytest

from pvtracker import stats
from pvtracker.signals import hierarchical_methods
from pvtracker.signals.hierarchical_methods import LEADING, NOT_LEADING, NOT_RANKED, PREFERRED_TERMS_ONLY
from pvtracker.signals.rows import ResultRow, to_dict
from pvtracker.signals.screen import screen
from pvtracker.stats.berry_berry import ALTERNATIVES
from pvtracker.stats.results import PriorSensitivity
from tests.pure.signals.drawn import SERIOUS, TERMS, drawn_cut

METHOD, SOURCE = "berry_berry_priors", "as in the source"
OPTIONS: dict[str, Any] = {"seed": 5, "margin": 1.6}


def rows_of(selection: str) -> list[ResultRow]:
    found = screen(drawn_cut(), analysis_arm="planned", selections=(selection,), methods=(METHOD,), **OPTIONS)
    return found.rows


def test_each_leading_term_is_told_under_every_prior_of_the_calculator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All ten are computed: each prior's rows are those of the model with that prior given to it, and chains meet."""
    short = partial(stats.prior_sensitivity, draws=500, most_draws=1000)
    kept: list[PriorSensitivity] = []

    def once(*given: Any, **options: Any) -> PriorSensitivity:
        kept.append(short(*given, **options))
        return kept[-1]

    monkeypatch.setattr(stats, "prior_sensitivity", once)
    rows = rows_of("serious")
    own = [row for row in rows if row.level == "PT"]
    assert len(own) == len(SERIOUS) * (1 + len(ALTERNATIVES))
    terms = sorted(SERIOUS)
    by = {(row.term, row.prior): row for row in own}
    counts = [
        [getattr(by[term, ""], name) for term in terms] for name in ("n_arm", "N_arm", "n_ref", "N_ref")
    ]
    systems = [TERMS[term] for term in terms]
    for prior in ("effects less alike",):
        alone = stats.berry_berry(
            *counts, systems, **OPTIONS, draws=500, most_draws=1000, **ALTERNATIVES[prior]
        )
        for at, term in enumerate(terms):
            row = by[term, prior]
            said = (row.estimate, row.low, row.high, row.posterior, row.beyond_margin, row.r_hat)
            assert said == (
                *(np.exp(getattr(alone, name)[at]) for name in ("mean", "low", "high")),
                *(getattr(alone, name)[at] for name in ("p_positive", "p_beyond_margin", "r_hat")),
            )
    assert [row.prior for row in own[:11]] == ["", *ALTERNATIVES]
    [found] = kept
    for at, name in enumerate(found.prior):
        row = by[terms[found.term[at]], name]
        assert (row.posterior, row.warning) == (found.p_positive[at], "") and row.r_hat is not None
        assert row.r_hat < 1.01
        assert (row.n_arm, row.N_ref, row.period) == (by[row.term, ""].n_arm, by[row.term, ""].N_ref, "")
    for term in terms:
        under = [by[term, name] for name in ALTERNATIVES]
        over_all = by[term, ""]
        assert over_all.posterior == min(row.posterior or 0 for row in under) > 0
        least = min(under, key=lambda row: row.posterior or 0)
        assert least.prior in over_all.warning and over_all.estimate is None
        assert over_all.flag == all((row.posterior or 0) > 0.95 for row in under)
    assert len({row.posterior for row in by.values()}) > 30  # priors differ
    assert to_dict(by[terms[0], SOURCE])["prior"] == SOURCE and "prior" not in to_dict(by[terms[0], ""])
    assert {row.warning for row in rows if row.level == "SOC"} == {PREFERRED_TERMS_ONLY}


def told(
    refuse: Collection[str] = (),
    low: Collection[str] = (),
    first: int = 10**6,
) -> Any:
    """A stand-in whose probability falls with the place of a term; under `low` priors it is 0.3 less. The `first` terms
    are refused under `refuse`."""

    def sensitivity(n_arm: Any, *given: Any, **options: Any) -> PriorSensitivity:
        size, names = len(n_arm), list(ALTERNATIVES)
        posterior = np.concatenate([0.999 - np.arange(size) / 1000 - 0.3 * (name in low) for name in names])
        refused = np.concatenate([(np.arange(size) < first) & (name in refuse) for name in names])
        numbers = np.where(refused, np.nan, posterior)
        ones = np.where(refused, np.nan, 1.0)
        return PriorSensitivity(
            np.repeat(np.array(names, dtype=object), size),
            np.tile(np.arange(size), len(names)),
            *(ones, ones, ones, ones),
            numbers,
            numbers / 2,
            np.where(refused, 1.5, 1.0),
            np.where(refused, "refused", None),
        )

    return sensitivity


def test_only_the_leading_terms_are_told_and_flagged_where_every_prior_agrees(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stats, "prior_sensitivity", told())
    rows = [row for row in rows_of("all") if row.level == "PT"]
    over_all = [row for row in rows if not row.prior]
    leading = sorted(row.term for row in over_all if row.warning != NOT_LEADING)
    assert len(leading) == LEADING < len(over_all)
    assert leading == sorted(sorted(row.term for row in over_all)[:LEADING])
    assert {row.term for row in rows if row.prior} == set(leading)
    assert {row.term for row in over_all if row.flag} == set(leading)
    monkeypatch.setattr(stats, "prior_sensitivity", told(low={"effects more alike"}))
    rows = [row for row in rows_of("all") if row.level == "PT"]
    assert not any(row.flag for row in rows if not row.prior)
    assert {row.prior for row in rows if row.flag} == set(ALTERNATIVES) - {"effects more alike"}


def test_terms_whose_chains_have_not_met_under_the_source_are_ranked_by_the_other_priors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The three most likely are refused, once under the source's priors, once under all: only then are they not ranked,
    and never told that others are likelier."""
    for refuse in ({SOURCE}, set(ALTERNATIVES)):
        monkeypatch.setattr(stats, "prior_sensitivity", told(refuse=refuse, first=3))
        rows = [row for row in rows_of("all") if row.level == "PT" and not row.prior]
        by_term = sorted(rows, key=lambda row: row.term)
        leading = [at for at, row in enumerate(by_term) if row.warning not in (NOT_LEADING, NOT_RANKED)]
        not_ranked = [at for at, row in enumerate(by_term) if row.warning == NOT_RANKED]
        if refuse == {SOURCE}:
            assert (leading, not_ranked) == (list(range(LEADING)), [])
            assert all(row.warning.endswith(f"under: {SOURCE}") for row in by_term[:3])
        else:
            assert (leading, not_ranked) == (list(range(3, LEADING + 3)), [0, 1, 2])
        assert not any(row.flag for row in by_term[:3]) and by_term[3].flag


def test_a_prior_whose_chains_have_not_met_is_named_and_the_smallest_of_the_others_told_unflagged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        stats, "prior_sensitivity", told(refuse={"rates more alike"}, low={"effects more alike"})
    )
    rows = [row for row in rows_of("serious") if row.level == "PT"]
    for row in rows:
        if not row.prior:
            under = [other.posterior for other in rows if other.prior and other.term == row.term]
            assert row.posterior == min(one for one in under if one is not None)
            assert not row.flag and row.warning == hierarchical_methods.REFUSED.format("rates more alike")
        elif row.prior == "rates more alike":
            assert (row.posterior, row.r_hat, row.warning) == (None, 1.5, "refused")
        else:
            assert row.posterior is not None and row.flag == (row.prior != "effects more alike")
    monkeypatch.setattr(stats, "prior_sensitivity", told(refuse={"rates more alike"}))
    rows = [row for row in rows_of("serious") if row.level == "PT" and not row.prior]
    assert all(row.posterior and row.posterior > 0.95 and not row.flag for row in rows)
    monkeypatch.setattr(stats, "prior_sensitivity", told(refuse=set(ALTERNATIVES)))
    rows = [row for row in rows_of("serious") if row.level == "PT" and not row.prior]
    none = hierarchical_methods.NONE_KNOWN.format(", ".join(ALTERNATIVES))
    assert rows and all((row.posterior, row.flag, row.warning) == (None, False, none) for row in rows)
    assert len(hierarchical_methods.REFUSED.format(", ".join(ALTERNATIVES))) <= 300
