"""Methods that only runs have which name them: the right numbers go into the right statistic."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pvtracker import stats
from pvtracker.cuts import derive
from pvtracker.signals.method import Source
from pvtracker.signals.methods import METHODS
from pvtracker.signals.rows import ResultRow
from pvtracker.signals.screen import screen
from pvtracker.signals.time_methods import FEW, first_times, with_deaths
from tests.pure.signals.pilot import pilot_cut
from tests.pure.signals.test_screen import row_of, trial
from tests.small_cut import allocated, cut, day, event, person, treated

COUNTED = ("rd_newcombe", "barnard", "rate_ratio_midp", "rate_difference_mn", "by", "group_bh")
TIMED = ("log_rank", "gray", "cox", "time_lost")


@pytest.fixture(scope="module")
def pilot() -> dict[str, dict[tuple[str, str, str], ResultRow]]:
    """Rows of the serious events by method."""
    found = screen(
        pilot_cut(), analysis_arm="planned", selections=("serious",), methods=("fisher", *COUNTED, *TIMED)
    )
    rows: dict[str, dict[tuple[str, str, str], ResultRow]] = {}
    for row in found.rows:
        rows.setdefault(row.method, {})[row.level, row.term, row.arm] = row
    return rows


def test_counts_go_into_the_statistic_of_the_name(
    pilot: dict[str, dict[tuple[str, str, str], ResultRow]],
) -> None:
    for key, row in pilot["fisher"].items():
        counts = (row.n_arm, row.N_arm, row.n_ref, row.N_ref)
        rates = (row.n_arm, row.person_years_arm, row.n_ref, row.person_years_ref)
        difference = stats.risk_difference_newcombe(*counts)
        own = pilot["rd_newcombe"][key]
        assert (own.estimate, own.low, own.high) == pytest.approx(
            (difference.estimate[0], difference.low[0], difference.high[0])
        )
        assert pilot["barnard"][key].p == pytest.approx(stats.barnard(*counts).p[0])
        ratio, rate = stats.rate_ratio_midp(*rates), stats.rate_difference_mn(*rates)
        assert pilot["rate_ratio_midp"][key].p == pytest.approx(ratio.p[0])
        assert pilot["rate_ratio_midp"][key].low == pytest.approx(ratio.low[0])
        own = pilot["rate_difference_mn"][key]
        assert (own.estimate, own.low) == pytest.approx((rate.estimate[0], rate.low[0]))


def test_families_are_adjusted_apart(pilot: dict[str, dict[tuple[str, str, str], ResultRow]]) -> None:
    for level, arm in {(level, arm) for level, _, arm in pilot["by"]}:
        rows = [row for (one, _, other), row in pilot["by"].items() if (one, other) == (level, arm)]
        p = np.array([row.p for row in rows], dtype=float)
        harmonic = (1 / np.arange(1, len(p) + 1)).sum()
        hochberg = np.array([pilot["fisher"][level, row.term, arm].p_adjusted for row in rows], dtype=float)
        assert [row.p_adjusted for row in rows] == pytest.approx(np.minimum(1, hochberg * harmonic))
    for (level, term, arm), row in pilot["group_bh"].items():
        assert row.p == pilot["fisher"][level, term, arm].p
        assert (row.p_adjusted is None) == (level == "SOC") == ("this level" in row.warning)


def test_the_group_procedure_is_given_organ_classes_and_its_level() -> None:
    arms = {f"A{i}": "LOW" for i in range(20)} | {f"B{i}": "PBO" for i in range(20)}
    row = row_of(
        screen(trial(arms, tuple(f"A{i}" for i in range(14))), analysis_arm="planned", methods=("group_bh",)),
        "group_bh",
    )
    assert (
        row.p_adjusted == stats.group_bh([float(row.p or 0)], ["any"], alpha=0.1).p_adjusted[0] and row.flag
    )


def test_first_times_add_up_to_the_person_years_of_the_rows() -> None:
    """Of every term, selection and arm of the pilot: time at risk is counted there by another way."""
    data = pilot_cut()
    people = with_deaths(data, derive.analysis_set(data, analysis_arm="planned"))
    events, arms = derive.emergent_events(data, people), derive.arms_of(data)
    counts = [
        table
        for level in ("SOC", "PT")
        for table in derive.count_terms(people, events, level=level, selections=("all", "serious"), arms=3)
    ]
    labels = [
        (t.level, term, t.selection, arms.names[a]) for t in counts for a in arms.active for term in t.terms
    ]
    expected = [
        (t.person_years[i, a], t.person_years[i, 0], t.participants[i, a], t.participants[i, 0])
        for t in counts
        for a in arms.active
        for i in range(len(t.terms))
    ]
    assert len(labels) > 400
    for times, (years, years_ref, n, n_ref) in zip(
        first_times(Source(people, events, arms, labels)), expected, strict=True
    ):
        assert times.time[times.in_arm].sum() / 365.25 == pytest.approx(years)
        assert times.time[~times.in_arm].sum() / 365.25 == pytest.approx(years_ref)
        assert (times.what[times.in_arm] == 1).sum() == n and (times.what[~times.in_arm] == 1).sum() == n_ref


def test_times_to_the_event_of_the_pilot_by_hand(
    pilot: dict[str, dict[tuple[str, str, str], ResultRow]],
) -> None:
    """Syncope, serious, by pandas from the delivered rows."""
    data, high = pilot_cut(), "Xanomeline High Dose"
    people = derive.analysis_set(data, analysis_arm="planned").set_index("subject")
    died = data.participants.set_index("subject")["died_on_earliest"]
    ae = data.adverse_events
    ae = ae[(ae["preferred_term"] == "SYNCOPE") & ae["serious"].astype(bool)]
    time, what, in_arm = [], [], []
    for subject, one in people[people["arm"] != 1].iterrows():
        onset = ae.loc[ae["subject"] == subject, "onset_earliest"]
        onset = onset[onset >= one["first_exposure"]]
        end = onset.min() if len(onset) else one["follow_up_end"]
        time.append((end - one["first_exposure"]).days + 1)
        what.append(1 if len(onset) else 2 if pd.notna(died.get(str(subject))) else 0)
        in_arm.append(int(one["arm"] == 2))
    assert what.count(2) == 2  # deaths on placebo
    key = ("PT", "SYNCOPE", high)
    row = pilot["cox"][key]
    assert (row.n_arm, row.n_ref) == (
        sum(w == 1 and a for w, a in zip(what, in_arm, strict=True)),
        what.count(1) - row.n_arm,
    )
    hazard, lost = stats.cox(time, what, in_arm), stats.restricted_mean_time_lost(time, what, in_arm)
    assert row.low == pytest.approx(hazard.low[0]) and row.p == pytest.approx(hazard.p_likelihood[0])
    assert pilot["log_rank"][key].p == pytest.approx(stats.log_rank(time, what, in_arm).p)
    assert pilot["gray"][key].p == pytest.approx(stats.gray(time, what, in_arm).p)
    assert pilot["time_lost"][key].estimate == pytest.approx(lost.estimate[2])


def test_death_ends_the_follow_up_and_an_unknown_day_counts_at_its_end() -> None:
    data = cut(
        participants=[
            person("A", **day("died_on", "2026-01-10")),
            person("B"),
            person("C"),
            person("D", **day("started_on", ""), **day("ended_on", "")),
        ],
        exposures=[treated("A"), treated("B"), treated("C"), treated("D", "")],
        arms=[allocated("A", "LOW"), allocated("B", "LOW"), allocated("C", "PBO"), allocated("D", "PBO")],
        adverse_events=[event("B", 1, day("onset", "")), event("C", 1, day("onset", "2026-01-03"))],
    )
    people = with_deaths(data, derive.analysis_set(data, analysis_arm="planned"))
    assert people["died"].tolist() == [True, False, False, False]
    events, arms = derive.emergent_events(data, people), derive.arms_of(data)
    label = ("PT", "Headache", "all", "Low dose")
    (found,) = first_times(Source(people, events, arms, [label]))
    assert found.time.tolist() == [10, 90, 3] and found.what.tolist() == [2, 1, 1]
    assert found.in_arm.tolist() == [True, True, False]  # D has no day of first exposure


def test_nobody_in_an_arm_says_so() -> None:
    screened = screen(trial({"A": "LOW", "B": "PBO"}, ("A",)), analysis_arm="planned", methods=TIMED)
    for method in TIMED:
        assert (
            row_of(screened, method, arm="High dose").warning
            == "empty arm: nobody is followed in the arm or in the reference"
        )


def test_every_difference_has_its_unit() -> None:
    units = {key: method.scale.words[0] for key, method in METHODS.items() if method.null_value == 0}
    assert units == {
        "rd_mn": "Difference, percentage points",
        "rd_exact": "Difference, percentage points",
        "rd_newcombe": "Difference, percentage points",
        "rate_difference_mn": "Difference, events per 100 person-years",
        "time_lost": "Difference, days",
        "rd_mn_stratified": "Difference, percentage points",
        "rd_mh": "Difference, percentage points",
        "incidence_difference": "Difference, percentage points",
    }
    ratios = {m.scale.words[0] for m in METHODS.values() if m.null_value == 1}
    assert ratios == {"Ratio", "Odds ratio", "Rate ratio"}


def _incidence(rows: dict[str, tuple[str, int, bool]]) -> ResultRow:
    """Of participants by name: arm, last day of follow-up, whether they had the event, on day 5."""
    data = cut(
        participants=[person(name, **day("ended_on", _date(end))) for name, (_, end, _) in rows.items()],
        exposures=[treated(name) for name in rows],
        arms=[allocated(name, arm) for name, (arm, _, _) in rows.items()],
        adverse_events=[event(name, 1, day("onset", _date(5))) for name, (_, _, had) in rows.items() if had],
    )
    run = screen(data, analysis_arm="planned", selections=("all",), methods=("incidence_difference",))
    return row_of(run, "incidence_difference")


def _date(number: int) -> str:
    return f"2026-01-{number:02d}" if number < 32 else f"2026-02-{number - 31:02d}"


def test_the_day_of_the_difference_of_incidences_is_by_follow_up_alone() -> None:
    """Days 20 to 31 of twelve in the arm and 24 to 35 of the reference: whoever has the event, ten of the arm are last
    followed on day 22. Of nine nothing is said."""
    arms = {f"A{n}": ("LOW", 20 + n) for n in range(12)} | {f"B{n}": ("PBO", 24 + n) for n in range(12)}
    for had in ({"A0"}, {f"A{n}" for n in range(3, 12)}, {"A11", *(f"B{n}" for n in range(2, 12))}):
        row = _incidence({name: (*of, name in had) for name, of in arms.items()})
        assert row.warning.startswith("on day 22, the last on which 10 of each arm are followed"), had
        assert row.estimate is not None and row.low is not None
    nine = {name: (*of, name == "A5") for name, of in arms.items() if name not in {"B0", "B1", "B2"}}
    row = _incidence(nine)
    assert (row.estimate, row.low, row.high, row.flag) == (None, None, None, False) and row.warning == FEW
    ten = {name: (*of, name == "A5") for name, of in arms.items() if name not in {"B0", "B1"}}
    assert _incidence(ten).estimate is not None


def test_time_lost_is_not_flagged_where_its_limits_are_too_narrow() -> None:
    arms = {f"A{n}": "LOW" for n in range(12)} | {f"B{n}": "PBO" for n in range(12)}

    def found(with_event: tuple[str, ...]) -> ResultRow:
        run = screen(trial(arms, with_event), analysis_arm="planned", methods=("time_lost",))
        return row_of(run, "time_lost")

    ten = tuple(f"A{n}" for n in range(10))
    none, one = found(ten), found((*ten, "B0"))
    assert none.low is not None and none.low > 0 and not none.flag
    assert none.warning.endswith("too narrow; never flagged")
    assert one.low is not None and one.low > 0 and one.flag and not one.warning
