"""`manage.py bench NAME`: one benchmark with its peer in the same run; `bench all` runs every one."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from pvtracker.ops.benchmarks import Measurement
from pvtracker.ops.rooms import Installation

BENCHMARKS = {
    "fisher": "Fisher and mid-p on 5,000 tables",
    "screen-pilot": "the eight methods at the size of the CDISC pilot",
    "screen-large": "the eight methods on 40,000 participants, 400,000 events, 5,000 terms",
    "freeze": "a cut of 400,000 events against a bare COPY of the same rows",
    "audit-overhead": "writes with the audit trail off, on, and on while it is sealed",
    "verify-audit": "checking an audit trail of a million entries",
    "report": "a closed report of 1,000 participants and about 14,000 events",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    described = "; ".join(f"{name}: {what}" for name, what in BENCHMARKS.items())
    parser.add_argument("name", choices=[*BENCHMARKS, "all"], help=described)
    parser.add_argument(
        "--json", metavar="FILE", help="write the measurements to FILE, - for standard output"
    )
    parser.add_argument("--page", metavar="FILE", help="write them as a page of the documentation")


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    names = list(BENCHMARKS) if arguments.name == "all" else [arguments.name]
    measured: dict[str, Measurement] = {}
    for name in names:
        module = import_module(f"pvtracker.ops.benchmarks.{name.replace('-', '_')}")
        measured[name] = module.run(installation)
        print(
            _words(name, measured[name]), file=sys.stderr if arguments.json == "-" else sys.stdout, flush=True
        )
    if arguments.json:
        text = json.dumps({name: {**asdict(m), "ratio": m.ratio} for name, m in measured.items()}, indent=1)
        print(text) if arguments.json == "-" else Path(arguments.json).write_text(text + "\n")
    if arguments.page:
        Path(arguments.page).write_text(_page(measured))
    return 0


def _page(measured: dict[str, Measurement]) -> str:
    """docs/reference/benchmarks.md."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `python3 manage.py bench all --page docs/reference/benchmarks.md` "
        f"on {os.cpu_count()} cores, Python {platform.python_version()}. The machine was shared, so read the ratios; "
        "run the command to have your own figures.",
        "",
        "| benchmark | what | ours, s | peer, s | peer ÷ ours | goal |",
        "|---|---|--:|--:|--:|---|",
    ]
    for name, m in measured.items():
        peer = f"{m.peer_seconds:.3f}" if m.peer_seconds is not None else "none installs"
        ratio = f"{m.ratio:.1f}" if m.ratio is not None else ""
        lines.append(f"| `{name}` | {m.what} | {m.seconds:.3f} | {peer} | {ratio} | {m.goal} |")
    lines += ["", "## Peers and further figures", ""]
    for name, m in measured.items():
        further = "; ".join(f"{key}: {value}" for key, value in m.more.items())
        lines.append(f"* `{name}`: {'; '.join(filter(None, (m.peer, further))) or 'nothing more'}.")
    return "\n".join(lines) + "\n"


def _words(name: str, measurement: Measurement) -> str:
    load = os.getloadavg()[0]
    lines = [
        f"{name}: {measurement.what}",
        f"  ours   {measurement.seconds:.3f} s   (goal: {measurement.goal})",
        *(
            [f"  peer   {measurement.peer_seconds:.3f} s   {measurement.peer}"]
            if measurement.peer_seconds
            else []
        ),
        *([f"  ratio  {measurement.ratio:.1f} (peer ÷ ours)"] if measurement.ratio else []),
        *[f"  {key}: {value}" for key, value in measurement.more.items()],
        f"  on {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}",
    ]
    return "\n".join(lines)
