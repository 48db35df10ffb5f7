"""The page's calculations have a process of their own, with limits."""

import os
import threading
from typing import Any

import pytest

from pvtracker.stats import fisher
from pvtracker.stats.calculator import apart
from pvtracker.stats.calculator.apart import compute_apart
from pvtracker.stats.calculator.arguments import Refused
from pvtracker.stats.catalogue import STATISTICS

TABLE = {"n_arm": "6", "N_arm": "38", "n_ref": "0", "N_ref": "36"}


def test_it_gives_what_the_function_gives() -> None:
    [found] = compute_apart(STATISTICS["fisher"], TABLE)
    assert found.result["p"] == fisher(6, 38, 0, 36).p
    assert found.arguments["N_arm"] == 38


def test_the_statistics_own_refusal_comes_through() -> None:
    with pytest.raises(Refused, match="n_arm must be ≤ N_arm"):
        compute_apart(STATISTICS["fisher"], {**TABLE, "n_arm": "39"})


@pytest.mark.parametrize(
    ("key", "texts"),
    [
        (
            "berry_berry",
            {**TABLE, "n_arm": "6,1", "n_ref": "0,2", "body_system": "A,A", "warm_up": "1000000000"},
        ),
        ("fisher_power", {"risk_arm": ".5", "N_arm": "1073741824", "risk_ref": ".4", "N_ref": "1073741824"}),
    ],
)
def test_what_would_take_hours_is_refused_in_a_moment(key: str, texts: dict[str, str]) -> None:
    with pytest.raises(Refused, match=r"manage.py calculate|too large"):
        compute_apart(STATISTICS[key], texts, seconds=2)


def test_what_needs_more_memory_than_there_is_is_refused() -> None:
    half, whole = "536870912,536870912", "1073741824,1073741824"
    texts = {"n_arm": half, "N_arm": whole, "n_ref": half, "N_ref": whole}
    with pytest.raises(Refused, match=r"too large|manage.py calculate"):
        compute_apart(STATISTICS["cmh_exact"], texts, seconds=2)


def test_the_child_knows_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PVTRACKER_SECRET_KEY", "canary")
    seen: dict[str, Any] = {}
    real = apart.subprocess.run

    def watched(*args: Any, **kwargs: Any) -> Any:
        seen.update(kwargs["env"])
        return real(*args, **kwargs)

    monkeypatch.setattr(apart.subprocess, "run", watched)
    compute_apart(STATISTICS["fisher"], TABLE)
    assert set(seen) == {"PATH", "OPENBLAS_NUM_THREADS", "PYTHONDONTWRITEBYTECODE"}
    assert seen["PATH"] == os.defpath


def test_who_comes_while_another_calculates_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "PATIENCE", 0.1)
    monkeypatch.setattr(apart, "_one_at_a_time", taken := threading.BoundedSemaphore(1))
    with taken, pytest.raises(Refused, match="Another calculation"):
        compute_apart(STATISTICS["fisher"], TABLE)
    assert compute_apart(STATISTICS["fisher"], TABLE)
