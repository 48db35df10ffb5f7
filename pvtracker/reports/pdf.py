"""A report as PDF: tagged (PDF/UA-1), archivable (PDF/A-2a), and the same bytes whenever it is made again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pvtracker.reports.blocks import Report
from pvtracker.reports.frozen import to_json

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 300  # seconds


class RenderError(RuntimeError):
    """The report could not be set; the message names the cause without quoting the report."""


def render_pdf(report: Report) -> bytes:
    """The PDF of a report; the same report gives the same bytes.

    Typesetting takes memory in proportion to the table rows and never gives it back, so it runs in a process
    of its own, which sees the report on its standard input and nothing of our environment: no key, no
    password; no file is written. Raises AudienceError or ReportError as `frozen.check`, or RenderError.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pvtracker.reports.typesetting"],
            input=to_json(report),
            capture_output=True,
            cwd=ROOT,
            env={"TZ": "UTC", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RenderError(f"The report was not set within {LONGEST} seconds.") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise RenderError(
            f"The report was not set (exit {done.returncode}): {said[-1] if said else 'no reason given'}"
        )
    return done.stdout
