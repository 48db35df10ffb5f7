"""Periods of a trial, and the hierarchical model over them as a statistic of a run."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pvtracker import stats
from pvtracker.cuts import derive
from pvtracker.cuts.data import CutData
from pvtracker.cuts.periods import OUTSIDE, periods_of
from pvtracker.signals.numerators import Emergent, counted
from pvtracker.signals.period_methods import NO_PHASES, NOBODY, NONE_KNOWN, PREFERRED_TERMS_ONLY
from pvtracker.signals.rows import ResultRow
from pvtracker.signals.screen import screen
from pvtracker.stats.results import Hierarchical
from pvtracker.studies.definitions import Definitions
from tests.small_cut import allocated, cut, day, event, manifest, person, treated

PHASED = {"phase_windows": {"PROCEDURE": 6, "INTERRUPTION": None}}


def of_phases(phases: dict[str, Any] = PHASED, **rows: Any) -> CutData:
    arms = [
        {"code": code, "name": name, "is_reference": code == "PBO"}
        for code, name in (("PBO", "Placebo"), ("LOW", "Low dose"))
    ]
    said = manifest(arms=arms)
    said["settings"]["definitions"] = phases
    return cut(stated=said, **rows)


def given(subject: str, phase: str, start: str, end: str = "", number: int = 1) -> dict[str, Any]:
    return treated(subject, start, **day("end", end or start), phase=phase, source_id=f"EX-{number}")


def trial(phases: dict[str, Any] = PHASED, *, of: int = 12) -> CutData:
    """Two terms of one organ class: Headache more in the arm in the procedure only, Cough everywhere alike."""
    subjects = [f"{arm}{i:02}" for arm in "AB" for i in range(of)]
    events = [
        one
        for who, s in enumerate(subjects)
        for one in (
            *([event(s, 1, day("onset", "2026-01-03"))] if s[0] == "A" and who % 4 else []),
            *([event(s, 2, day("onset", "2026-02-20"), preferred_term="Cough")] if who % 3 == 0 else []),
        )
    ]
    return of_phases(
        phases,
        participants=[person(s) for s in subjects],
        exposures=[
            one
            for s in subjects
            for one in (given(s, "PROCEDURE", "2026-01-01"), given(s, "INTERRUPTION", "2026-02-10", number=2))
        ],
        arms=[allocated(s, "LOW" if s[0] == "A" else "PBO") for s in subjects],
        adverse_events=events,
    )


def rows_by(data: CutData, **said: Any) -> dict[tuple[str, str, str], ResultRow]:
    """By level, term and period, of the arm Low dose."""
    found = screen(
        data, analysis_arm="planned", selections=("all",), methods=("berry_berry_periods",), **said
    ).rows
    return {(row.level, row.term, row.period): row for row in found if row.arm == "Low dose"}


@cache
def usual() -> dict[tuple[str, str, str], ResultRow]:
    """The rows of the trial as it is."""
    return rows_by(trial())


def test_each_day_lies_in_the_phase_of_the_exposure_that_began_last() -> None:
    data = of_phases(
        participants=[person("A"), person("B"), person("C")],
        exposures=[
            given("A", "PROCEDURE", "2026-01-01", "2026-01-03"),
            given("A", "INTERRUPTION", "2026-01-08", number=2),
            given("A", "PROCEDURE", "2026-02-01", number=3),
            given("B", "", "2026-01-01"),
            given("B", "INTERRUPTION", "2026-01-11", number=2),
            given("B", "PROCEDURE", "2026-01-11", number=3),
        ],
        arms=[allocated("A", "LOW"), allocated("B", "LOW"), allocated("C", "PBO")],
    )
    people = derive.analysis_set(data, analysis_arm="planned")
    found = periods_of(data, people)
    assert found is not None and found.names == ("INTERRUPTION", "PROCEDURE", OUTSIDE)
    own = {
        subject: "".join("ip-"[one] for one in found.period[found.start[i] : found.start[i + 1]])
        for i, subject in enumerate(people["subject"])
    }
    assert set(own) == {"A", "B"}  # C was not treated
    assert own["A"] == "p" * 7 + "i" * 24 + "p" * 7 + "i" * 52  # 1 to 7 January; 8 to 31; 1 to 7 February; on
    assert own["B"] == "-" * 10 + "i" * 80  # both opened on one day: the name that is first


def test_periods_add_up_to_the_whole() -> None:
    """Days, events and follow-up of the periods are those of the run, term by term; against a count of days by hand."""
    rows = usual()
    for term in ("Headache", "Cough"):
        over_all = rows["PT", term, ""]
        parts = [rows["PT", term, period] for period in ("INTERRUPTION", "PROCEDURE", OUTSIDE)]
        for name in ("events_arm", "events_ref", "follow_up_years_arm", "follow_up_years_ref"):
            assert sum(getattr(one, name) for one in parts) == pytest.approx(getattr(over_all, name))
    headache, later = rows["PT", "Headache", "PROCEDURE"], rows["PT", "Headache", "INTERRUPTION"]
    assert (headache.n_arm, headache.N_arm, headache.n_ref, headache.N_ref) == (9, 12, 0, 12)
    assert headache.person_years_arm == pytest.approx(
        (9 * 3 + 3 * 7) / 365.25
    )  # on the third day; 7 days at most
    assert headache.person_years_ref == pytest.approx(12 * 7 / 365.25)
    assert (later.n_arm, later.person_years_arm) == (
        0,
        pytest.approx(12 * 50 / 365.25),
    )  # 10 February to 31 March


def test_the_participants_of_a_period_are_those_that_its_row_counts() -> None:
    data = trial()
    of, rows = Emergent.of(data, analysis_arm="planned"), rows_by(data)
    for (level, term, period), row in rows.items():
        found = counted(of, level=level, selection="all", term=term, period=period)
        behind = [len({one.subject for one in found if one.arm == arm}) for arm in (row.arm, row.reference)]
        assert behind == [row.n_arm, row.n_ref], (term, period)
    assert rows["PT", "Headache", "PROCEDURE"].n_arm > rows["PT", "Headache", "INTERRUPTION"].n_arm


def test_the_figures_of_a_run_are_the_calculators() -> None:
    rows = rows_by(trial(), seed=7, margin=1.6)
    entries = [
        rows["PT", term, period]
        for period in ("INTERRUPTION", "PROCEDURE", OUTSIDE)
        for term in ("Cough", "Headache")
    ]
    found = stats.berry_berry_periods(
        [row.n_arm for row in entries],
        [row.person_years_arm for row in entries],
        [row.n_ref for row in entries],
        [row.person_years_ref for row in entries],
        ["Nervous system disorders"] * 6,
        [row.period for row in entries],
        margin=1.6,
        seed=7,
    )
    assert np.isfinite(found.mean).all()
    for at, row in enumerate(entries):
        assert (row.estimate, row.low, row.high, row.posterior, row.beyond_margin, row.r_hat) == (
            np.exp(found.mean[at]),
            np.exp(found.low[at]),
            np.exp(found.high[at]),
            found.p_positive[at],
            found.p_beyond_margin[at],
            found.r_hat[at],
        )
    assert rows["PT", "Headache", "PROCEDURE"].flag and not rows["PT", "Headache", "INTERRUPTION"].flag
    over_all = rows["PT", "Headache", ""]
    assert over_all.flag and over_all.estimate is None and "PROCEDURE" in over_all.warning
    assert over_all.posterior == rows["PT", "Headache", "PROCEDURE"].posterior
    assert not rows["PT", "Cough", ""].flag
    assert rows == rows_by(trial(), seed=7, margin=1.6)
    assert over_all.posterior != usual()["PT", "Headache", ""].posterior


def test_a_study_without_phases_and_a_level_without_classes_are_told_so() -> None:
    without = rows_by(trial({}))
    assert {key[2] for key in without} == {""}
    assert without["PT", "Headache", ""].warning == NO_PHASES and not without["PT", "Headache", ""].flag
    other = usual()["SOC", "Nervous system disorders", ""]
    assert other.warning == PREFERRED_TERMS_ONLY and other.posterior is None


def test_a_period_that_nobody_of_an_arm_reached_says_so() -> None:
    data = trial()
    exposures = data.exposures
    kept = ~((exposures["phase"] == "INTERRUPTION") & exposures["subject"].str.startswith("B"))
    rows = rows_by(replace(data, frames={**data.frames, "exposures": exposures[kept]}))
    row = rows["PT", "Headache", "INTERRUPTION"]
    assert (row.N_arm, row.N_ref, row.estimate, row.warning) == (12, 0, None, NOBODY)
    assert rows["PT", "Headache", "PROCEDURE"].estimate is not None


def test_a_model_that_did_not_converge_gives_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """The calculator refuses; the rows of every period and the one over all say so and flag nothing."""
    real = stats.berry_berry_periods

    def short(*args: Any, **said: Any) -> Hierarchical:
        return real(*args, **said, chains=4, warm_up=50, draws=100, most_draws=100)

    monkeypatch.setattr(stats, "berry_berry_periods", short)
    rows = rows_by(trial())
    told = [row for (level, _, period), row in rows.items() if level == "PT" and period]
    assert len(told) == 6 and all(row.estimate is None and row.posterior is None for row in told)
    assert all("chains have not met" in row.warning for row in told) and not any(
        row.flag for row in rows.values()
    )
    assert rows["PT", "Headache", ""].warning == NONE_KNOWN


def test_an_event_of_unknown_day_is_in_no_period() -> None:
    data = trial()
    events = data.adverse_events
    unknown = events.assign(**dict.fromkeys(("onset_earliest", "onset_latest"), pd.NaT), onset="").where(
        events["preferred_term"] == "Cough", events
    )
    unknown = unknown.astype(events.dtypes.to_dict())
    rows = rows_by(replace(data, frames={**data.frames, "adverse_events": unknown}))
    assert rows["PT", "Cough", ""].events_arm > 0
    assert (
        sum(rows["PT", "Cough", period].events_arm for period in ("INTERRUPTION", "PROCEDURE", OUTSIDE)) == 0
    )


def test_the_phases_are_those_of_the_definitions() -> None:
    assert Definitions().phase_windows == ()
    data = trial({})
    assert periods_of(data, derive.analysis_set(data, analysis_arm="planned")) is None
