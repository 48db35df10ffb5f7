"""Typeface and column widths: what paper can hold."""

import struct

import pytest

from pvtracker.reports.blocks import Column
from pvtracker.reports.fonts import BREAK, FOLDER, STYLES, breakable, glyphs, printable
from pvtracker.reports.widths import GUTTER, LANDSCAPE, PORTRAIT, fit


def test_plain_text_is_printed_as_it_is() -> None:
    assert printable("Nausea, grade 2 (39.6 °C) – “mild”") == "Nausea, grade 2 (39.6 °C) – “mild”"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a[U+202E]b"),
        ("a\u200bb", "a[U+200B]b"),
        ("\ufeffx", "[U+FEFF]x"),
        ("\x00", "[U+0000]"),
        ("😀", "[U+1F600]"),
        ("a\tb\r\nc", "a b\nc"),
        ("e\u0301", "é"),
    ],
)
def test_what_cannot_be_printed_is_shown_as_its_number(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_long_words_get_chances_to_break_and_lose_nothing() -> None:
    broken = breakable("short " + "y" * 80)
    assert broken.startswith("short ")
    assert broken.replace(BREAK, "") == "short " + "y" * 80
    assert max(len(part) for part in broken.split(BREAK)) < 20
    assert breakable("pneumonoultramicroscopic") == "pneumonoultramicroscopic"


def test_the_typeface_has_what_the_reports_own_text_uses() -> None:
    assert not {ord(character) for character in "—−–“”’≥≤×·←→µ²³%[]"} - glyphs()
    assert ord("中") not in glyphs()


def test_digits_are_as_wide_as_the_template_believes() -> None:
    for style in STYLES:
        font = (FOLDER / f"IBMPlexSans-{style}.ttf").read_bytes()
        assert {advance(font, ord(digit)) for digit in "0123456789"} == {0.6}


def advance(font: bytes, code: int) -> float:
    """Advance of a character in em, read the long way: format 4 of cmap, then hmtx."""
    tables = {}
    for index in range(struct.unpack_from(">H", font, 4)[0]):
        tag, _, offset, _ = struct.unpack_from(">4sIII", font, 12 + 16 * index)
        tables[tag] = offset
    em = struct.unpack_from(">H", font, tables[b"head"] + 18)[0]
    start = tables[b"cmap"]
    for index in range(struct.unpack_from(">H", font, start + 2)[0]):
        at = start + struct.unpack_from(">I", font, start + 8 + 8 * index)[0]
        if struct.unpack_from(">H", font, at)[0] != 4:
            continue
        count = struct.unpack_from(">H", font, at + 6)[0] // 2
        for segment in range(count):
            last = struct.unpack_from(">H", font, at + 14 + 2 * segment)[0]
            first = struct.unpack_from(">H", font, at + 16 + 2 * (count + segment))[0]
            if not first <= code <= last:
                continue
            shift = struct.unpack_from(">h", font, at + 16 + 2 * (2 * count + segment))[0]
            place = at + 16 + 2 * (3 * count + segment)
            reach = struct.unpack_from(">H", font, place)[0]
            glyph = (code + shift) & 0xFFFF
            if reach:
                glyph = struct.unpack_from(">H", font, place + reach + 2 * (code - first))[0]
            wide: int = struct.unpack_from(">H", font, tables[b"hmtx"] + 4 * glyph)[0]
            return float(wide) / float(em)
    raise AssertionError(f"no glyph for {chr(code)}")


def columns(texts: int, numbers: int) -> list[Column]:
    return [Column(f"t{n}", "Text") for n in range(texts)] + [
        Column(f"n{n}", "OZ1 (N=38)", "n_of") for n in range(numbers)
    ]


def test_a_small_table_stays_small() -> None:
    paper = fit(columns(1, 2), [["Nausea", "12/38 (31.6%)", "9/36 (25.0%)"]], [0])
    assert not paper.landscape
    assert sum(paper.widths) < PORTRAIT / 2


def test_text_wraps_before_the_page_is_turned() -> None:
    paper = fit(columns(1, 2), [["word " * 60, "12/38 (31.6%)", "9/36 (25.0%)"]], [0])
    assert not paper.landscape
    assert sum(paper.widths) + 2 * GUTTER == pytest.approx(PORTRAIT)


def test_a_wide_table_turns_the_page_and_fits_it() -> None:
    row = ["some words here"] * 9 + ["12/38 (31.6%)"] * 2
    paper = fit(columns(9, 2), [row], [0])
    assert paper.landscape
    assert sum(paper.widths) + 10 * GUTTER <= LANDSCAPE + 0.01


def test_more_numbers_than_any_page_holds_still_fit() -> None:
    paper = fit(columns(1, 14), [["Nausea", *["12/38 (31.6%)"] * 14]], [0])
    assert paper.landscape
    assert sum(paper.widths) + 14 * GUTTER == pytest.approx(LANDSCAPE)


def test_a_column_of_greater_weight_gets_more_of_the_line() -> None:
    pair = [Column("a", "A", weight=1), Column("b", "B", weight=3)]
    narrow, wide = fit(pair, [["word " * 50, "word " * 50]], [0]).widths
    assert wide == pytest.approx(3 * narrow)


def test_an_empty_table_is_wide_enough_for_its_sentence() -> None:
    sentence = "No participant has died."
    paper = fit([Column("day", "Day")], [], [], empty=sentence)
    assert sum(paper.widths) >= 80
    assert sum(fit(columns(2, 1), [], [], empty="word " * 300).widths) + 2 * GUTTER <= PORTRAIT + 0.01
