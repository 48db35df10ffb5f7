"""Tables of the signal pages as files, read back: numbers as numbers, every row, and no key that a page has not."""

from __future__ import annotations

import csv
import io
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pvtracker.audit.models import AccessRecord
from pvtracker.cuts.models import Cut
from pvtracker.signals.methods import METHODS
from pvtracker.signals.models import Result, Run
from pvtracker.studies.models import Study
from tests.closed.cuts import folder
from tests.closed.people import client_of
from tests.closed.signals.runs import PLAIN, later_cut, rows, run_on
from tests.closed.signals.test_pages import later_cut as put_later
from tests.closed.signals.test_pages import run_of
from tests.closed.signals.test_term import here, hide, row_of
from tests.small_cut import day, event

pytestmark = pytest.mark.django_db
TERMS = 73


def read_csv(client: Client, path: str, what: str, **said: str) -> list[dict[str, str]]:
    answer = client.get(path, {"format": "csv", "what": what, **said})
    assert answer.status_code == 200, what
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1 : lines.index([])]]


def read_xlsx(client: Client, path: str, what: str, **said: str) -> list[dict[str, Any]]:
    answer = client.get(path, {"format": "xlsx", "what": what, **said})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it misses a default style
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content))["Table"]
    head, *lines = sheet.iter_rows(values_only=True)
    return [dict(zip(head, line, strict=True)) for line in lines]


def run_path(run: Run) -> str:
    return f"/studies/JOIN/signals/runs/{run.id}/"


@pytest.fixture
def run(joined_cut: Cut) -> Run:
    return run_on(joined_cut, *(rows(term=f"Term {n:02}", adjusted=True) for n in range(TERMS)))


def test_numbers_of_a_run_are_read_back_at_full_precision(study: Study, run: Run) -> None:
    client = client_of(study, "dsmb_member")
    for read in (read_csv, read_xlsx):
        line = read(client, run_path(run), "results", method="rd_mn")[0]
        unit = "difference, percentage points"
        numbers = {name: float(value) for name, value in line.items() if name not in ("Term", "Flag")}
        assert numbers == {
            "Arm, n": 5,
            "Arm, N": 20,
            "Arm, %": 25,
            "Reference, n": 1,
            "Reference, N": 20,
            "Reference, %": 5,
            "Events, arm": 7,
            "Events, reference": 1,
            "Person-years, arm": 9.5,
            "Person-years, reference": 9.8,
            f"Estimate: {unit}": 20,
            f"Lower 95 %: {unit}": 1,
            f"Upper 95 %: {unit}": 40,
        }
        assert line["Flag"] == "flagged"


def test_a_small_p_is_a_number_in_a_file_and_as_printed_in_rich_text(study: Study, joined_cut: Cut) -> None:
    small = replace(
        PLAIN, method="fisher", estimate=None, low=None, high=None, p=3.21e-07, p_adjusted=0.0123456789
    )
    run = run_on(
        joined_cut, [replace(PLAIN, term="=cmd|' /C calc'!A0"), replace(small, term="=cmd|' /C calc'!A0")]
    )
    client = client_of(study, "dsmb_member")
    said = {"method": "fisher"}
    (line,) = read_csv(client, run_path(run), "results", **said)
    assert (float(line["p"]), float(line["Adjusted p"])) == (3.21e-07, 0.0123456789)
    assert line["Term"] == "'=cmd|' /C calc'!A0"  # no formula
    (line,) = read_xlsx(client, run_path(run), "results", **said)
    assert (line["p"], line["Adjusted p"]) == (3.21e-07, 0.0123456789)
    volcano = read_xlsx(client, run_path(run), "volcano", **said)[0]
    assert volcano["p"] == 3.21e-07 and volcano["Lower 95 %: difference, percentage points"] == 1
    printed = client.get(run_path(run), {"format": "rtf", "what": "results", **said}).content.decode()
    assert "<0.001" in printed and "5/20 (25.0%)" in printed and "3.21" not in printed


