"""Tables and pictures of the laboratory pages and of the sites as files, read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from pvtracker.audit.models import AccessRecord
from pvtracker.cuts import closed, data
from pvtracker.cuts.models import Cut
from pvtracker.studies.models import Study
from tests.closed.cuts import folder
from tests.closed.cuts.folder import BY, STUDY_ID, allocate, participant_id, put_cut
from tests.closed.joined import joined_cut, open_storage
from tests.closed.people import client_of
from tests.closed.signals.test_files import read_csv, read_xlsx
from tests.closed.signals.test_laboratory import PAGE
from tests.closed.signals.test_pages import run_of
from tests.closed.signals.test_term import hide

__all__ = ["joined_cut", "open_storage"]
pytestmark = pytest.mark.django_db
ALT = {"analyte": "ALT", "grading": "daids-2.1"}
ANALYTE, EDISH = f"{PAGE}analyte/", f"{PAGE}edish/"
PARTICIPANT = f"{PAGE}participants/{participant_id('S-1')}/"


@pytest.fixture
def client(study: Study) -> Client:
    return client_of(study, "dsmb_member")


def test_numbers_are_numbers_at_full_precision(client: Client) -> None:
    alt = read_xlsx(client, PAGE, "analytes")[0]
    assert alt["Analyte"] == "ALT in blood, U/L" and alt["Participants"] == 4
    assert (alt["New high, Low dose, n"], alt["New high, Low dose, N"], alt["New high, Low dose, %"]) == (
        1,
        2,
        50,
    )
    for read in (read_csv, read_xlsx):
        (line,) = [
            one
            for one in read(client, ANALYTE, "contrasts", **ALT)
            if one["After baseline"] == "grade 3 or more" and one["Arm"] == "Low dose"
        ]
        assert float(line["Estimate: difference, percentage points"]) == 50
        low = float(line["Lower 95 %: difference, percentage points"])
        assert -100 < low < 0 and low != round(low, 1) and 0 < float(line["Fisher’s p"]) <= 1
    assert {"Mean, arm, U/L", "p"} <= set(read_xlsx(client, ANALYTE, "means", **ALT)[0])
    box = read_xlsx(client, ANALYTE, "boxes", **ALT)[0]
    assert isinstance(box["Median, U/L"], int | float) and isinstance(box["Week"], str | int)
    graded = read_xlsx(client, ANALYTE, "grades", **ALT)
    assert {one["Arm"]: one["Grade 3 or more, n"] for one in graded}["Low dose"] == 1


def test_every_table_of_the_pages_is_a_file(client: Client) -> None:
    pages = {
        PAGE: ("analytes",),
        ANALYTE: ("boxes", "means", "contrasts", "shift", "grades", "grade-shift", "outliers", "slopes"),
        EDISH: ("cases", "no-case", "edish", "quadrants"),
        PARTICIPANT: ("course", "beyond"),
    }
    for path, keys in pages.items():
        said = ALT if path == ANALYTE else {}
        page = client.get(path, said).text
        for key in keys:
            assert key == "no-case" or f"what={key}" in page, key
            for form in ("csv", "xlsx", "rtf"):
                assert client.get(path, {**said, "format": form, "what": key}).status_code == 200, key
    case = read_xlsx(client, EDISH, "cases")[0]
    assert (case["Participant"], case["Day of ALT or AST"], case["ALT or AST, × ULN"]) == ("S-1", 15, 6)
    beyond = read_xlsx(client, PARTICIPANT, "beyond")[0]
    assert beyond["Value, unit"] == "U/L" and isinstance(beyond["Upper limit of normal"], int | float)


@pytest.mark.parametrize(
    ("path", "what"), [(ANALYTE, "boxes"), (ANALYTE, "means"), (EDISH, "edish"), (PARTICIPANT, "course")]
)
def test_pictures_are_files_without_an_address(client: Client, path: str, what: str) -> None:
    said = {"format": "svg", "what": what, "analyte": "ALT"}
    first, again = (client.get(path, said) for _ in range(2))
    assert first.status_code == 200 and first.content == again.content
    svg = first.content.decode()
    assert "Cut sha256" in svg and "Room: CLOSED" in svg and "/studies/" not in svg


def test_what_is_hidden_is_in_no_file_and_each_file_is_recorded(client: Client) -> None:
    hide(client)
    before = AccessRecord.objects.filter(kind="export").count()
    for what in ("contrasts", "means", "slopes"):
        line = read_csv(client, ANALYTE, what, **ALT)[0]
        assert not [name for name in line if "95 %" in name or name in ("p", "Flag", "Fisher’s p")], what
    assert "Flag" not in read_csv(client, PAGE, "analytes")[0]
    told = AccessRecord.objects.filter(kind="export").order_by("-id")
    assert told.count() == before + 4
    assert "CSV of slopes; analyte ALT, planned arm" in {one.detail[:39] for one in told[:4]}


def test_an_unknown_key_is_no_page(client: Client) -> None:
    for said in ({"what": "zzz"}, {"format": "csv", "what": "zzz"}, {"format": "doc", "what": "boxes"}):
        for path in (PAGE, ANALYTE, EDISH, PARTICIPANT):
            assert client.get(path, said).status_code == 404, (path, said)


def test_the_sites_are_files_with_numbers(study: Study, joined_cut: Cut, client: Client) -> None:
    run = run_of(study)
    path = f"/studies/JOIN/signals/runs/{run.id}/sites/"
    page: Any = client.get(path)
    for what in ("reporting", "gaps", "late"):
        assert f"what={what}" in page.text
    line = read_xlsx(client, path, "reporting")[0]
    assert isinstance(line["Events"], int) and isinstance(line["Events per year"], float)
    assert line["Events per year"] == pytest.approx(line["Events"] / line["Years"], rel=1e-12)
    assert "Lower 95 %: ratio" in line and "Adjusted p" in line
    gaps = read_csv(client, path, "gaps")[0]
    assert [name for name in gaps if name.endswith(", n")] and gaps["Events"].isdigit()
    assert AccessRecord.objects.filter(kind="export", object_id=str(run.id)).count() == 2
    hide(client)
    hidden = read_csv(client, path, "reporting")[0]
    assert "Estimate: ratio" in hidden and not [n for n in hidden if "95" in n or n in ("Adjusted p", "Look")]
    assert client.get(path, {"format": "svg", "what": "reporting"}).status_code == 404


@pytest.mark.parametrize(
    ("path", "said", "expected"),
    [
        (ANALYTE, {"analyte": "ALT"}, {"ALT"}),
        (EDISH, {}, {"ALT", "BILI"}),
        (ANALYTE, {"analyte": "NONE"}, set()),
        (PAGE, {}, {"ALT", "BILI", "SODIUM"}),
    ],
)
def test_a_page_reads_the_measurements_of_its_own_analytes(
    open_storage: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    said: dict[str, str],
    expected: set[str],
) -> None:
    """Counted where rows become a frame; what the page shows is the same."""
    plain = folder.rows

    def with_sodium(study_id: str) -> dict[str, list[dict[str, Any]]]:
        given = plain(study_id)
        sodium = [
            {**folder.measured("S-2", "ALT", 140.0, "2026-01-15", 900 + n), "analyte": "SODIUM"}
            for n in range(50)
        ]
        return {**given, "measurements": [*given["measurements"], *sodium]}

    monkeypatch.setattr(folder, "rows", with_sodium)
    put_cut(open_storage)
    closed.receive_cuts(by=BY)
    study = Study.objects.get(id=STUDY_ID)
    allocate(study)
    closed.receive_cuts(by=BY)
    reader = client_of(study, "dsmb_member")
    reader.get(PAGE)
    read, made = set(), []
    frame = data.frame_from

    def counting(table: Any) -> Any:
        if "value_text" in table.column_names:
            read.update(table["analyte"].to_pylist())
            made.append(len(table))
        return frame(table)

    monkeypatch.setattr(data, "frame_from", counting)
    assert reader.get(path, said).status_code == (200 if expected else 404)
    assert read == expected and (sum(made) >= 50) == ("SODIUM" in expected)
