"""The labels of a time axis: each once, whatever days the cuts have."""

from datetime import date, timedelta

import pytest

from pvtracker.monitoring.ticks import ticks


@pytest.mark.parametrize(
    ("days", "labels"),
    [
        ([], []),
        ([date(2026, 8, 5)], ["5 Aug 2026"]),
        ([date(2026, 8, 5), date(2026, 8, 25)], ["5 Aug 2026", "25 Aug 2026"]),
        ([date(2026, 7, 20), date(2026, 8, 25)], ["20 Jul 2026", "25 Aug 2026"]),  # one month begins in it
        ([date(2026, 8, 1), date(2026, 8, 1), date(2026, 9, 1)], ["Aug 2026", "Sep 2026"]),
        ([date(2026, 12, 31), date(2026, 10, 15)], ["Nov 2026", "Dec 2026"]),
        ([date(2025, 10, 15), date(2026, 2, 1)], ["Nov 2025", "Dec 2025", "Jan 2026", "Feb 2026"]),
    ],
)
def test_months_once_or_the_days_themselves(days: list[date], labels: list[str]) -> None:
    at, form = ticks(days)
    assert [one.strftime(form) for one in at] == labels


def test_no_label_stands_twice_and_none_beyond_the_days() -> None:
    for start in range(0, 400, 7):
        for span in (0, 1, 20, 31, 45, 62, 200, 800):
            days = [
                date(2025, 12, 1) + timedelta(days=start),
                date(2025, 12, 1) + timedelta(days=start + span),
            ]
            at, form = ticks(days)
            labels = [one.strftime(form) for one in at]
            assert len(labels) == len(set(labels)) > 0
            assert min(days) <= min(at) and max(at) <= max(days)
