"""Draws a frozen report as PDF: `python -m pvtracker.reports.typesetting < report.json > report.pdf`.

The typesetter is given data, not markup: the report goes in as JSON and its text is shown as text.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pvtracker.reports import charts
from pvtracker.reports.blocks import Report
from pvtracker.reports.fonts import FAMILY, FOLDER, breakable, printable
from pvtracker.reports.frozen import from_json
from pvtracker.reports.runs import Piece, runs
from pvtracker.reports.shown import ShownFigure, ShownReport, ShownSection, ShownText, show

TEMPLATE = Path(__file__).resolve().parents[2] / "templates" / "reports" / "report.typ"
SUMMARY = "summary"  # key of the section that stands on the first page
POINTS_PER_PX = 0.75
POINTS_PER_MM = 72 / 25.4


def typeset(report: Report) -> bytes:
    """The PDF of a report, dated at its cut-off date. Imports typesetter and chart drawer when called."""
    import typst

    shown = show(report)
    pictures = {f"figure-{key}.svg": draw(figure) for key, figure in figures(shown)}
    # In memory, nothing on disk: the package takes a dictionary of files, which its type stubs do not know.
    files: Any = {
        "main.typ": TEMPLATE.read_bytes(),
        "report.json": json.dumps(paper(shown, pictures), ensure_ascii=False).encode(),
        **{name: svg.encode() for name, svg in pictures.items()},
    }
    made = typst.compile(
        files,
        font_paths=[FOLDER],
        ignore_system_fonts=True,
        pdf_standards=["ua-1", "a-2a"],
        timestamp=int(
            datetime.combine(date.fromisoformat(report.cut_date), datetime.min.time(), UTC).timestamp()
        ),
    )
    return bytes(made)


def figures(shown: ShownReport) -> Iterator[tuple[str, ShownFigure]]:
    """Every figure with a name that is its own in the whole report."""
    for section in shown.sections:
        for block in section.blocks:
            if isinstance(block, ShownFigure):
                yield block.number, block


def draw(figure: ShownFigure) -> str:
    """A figure as SVG with our typeface, as wide as its content."""
    import vl_convert

    vl_convert.register_font_directory(str(FOLDER))
    # The drawer aborts the process on some control characters: it gets printable text only.
    spec = _each_text(charts.styled(figure.spec), printable)
    return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))


def paper(shown: ShownReport, pictures: dict[str, str]) -> dict[str, Any]:
    """What the template reads: the shown report with printable text, each figure with its file and size.

    The summary stands on the first page, before the contents; the other sections come in runs of one orientation.
    """
    summary = [section for section in shown.sections[:1] if section.key == SUMMARY]
    others = shown.sections[len(summary) :]
    half = _half(others)

    def piece(it: Piece) -> dict[str, Any]:
        return {
            "number": it.section.number,
            "title": it.section.title,
            "opens": it.opens,
            "halves": it.opens and it.section is half,
            "blocks": [
                _picture(block, pictures) if isinstance(block, ShownFigure) else asdict(block)
                for block in it.blocks
            ],
        }

    layout = {
        "summary": [piece(Piece(section, opens=True, blocks=section.blocks)) for section in summary],
        "runs": [
            {"landscape": run.landscape, "sections": [piece(it) for it in run.pieces]} for run in runs(others)
        ],
        "halved": half is not None,
    }
    made: dict[str, Any] = _each_text({**asdict(replace(shown, sections=())), **layout}, _text)
    return {**made, "family": FAMILY}


def _half(sections: Sequence[ShownSection]) -> ShownSection | None:
    """The section with which the second column of the contents begins."""
    lines = [1 + sum(not isinstance(block, ShownText) for block in section.blocks) for section in sections]
    return next(
        (section for place, section in enumerate(sections) if sum(lines[:place]) >= sum(lines) / 2), None
    )


def _picture(figure: ShownFigure, pictures: dict[str, str]) -> dict[str, Any]:
    name = f"figure-{figure.number}.svg"
    width, height = _size(pictures[name])
    scale = min(1.0, figure.height_mm * POINTS_PER_MM / height) if height else 1.0
    return {
        "kind": "figure",
        "number": figure.number,
        "title": figure.title,
        "description": figure.description,
        "file": name,
        "width": round(width * scale, 1),
        "table": figure.table.number,
    }


def _size(svg: str) -> tuple[float, float]:
    found = re.search(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', svg)
    if found is None:
        raise ValueError("A drawn chart has no size.")
    return float(found[1]) * POINTS_PER_PX, float(found[2]) * POINTS_PER_PX


@lru_cache(maxsize=100_000)  # the same few shares and terms come again and again
def _text(text: str) -> str:
    return breakable(re.sub(r"(?<=\d) %", "\u00a0%", printable(text)))


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _each_text(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_each_text(item, change) for item in value]
    return value


def main() -> int:
    """Reads a frozen report and writes its PDF, or says on standard error why not, without quoting it."""
    try:
        made = typeset(from_json(sys.stdin.buffer.read()))
    except Exception as error:  # the parent must learn the reason whatever it is
        message = re.sub(r"[\"`“].*[\"`”]", "…", str(error).splitlines()[0] if str(error) else "")
        sys.stderr.write(f"{type(error).__name__}: {message}\n")
        return 1
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
