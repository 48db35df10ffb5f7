"""The colours of tokens.css are legible in both themes and both rooms (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re

import pytest

from tests.shared import ROOT

TOKENS = (ROOT / "pvtracker" / "web" / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
GROUNDS = ("page", "surface", "sunken")
MEANINGS = ("danger", "warning", "success", "info", "neutral")
TEXTS = (
    "ink",
    "ink-soft",
    "accent",
    "accent-strong",
    *(f"{meaning}-ink" for meaning in MEANINGS),
    *(f"grade-{n}" for n in range(1, 6)),
)
GRAPHICS = (
    "edge",
    "focus",
    *(f"{meaning}-edge" for meaning in MEANINGS),
    *(f"data-{n}" for n in range(1, 6)),
)

# foreground, background, smallest contrast
PAIRS = (
    *((text, ground, 4.5) for text in TEXTS for ground in GROUNDS),
    *((graphic, ground, 3.0) for graphic in GRAPHICS for ground in GROUNDS),
    *((f"{meaning}-ink", f"{meaning}-tint", 4.5) for meaning in MEANINGS),
    *(("ink", f"{meaning}-tint", 4.5) for meaning in MEANINGS),
    *((f"{meaning}-edge", f"{meaning}-tint", 3.0) for meaning in MEANINGS),
    *(
        ("ink", f"shade-{name}", 4.5)
        for name in ("less-3", "less-2", "less-1", "even", "more-1", "more-2", "more-3")
    ),
    ("on-accent", "accent", 4.5),
    ("on-accent", "accent-strong", 4.5),
    ("accent", "accent-tint", 4.5),
    ("ink", "accent-tint", 4.5),
    ("ink-soft", "accent-tint", 4.5),
    ("on-band", "band", 4.5),
    ("simulated-ink", "simulated-tint", 4.5),
    ("surface", "danger-ink", 4.5),
)


def block(selector: str) -> dict[str, tuple[str, str]]:
    """The colours that one rule of tokens.css sets: name -> (light, dark)."""
    body = re.search(re.escape(selector) + r" \{\n(.*?)\n\}", TOKENS, re.DOTALL)
    assert body, f"no rule {selector}"
    found = re.findall(r"--pv-([\w-]+): (?:light-dark\((#\w{6}), (#\w{6})\)|(#\w{6}));", body[1])
    return {name: (light or both, dark or both) for name, light, dark, both in found}


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, WCAG 2.2 definition."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_measured_as_the_standard_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("room", ["none", "open", "closed"])
def test_every_pair_of_colours_is_legible(room: str, theme: str) -> None:
    colours = block(":root") | (block(f':root[data-room="{room}"]') if room != "none" else {})
    at = 0 if theme == "light" else 1
    poor = [
        f"{front} on {back}: {ratio:.2f} < {least}"
        for front, back, least in PAIRS
        if (ratio := contrast(colours[front][at], colours[back][at])) < least
    ]
    assert poor == []


def test_the_rooms_differ_in_every_colour_of_the_room() -> None:
    first, second = block(':root[data-room="open"]'), block(':root[data-room="closed"]')
    assert first.keys() == second.keys()
    assert all(first[name][0] != second[name][0] for name in first if name != "on-band")
    assert contrast(first["band"][0], second["band"][0]) > 7  # one light, one dark: told apart without hue


def test_more_in_the_arm_is_warm_and_less_is_blue_in_tile_maps() -> None:
    """As grades of harm are; orange against blue is told apart whatever the colour vision."""
    for side, warm in (("more", True), ("less", False)):
        for step in (1, 2, 3):
            found = re.search(rf"--pv-shade-{side}-{step}: light-dark\(#(\w{{6}}), #(\w{{6}})\)", TOKENS)
            assert found
            for colour in found.groups():
                red, blue = int(colour[:2], 16), int(colour[4:], 16)
                assert (red > blue) == warm, (side, step)
