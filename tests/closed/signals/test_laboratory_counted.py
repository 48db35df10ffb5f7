"""Each number of the laboratory pages opens to the participants whom it counts: as many as it says, recorded as a look,
in files, of this study alone."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from pvtracker.allocation.actions import store_allocations
from pvtracker.audit.models import AccessRecord
from pvtracker.cuts import closed
from pvtracker.cuts.models import Cut
from pvtracker.formats.records import AllocationRecord
from pvtracker.signals import laboratory_counted_views
from pvtracker.studies.actions import StudyEntry, create_study
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY, PEOPLE, STUDY_ID, participant_id, put_cut
from tests.closed.joined import joined_cut, open_storage
from tests.closed.people import client_of, person_of, signed_in
from tests.closed.signals.test_files import read_csv, read_xlsx
from tests.closed.signals.test_laboratory import PAGE, fact, persistence
from tests.small_cut import ARMS

__all__ = ["joined_cut", "open_storage", "persistence"]
pytestmark = pytest.mark.django_db
COUNTED = f"{PAGE}counted/"
NUMBER = re.compile(r'<a href="([^"]*/laboratory/counted/\?[^"]*)">([^<]*)</a>')
NEW_HIGH = {"analyte": "ALT", "count": "above the limit", "arm": "Low dose"}


@pytest.fixture
def crossed(open_storage: Path) -> Study:
    """A study with a joined cut in which S-2 was given placebo instead of the low dose."""
    put_cut(open_storage)
    closed.receive_cuts(by=BY)
    study = Study.objects.get(id=STUDY_ID)
    names = {code: name for code, name, _ in ARMS}
    given = {subject: (arm, "PBO" if subject == "S-2" else arm) for subject, arm in PEOPLE.items() if arm}
    records = [
        AllocationRecord(1, subject, planned, names[planned], actual, names[actual])
        for subject, (planned, actual) in given.items()
    ]
    store_allocations(study=study, records=records, by=BY, source="test")
    closed.receive_cuts(by=BY)
    return study


def listed(page: Any) -> list[str]:
    """The participants of the list, each with a link to their laboratory."""
    assert page.status_code == 200
    found = re.findall(
        r'<th scope="row" class=""><a href="[^"]*/laboratory/participants/[^"]*">([^<]*)<', page.text
    )
    return list(dict.fromkeys(found))


def opened(client: Client, address: str) -> dict[str, tuple[str, list[str]]]:
    """Of each number of a page by its address: what it says, and whom it opens to."""
    page = client.get(address)
    return {
        html.unescape(at): (said, listed(client.get(html.unescape(at))))
        for at, said in NUMBER.findall(page.text)
    }


@pytest.mark.parametrize(("arm", "alone"), [("planned", []), ("actual", ["S-2"])])
def test_every_number_opens_to_as_many_as_it_says(crossed: Study, arm: str, alone: list[str]) -> None:
    client = client_of(crossed, "dsmb_member")
    said = f"analysis_arm={arm}&grading=daids-2.1"
    numbers = {
        at: of
        for page in (f"analyte/?analyte=ALT&{said}", f"?{said}", f"edish/?{said}")
        for at, of in opened(client, f"{PAGE}{page}").items()
    }
    assert len(numbers) >= 20
    assert {at: of for at, of in numbers.items() if int(of[0].split("/")[0]) != len(of[1])} == {}
    assert all(f"analysis_arm={arm}" in at for at in numbers)
    below = [of for at, of in numbers.items() if "below+both" in at and "arm=Placebo" in at]
    assert below == [(f"{2 + len(alone)}/{2 + len(alone)} (100.0%)", [*alone, "S-3", "S-4"])]
    (high,) = {tuple(of[1]) for at, of in numbers.items() if "above+the+limit" in at}
    assert high == ("S-1",)
    graded = [of[1] for at, of in numbers.items() if "grade+3+or+more" in at]
    assert graded and graded == [["S-1"]] * len(graded)


def test_the_list_tells_the_values_that_put_them_there_and_is_a_look(study: Study, joined_cut: Cut) -> None:
    account = person_of(study, "dsmb_member")
    client = signed_in(account, study)
    page = client.get(COUNTED, NEW_HIGH)
    assert listed(page) == ["S-1"] and fact(page, "Participants") == "1/2 (50.0%)"
    assert "ALT in blood: above the limit, after baseline" in page.text and "shift-table.md" in page.text
    (row,) = read_csv(client, COUNTED, "counted", **NEW_HIGH)
    assert (row["Participant"], row["Arm"], row["Day"], row["Visit"]) == ("S-1", "Low dose", "15", "Week 2")
    assert (row["Baseline, U/L"], row["Value"], row["Upper limit of normal"]) == ("20.0", "240.0", "40.0")
    assert (row["Range at baseline"], row["Range"], row["Such values"]) == ("normal", "high", "1")
    (peaks,) = read_xlsx(client, COUNTED, "counted", count="quadrant", quadrant="Hy’s law quadrant")
    assert (peaks["ALT or AST, × ULN"], peaks["Day of bilirubin"]) == (6, 15)
    first, second, third = AccessRecord.objects.filter(actor=str(account.id)).order_by("id")
    number = "analyte ALT, above the limit, after baseline, Low dose"
    what = f"participants counted, {number}, planned arm, cut {joined_cut.id}"
    assert (first.kind, first.object_kind, first.detail) == ("look", "laboratory", what)
    assert (second.kind, second.detail) == ("export", f"CSV of counted; {what}")
    assert third.detail.startswith(
        "XLSX of counted; participants counted, eDISH, Hy’s law quadrant, every arm"
    )


def test_a_long_list_has_pages_and_its_file_has_all(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laboratory_counted_views, "PER_PAGE", 3)
    client = client_of(study, "dsmb_member")
    assert listed(client.get(COUNTED)) == ["S-3", "S-4", "S-1"]  # the arms in the protocol's order
    assert listed(client.get(COUNTED, {"page": "2"})) == ["S-2"]
    assert len(read_csv(client, COUNTED, "counted", page="2")) == 4


def test_a_number_of_another_study_or_of_nothing_is_not_found(study: Study, joined_cut: Cut) -> None:
    account = person_of(study, "dsmb_member")
    client = signed_in(account, study)
    other = create_study(entry=StudyEntry(code="OTHER", title="Another trial"), by=BY)
    elsewhere = client_of(other, "dsmb_member")
    away = f"/studies/OTHER/laboratory/counted/?cut={joined_cut.id}&analyte=ALT"
    assert client.get(away).status_code == 404
    assert elsewhere.get(away).status_code == 404
    nothing: list[dict[str, str]] = [
        {"cut": participant_id("S-1")},
        {"cut": "no cut"},
        {"analysis_arm": "x"},
        {"grading": "x"},
        {"count": "everybody"},
        {"quadrant": "below both"},
        {"count": "quadrant"},
    ]
    assert [client.get(COUNTED, asked).status_code for asked in nothing] == [404] * len(nothing)
    assert not AccessRecord.objects.filter(actor=str(account.id)).exists()
    for asked in ({"analyte": "NONE"}, {**NEW_HIGH, "arm": "Another"}):
        assert client.get(COUNTED, asked).status_code == 404


def test_an_analyte_that_tells_the_arm_opens_to_who_has_a_number(persistence: Study) -> None:
    client = client_of(persistence, "dsmb_member")
    shown = opened(client, f"{PAGE}analyte/?analyte=GENE")
    week = [at for at in shown if "week=2" in at and "Low+dose" in at]
    assert week and list(shown) == week and shown[week[0]][1] == ["S-1", "S-2"]
    assert fact(client.get(week[0]), "Participants") == "2/2 (100.0%)"
    assert [of for at, of in opened(client, PAGE).items() if "GENE" in at] == [("2", ["S-1", "S-2"])]
    rows = read_csv(client, COUNTED, "counted", analyte="GENE", count="number", week="2")
    assert [(row["Participant"], row["Value"], row["Day"]) for row in rows] == [
        ("S-1", "120.0", "15"),
        ("S-2", "80.0", "15"),
    ]
