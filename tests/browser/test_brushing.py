"""A term that is pointed at, or focused, in a table is marked in the pictures, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import settle
from tests.rooms import Trial

SIGN_IN = Callable[..., None]
FIRST_POINTED_AT = """nodes => {
    const node = nodes.find(node => node.__data__?.datum?.term);
    node.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
    return node.__data__.datum.term;
}"""
MARKED = "nodes => nodes.map(node => node.__data__.datum.term)"


def test_table_and_pictures_mark_the_same_term(trial: Trial, page: Page, sign_in: SIGN_IN) -> None:
    sign_in(page, "dsmb_member")
    page.goto(f"{trial.urls['closed']}/studies/{trial.study}/signals/")
    page.get_by_role("link", name=re.compile("^All rows")).click()
    settle(page)
    expect(page.locator("#volcano ~ .pv-chart-drawing svg")).to_be_visible()
    link = page.locator("table.pv-table").filter(has_text="Years, arm").first.locator("tbody tr th a").nth(3)
    term = link.inner_text()
    link.focus()  # by keyboard
    marked = page.locator(".pv-brushed").evaluate_all(MARKED)
    assert len(marked) >= 2 and set(marked) == {term}, "in the dot plot and in the volcano"
    link.blur()
    assert page.locator(".pv-brushed").count() == 0
    points = page.locator("#volcano ~ .pv-chart-drawing svg path")
    named = points.evaluate_all(FIRST_POINTED_AT)
    assert set(page.locator(".pv-brushed").evaluate_all(MARKED)) == {named}
    rows = page.locator(".pv-row-brushed th").evaluate_all(
        "cells => cells.map(cell => cell.textContent.trim())"
    )
    assert set(rows) == {named}
