"""`manage.py import_study`: one delivery into both rooms, each by a process of its own that takes only its
half.

The closed child first tells the arms' names, which the protocol prints; the open child stores everything
clinical and tells the study's id; the closed child then stores who received what. The launcher itself reads
no delivered file.
"""

from __future__ import annotations

import json
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from pvtracker.lib.whole_files import write_whole
from pvtracker.ops import children
from pvtracker.ops.imports.expected import add_expect, as_options
from pvtracker.ops.rooms import Installation


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="dm ae ex … as .xpt, .json or .csv, gzip too"
    )
    parser.add_argument("--study", required=True, metavar="CODE")
    parser.add_argument(
        "--reference", default="", metavar="ARMCD", help="the arm the others are compared with"
    )
    parser.add_argument(
        "--revealing",
        nargs="+",
        default=[],
        metavar="ANALYTE",
        help="analytes that tell the arm: stored in the closed room only; declared before the first result",
    )
    parser.add_argument("--dry-run", action="store_true", help="do everything, store nothing")
    parser.add_argument("--json", metavar="FILE", help="write the report as JSON; - for standard output")
    add_expect(parser)


def run(arguments: Namespace, installation: Installation) -> int:
    """Import; exit 0 when every domain was stored, 1 when one was not or nothing could be imported."""
    folder = arguments.folder.resolve()
    if not folder.is_dir():
        print(f"There is no folder {arguments.folder}.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="pvtracker-import-") as private:  # made with mode 0700
        report = _import(arguments, folder, installation, Path(private))
    if report is None:
        return 1
    if arguments.json == "-":
        print(json.dumps(report, indent=1))
    else:
        print(table(report))
        if arguments.json:
            write_whole(Path(arguments.json), (json.dumps(report, indent=1) + "\n").encode())
    faults = [
        part["fault"] for half in ("domains", "closed") for part in report[half].values() if part["fault"]
    ]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def _import(
    arguments: Namespace, folder: Path, installation: Installation, private: Path
) -> dict[str, Any] | None:
    """The report of both halves; None when a child refused the whole delivery and said why."""
    arms, opened, protocol, closed = (
        private / f"{name}.json" for name in ("arms", "open", "protocol", "closed")
    )
    common = [*as_options(arguments.expect), *(["--dry-run"] if arguments.dry_run else [])]
    if not _child(installation, "closed", "import_closed", str(folder), "--list-arms", "--report", str(arms)):
        return None
    asked = ["--study", arguments.study, "--reference", arguments.reference]
    asked += ["--revealing", *arguments.revealing] if arguments.revealing else []
    files = ["--arms", str(arms), "--report", str(opened)]
    if not _child(installation, "open", "import_open", str(folder), *asked, *files, *common):
        return None
    report = json.loads(opened.read_text())
    combined = {
        "study": arguments.study,
        "study_id": report["study"]["id"],
        "created": report["created"],
        "dry_run": arguments.dry_run,
        "domains": report["domains"],
        "closed": {},
    }
    if not (report["kept"] or arguments.dry_run):
        return combined
    protocol.write_text(json.dumps(report["study"]))
    leave = [domain for domain, part in report["domains"].items() if part["fault"]]
    files = ["--protocol", str(protocol), "--report", str(closed), *(["--leave", *leave] if leave else [])]
    if not _child(installation, "closed", "import_closed", str(folder), *files, *common):
        return None
    return {**combined, "closed": json.loads(closed.read_text())}


def _child(installation: Installation, room: str, *arguments: str) -> bool:
    return children.run(installation, room, *arguments).returncode == 0


COLUMNS = ("read", "stored", "changed", "unchanged", "refused", "left_out", "queries")
SHOWN_ROWS = 20  # of the refused ones; the JSON report has all


def table(report: dict[str, Any]) -> str:
    """The report for a reader: one line per domain and room, then queries by rule and refused rows."""
    lines = [["room", "domain", *COLUMNS]]
    for room, half in (("open", "domains"), ("closed", "closed")):
        for domain, part in report[half].items():
            refused, asked = len(part["refused"]), sum(part["queries"].values())
            counts = {**part, "refused": refused, "queries": asked}
            lines.append([room, domain, *(f"{counts[column]:,}" for column in COLUMNS)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    for part in report["domains"].values():
        text += [f"queries, {rule}: {count:,}" for rule, count in part["queries"].items()]
    for domain, part in report["domains"].items():
        text += [f"{domain}, asked about the study as a whole: {said}" for said in part.get("of_study", ())]
    for half in ("domains", "closed"):
        for domain, part in report[half].items():
            text += _refused(domain, part["refused"])
    if report["dry_run"]:
        text.append("Nothing was stored: this was a dry run.")
    return "\n".join(text)


def _refused(domain: str, rows: list[dict[str, Any]]) -> list[str]:
    lines = [f"{domain} row {r['row']} refused ({r['rule']}): {r['message']}" for r in rows[:SHOWN_ROWS]]
    more = len(rows) - SHOWN_ROWS
    return [*lines, f"{domain}: {more:,} more refused rows; see --json"] if more > 0 else lines
