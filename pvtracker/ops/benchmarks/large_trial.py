"""A large simulated trial in databases of its own, beside those of the installation and gone afterwards."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from pvtracker.ops.commands import simulate_trial
from pvtracker.ops.provision import provision
from pvtracker.ops.rooms import ROOMS, Home, Installation, Names

STUDY = "BENCH"
SUFFIX = "_bench"


@contextlib.contextmanager
def large_trial(
    installation: Installation, *, participants: int, bulk: bool = True
) -> Iterator[tuple[Installation, str]]:
    """Yields an installation on the same server with a simulated trial in it, and the study's code."""
    with tempfile.TemporaryDirectory(prefix="pvtracker-bench-") as folder:
        home = Home(Path(folder))
        home.make()
        place = dataclasses.replace(installation, home=home, names=Names(SUFFIX))
        drop(place)
        try:
            provision(place)
            print(f"simulating {participants:,} participants …", file=sys.stderr, flush=True)
            chosen = argparse.Namespace(
                study=STUDY, participants=participants, arms=2, seed=1, effect=[], bulk=bulk
            )
            if simulate_trial.run(chosen, place):
                raise RuntimeError("the trial of the benchmark could not be simulated")
            yield place, STUDY
        finally:
            drop(place)


def drop(place: Installation) -> None:
    """Remove the databases and roles of a scratch installation."""
    with psycopg.connect(place.admin_url, autocommit=True) as connection:
        for room in ROOMS:
            name = sql.Identifier(place.names.database(room))
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))
        for room in ROOMS:
            for role in (place.names.login(room), place.names.owner(room), place.names.sealer(room)):
                connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(role)))
        connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(place.names.audit())))
