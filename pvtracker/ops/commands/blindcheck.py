"""`manage.py blindcheck`: attack the blind of a study, and say what was tried and what leaked.

Each study is loaded twice into scratch installations on this installation's engines: as it is, and with the arms
exchanged. Several studies are checked side by side, each in a process of its own. Exit 0 when nothing of the open room
differs, no canary of the closed half is in it, and no technical feature of it tells the arm; 1 when something leaks.
"""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser, Namespace
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pvtracker.ops.blind import page, twins
from pvtracker.ops.blind.attack import attack
from pvtracker.ops.blind.result import Result, as_text
from pvtracker.ops.rooms import Installation
from pvtracker.ops.services.postgres import ServiceError

DEMO = "demo"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--study",
        nargs="+",
        default=[],
        metavar="STUDY",
        help="demo (the simulated trial, the default), or folders of SDTM files; several side by side",
    )
    parser.add_argument(
        "--reference", default="", metavar="ARMCD", help="reference arm of a delivery, as in import_study"
    )
    parser.add_argument(
        "--revealing",
        nargs="+",
        default=[],
        metavar="ANALYTE",
        help="analytes that tell the arm, as in import_study",
    )
    parser.add_argument(
        "--short", action="store_true", help="fewer pages of each kind, and answers are not timed"
    )
    parser.add_argument(
        "--json", metavar="FILE", help="write everything found as JSON; - for standard output"
    )
    parser.add_argument("--report", metavar="FILE", help="write the page for people, in Markdown")


def run(arguments: Namespace, installation: Installation) -> int:
    """Check every study; exit 1 when one leaks or cannot be loaded."""
    studies = arguments.study or [DEMO]
    missing = [name for name in studies if name != DEMO and not Path(name).is_dir()]
    if missing:
        print(f"There is no folder {missing[0]}. Name a folder of SDTM files, or demo.", file=sys.stderr)
        return 1
    results = []
    with ProcessPoolExecutor(max_workers=len(studies)) as pool:
        waiting = {name: pool.submit(_check, arguments, name, installation) for name in studies}
        for name, check in waiting.items():
            try:
                results.append(check.result())
            except ServiceError as fault:
                print(f"{name} could not be checked: {fault}", file=sys.stderr)
                continue
            print(as_text(results[-1]), file=sys.stderr if arguments.json == "-" else sys.stdout, flush=True)
    if len(results) < len(waiting):
        return 1
    if arguments.json:
        text = json.dumps([result.as_json() for result in results], indent=1)
        if arguments.json == "-":
            print(text)
        else:
            Path(arguments.json).write_text(text + "\n")
    if arguments.report:
        Path(arguments.report).write_text(page.page(results, short=arguments.short))
    return 1 if any(result.leaks for result in results) else 0


def _check(arguments: Namespace, name: str, installation: Installation) -> Result:
    began, first_day = time.monotonic(), today()
    made = {}
    if name == DEMO:
        opened, closed = twins.simulated_halves()
        for number, (title, half) in enumerate(closed.items()):
            _say(f"{name}: a twin, {title}")
            made[title] = twins.simulated_twin(
                installation, f"_{number}", opened, half, short=arguments.short
            )
    else:
        delivery = twins.Delivery(
            Path(name).resolve(),
            arguments.reference,
            tuple(arguments.revealing),
            first_day - timedelta(days=1),
        )
        for number, title in enumerate(("as it is", "arms exchanged")):
            _say(f"{name}: a twin, {title}")
            made[title] = twins.delivered_twin(
                installation, f"_{number}", delivery, permute=number > 0, short=arguments.short
            )
    _say(f"{name}: comparing, searching, classifying")
    label = "the simulated trial of the demo" if name == DEMO else _named(Path(name), arguments.revealing)
    return attack(label, made, days=(first_day, today()), began=began)


def _named(folder: Path, revealing: list[str]) -> str:
    """The delivery by its last two folders, since the whole path is of one machine; and what was declared."""
    name = "/".join(folder.resolve().parts[-2:])
    return f"{name}, {' and '.join(revealing)} declared to tell the arm" if revealing else name


def today() -> date:
    """The day as the rooms write it."""
    return datetime.now(tz=UTC).date()


def _say(text: str) -> None:
    print(f"· {text}", file=sys.stderr, flush=True)
