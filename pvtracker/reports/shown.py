"""A report as its readers see it: numbered, with every cell as text. The web page and the PDF both draw this.

Only text and flags, no raw numbers; what is wide or narrow is decided here once (points on A4 paper).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pvtracker.reports.blocks import (
    Audience,
    Block,
    Bullets,
    Column,
    Figure,
    Paragraph,
    Report,
    Row,
    Section,
    Table,
)
from pvtracker.reports.cells import Part, column_parts, is_right_aligned
from pvtracker.reports.frozen import check
from pvtracker.reports.widths import Paper, fit

WORDS: dict[Audience, str] = {"open": "OPEN", "closed": "CLOSED"}
SENTENCES: dict[Audience, str] = {
    "open": "Pooled data: nothing here tells an arm",
    "closed": "Comparative data: not to be shared outside the closed session",
}
UNPRINTABLE = (
    "What the report's typeface does not have is printed as its Unicode number, for example [U+1F600]."
)


@dataclass(frozen=True, slots=True)
class ShownText:
    """A paragraph (one item) or bullets (several)."""

    kind: Literal["paragraph", "bullets"]
    items: tuple[str, ...]
    emphasis: bool = False


@dataclass(frozen=True, slots=True)
class ShownColumn:
    label: str
    right: bool
    width: float  # points


@dataclass(frozen=True, slots=True)
class ShownCell:
    text: str
    parts: tuple[Part, ...]
    right: bool


@dataclass(frozen=True, slots=True)
class ShownRow:
    cells: tuple[ShownCell, ...]
    level: int
    strong: bool
    warning: str


@dataclass(frozen=True, slots=True)
class ShownTable:
    key: str
    number: str
    title: str
    columns: tuple[ShownColumn, ...]
    rows: tuple[ShownRow, ...]
    note: str
    empty: str
    landscape: bool
    kind: Literal["table"] = "table"


@dataclass(frozen=True, slots=True)
class ShownFigure:
    key: str
    number: str
    title: str
    description: str
    spec: dict[str, Any]
    height_mm: float
    table: ShownTable  # the same numbers, numbered in the same section
    kind: Literal["figure"] = "figure"


ShownBlock = ShownText | ShownTable | ShownFigure


@dataclass(frozen=True, slots=True)
class ShownSection:
    key: str
    number: str
    title: str
    blocks: tuple[ShownBlock, ...]


@dataclass(frozen=True, slots=True)
class ShownReport:
    study: str
    title: str
    audience: Audience
    word: str
    sentence: str
    simulated: bool
    facts: tuple[tuple[str, str], ...]
    about: tuple[str, ...]
    cut_date: str
    cut_hash: str
    analysis_arm: str
    code_version: str
    sections: tuple[ShownSection, ...]
    definitions_number: str
    definitions: tuple[tuple[str, str], ...]


def show(report: Report) -> ShownReport:
    """The report as shown; raises AudienceError, ReportError or CellError where it may not be shown."""
    check(report)
    sections = tuple(_section(section, number) for number, section in enumerate(report.sections, start=1))
    return ShownReport(
        study=report.study,
        title=report.title,
        audience=report.audience,
        word=WORDS[report.audience],
        sentence=SENTENCES[report.audience],
        simulated=report.simulated,
        facts=_facts(report),
        about=_about(report),
        cut_date=report.cut_date,
        cut_hash=report.cut_sha256[:12],
        analysis_arm=report.analysis_arm,
        code_version=report.code_version,
        sections=sections,
        definitions_number=str(len(sections) + 1),
        definitions=(
            *sorted(report.settings.items(), key=lambda item: item[0].casefold()),
            ("Characters", UNPRINTABLE),
        ),
    )


def _facts(report: Report) -> tuple[tuple[str, str], ...]:
    facts = [
        ("Study", report.study),
        ("Cut-off date", report.cut_date),
        ("Data cut", report.cut_id),
        ("sha256 of the cut", report.cut_sha256),
    ]
    if report.analysis_arm:
        facts.append(("Participants analysed by", f"{report.analysis_arm} arm"))
    facts.append(("Code version", report.code_version))
    return tuple(facts)


def _about(report: Report) -> tuple[str, ...]:
    sentences = {
        "open": (
            f"This open report describes the participants of study {report.study} as one group. It holds no "
            "allocation and was made where none is kept: nothing in it tells who received what.",
        ),
        "closed": (
            f"This closed report compares the arms of study {report.study}. It is for the members of the "
            "data and safety monitoring board and for the unblinded statistician. It may not be shown, "
            "copied or described to anybody else who takes part in the study, the sponsor included.",
        ),
    }[report.audience]
    verdicts = (
        "Estimates come first; p-values are no verdicts. " if report.audience == "closed" else ""
    )  # an open report compares nobody, so has none
    simulated = (
        ("The data are simulated: they describe no person and no product.",) if report.simulated else ()
    )
    return (
        *sentences,
        "Every number rests on the data cut named below, frozen before anything was counted. Percentages are "
        "of participants, with numerator and denominator, and are left out below ten participants. "
        f"{verdicts}Each figure names the table that holds its numbers.",
        *simulated,
    )


def _section(section: Section, number: int) -> ShownSection:
    tables = {
        table.key: _table(table, f"{number}.{place}")
        for place, table in enumerate((b for b in section.blocks if isinstance(b, Table)), start=1)
    }
    figures = {
        figure.key: _figure(figure, f"{number}.{place}", tables)
        for place, figure in enumerate((b for b in section.blocks if isinstance(b, Figure)), start=1)
    }
    return ShownSection(
        key=section.key,
        number=str(number),
        title=section.title,
        blocks=tuple(_block(block, tables, figures) for block in section.blocks),
    )


def _block(block: Block, tables: dict[str, ShownTable], figures: dict[str, ShownFigure]) -> ShownBlock:
    if isinstance(block, Paragraph):
        return ShownText(kind="paragraph", items=(block.text,), emphasis=block.emphasis)
    if isinstance(block, Bullets):
        return ShownText(kind="bullets", items=block.items)
    if isinstance(block, Table):
        return tables[block.key]
    return figures[block.key]


def _figure(figure: Figure, number: str, tables: dict[str, ShownTable]) -> ShownFigure:
    return ShownFigure(
        key=figure.key,
        number=number,
        title=figure.title,
        description=figure.description,
        spec=figure.spec,
        height_mm=figure.height_mm,
        table=tables[figure.table],
    )


def _table(table: Table, number: str) -> ShownTable:
    drawn = [
        column_parts(column, [row.cells[index] for row in table.rows])
        for index, column in enumerate(table.columns)
    ]
    rows = tuple(
        _row(row, table.columns, [cells[place] for cells in drawn]) for place, row in enumerate(table.rows)
    )
    paper: Paper = fit(
        table.columns,
        [[_padded(cell) for cell in row.cells] for row in rows],
        _levels(table),
        empty=table.empty,
    )
    return ShownTable(
        key=table.key,
        number=number,
        title=table.title,
        columns=tuple(
            ShownColumn(column.label, is_right_aligned(column), round(width, 1))
            for column, width in zip(table.columns, paper.widths, strict=True)
        ),
        rows=rows,
        note=table.note,
        empty=table.empty,
        landscape=paper.landscape,
    )


def _padded(cell: ShownCell) -> str:
    """The text with the space that aligns it, which is measured in digits: paper needs that much room."""
    return "".join("0" * part.pad + part.text for part in cell.parts)


def _levels(table: Table) -> list[int]:
    return [row.level for row in table.rows]


def _row(row: Row, columns: tuple[Column, ...], parts: list[tuple[Part, ...]]) -> ShownRow:
    # A heading row (strong, nothing but its name) stays empty where others have numbers: no row of dashes.
    heading = row.strong and all(cell is None for cell in row.cells[1:])
    shown = [() if heading and place else cell for place, cell in enumerate(parts)]
    return ShownRow(
        cells=tuple(
            ShownCell("".join(part.text for part in cell), cell, is_right_aligned(column))
            for column, cell in zip(columns, shown, strict=True)
        ),
        level=row.level,
        strong=row.strong,
        warning=row.warning,
    )
