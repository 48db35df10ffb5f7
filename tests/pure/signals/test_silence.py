"""Beside every silence: what would have been shown, against brute force, and what agrees with no event."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pvtracker.signals import silence
from pvtracker.signals.screen import screen
from pvtracker.stats import fisher
from tests.pure.signals.test_screen import trial


@dataclass(frozen=True)
class Row:
    term: str
    n_arm: int
    N_arm: int
    n_ref: int
    N_ref: int


def texts(table: dict[str, object], row: int) -> list[str]:
    return [cell["text"] for cell in table["rows"][row]["cells"]]  # type: ignore[index]


def test_the_founding_trial_would_have_shown_a_fifth_against_nothing() -> None:
    """6 of 38 against 0 of 36 are needed; no event among 38 leaves a one-sided upper limit of 7.6 % (domain.md, 2)."""
    shown = texts(silence.table([Row("Lymphoma", 0, 38, 0, 36)]), 0)
    assert shown[0] == "Lymphoma"
    assert shown[3:6] == ["20.0%", "20.0", "∞"]
    assert shown[6] == "arm 7.6%, reference 8.0%"
    needed = silence.detectable(38, 36, 0.0).risk
    assert scipy_stats.binom.sf(5, 38, needed) == pytest.approx(0.8, abs=1e-6)


def test_the_risk_is_the_smallest_that_shows_with_four_in_five() -> None:
    """By the probability of every table, for an observed reference risk of 3 of 36."""
    found = silence.of_row(Row("Rash", 5, 38, 3, 36))
    x, y = np.divmod(np.arange(39 * 37), 37)
    significant = (fisher(x, 38, y, 36).p < 0.05) & (x * 36 > y * 38)

    def power(risk: float) -> float:
        chance = scipy_stats.binom.pmf(x, 38, risk) * scipy_stats.binom.pmf(y, 36, 3 / 36)
        return float(chance[significant].sum())

    assert found.risk is not None
    assert power(found.risk) == pytest.approx(0.8, abs=1e-6)
    assert power(found.risk - 0.01) < 0.8
    assert found.difference == pytest.approx(found.risk - 3 / 36)
    assert found.ratio == pytest.approx(found.risk * 12)


def test_a_common_event_of_a_large_trial_is_approximated_and_marked() -> None:
    shown = texts(silence.table([Row("Nausea", 5_000, 20_000, 4_900, 20_000)]), 0)
    assert shown[3].startswith("≈ 25.7")
    exact = silence.detectable(500, 500, 0.05)
    assert exact.method == "exact"


def test_who_is_too_few_for_any_risk_and_who_is_nobody_is_told_so() -> None:
    table = silence.table([Row("Rash", 0, 3, 1, 3), Row("Rash", 0, 0, 1, 3)])
    assert texts(table, 0)[3:] == ["none", "–", "–", "arm 63.2%"]
    assert "no risk, however high" in table["rows"][0]["warning"]
    assert texts(table, 1)[3:] == ["none", "–", "–", ""]
    assert "empty arm" in table["rows"][1]["warning"]
    assert silence.table([])["rows"] == []


def test_a_run_keeps_what_it_would_have_shown_whatever_the_term() -> None:
    arms = {f"A{i}": "LOW" for i in range(38)} | {f"B{i}": "PBO" for i in range(36)}
    kept = screen(trial(arms, ("A0",)), analysis_arm="planned").settings["would_have_shown"]
    assert [(one["arm"], one["N_arm"], one["N_ref"]) for one in kept] == [
        ("Low dose", 38, 36),
        ("High dose", 0, 36),
    ]
    assert kept[0]["upper_limit_for_none_arm"] == pytest.approx(0.0758, abs=1e-4)
    risks = [one["risk"] for one in kept[0]["detectable"]]
    assert risks == sorted(risks) and risks[0] == pytest.approx(0.2001, abs=1e-4)
    table = silence.overview_table(kept)
    assert texts(table, 0) == [
        *("Low dose, 38 against 36", "0.0%", "20.0%", "20.0", "∞", "arm 7.6%, reference 8.0%")
    ]
    assert len(table["rows"]) == 2 * len(silence.REFERENCE_RISKS)
    assert (
        silence.overview(  # a run of an earlier version has the sizes only
            [{"name": "Low dose", "participants": 38}, {"name": "Placebo", "participants": 36}], "Placebo"
        )
        == kept[:1]
    )
