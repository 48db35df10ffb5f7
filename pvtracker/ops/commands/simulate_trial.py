"""`manage.py simulate_trial`: simulate here, outside both rooms, and give each room its own half.

The halves are two files in a folder that only this user can read and that is removed at the end; each child
is told the name of its own half only.
"""

from __future__ import annotations

import json
import sys
import tempfile
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from pvtracker.ops import children
from pvtracker.ops.rooms import Installation
from pvtracker.ops.simulation import dump, dump_bulk, simulate, simulate_bulk

BULK_FROM = 2_000  # participants; from here on only what a screen of events needs is simulated


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--study", required=True, metavar="CODE")
    parser.add_argument("--participants", type=int, default=74, metavar="N", help="randomised (default 74)")
    parser.add_argument("--arms", type=int, default=2, metavar="N", help="placebo included (default 2)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed gives the same trial")
    parser.add_argument(
        "--effect",
        nargs="+",
        action="extend",
        type=effect,
        default=[],
        metavar="TERM=RR",
        help="plant a signal: the rate of this preferred term in the active arms, times RR",
    )
    parser.add_argument(
        "--bulk",
        action="store_true",
        help=f"participants and events only, by COPY; always so from {BULK_FROM:,} participants on",
    )


def effect(text: str) -> tuple[str, float]:
    """`Pyrexia=3` as term and rate ratio."""
    term, separator, ratio = text.rpartition("=")
    try:
        return term.strip(), float(ratio) if separator and term.strip() else float("none")
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not TERM=RR, for example Pyrexia=3") from None


def run(arguments: Namespace, installation: Installation) -> int:
    """Simulate and load both halves; exit 1 with a sentence when the options or the study's code do not
    go.
    """
    bulk = arguments.bulk or arguments.participants >= BULK_FROM
    # mode 0700, and in the private home: a killed run leaves its closed half there, not in a shared folder
    with tempfile.TemporaryDirectory(prefix="simulation-", dir=installation.home.path) as made:
        folder = Path(made)
        try:
            open_folder, closed_folder = _simulate(arguments, folder, bulk=bulk)
        except ValueError as refusal:
            print(refusal, file=sys.stderr)
            return 1
        return load(installation, open_folder, closed_folder, bulk=bulk)


def load(installation: Installation, open_folder: Path, closed_folder: Path, *, bulk: bool) -> int:
    """Give each room the folder of its half; the report and the protocol pass between them beside the open one."""
    report, protocol = open_folder.parent / "report.json", open_folder.parent / "protocol.json"
    how = ["--bulk"] if bulk else []
    told = ["load_simulation_open", str(open_folder), "--report", str(report), *how]
    if children.run(installation, "open", *told).returncode:
        return 1
    protocol.write_text(json.dumps(json.loads(report.read_text())["protocol"]))
    told = ["load_simulation_closed", str(closed_folder), "--protocol", str(protocol), *how]
    return 1 if children.run(installation, "closed", *told).returncode else 0


def _simulate(arguments: Namespace, folder: Path, *, bulk: bool) -> tuple[Path, Path]:
    """Write the halves into a folder each, so that no child is given the folder of the other half."""
    options = {
        "study": arguments.study,
        "participants": arguments.participants,
        "arms": arguments.arms,
        "seed": arguments.seed,
        "effects": dict(arguments.effect),
    }
    paths = dump_bulk(simulate_bulk(**options), folder) if bulk else dump(simulate(**options), folder)
    homes = (folder / "open", folder / "closed")
    for path, home in zip(paths, homes, strict=True):
        home.mkdir(mode=0o700)
        path.rename(home / path.name)
    return homes