def test_every_table_of_the_run_is_whole_in_its_file(study: Study, run: Run) -> None:
    client = client_of(study, "dsmb_member")
    page = client.get(run_path(run), {"method": "rd_mn", "page": "2"})
    assert len(page.context["table"]["rows"]) == 30
    for what in ("results", "silence", "dot-plot", "volcano"):
        told = read_csv(client, run_path(run), what, method="rd_mn", page="2")
        assert sorted(line["Term"] for line in told) == [f"Term {n:02}" for n in range(TERMS)], what
    silence = read_xlsx(client, run_path(run), "silence", method="rd_mn")[0]
    assert 25 < silence["Risk that would have shown, %"] < 100 and silence["Computed"] == "exact"
    assert silence["Difference, percentage points"] == pytest.approx(
        silence["Risk that would have shown, %"] - 5
    )
    assert silence["None had it, arm: at most, %"] is None
    by_test = read_csv(client, run_path(run), "dot-plot", method="fisher")  # estimates nothing: differences
    assert len(by_test) == TERMS and "Estimate: difference, percentage points" in by_test[0]


def test_a_picture_is_as_on_the_page_and_says_so(study: Study, run: Run) -> None:
    client = client_of(study, "dsmb_member")
    here = {"method": "rd_mn", "page": "3"}
    assert "page=3&amp;format=svg&amp;what=dot-plot" in client.get(run_path(run), here).text
    svg = client.get(run_path(run), {"format": "svg", "what": "dot-plot", **here}).content.decode()
    assert "Terms drawn: 61–73 of 73" in svg and "Term 72" in svg and "Term 00" not in svg


def test_what_is_hidden_is_in_no_file(study: Study, run: Run) -> None:
    client = client_of(study, "dsmb_member")
    hide(client)
    line = read_csv(client, run_path(run), "results", method="rd_mn")[0]
    assert "Estimate: difference, percentage points" in line
    assert not [name for name in line if "95 %" in name or name in ("p", "Adjusted p", "Flag")]
    for what in ("silence", "volcano", "changes"):
        answer = client.get(run_path(run), {"format": "csv", "what": what, "method": "rd_mn"})
        assert answer.status_code == 404, what


def test_numbers_of_the_overview_and_of_changes(study: Study, joined_cut: Cut) -> None:
    run_on(joined_cut, rows(n_arm=4, adjusted=True))
    run = run_on(later_cut(joined_cut), rows(n_arm=5, adjusted=True), rows(term="Nausea", adjusted=True))
    client = client_of(study, "dsmb_member")
    changes = {line["Term"]: line for line in read_xlsx(client, run_path(run), "changes", method="rd_mn")}
    assert changes["Headache"]["Now: arm, n"] == 5 and changes["Headache"]["Before: arm, n"] == 4
    assert changes["Headache"]["Now: lower limit, difference, percentage points"] == 1
    assert changes["Nausea"]["Before: arm, n"] is None
    finding = read_xlsx(client, "/studies/JOIN/signals/", "findings")[0]
    assert (finding["p"], finding["Adjusted p"], finding["Arm, n"]) == (0.04, 0.08, 5)
    shown = read_xlsx(client, "/studies/JOIN/signals/", "silence")[0]
    assert (shown["Arm"], shown["Arm, N"], shown["Reference, N"]) == ("Low dose", 20, 20)
    hide(client)
    largest = read_xlsx(client, "/studies/JOIN/signals/", "findings")[0]
    assert largest["Difference, percentage points"] == 20 and "p" not in largest


def test_numbers_of_a_term(study: Study, joined_cut: Cut) -> None:
    row = row_of(run_of(study))
    client = client_of(study, "dsmb_member")
    counts = {line["Arm"]: line for line in read_xlsx(client, here(row), "counts")}
    assert (counts["Low dose"]["With it, n"], counts["Low dose"]["With it, N"]) == (2, 2)
    methods = {line["Method"]: line for line in read_xlsx(client, here(row), "methods")}
    said = methods[METHODS[row.method].label]
    stored = Result.objects.get(id=row.id)
    scaled = [100 * value for value in (stored.estimate, stored.low, stored.high) if value is not None]
    assert [said[name] for name in ("Estimate", "Lower 95 %", "Upper 95 %")] == pytest.approx(
        scaled, rel=1e-15
    )
    curve = read_xlsx(client, here(row), "first-events")
    assert {"Week", "Still followed", "Lower 95 %: % of participants"} <= set(curve[0])
    assert curve[0]["Week"] == 0 and isinstance(curve[0]["Still followed"], int)


