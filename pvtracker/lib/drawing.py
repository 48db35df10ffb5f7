"""A chart drawn as SVG: `python -m pvtracker.lib.drawing < specification.json > picture.svg`.

The drawer keeps the memory that it takes and aborts its process on some characters, so it has a process of its own,
which sees the specification on its standard input and nothing of our environment.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "pvtracker" / "web" / "static"
FONT = "IBM Plex Sans"
WIDTH = 640
LONGEST = 60  # seconds
INK, SOFT, RULE = "#17212b", "#4a5764", "#d6dce1"
CONFIG: dict[str, Any] = {
    "background": "#ffffff",
    "font": FONT,
    "padding": 8,
    "view": {"stroke": None},
    "axis": {"labelColor": INK, "titleColor": SOFT, "gridColor": RULE, "domainColor": SOFT, "tickColor": SOFT}
    | {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal"},
    "legend": {"labelColor": INK, "titleColor": SOFT, "labelFontSize": 11, "titleFontSize": 11},
    "title": {"color": INK, "subtitleColor": SOFT, "anchor": "start", "fontSize": 13, "subtitleFontSize": 10},
    "mark": {"color": "var(--pv-data-1)"},
    "rule": {"color": SOFT},
    "text": {"color": INK},
    "range": {"category": [f"var(--pv-data-{n})" for n in range(1, 6)]},
}


class DrawError(RuntimeError):
    """The chart could not be drawn; the message does not quote it."""


def draw(spec: dict[str, Any], *, title: str, lines: list[str]) -> bytes:
    """The chart on white as SVG, its title and what it rests on above it; the same specification gives the same bytes.

    Raises DrawError.
    """
    given = {**spec, "title": {"text": title, "subtitle": lines}, "config": CONFIG}
    given.setdefault("width", WIDTH)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pvtracker.lib.drawing"],
            input=json.dumps(given).encode(),
            capture_output=True,
            cwd=ROOT,
            env={"TZ": "UTC", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DrawError(f"The chart was not drawn within {LONGEST} seconds.") from None
    if done.returncode != 0 or not done.stdout.startswith(b"<svg"):
        raise DrawError(f"The chart was not drawn (exit {done.returncode}).")
    return done.stdout


def light(css: str) -> dict[str, str]:
    """The light colour of each token of the style sheet, under the words by which a chart names it."""
    found = re.findall(r"(--pv-[\w-]+): light-dark\((#\w{6}), ", css)
    return {f"var({name})": colour for name, colour in found}


def each_text(value: Any, colours: dict[str, str]) -> Any:
    """The specification with light colours, and with what the drawer cannot print as its Unicode number."""
    if isinstance(value, str):
        flat = value.replace("\u00a0", " ")
        return colours.get(value) or "".join(c if c.isprintable() else f"[U+{ord(c):04X}]" for c in flat)
    if isinstance(value, dict):
        return {key: each_text(item, colours) for key, item in value.items()}
    return [each_text(item, colours) for item in value] if isinstance(value, list) else value


def main() -> int:
    """Reads a specification and writes its SVG."""
    import vl_convert

    vl_convert.register_font_directory(str(STATIC / "vendor" / "fonts"))
    colours = light((STATIC / "css" / "tokens.css").read_text(encoding="utf-8"))
    spec = each_text(json.load(sys.stdin), colours)
    sys.stdout.write(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
