"""The page of one term: in words, by every method, over time; and the switch that hides inferential output."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pvtracker.audit.context import within
from pvtracker.audit.models import AccessRecord
from pvtracker.cuts.models import Cut
from pvtracker.signals import actions
from pvtracker.signals.models import Result, Run
from pvtracker.signals.term_tables import counts_table
from pvtracker.signals.tree_map import SHADES
from pvtracker.studies.definitions import DEFAULTS, HELP
from pvtracker.studies.models import Study
from tests.acting import as_test
from tests.closed.cuts.folder import BY
from tests.closed.people import client_of, person_of, signed_in
from tests.closed.signals.runs import later_cut, rows, run_on
from tests.closed.signals.test_pages import run_of

pytestmark = pytest.mark.django_db
INFERENTIAL = ("95 %", "Adjusted", ">p<", "flagged", "P(more", "Fisher", "limit", "Volcano", "Flag")


@pytest.fixture
def run(study: Study, joined_cut: Cut) -> Run:
    return run_of(study)


def row_of(run: Run, **said: str) -> Result:
    where = {"method": "rd_mn", "level": "PT", "selection": "all", "arm": "Low dose", **said}
    return Result.objects.get(run=run, **where)


def here(row: Result) -> str:
    return f"/studies/JOIN/signals/rows/{row.id}/"


def hide(client: Client, back: str = "/studies/JOIN/signals/") -> None:
    answer = client.post("/studies/JOIN/signals/inference/", {"shown": "no", "next": back})
    assert answer["Location"] == back


def test_a_term_opens_from_its_row_and_says_what_is_different_and_how_sure(study: Study, run: Run) -> None:
    client, row = client_of(study, "dsmb_member"), row_of(run)
    assert f'href="{here(row)}"' in client.get(f"/studies/JOIN/signals/runs/{run.id}/", {"level": "PT"}).text
    page = client.get(here(row)).text
    assert "Flags where" in page and "more in the arm, and " in page
    assert (
        "2/2 (100.0%) of the participants with Low dose had it, and 1/2 (50.0%) of those with Placebo" in page
    )
    assert "50.0 percentage points more in the arm" in page
    assert "neither harm nor its absence is shown." in page
    for method in run.methods:
        assert f"?study=JOIN&amp;page={method_page(method)}" in page, method  # its pages stay at hand
    assert "None of " in page and "That is no proof of safety." in page
    events = page.split("Its events")[1]
    assert [name for name in ("S-1", "S-2", "S-3", "S-4") if f">{name}<" in events] == ["S-1", "S-2", "S-3"]


def method_page(method: str) -> str:
    from pvtracker.signals.methods import METHODS

    return METHODS[method].page


def test_each_curve_has_its_numbers_and_who_is_still_followed(study: Study, run: Run) -> None:
    answer = client_of(study, "dsmb_member").get(here(row_of(run)))
    first, mean, apart = answer.context["parts"]
    assert all(part["spec"] and part["table"]["rows"] for part in (first, mean, apart))
    told = [[cell["text"] for cell in row["cells"]] for row in first["table"]["rows"]]
    # four treated from day 1 to 90: a headache on day 9 in both on the low dose and in one of two on placebo
    assert [line[:5] for line in told if line[1] in ("0", "2")] == [
        ["Placebo", "0", "2", "0", "0"],
        ["Placebo", "2", "1", "1", "0"],
        ["Low dose", "0", "2", "0", "0"],
        ["Low dose", "2", "0", "2", "0"],
    ]
    assert "Share of participants with the event, death competing" in answer.text


def test_what_is_hidden_is_not_in_the_page(study: Study, run: Run) -> None:
    client = client_of(study, "dsmb_member")
    pages = [
        here(row_of(run)),
        "/studies/JOIN/signals/",
        *(f"/studies/JOIN/signals/runs/{run.id}/?method={method}" for method in run.methods),
    ]
    for path in pages:
        assert [word for word in INFERENTIAL if word in client.get(path).text], path
    hide(client)
    for path in pages:
        page = client.get(path).text
        body = page.split("<main")[1].split("Definitions of this run")[0].split("What this rests on")[0]
        for said in (
            "the upper limit of normal",
            "× the upper limit on day",
        ):  # of a laboratory, in a single case
            body = body.replace(said, "")
        assert "Inferential output is hidden" in page
        assert not [body[body.index(word) - 90 :][:200] for word in INFERENTIAL if word in body], path
        assert "2/2 (100.0%)" in page or "signals/runs" not in path
        assert '"low"' not in page and '"p":' not in page, "not in the specification of a chart"
    client.post("/studies/JOIN/signals/inference/", {"shown": "yes", "next": "//elsewhere.example/"})
    assert "95 %" in client.get(pages[0]).text


def test_a_file_holds_what_the_page_shows_and_is_recorded_as_taken_out(study: Study, run: Run) -> None:
    account, row = person_of(study, "dsmb_member"), row_of(run)
    client = signed_in(account, study)
    answer = client.get(here(row), {"format": "csv", "what": "methods"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8" and answer["Cache-Control"] == "no-store"
    name = f"JOIN-closed-2026-06-30-{run.id.hex[:8]}-methods.csv"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    read = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert read[0][:6] == ["Method", "Of what", "Estimate", "Lower 95 %", "Upper 95 %", "p"]
    assert ["Run", str(run.id)] in read and ["Cut sha256", run.cut.sha256] in read
    assert "counting" in {line[0] for line in read if line}, "the definitions are there"
    assert answer.content == client.get(here(row), {"format": "csv", "what": "methods"}).content
    kept = AccessRecord.objects.filter(actor=str(account.id)).latest("id")
    assert (kept.kind, kept.object_kind) == ("export", "term of a run")
    assert kept.detail.startswith("CSV of methods; Preferred term, all events, Headache")
    hide(client)
    hidden = client.get(here(row), {"format": "csv", "what": "methods"}).content.decode("utf-8-sig")
    assert next(csv.reader(io.StringIO(hidden))) == [
        "Method",
        "Of what",
        "Estimate",
        "Warning",
    ]  # one is infinite
    assert "Inferential output is hidden" in hidden


def test_tables_come_as_spreadsheet_and_text_and_pictures_as_svg(study: Study, run: Run) -> None:
    client, row = client_of(study, "dsmb_member"), row_of(run)
    for form, begins, kind in (
        ("xlsx", b"PK", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("rtf", b"{\\rtf1", "application/rtf"),
        ("svg", b"<svg", "image/svg+xml"),
    ):
        answer = client.get(here(row), {"format": form, "what": "first-events"})
        assert answer.content.startswith(begins) and answer["Content-Type"] == kind
    again = client.get(here(row), {"format": "svg", "what": "first-events"})
    assert again.content == answer.content, "the same bytes"
    svg = answer.content.decode()
    assert str(run.id) in svg and run.cut.sha256 in svg and "Low dose" in svg
    hide(client)
    assert client.get(here(row), {"format": "svg", "what": "first-events"}).content != answer.content
    for form, what in (
        ("doc", "methods"),
        ("csv", "nothing"),
        ("csv", "a\0b"),
        ("csv", ""),
        ("svg", "methods"),
    ):
        wrong = {"format": form, "what": what}
        assert client.get(here(row), wrong).status_code == 404


def test_the_overview_maps_organ_classes_that_open_to_terms_and_participants(study: Study, run: Run) -> None:
    client = client_of(study, "dsmb_member")
    page = client.get("/studies/JOIN/signals/")
    organ_class = row_of(run, level="SOC", method=next(iter(run.methods)))
    label = "Nervous system disorders: 2/2 (100.0%) against 1/2 (50.0%), +50.0 percentage points"
    assert f'<a href="{here(organ_class)}" aria-label="{label}">' in page.text
    opened = client.get(here(organ_class))
    term = row_of(run, method=organ_class.method)
    assert f'<a href="{here(term)}" aria-label="Headache: 2/2' in opened.text
    svg = client.get(here(organ_class), {"format": "svg", "what": "within"}).content.decode()
    assert svg.startswith("<svg") and str(run.id) in svg and "Headache" in svg


def test_the_overview_begins_with_words(study: Study, run: Run) -> None:
    page = client_of(study, "dsmb_member").get("/studies/JOIN/signals/").text
    assert "Low dose against Placebo: " in page and "High dose against Placebo: " in page
    assert (
        "The strongest evidence among preferred terms, by Fisher’s exact test, is for Headache: 2/2 (100.0%) against "
        "1/2 (50.0%)" in page
    )


def test_files_of_overview_and_run_hold_all_rows(study: Study, run: Run) -> None:
    client = client_of(study, "dsmb_member")
    row = row_of(run)
    for path, keys in (
        (f"{here(row)}participants/", ("events",)),
        ("/studies/JOIN/signals/", ("findings", "silence", "tree-map-0")),
        (
            f"/studies/JOIN/signals/runs/{run.id}/?level=PT&arm=Low+dose&method=rd_mn",
            ("results", "dot-plot", "volcano"),
        ),
    ):
        for what in keys:
            answer = client.get(f"{path}{'&' if '?' in path else '?'}format=csv&what={what}")
            assert str(run.id) in answer.content.decode("utf-8-sig"), what
    assert b"Headache" in answer.content
    drawn = client.get("/studies/JOIN/signals/?format=svg&what=tree-map-0").content.decode()
    assert all(f">{said}</text>" in drawn for _, said in SHADES), "its shades are told in the file, too"


def test_a_run_without_a_row_or_study_without_a_run_has_no_file(study: Study) -> None:
    client = client_of(study, "dsmb_member")
    assert client.get("/studies/JOIN/signals/", {"format": "csv", "what": "findings"}).status_code == 404


@pytest.mark.parametrize("hidden", [False, True])
def test_the_pages_ask_the_database_little_however_many_rows(
    study: Study, joined_cut: Cut, hidden: bool
) -> None:
    """Many terms: as many queries as for one, give or take; none of them for a single row."""
    few, many = [], []
    client = client_of(study, "dsmb_member")
    if hidden:
        hide(client)
    for counted, terms in ((few, 1), (many, 60)):
        run = run_on(joined_cut, *(rows(term=f"Term {number}", adjusted=True) for number in range(terms)))
        for path in ("/studies/JOIN/signals/", f"/studies/JOIN/signals/runs/{run.id}/?method=rd_mn"):
            with CaptureQueriesContext(connection) as asked:
                assert "Term 0" in client.get(path).text
            counted.append(len(asked))
    assert many <= [n + 2 for n in few] and max(many) <= 40, (few, many)


def test_earlier_looks_are_read_from_the_runs(study: Study, joined_cut: Cut) -> None:
    counted = (rows(n_arm=3), rows(n_arm=4, term="Nausea"), rows(n_arm=9))
    cuts = [joined_cut, later_cut(joined_cut), later_cut(joined_cut, days=62)]
    runs = [run_on(cut, found) for cut, found in zip(cuts, counted, strict=True)]
    run_on(later_cut(joined_cut, days=93), rows(n_arm=19))  # later than the page's run
    row = Result.objects.get(run=runs[2], method="rd_mn")
    client = client_of(study, "dsmb_member")
    page = client.get(f"{here(row)}boundary/", {"kind": "toxicity", "planned": "20", "risk": "10"})
    told = [[cell["text"] for cell in line["cells"]][:3] for line in page.context["looks"]["rows"]]
    assert told == [
        ["2026-06-30", "3/20 (15.0%)", "1/20 (5.0%)"],
        ["2026-07-31", "0/20 (0.0%)", "0/20 (0.0%)"],  # nobody had it there: sizes as the run keeps them
        ["2026-08-31", "9/20 (45.0%)", "1/20 (5.0%)"],
    ]
    assert "crosses" in page.text and "first on the cut of 2026-08-31" in page.text
    wrong = client.get(f"{here(row)}boundary/", {"kind": "toxicity", "planned": "many"})
    assert (
        wrong.status_code == 422
        and "Planned at the end: It is a whole number. Write digits only." in wrong.text
    )
    small = client.get(f"{here(row)}boundary/", {"planned": "10"})
    assert "40 are in already, more than the 10 planned" in small.text
    hide(client)
    hidden = client.get(f"{here(row)}boundary/")
    assert "Boundary" not in hidden.text.split("<main")[1] and "9/20 (45.0%)" in hidden.text
    svg = client.get(f"{here(row)}boundary/", {"format": "svg", "what": "path"})
    assert svg.status_code == 404


QUERY_OF = {"rules": {**DEFAULTS.stated(), "queries": {"Aches": ["Headache"]}}}


@pytest.mark.parametrize(
    ("changed", "of", "said"),
    [
        ({"terms": {"SOC all": 1}}, {}, "Not a look"),
        ({"terms": {"PT all": 1}}, {"selection": "serious"}, "Not a look"),
        ({"arms": [{"name": "Placebo", "participants": 20}]}, {}, "Not a look"),
        ({"reference": "Low dose"}, {}, "Not a look"),
        ({"terms": {"PT all": 1}}, {"arm": "Both doses"}, "Not a look"),
        ({"terms": {"query all": 1}}, {"level": "query", "term": "Aches"}, "Not a look"),
        ({"terms": {"query all": 1}, **QUERY_OF}, {"level": "query", "term": "Aches"}, ""),
        ({"pools": [{"name": "Both doses", "participants": 40}]}, {"arm": "Both doses"}, ""),
        ({}, {}, ""),
    ],
)
def test_a_run_that_did_not_screen_the_term_is_no_look(
    study: Study, joined_cut: Cut, changed: dict[str, Any], of: dict[str, str], said: str
) -> None:
    """Where it did, nobody had it."""
    run_on(joined_cut, rows(term="Nausea"), **changed)
    last = run_on(later_cut(joined_cut), [replace(one, **of) for one in rows()])
    row = Result.objects.get(run=last, method="rd_mn")
    page = client_of(study, "dsmb_member").get(f"{here(row)}boundary/")
    lines = [[cell["text"] for cell in line["cells"]][:2] for line in page.context["looks"]["rows"]]
    told = [line for line in lines if line[0] != "planned end"]
    held = [] if said else [["2026-06-30", f"0/{40 if of.get('arm') else 20} (0.0%)"]]
    assert told == [*held, ["2026-07-31", "5/20 (25.0%)"]]
    assert ("Not a look" in page.text) == bool(said)
    if said:
        assert "pool): 2026-06-30." in page.text


def test_the_earlier_of_two_runs_on_a_day_is_the_look_where_the_later_did_not_screen(
    study: Study, joined_cut: Cut
) -> None:
    run_on(joined_cut, rows(n_arm=3))
    run_on(joined_cut, [], terms={"SOC all": 0})
    row = Result.objects.get(run=run_on(later_cut(joined_cut), rows()), method="rd_mn")
    page = client_of(study, "dsmb_member").get(f"{here(row)}boundary/")
    assert page.context["looks"]["rows"][0]["cells"][1]["text"] == "3/20 (15.0%)"
    assert not page.context["remarks"]


def test_looks_by_other_definitions_are_named(study: Study, joined_cut: Cut) -> None:
    usual = DEFAULTS.stated()
    run_on(joined_cut, rows(n_arm=3), rules={**usual, "unknown_onset": "does not count"})
    row = Result.objects.get(run=run_on(later_cut(joined_cut), rows(), rules=usual), method="rd_mn")
    client = client_of(study, "dsmb_member")
    page = client.get(f"{here(row)}boundary/").text
    assert f"The looks were not counted by the same definitions: {HELP['unknown_onset'][0]}." in page
    assert counts_table([row])["note"].startswith("N: treated participants.")
    everybody = {**usual, "analysis_set": "randomised"}
    row = Result.objects.get(
        run=run_on(later_cut(joined_cut, days=62), rows(), rules=everybody), method="rd_mn"
    )
    assert counts_table([row])["note"].startswith("N: all randomised participants.")


def test_the_planned_end_is_never_read_off_the_data(study: Study, joined_cut: Cut) -> None:
    large = [replace(one, n_arm=700, N_arm=2100, n_ref=600, N_ref=2100) for one in rows()]
    row = Result.objects.get(run=run_on(joined_cut, large), method="rd_mn")
    client = client_of(study, "dsmb_member")
    opened = client.get(f"{here(row)}boundary/")
    assert opened.status_code == 200 and "Nothing is drawn yet: write what is planned" in opened.text
    for kind, most, what in (
        ("obrien_fleming", "1,000,000", "participants of both arms"),
        ("maxsprt", "1,000", "participants with the event, both arms"),
        ("toxicity", "2,000", "participants of the arm"),
    ):
        page = client.get(f"{here(row)}boundary/", {"kind": kind})
        assert page.status_code == 422, kind
        assert f"needs it. Write a whole number from 1 to {most}: {what}" in page.text
    beyond = client.get(f"{here(row)}boundary/", {"kind": "maxsprt", "planned": "1001"})
    assert beyond.status_code == 422 and "1,001 is beyond what this boundary is computed for." in beyond.text
    small = client.get(f"{here(row)}boundary/", {"kind": "maxsprt", "planned": "1000"})
    assert small.status_code == 200 and "1,300 are in already, and this boundary" in small.text
    with as_test(), within(study.id):
        Study.objects.filter(id=study.id).update(planned_participants=5000)
    told = client.get(f"{here(row)}boundary/")
    assert "filled in with 5,000, the participants that the study plans" in told.text
    assert told.context["drawn"].steps[0].at == pytest.approx(0.84)


@pytest.mark.parametrize(("side", "kind"), [("ref", "obrien_fleming"), ("arm", "pocock"), ("ref", "maxsprt")])
def test_an_empty_side_is_said_on_the_boundary_page(
    study: Study, joined_cut: Cut, side: str, kind: str
) -> None:
    empty = [replace(one, **{f"n_{side}": 0, f"N_{side}": 0}) for one in rows()]
    row = Result.objects.get(run=run_on(joined_cut, empty), method="rd_mn")
    page = client_of(study, "dsmb_member").get(
        f"{here(row)}boundary/", {"kind": kind, "measure": "events", "planned": "50"}
    )
    name = "reference" if side == "ref" else "arm"
    assert page.status_code == 200 and f"nobody of the {name} is in the analysis set" in page.text


def test_a_run_with_the_hierarchical_model_shows_how_it_draws_terms_in(study: Study, joined_cut: Cut) -> None:
    request = actions.request_for(study=study, cut_id=joined_cut.id)
    screened = actions.compute(request, by=BY, progress=lambda *told: None)
    said = {"estimate": 1.5, "low": 0.8, "high": 3.0, "posterior": 0.9, "flag": False}
    found = [replace(r, method="berry_berry", **said) for r in screened.rows if r.method == "rd_mn"]
    made = replace(screened, rows=[*screened.rows, *found], methods={**screened.methods, "berry_berry": "1"})
    run = actions.save_run(request=request, screened=made, by=BY)
    client = client_of(study, "dsmb_member")
    here = f"/studies/JOIN/signals/runs/{run.id}/?level=PT&arm=Low+dose&method=berry_berry"
    page = client.get(here)
    told = [[cell["text"] for cell in row["cells"]] for row in page.context["shrinkage"]["table"]["rows"]]
    assert told == [["Headache", "Nervous system disorders", "2/2 (100.0%)", "1/2 (50.0%)", "1.61", "0.41"]]
    assert 'data-chart="shrinkage"' in page.text
    assert "Headache" in client.get(f"{here}&format=csv&what=shrinkage").content.decode()
    hide(client)
    assert "shrinkage" not in client.get(here).text
