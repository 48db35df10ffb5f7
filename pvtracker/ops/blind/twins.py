"""Making a twin: a scratch installation with one study loaded, worked through, and read from end to end."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psycopg

from pvtracker.ops.blind import artefacts, canaries, deliveries, halves, scratch, timing
from pvtracker.ops.blind.artefacts import Artefact, collect
from pvtracker.ops.commands import demo, import_study, serve, simulate_trial
from pvtracker.ops.rooms import ROOMS, Installation
from pvtracker.ops.services.postgres import ServiceError
from pvtracker.ops.simulation import ClosedTrial, OpenTrial, simulate
from pvtracker.ops.simulation.files import dump_closed, dump_open

DEMO_DAY = date.fromisoformat(demo.CUT_DATE)
DELIVERED = "BLINDCHECK"  # the code under which a delivery is loaded


@dataclass(frozen=True, slots=True)
class Twin:
    """What the open room of a twin holds and gives away, and what the checker knows from the closed one."""

    artefacts: tuple[Artefact, ...]
    arms: dict[str, str]  # of each participant, by subject
    closed_ids: frozenset[str]
    closed_people: frozenset[str]
    secrets: dict[str, str]
    times: dict[str, list[float]] = field(default_factory=dict)  # of a participant's page, by subject


def read(installation: Installation, *, study: str, short: bool, told: bytes = b"") -> Twin:
    """Collect everything open; ask the closed database for the arms, as the administrator. Not in the short form: how
    long answers take, last of all, since it makes many.
    """
    found = collect(installation, study=study, sponsor=demo.SPONSOR, short=short, told=told)
    arms = arms_of(installation, study)
    return Twin(
        tuple(found),
        arms,
        canaries.closed_ids(installation),
        canaries.closed_people(installation),
        canaries.closed_secrets(installation),
        {} if short else artefacts.times(installation, study=study, times=timing.rounds(arms)),
    )


def arms_of(installation: Installation, study: str) -> dict[str, str]:
    """Arm by subject as the closed room holds it."""
    statement = (
        "select a.subject, a.actual_code from allocation_allocation a"
        " join studies_study s on s.id = a.study_id where s.code = %s"
    )
    with psycopg.connect(scratch.database_url(installation, "closed")) as connection:
        return {str(subject): str(code) for subject, code in connection.execute(statement, [study])}


# --- a simulated trial ----------------------------------------------------------------------------------------------
def simulated_halves() -> tuple[OpenTrial, dict[str, ClosedTrial]]:
    """The demo's trial: its open half, and closed halves by the name of the twin that gets them."""
    trial = simulate(study=demo.STUDY, seed=demo.SEED)
    return trial.open, {
        "as it is": trial.closed,
        "arms exchanged, closed rows backwards": halves.with_canaries(
            halves.permuted(trial.closed, backwards=True)
        ),
    }


def load_simulated(installation: Installation, opened: OpenTrial, closed: ClosedTrial) -> None:
    """Store both halves by the rooms' own commands."""
    folder = installation.home.path / "halves"
    places = folder / "open", folder / "closed"
    for place in places:
        place.mkdir(mode=0o700, parents=True)
    dump_open(opened, places[0])
    dump_closed(closed, places[1])
    if simulate_trial.load(installation, *places, bulk=False):
        raise ServiceError("A twin of the simulated trial could not be loaded; see the message above.")


def simulated_twin(
    base: Installation, label: str, opened: OpenTrial, closed: ClosedTrial, *, short: bool
) -> Twin:
    """Load, work through and read one twin of the demo's trial."""
    with scratch.scratch(base, label) as installation:
        load_simulated(installation, opened, closed)
        work_through(installation, study=demo.STUDY, day=DEMO_DAY)
        return read(installation, study=demo.STUDY, short=short)


def work_through(installation: Installation, *, study: str, day: date) -> None:
    """Accounts of every role, then the whole main job by the workers of both rooms."""
    demo.sign_ins(installation, installation.home.path / "sign-ins.json", study=study)
    reports = {room: installation.home.path / f"{room}-report.pdf" for room in ROOMS}
    with serve.background(installation):
        demo.main_job(installation, reports, study=study, date=day.isoformat())


# --- a delivery ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Delivery:
    """A folder of SDTM files and how it is imported."""

    folder: Path
    reference: str
    revealing: tuple[str, ...]
    day: date  # of the cut


def delivered_twin(base: Installation, label: str, delivery: Delivery, *, permute: bool, short: bool) -> Twin:
    """Copy the files, with the arms exchanged or not, import them, work through and read."""
    with scratch.scratch(base, label) as installation:
        folder = installation.home.path / "delivery"
        deliveries.copy(delivery.folder, folder, permute=permute, revealing=delivery.revealing)
        told = import_delivery(installation, folder, delivery)
        work_through(installation, study=DELIVERED, day=delivery.day)
        return read(installation, study=DELIVERED, short=short, told=told)


def import_delivery(installation: Installation, folder: Path, delivery: Delivery) -> bytes:
    """Import as a user does; returns what the report says of the open half."""
    report = installation.home.path / "import.json"
    parser = argparse.ArgumentParser()
    import_study.add_arguments(parser)
    words = [str(folder), "--study", DELIVERED, "--json", str(report)]
    words += ["--reference", delivery.reference] if delivery.reference else []
    words += ["--revealing", *delivery.revealing] if delivery.revealing else []
    with _output_to_stderr():
        code = import_study.run(parser.parse_args(words), installation)
    if code:
        raise ServiceError("The delivery could not be imported; see the message above.")
    return json.dumps(json.loads(report.read_text())["domains"], indent=1).encode()


@contextlib.contextmanager
def _output_to_stderr() -> Iterator[None]:
    with contextlib.redirect_stdout(sys.stderr):
        yield
