"""The table as a spreadsheet (ECMA-376 Office Open XML, transitional): a sheet of the table, a sheet of what it rests
on.

Every text is an inline string, which no spreadsheet runs; nothing but a number is a number. The package has no document
properties: no author, no time. Its members bear the earliest time that a ZIP can tell.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from decimal import Decimal
from xml.sax.saxutils import escape

from pvtracker.formats.printed.table import Printed, cell_of
from pvtracker.formats.printed.text import plain

LONGEST = 32_767  # characters of a cell
EARLIEST = (1980, 1, 1, 0, 0, 0)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEETS = ("Table", "About")
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
BOLD, WRAPPED = 1, 2  # positions among the cell formats below
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts count="2"><font><sz val="10"/><name val="Arial"/></font>'
    '<font><b/><sz val="10"/><name val="Arial"/></font></fonts><fills count="2"><fill><patternFill '
    'patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border>'
    '<left/><right/><top/><bottom/></border></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3">'
    '<xf/><xf fontId="1" applyFont="1" applyAlignment="1"><alignment wrapText="1" vertical="top"/></xf>'
    '<xf applyAlignment="1"><alignment wrapText="1" vertical="top"/></xf></cellXfs></styleSheet>'
)


def write_xlsx(table: Printed) -> bytes:
    """The bytes of the package."""
    body = [
        [cell_of(text, numeric=numeric) for text, numeric in zip(row, table.numeric, strict=True)]
        for row in table.rows
    ]
    about: list[Sequence[Decimal | str]] = [(table.title,)]
    about += [(note,) for note in table.notes]
    about += table.facts
    widths = [
        min(max((len(str(value)) for value in column), default=0), 60) + 2
        for column in zip(table.columns, *table.rows, strict=True)
    ]
    parts = {
        "[Content_Types].xml": _types(),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _workbook(),
        "xl/_rels/workbook.xml.rels": _relations(
            [*(("worksheet", f"worksheets/sheet{n}.xml") for n in (1, 2)), ("styles", "styles.xml")]
        ),
        "xl/styles.xml": STYLES,
        "xl/worksheets/sheet1.xml": _sheet([list(table.columns), *body], widths, frozen=True),
        "xl/worksheets/sheet2.xml": _sheet(about, [28, 110], frozen=False),
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        for name, xml in parts.items():
            entry = zipfile.ZipInfo(name, date_time=EARLIEST)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 0
            package.writestr(entry, (HEAD + xml).encode(), compresslevel=6)
    return stream.getvalue()


def _sheet(rows: Sequence[Sequence[Decimal | str]], widths: Sequence[int], *, frozen: bool) -> str:
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' if frozen else ""
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>'
        for n, width in enumerate(widths, start=1)
    )
    lines = "".join(
        f'<row r="{number}">{"".join(_cells(number, row, bold=number == 1))}</row>'
        for number, row in enumerate(rows, start=1)
    )
    return (
        f'<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
        f"<cols>{columns}</cols><sheetData>{lines}</sheetData></worksheet>"
    )


def _cells(number: int, row: Sequence[Decimal | str], *, bold: bool) -> Iterable[str]:
    style = BOLD if bold else WRAPPED
    for place, value in enumerate(row):
        at = f'r="{_letters(place)}{number}" s="{style}"'
        if isinstance(value, Decimal):
            yield f"<c {at}><v>{value}</v></c>"
        elif value:
            yield f'<c {at} t="inlineStr"><is><t xml:space="preserve">{_text(value)}</t></is></c>'


def _text(value: str) -> str:
    """Text of a cell; `_x0041_` would be read as an escape, and is escaped itself."""
    flat = plain(value)
    flat = flat if len(flat) <= LONGEST else f"{flat[: LONGEST - 1]}…"
    return escape(flat.replace("_x", "_x005F_x"))


def _letters(place: int) -> str:
    """Name of a column: A, B, … Z, AA."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def _types() -> str:
    of = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{of}.worksheet+xml"/>' for n in (1, 2)
    )
    return (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{of}.sheet.main+xml"/>{sheets}'
        f'<Override PartName="/xl/styles.xml" ContentType="{of}.styles+xml"/></Types>'
    )


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    made = "".join(
        f'<Relationship Id="rId{n}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{made}</Relationships>'


def _workbook() -> str:
    sheets = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(SHEETS, start=1)
    )
    return f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets></workbook>'
