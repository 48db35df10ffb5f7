"""The table as Rich Text (RTF 1.9.1) on A4 landscape, for a word processor: title, table, notes, what it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from pvtracker.formats.printed.table import Printed, cell_of
from pvtracker.formats.printed.text import plain

WIDTH = 14_570  # of the text on A4 landscape with margins of two centimetres
HEAD = (
    r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Arial;}}\paperw16838\paperh11906\landscape"
    r"\margl1134\margr1134\margt1134\margb1134\f0\fs16"
)
NARROWEST, WIDEST = 6, 40  # characters that a column counts as, when the width is shared out


def write_rtf(table: Printed) -> bytes:
    """The bytes, ASCII only."""
    edges = _edges(table)
    lines = [HEAD, rf"{{\pard\b\fs20\sa120 {_text(table.title)}\par}}"]
    lines.append(_row(table.columns, table.numeric, edges, heading=True))
    for row in table.rows:
        cells = [str(cell_of(text, numeric=number)) for text, number in zip(row, table.numeric, strict=True)]
        lines.append(_row(cells, table.numeric, edges, heading=False))
    lines.append(r"\pard\sb120\par")
    lines += [rf"{{\pard\sa60 {_text(note)}\par}}" for note in table.notes]
    lines += [rf"{{\pard\sa40 {{\b {_text(label)}:}} {_text(value)}\par}}" for label, value in table.facts]
    lines.append("}")
    return "\n".join(lines).encode("ascii")


def _edges(table: Printed) -> list[int]:
    """Right edges of the columns, by the longest text of each."""
    sizes = [
        min(max(max((len(str(value)) for value in column), default=0), NARROWEST), WIDEST)
        for column in zip(table.columns, *table.rows, strict=True)
    ]
    return [round(WIDTH * sum(sizes[: n + 1]) / sum(sizes)) for n in range(len(sizes))]


def _row(cells: Sequence[str], numeric: Sequence[bool], edges: Sequence[int], *, heading: bool) -> str:
    """A heading row is repeated on each page."""
    start = r"\trowd\trgaph70\trkeep" + (r"\trhdr" if heading else "")
    borders = r"\clbrdrb\brdrs\brdrw10"
    defined = "".join(rf"{borders}\cellx{edge}" for edge in edges)
    content = "".join(
        rf"\pard\intbl\{'qr' if number else 'ql'} {_bold(_text(text), heading)}\cell"
        for text, number in zip(cells, numeric, strict=True)
    )
    return f"{start}{defined}{content}\\row"


def _bold(text: str, heading: bool) -> str:
    return rf"{{\b {text}}}" if heading else text


def _text(value: str) -> str:
    """Every character outside ASCII as its UTF-16 units, with a question mark for readers that know none."""
    made = []
    for character in plain(value):
        if character in "\\{}":
            made.append(f"\\{character}")
        elif character == "\n":
            made.append(r"\line ")
        elif character.isascii():
            made.append(character)
        else:
            units = character.encode("utf-16-le")
            for at in range(0, len(units), 2):
                unit = int.from_bytes(units[at : at + 2], "little")
                made.append(f"\\u{unit - 65536 if unit > 32767 else unit}?")
    return "".join(made)
