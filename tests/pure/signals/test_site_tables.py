"""The tables of the sites: what was typed here, and that nothing is known of what was imported."""

from __future__ import annotations

from dataclasses import replace

from pvtracker.cuts.sites import GAPS, Site, Sites
from pvtracker.signals.site_quality import NONE_TYPED, NOT_IN_CUT, entry_table, summary

SITE = Site(
    *("01", 10, 8, 5.0, 1.6, 1.0, 0.5, 2.0, 0.5, 0.9, "", ""),
    dict.fromkeys(GAPS, 0),
    *(8, 1, 2, 5),
    typed=6,
    entered=5,
    late_entry=2,
    median_entry=3,
    upper_entry=9,
)
IMPORTED = replace(
    SITE, site="02", typed=0, entered=0, late_entry=0, median_entry=None, upper_entry=None
)  # fmt: skip


def told(*sites: Site) -> str:
    facts = summary({"sites": Sites(sites, None).stated()})
    return str(next(one["value"] for one in facts if str(one["label"]).startswith("Entered more than")))


def test_a_site_whose_events_were_all_imported_has_no_row_of_nothing() -> None:
    table = entry_table(Sites((SITE, IMPORTED, replace(IMPORTED, site="03")), None))
    assert table
    assert [[cell["text"] for cell in row["cells"]] for row in table["rows"]] == [
        ["01", "6/8 (75.0%)", "5/6 (83.3%)", "3", "9", "2/5 (40.0%)"]
    ]
    assert table["note"].endswith(
        "Imported alone, so that nothing is known of their entry: the events of 02; 03."
    )
    assert told(SITE, IMPORTED) == "2/5 (40.0%)"


def test_where_nothing_was_typed_that_is_said_once() -> None:
    table = entry_table(Sites((IMPORTED, replace(IMPORTED, site="03")), None))
    assert table and not table["rows"] and table["empty"] == NONE_TYPED
    assert told(IMPORTED) == NONE_TYPED


def test_a_site_without_events_is_neither_and_a_cut_without_days_of_entry_has_no_table() -> None:
    nothing = replace(IMPORTED, events=0)
    table = entry_table(Sites((nothing,), None))
    assert table and not table["rows"] and table["empty"] == "No event counts yet."
    assert "Imported" not in table["note"] and told(nothing) == "not known"
    unknown = replace(SITE, typed=None)
    assert entry_table(Sites((SITE, unknown), None)) is None and told(SITE, unknown) == NOT_IN_CUT
