"""Terms as a tree map: area by participants, shade by the difference of the shares; each tile opens its term's page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from pvtracker.formats.printed.text import plain
from pvtracker.lib.drawing import STATIC, light
from pvtracker.lib.rounding import share, shown
from pvtracker.lib.squarify import Tile, squarify
from pvtracker.signals.cells import cell, column, share_cell, share_column, text_column, words
from pvtracker.signals.models import Result
from pvtracker.signals.queries import excess
from pvtracker.signals.tables import NO_EVENT, Table, participants_url, term_url

TOKENS = STATIC / "css" / "tokens.css"
SIZES = {"wide": (960, 400), "narrow": (340, 460)}  # px; a page shows the one that fits
LETTER, LINE, MARGIN = 6.4, 15, 5  # px of 12 px text
LEGEND_ROW, LEGEND_COLUMN, LEGEND_LINE, LEGEND_GAP = 4, 240, 20, 10  # entries a row; px
STEPS = (2.0, 5.0, 10.0)  # percentage points at which the shade changes
SHADES = (
    ("less-3", "10 or more points fewer"),
    ("less-2", "5 to 10 fewer"),
    ("less-1", "2 to 5 fewer"),
    ("even", "within 2 percentage points"),
    ("more-1", "2 to 5 more"),
    ("more-2", "5 to 10 more"),
    ("more-3", "10 or more points more"),
)


def tree_map(rows: Sequence[Result]) -> dict[str, Any]:
    """Both sizes of the picture, and its table. Rows of one method, arm, level and selection."""
    drawn = [row for row in rows if row.n_arm + row.n_ref > 0]
    areas = [float(row.n_arm + row.n_ref) for row in drawn]
    pictures = []
    for name, (width, height) in SIZES.items():
        laid = squarify(areas, width=width, height=height)
        tiles = [_tile(row, tile) for row, tile in zip(drawn, laid, strict=True)]
        pictures.append({"name": name, "width": width, "height": height, "tiles": tiles})
    return {"pictures": pictures if drawn else [], "shades": SHADES, "table": _table(drawn)}


def as_svg(found: dict[str, Any]) -> Callable[[str, list[str]], bytes] | None:
    """Draws the wide picture as a file of its own, in light colours; None where there is nothing to draw."""
    if not found["pictures"]:
        return None
    picture = found["pictures"][0]
    colours = light(TOKENS.read_text(encoding="utf-8"))

    def drawn(title: str, lines: list[str]) -> bytes:
        head = 24 + LINE * len(lines)
        texts = [f'<text x="0" y="14" font-size="13" font-weight="600">{escape(plain(title))}</text>']
        texts += [
            f'<text x="0" y="{14 + LINE * (n + 1)}" font-size="10">{escape(plain(line))}</text>'
            for n, line in enumerate(lines)
        ]
        for tile in picture["tiles"]:
            fill = colours[f"var(--pv-shade-{tile['shade']})"]
            texts.append(
                f'<g><title>{escape(plain(tile["label"]))}</title><rect x="{tile["x"]}" y="{tile["y"] + head:.1f}" '
                f'width="{tile["width"]}" height="{tile["height"]}" fill="{fill}" stroke="#ffffff"/>'
            )
            texts += [
                f'<text x="{line["x"]}" y="{line["y"] + head:.1f}" font-size="12">{escape(plain(line["text"]))}</text>'
                for line in tile["lines"]
            ]
            texts.append("</g>")
        foot = head + picture["height"] + LEGEND_GAP
        for n, (name, said) in enumerate(SHADES):
            x, y = LEGEND_COLUMN * (n % LEGEND_ROW), foot + LEGEND_LINE * (n // LEGEND_ROW)
            texts.append(
                f'<rect x="{x}" y="{y}" width="14" height="14" fill="{colours[f"var(--pv-shade-{name})"]}"/>'
                f'<text x="{x + 20}" y="{y + 11}" font-size="10">{escape(plain(said))}</text>'
            )
        width, height = picture["width"], foot + LEGEND_LINE * -(-len(SHADES) // LEGEND_ROW)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            f'font-family="IBM Plex Sans, sans-serif"><rect width="{width}" height="{height}" fill="#ffffff"/>'
            f"{''.join(texts)}</svg>"
        ).encode()

    return drawn


def shade(difference: float) -> str:
    """Name of the shade of a difference in percentage points."""
    step = sum(abs(difference) >= limit for limit in STEPS)
    return f"{'more' if difference > 0 else 'less'}-{step}" if step else "even"


def _tile(row: Result, tile: Tile) -> dict[str, Any]:
    difference = 100 * excess(row)
    counted = f"{row.n_arm}/{row.N_arm} v {row.n_ref}/{row.N_ref}"
    return {
        "x": round(tile.x, 1),
        "y": round(tile.y, 1),
        "width": round(tile.width, 1),
        "height": round(tile.height, 1),
        "shade": shade(difference),
        "url": term_url(row),
        "label": f"{row.term}: {share(row.n_arm, row.N_arm)} against {share(row.n_ref, row.N_ref)}, "
        f"{signed(difference)} percentage points",
        "lines": [
            {"x": round(tile.x + MARGIN, 1), "y": round(tile.y + MARGIN + LINE * (n + 0.7), 1), "text": text}
            for n, text in enumerate(_lines(row.term, f"{signed(difference)} ({counted})", tile))
        ],
    }  # fmt: skip


def signed(difference: float) -> str:
    """With its sign, as a reader writes it: +3.2, −0.4, 0.0."""
    text = shown(difference, 1)
    return f"+{text}" if difference > 0 and text != "0.0" else text


def _lines(term: str, counted: str, tile: Tile) -> list[str]:
    """What a tile has room for: the term in words that fit, then the numbers; nothing where it is too small."""
    letters = int((tile.width - 2 * MARGIN) / LETTER)
    most = int((tile.height - MARGIN) / LINE)
    if letters < 4 or most < 1:
        return []
    lines = [""]
    for word in term.split():
        joined = f"{lines[-1]} {word}".strip()
        if len(joined) <= letters or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(word)
    cut = [line if len(line) <= letters else f"{line[: letters - 1]}…" for line in lines]
    if len(cut) < most and len(counted) <= letters:
        return [*cut, counted]
    if len(cut) < most and len(short := counted.split(" (")[0]) <= letters:
        return [*cut, short]
    return cut if len(cut) <= most else [*cut[: most - 1], f"{cut[most - 1][: letters - 1]}…"]


def _table(rows: Sequence[Result]) -> Table:
    ordered = sorted(rows, key=lambda row: (-row.n_arm - row.n_ref, row.term))
    return {
        "caption": "Terms by participants",
        "columns": [
            text_column("Term"),
            share_column("Arm, n/N"),
            share_column("Reference, n/N"),
            column("Difference, points", "Difference, percentage points"),
        ],
        "rows": [
            {
                "cells": [
                    words(row.term, url=term_url(row)),
                    share_cell(row.n_arm, row.N_arm, url=participants_url(row)),
                    share_cell(row.n_ref, row.N_ref, url=participants_url(row)),
                    cell(signed(100 * excess(row)), 100 * excess(row)),
                ]
            }
            for row in ordered
        ],
        "note": "A participant with several terms is in each of them.",
        "empty": NO_EVENT,
    }
