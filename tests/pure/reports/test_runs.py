"""Which pages are turned: no page with a heading alone, none turned for a table that could stand upright."""

from __future__ import annotations

from pvtracker.reports.runs import runs
from pvtracker.reports.shown import ShownBlock, ShownSection, ShownTable, ShownText


def table(key: str, *, wide: bool = False) -> ShownTable:
    return ShownTable(
        key=key, number="1.1", title=key, columns=(), rows=(), note="", empty="", landscape=wide
    )


TEXT = ShownText(kind="paragraph", items=("Some words.",))


def section(key: str, *blocks: ShownBlock) -> ShownSection:
    return ShownSection(key=key, number="1", title=key, blocks=blocks)


def layout(*sections: ShownSection) -> list[tuple[bool, list[tuple[str, bool, int]]]]:
    """Per run whether it is turned, and its pieces: key, whether the heading is here, how many blocks."""
    return [
        (run.landscape, [(p.section.key, p.opens, len(p.blocks)) for p in run.pieces])
        for run in runs(sections)
    ]


def test_sections_without_a_wide_table_stand_on_one_run_of_upright_pages() -> None:
    assert layout(section("a", table("t")), section("b", TEXT)) == [(False, [("a", True, 1), ("b", True, 1)])]


def test_what_comes_before_a_wide_table_stays_upright() -> None:
    assert layout(section("a", table("t"), table("w", wide=True), TEXT), section("b", TEXT)) == [
        (False, [("a", True, 1)]),
        (True, [("a", False, 2)]),
        (False, [("b", True, 1)]),
    ]


def test_a_heading_is_never_left_alone_on_an_upright_page() -> None:
    assert layout(section("a", table("w", wide=True))) == [(True, [("a", True, 1)])]
    assert layout(section("a", TEXT, table("w", wide=True))) == [(True, [("a", True, 2)])]


def test_a_turned_page_is_filled_before_it_is_turned_back() -> None:
    wide = table("w", wide=True)
    assert layout(section("a", wide), section("b", table("t"), wide)) == [
        (True, [("a", True, 1), ("b", True, 2)])
    ]


def test_every_block_is_printed_once_and_in_order() -> None:
    sections = (section("a", TEXT, table("t"), table("w", wide=True), TEXT), section("b", table("u")))
    printed = [block for run in runs(sections) for piece in run.pieces for block in piece.blocks]
    assert printed == [block for it in sections for block in it.blocks]
