"""`manage.py bench NAME`: one benchmark with its peer in the same run; `bench all` runs every one."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import psycopg

from pvtracker.ops.benchmarks import Measurement
from pvtracker.ops.rooms import Installation

BENCHMARKS = {
    "fisher": "Fisher and mid-p on 5,000 tables",
    "score-limits": "Miettinen–Nurminen limits of the risk difference of 2,000 tables",
    "boschloo": "Boschloo’s test on 5,000 tables",
    "exact-limits": "exact unconditional limits of the risk difference on 5,000 tables",
    "screen-pilot": "the eight methods at the size of the CDISC pilot",
    "screen-large": "the eight methods from 1,000 to 400,000 events: growth and memory",
    "time-to-event": "four statistics of the time to each term’s first event, 1,000 participants",
    "bayes": "the Bayesian hierarchical model of 45 and of 187 terms",
    "mmrm": "the mixed model for repeated measures at the founding trial’s size and at its largest",
    "tree-scan": "a tree scan of 9,942 nodes with 9,999 replicates",
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
    begun, load = time.monotonic(), _load()
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
        minutes = (time.monotonic() - begun) / 60
        told = f"{_machine(installation)}; load {load} before and {_load()} after the {minutes:.1f} minutes it took"
        Path(arguments.page).write_text(_page(measured, arguments.name, told))
    return 0


def _machine(installation: Installation) -> str:
    """Where it was measured, as far as this system tells."""
    with psycopg.connect(installation.admin_url) as connection:
        found = connection.execute(
            "select current_setting('server_version'), current_setting('fsync')"
        ).fetchone()
    server, durable = found or ("of unknown version", "on")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB, {platform.system()}, Python "
        f"{platform.python_version()}, PostgreSQL {str(server).split()[0]} with fsync {durable}"
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    names = (
        [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        if cpuinfo.exists()
        else []
    )
    return names[0] if names else platform.processor() or platform.machine()


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def _page(measured: dict[str, Measurement], name: str, machine: str) -> str:
    """docs/reference/benchmarks.md."""
    lines = [
        "# Benchmarks",
        "",
        f"Written by `python3 manage.py bench {name} --page docs/reference/benchmarks.md` in one run: {machine}. "
        "A busy machine makes every figure worse, ours and the peer's: read the ratios, and run the command to have "
        "your own figures; `bench NAME` runs one of them. Each peer does the same work in the same run.",
        "",
        "| benchmark | what | ours, s | peer, s | peer ÷ ours | goal |",
        "|---|---|--:|--:|--:|---|",
    ]
    for key, m in measured.items():
        peer = f"{m.peer_seconds:.3f}" if m.peer_seconds is not None else "none installs"
        ratio = f"{m.ratio:.2f}" if m.ratio is not None else ""
        lines.append(f"| `{key}` | {m.what} | {m.seconds:.3f} | {peer} | {ratio} | {m.goal} |")
    lines += ["", "## Peers and further figures", ""]
    for key, m in measured.items():
        further = "; ".join(f"{title}: {value}" for title, value in m.more.items())
        lines.append(f"* `{key}`: {'; '.join(filter(None, (m.peer, further))) or 'nothing more'}.")
    return "\n".join(lines) + "\n"


def _words(name: str, measurement: Measurement) -> str:
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
        f"  on {os.cpu_count()} cores, Python {platform.python_version()}, load {_load()}",
    ]
    return "\n".join(lines)
