"""`manage.py demo`: a simulated trial through the whole main job by real workers, then both rooms served."""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from pvtracker.accounts.roles import roles_of
from pvtracker.ops import children, demo_codes
from pvtracker.ops.commands import serve, simulate_trial
from pvtracker.ops.demo_codes import SignIn
from pvtracker.ops.rooms import ROOMS, Installation
from pvtracker.ops.services.postgres import ServiceError

STUDY = "OZ1-DEMO"
SEED = 10
CUT_DATE = "2025-10-31"  # after the last visit of the simulated trial
SPONSOR = (
    "demo-sponsor",
    "demo-sponsor-secret",
)  # the README's curl example uses it; refused outside the demo


# A room's login sees the rows of a study in a transaction that entered it.
ENTER = "select set_config('pv.study', coalesce(pv_study_id(%s)::text, ''), true)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    serve.add_arguments(parser)
    parser.add_argument("--no-serve", action="store_true", help="stop after the reports are made")


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    started = time.monotonic()
    folder = installation.home.path / "demo"
    folder.mkdir(mode=0o700, exist_ok=True)
    reports = {room: folder / f"{STUDY}-{room}-report.pdf" for room in ROOMS}
    if not _study_exists(installation):
        _say("simulating a trial like OZ1: 74 participants, 100 weeks")
        chosen = argparse.Namespace(study=STUDY, participants=74, arms=2, seed=SEED, effect=[], bulk=False)
        if simulate_trial.run(chosen, installation):
            return 1
    known = sign_ins(installation, demo_codes.sign_ins_file(installation.home))
    wanted = None if arguments.no_serve else serve.wanted_ports(arguments)
    with serve.background(installation, wanted) as served:
        if not all(path.exists() for path in reports.values()):
            main_job(served, reports)
        if arguments.no_serve:
            _print_result(reports, started)
            return 0
        with serve.web(served, served.ports):
            _print_result(reports, started)
            _print_addresses(served, known)
            serve.wait_until_interrupted()
    return 0


def main_job(
    installation: Installation, reports: dict[str, Path], *, study: str = STUDY, date: str = CUT_DATE
) -> None:
    """Freeze, receive, detect and report, each as a job row that a worker of its room picks up."""
    _wait_until_looked(installation, study)
    _say("freezing a data cut (open room's worker)")
    cut = _job(installation, "open", "cuts.freeze", study, f"date={date}")["cut"]
    _wait_until_looked(installation, study)
    _say("receiving the cut and joining the arms (closed room's scheduler)")
    _wait_for_cut(installation, study, str(cut))
    _say("comparing the arms (closed room's worker)")
    _job(installation, "closed", "signals.detect", study, f"cut={cut}")
    for room in ROOMS:
        _say(f"making the {room} report ({room} room's worker)")
        _job(installation, room, "reports.make", study, f"cut={cut}")
        output = [f"--audience={room}", f"--cut={cut}", f"--output={reports[room]}"]
        done = children.run(installation, room, "dsmb_report", study, *output, stdout=subprocess.DEVNULL)
        if done.returncode:
            raise ServiceError(f"The {room} report could not be written.")


def _job(installation: Installation, room: str, task: str, study: str, *parameters: str) -> dict[str, object]:
    done = children.run(
        installation, room, "enqueue", task, study, *parameters, "--wait", stdout=subprocess.PIPE
    )
    if done.returncode:
        raise ServiceError(f"The {room} room's job {task} did not succeed; see the message above and logs/.")
    result: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def _wait_for_cut(installation: Installation, study: str, cut: str) -> None:
    deadline = time.monotonic() + 60
    statement = "select 1 from allocation_joinedcut where cut_id = %s"
    while time.monotonic() < deadline:
        with psycopg.connect(installation.database_url("closed")) as connection:
            connection.execute(ENTER, [study])
            if connection.execute(statement, [cut]).fetchone():
                return
        time.sleep(0.2)
    raise ServiceError("The closed room did not receive the cut; see logs/closed-scheduler.log.")


def _wait_until_looked(installation: Installation, study: str) -> None:
    """No look at what is watched is queued or under way: it runs at no other step's side, in whatever order."""
    deadline = time.monotonic() + 60
    statement = (
        "select 1 from jobs_job where task = 'monitoring.look' and state in ('queued', 'running')"
        " and study_id = pv_study_id(%s)"
    )
    while time.monotonic() < deadline:
        with psycopg.connect(installation.database_url("open")) as connection:
            connection.execute(ENTER, [study])
            if not connection.execute(statement, [study]).fetchone():
                return
        time.sleep(0.1)
    raise ServiceError("The open room's worker did not look at what is watched; see logs/open-worker.log.")


def _study_exists(installation: Installation) -> bool:
    """Both halves are there; a first run that was cut short between them begins again."""
    for room, table in (("open", "participants_participant"), ("closed", "allocation_allocation")):
        with psycopg.connect(installation.database_url(room)) as connection:
            connection.execute(ENTER, [STUDY])
            if not connection.execute(f"select 1 from {table} limit 1".encode()).fetchone():  # noqa: S608 - two fixed names
                return False
    return True


def sign_ins(installation: Installation, path: Path, *, study: str = STUDY) -> dict[str, SignIn]:
    """One account per role, with passwords and authenticators made once for this installation."""
    known = demo_codes.read(path)
    wanted = {**demo_codes.make(), **known}
    if wanted != known:
        demo_codes.write(path, wanted)
        for room in ROOMS:
            people = {role: wanted[role] for role in roles_of(room)}
            message: dict[str, object] = {
                "passwords": {name: one.password for name, one in people.items()},
                "authenticators": {name: one.totp for name, one in people.items() if one.totp},
            }
            if room == "open":
                message["sponsor"] = list(SPONSOR)
            if children.run(
                installation, room, "demo_accounts", study, text_in=json.dumps(message)
            ).returncode:
                path.unlink()
                raise ServiceError(f"The demo accounts of the {room} room could not be made.")
    return wanted


def _print_result(reports: dict[str, Path], started: float) -> None:
    print(f"\nready after {time.monotonic() - started:.0f} s", flush=True)
    for room, path in reports.items():
        print(f"  {room:<6} report  {_short(path)}", flush=True)


def _print_addresses(served: Installation, people: dict[str, SignIn]) -> None:
    for room, port in served.ports.items():
        print(f"\n{room.upper()} ROOM  http://localhost:{port}/", flush=True)
        for key, role in roles_of(room).items():
            code = f"  code {demo_codes.shown_now(people[key].totp)}" if people[key].totp else ""
            print(f"  {role.label:<24} {key:<20} {people[key].password}{code}", flush=True)
    print(
        "\nA code is good for half a minute and once. A fresh one: python3 manage.py demo_code NAME",
        flush=True,
    )
    print("\nSPONSOR'S PROGRAM, as README shows; a token is given by", flush=True)
    address = f"http://localhost:{served.ports['open']}/api/v1/token/"
    print(
        f"  curl -u {SPONSOR[0]}:{SPONSOR[1]} -d grant_type=client_credentials -d scope=feed {address}\n",
        flush=True,
    )
    print(f"Mail is not sent; it lies in {_short(served.mail('open').parent)}.", flush=True)
    print("Ctrl-C stops everything; the next start finds its data again.", flush=True)


def _short(path: Path) -> str:
    with contextlib.suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def _say(text: str) -> None:
    print(f"· {text}", file=sys.stderr, flush=True)
