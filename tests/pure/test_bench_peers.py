"""Peers of benchmarks in R: found where R loads them, measured on the same draws and data as ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pvtracker.ops.benchmarks import bayes, bayes_peers, r
from pvtracker.stats import berry_berry
from tests.pure.stats.c212_figures import PARTICIPANTS, TERMS


def test_a_package_counts_where_rscript_loads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert r.version("c212") is None
    program = tmp_path / "Rscript"
    program.write_text('#!/bin/sh\ncase "$2" in *"library(c212)"*) printf 0.98 ;; *) exit 1 ;; esac\n')
    program.chmod(0o755)
    assert r.version("c212") == "0.98"
    assert r.version("TreeMineR") is None


def test_the_draws_told_to_r_are_those_that_the_posterior_is_told_from() -> None:
    """On the terms as c212 has them, in any order of the systems."""
    system, reference, arm = TERMS[:, :3].astype(int).T
    assert bayes_peers.PARTICIPANTS == PARTICIPANTS
    assert (system == bayes_peers.SYSTEMS + 1).all()
    assert (reference == bayes_peers.REFERENCE).all()
    assert (arm == bayes_peers.ARM).all()
    short = {"chains": 12, "draws": 400, "most_draws": 400}
    found = berry_berry(arm, PARTICIPANTS, reference, PARTICIPANTS, system, **short)
    draws = bayes._draws(found)
    told = ~np.isnan(found.mean)
    assert draws.shape == (45, 12, 400)
    assert told.sum() > 20
    assert draws.mean(axis=(1, 2))[told] == pytest.approx(found.mean[told], abs=1e-6)