@pytest.mark.parametrize("asked", [{"what": "zzz"}, {"what": "results"}, {"format": "csv", "what": "zzz"}])
def test_an_unknown_key_is_no_page(study: Study, joined_cut: Cut, asked: dict[str, str]) -> None:
    run = run_of(study)
    row = row_of(run)
    client = client_of(study, "dsmb_member")
    told = AccessRecord.objects.filter(kind="look").count()
    term = here(row)
    for path in ("/studies/JOIN/signals/", run_path(run), term, f"{term}participants/", f"{term}boundary/"):
        assert client.get(path, asked).status_code == 404, path
    assert AccessRecord.objects.filter(kind="look").count() == told


@pytest.fixture
def many(study: Study, open_storage: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run on a later cut, in which the headaches of one participant are many."""
    plain = folder.rows

    def more(study_id: str = folder.STUDY_ID) -> dict[str, list[dict[str, Any]]]:
        made = plain(study_id)
        made["adverse_events"] += [event("S-1", n, day("onset", "2026-01-10")) for n in range(2, 72)]
        return made

    monkeypatch.setattr(folder, "rows", more)
    return run_of(study, put_later(study, open_storage))


def test_the_participants_behind_a_number_are_paged_and_whole_in_the_file(many: Run) -> None:
    client, path = client_of(many.study, "dsmb_member"), f"{here(row_of(many))}participants/"
    first = client.get(path)
    assert "1–30 of 73 events" in first.text and len(first.context["table"]["rows"]) == 30
    last = client.get(path, {"page": "3"})
    assert "61–73 of 73 events" in last.text and len(last.context["table"]["rows"]) == 13
    seen = [row["cells"][0]["text"] for page in (first, last) for row in page.context["table"]["rows"]]
    assert seen[0] == "S-3" and seen[-1] == "S-2"  # by arm, the reference first
    assert len(read_csv(client, path, "events")) == 73
    asked = []
    for number in ("1", "3"):
        with CaptureQueriesContext(connection) as queries:
            client.get(path, {"page": number})
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 30


def test_terms_stand_by_what_the_shown_method_says_on_the_page_and_in_the_file(
    study: Study, joined_cut: Cut
) -> None:
    """Fisher's p, the risk difference and the counts each put another term first."""
    wide, sure, many = rows(term="Wide", n_arm=3), rows(term="Sure"), rows(term="Many", n_arm=9)
    said = {"Wide": (0.01, 0.03), "Sure": (0.10, 0.20), "Many": (0.05, 0.01)}  # lower limit, p
    found = [
        [replace(one, low=said[one.term][0]) if one.low else replace(one, p=said[one.term][1]) for one in of]
        for of in (wide, sure, many)
    ]
    run = run_on(joined_cut, *found)
    client = client_of(study, "dsmb_member")
    for method, order, by in (
        ("rd_mn", ["Sure", "Many", "Wide"], "the lower 95 % limit of the estimate, the highest first"),
        ("fisher", ["Many", "Wide", "Sure"], "adjusted p, then p, the smallest first"),
    ):
        page = client.get(run_path(run), {"method": method})
        assert [row["cells"][0]["text"] for row in page.context["table"]["rows"]] == order
        assert by in page.text
        assert [line["Term"] for line in read_csv(client, run_path(run), "results", method=method)] == order
    taken = client.get(run_path(run), {"format": "csv", "what": "results", "method": "fisher"})
    about = taken.content.decode("utf-8-sig").splitlines()
    assert {"Level,Preferred term", "Events,All", "Arm,Low dose"} <= set(about), "no keys"
    assert "Order,By what Fisher" in taken.content.decode("utf-8-sig").replace('"', "")
    for what in ("cases", "boundaries"):
        file = client.get(run_path(run), {"format": "csv", "what": what, "method": "fisher"})
        if file.status_code == 200:
            said = {line.split(",")[0] for line in file.content.decode("utf-8-sig").splitlines()}
            assert not said & {"Level", "Events", "Method", "Order"}, "they were not chosen by these"
    hide(client)
    assert "By the difference of the shares" in client.get(run_path(run)).text
