"""The laboratory pages: Hy's law first, numbers by arm, closed analytes, and every look recorded."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client

from pvtracker.allocation.actions import store_revealing_measurements
from pvtracker.audit.models import AccessRecord
from pvtracker.cuts import closed
from pvtracker.cuts.models import Cut
from pvtracker.formats.records import MeasurementRecord, RevealingMeasurementRecord
from pvtracker.signals import actions, laboratory, laboratory_courses, laboratory_detail, laboratory_model
from pvtracker.signals.laboratory_model import Weeks
from pvtracker.studies.actions import StudyEntry, create_study
from pvtracker.studies.models import Study
from tests.closed.cuts import folder
from tests.closed.cuts.folder import BY, STUDY_ID, allocate, participant_id, put_cut
from tests.closed.joined import joined_cut, open_storage
from tests.closed.people import client_of, person_of, signed_in
from tests.hiv_laboratory import hiv_laboratory

__all__ = ["joined_cut", "open_storage"]
pytestmark = pytest.mark.django_db
PAGE = "/studies/JOIN/laboratory/"


def rows_of(page: Any, caption: str) -> list[list[str]]:
    """The cells of the table with this caption."""
    part = page.text.split(f"<caption>{caption}")[1].split("</table>")[0]
    body = part.split("<tbody>")[1]
    rows = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    return [
        [re.sub(r"<[^>]*>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
        for row in rows
    ]


def spec_of(page: Any, name: str) -> dict[str, Any]:
    found = re.search(rf'<script id="{name}" type="application/json">(.*?)</script>', page.text, re.DOTALL)
    assert found
    spec: dict[str, Any] = json.loads(found[1])
    return spec


@pytest.fixture
def client(study: Study) -> Client:
    return client_of(study, "dsmb_member")


def test_a_possible_case_stands_first_and_opens_its_participant(client: Client) -> None:
    page = client.get(f"{PAGE}edish/")
    ((*case, _alp, at_baseline),) = [
        row for row in rows_of(page, "Possible cases of Hy’s law") if len(row) == 8
    ]
    assert case == ["S-1", "Low dose", "15", "6.00", "15", "4.50"] and at_baseline == "0.50"
    assert "Alkaline phosphatase was not measured" in page.text
    assert '<input type="hidden" name="grading"' in page.text, "nothing is graded here; the choice is kept"
    assert page.text.index("Possible cases of Hy’s law") < page.text.index("Peaks of each participant")
    (points,) = [layer for layer in spec_of(page, "edish")["layer"] if "href" in layer["encoding"]]
    by_subject = {value["subject"]: value for value in points["data"]["values"]}
    assert set(by_subject) == {"S-1", "S-2", "S-3", "S-4"}
    assert by_subject["S-1"]["transaminase"] == 6.0 and by_subject["S-1"]["bilirubin"] == 4.5
    opened = client.get(by_subject["S-1"]["url"])
    assert opened.status_code == 200 and "S-1" in opened.text and "Low dose" in opened.text
    assert ["2026-01-15", "15", "6.00", "4.50"] in rows_of(opened, "Liver tests")
    beyond = rows_of(opened, "Values beyond")
    assert [row[0] for row in beyond] == ["ALT in blood", "BILI in blood"]
    quadrants = {row[0]: row[1:] for row in rows_of(page, "Quadrants by arm")}
    assert quadrants["Hy’s law quadrant"][:2] == ["0/2 (0.0%)", "1/2 (50.0%)"]


def fact(page: Any, label: str) -> str:
    """What the page states under a label."""
    found = re.search(rf"<dt[^>]*>{label}</dt>\s*<dd[^>]*>(.*?)</dd>", page.text, re.DOTALL)
    assert found, label
    return re.sub(r"<[^>]*>", "", found[1]).strip()


def test_what_has_no_number_or_stands_at_a_limit_is_told(
    open_storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = folder.rows
    texts = [
        {**folder.measured("S-2", "ALT", 0.0, "2026-01-15", 90 + n), "value": None, "value_text": text}
        for n, text in enumerate(("haemolysed", ">5000"))
    ]

    def with_texts(study_id: str) -> dict[str, list[dict[str, Any]]]:
        given = plain(study_id)
        return {**given, "measurements": [*given["measurements"], *texts]}

    monkeypatch.setattr(folder, "rows", with_texts)
    put_cut(open_storage)
    closed.receive_cuts(by=BY)
    study = Study.objects.get(id=STUDY_ID)
    allocate(study)
    closed.receive_cuts(by=BY)
    reader = client_of(study, "dsmb_member")
    edish, alt, bili = (
        reader.get(f"{PAGE}{page}") for page in ("edish/", "analyte/?analyte=ALT", "analyte/?analyte=BILI")
    )
    for page, expected in ((reader.get(PAGE), "1"), (edish, "1"), (alt, "1"), (bili, "0")):
        assert fact(page, "Results without a number, left out") == expected
    assert fact(edish, "Above a limit of the method, counted at it") == "1"
    assert (
        fact(alt, "Above a limit, counted at it") == "1" and fact(bili, "Above a limit, counted at it") == "0"
    )
    assert "125.00" in edish.text and "such as “&gt;5000” as 5000" in alt.text.replace(
        "“>5000”", "“&gt;5000”"
    )


def test_the_list_counts_participants_by_arm(client: Client) -> None:
    page = client.get(PAGE)
    (alt, bili) = rows_of(page, "Laboratory and vital signs")
    # new high in placebo, low and high dose; new low; outliers
    assert (
        alt[:6] == ["ALT in blood, U/L", "", "4", "0/2", "1/2", "0/0"] and bili[0] == "BILI in blood, umol/L"
    )
    assert "Outliers: values of all arms beyond Tukey’s outer fences" in page.text
    assert "analyte=ALT" in page.text and "Grade ≥3" not in rows_of(page, "Laboratory")[0]


def test_the_page_of_an_analyte_has_shift_grades_and_what_lies_far_out(client: Client) -> None:
    page = client.get(f"{PAGE}analyte/", {"analyte": "ALT", "grading": "daids-2.1"})
    assert '<h2 id="outliers">' in page.text
    shift = rows_of(page, "Shift of the range")
    assert [
        "Low dose",
        "normal",
        "2/2",
        "0/2 (0.0%)",
        "1/2 (50.0%)",
        "1/2 (50.0%)",
        "0/2 (0.0%)",
        "0",
    ] in shift
    assert ["Low dose", "missing", "0/2", "0/0", "0/0", "0/0", "0/0", "0"] in shift  # a row of its own
    grades = rows_of(page, "Participants by worst grade")
    low_dose = next(row for row in grades if row[0] == "Low dose")
    assert (
        low_dose[1] == "2/2" and low_dose[-1] == "1/2 (50.0%)" and low_dose[5] == "1/2 (50.0%)"
    )  # 6 × ULN: grade 3
    compared = next(
        row for row in rows_of(page, "Participants beyond") if row[:2] == ["grade 3 or more", "Low dose"]
    )
    assert compared[2:4] == ["1/2 (50.0%)", "0/2 (0.0%)"] and compared[4].startswith("50.0 [")
    values = spec_of(page, "boxes")["data"]["values"]
    assert {(one["week"], one["arm"], one["n"]) for one in values} >= {
        ("2", "Low dose", 2),
        ("0", "Placebo", 2),
    }
    assert "Means over the weeks" in page.text and "How it is computed" in page.text
    without = client.get(f"{PAGE}analyte/", {"analyte": "ALT", "grading": "none"})
    assert "Worst grades" not in without.text and "Shift of the range" in without.text


@pytest.mark.parametrize(
    "asked",
    [{"analyte": "NONE"}, {"analyte": "ALT' or 1=1"}],
)
def test_an_analyte_that_is_not_there_is_not_found(client: Client, asked: dict[str, str]) -> None:
    assert client.get(f"{PAGE}analyte/", asked).status_code == 404


@pytest.mark.parametrize(
    "asked", [{"cut": "no cut"}, {"analysis_arm": "x"}, {"grading": "x", "cut": STUDY_ID}]
)
def test_a_choice_that_does_not_exist_falls_back(client: Client, asked: dict[str, str]) -> None:
    page = client.get(PAGE, asked)
    assert page.status_code == 200 and "Planned: as randomised" in page.text


def test_another_s_participant_is_not_found(study: Study, client: Client) -> None:
    screened_only = f"{PAGE}participants/{participant_id('S-5')}/"
    assert client.get(screened_only).status_code == 404
    other = create_study(entry=StudyEntry(code="OTHER", title="Another trial"), by=BY)
    address = f"/studies/OTHER/laboratory/participants/{participant_id('S-1')}/"
    assert "S-1" not in client_of(other, "dsmb_member").get(address).text


def test_a_look_says_at_what(study: Study, joined_cut: Cut) -> None:
    account = person_of(study, "dsmb_member")
    reader = signed_in(account, study)
    reader.get(f"{PAGE}analyte/", {"analyte": "BILI"})
    reader.get(f"{PAGE}participants/{participant_id('S-2')}/")
    told = list(AccessRecord.objects.filter(actor=str(account.id)).order_by("id"))
    assert [one.detail for one in told] == [
        f"{what}, planned arm, cut {joined_cut.id}" for what in ("analyte BILI", "one participant")
    ]
    assert told[1].object_id == participant_id("S-2") and {one.object_kind for one in told} == {"laboratory"}


def test_before_a_cut_the_page_says_what_to_do() -> None:
    study = create_study(entry=StudyEntry(code="EMPTY", title="A trial without a cut"), by=BY)
    reader = client_of(study, "dsmb_member")
    for page in ("", "edish/", "analyte/"):
        answer = reader.get(f"/studies/EMPTY/laboratory/{page}")
        assert answer.status_code == 200 and "being frozen in the open room" in answer.text


@pytest.fixture
def persistence(open_storage: Path) -> Study:
    """A cut of a study with an analyte that tells the arm."""
    settings = {
        "analysis_arm": "planned",
        "emergent_window_days": None,
        "severity_scale": "daids-2.1",
        "revealing_analytes": ["GENE"],
    }
    put_cut(open_storage, settings=settings)
    closed.receive_cuts(by=BY)
    study = Study.objects.get(id=STUDY_ID)
    allocate(study)
    given = (
        ("S-1", 120.0, ""),
        ("S-2", 80.0, ""),
        ("S-3", None, "NOT DETECTED"),
        ("S-4", None, "NOT DETECTED"),
    )
    records = [
        RevealingMeasurementRecord(
            MeasurementRecord(
                row=1,
                participant=subject,
                source_id="LB-9",
                domain="LB",
                category="HIV",
                analyte="GENE",
                name="Gene in blood cells",
                value_text=text or f"{value:g}",
                unit_text="copies",
                value=value,
                unit="copies",
                low=None,
                high=None,
                visit="Week 2",
                taken_on="2026-01-15",
                not_done=False,
            )
        )
        for subject, value, text in given
    ]
    store_revealing_measurements(study=study, records=records, by=BY, source="test")
    closed.receive_cuts(by=BY)
    return study


def test_an_analyte_that_tells_the_arm_is_listed_apart_with_who_has_it(persistence: Study) -> None:
    reader = client_of(persistence, "dsmb_member")
    page = reader.get(PAGE)
    assert rows_of(page, "Closed analytes") == [["Gene in blood cells", "GENE", "copies", "2", "2"]]
    assert "Gene in blood" not in page.text.split("Closed analytes")[0]
    shown = reader.get(f"{PAGE}analyte/", {"analyte": "GENE"})
    assert "This analyte tells the arm" in shown.text
    assert rows_of(shown, "Participants with a number") == [
        ["2", "Placebo", "0/2 (0.0%)", "–", "–", "–", "NOT DETECTED"],
        ["2", "Low dose", "2/2 (100.0%)", "80", "100", "120", "–"],
    ]


def test_the_share_with_a_number_is_told_with_exact_limits(persistence: Study) -> None:
    shown = client_of(persistence, "dsmb_member").get(f"{PAGE}analyte/", {"analyte": "GENE"})
    (row,) = rows_of(shown, "Share with a number by week")
    assert row[:3] == ["2", "Low dose", "2/2 (100.0%) [15.8, 100.0]"] and row[3] == "0/2 (0.0%) [0.0, 84.2]"


def test_what_is_inferred_can_be_hidden(study: Study, client: Client) -> None:
    address = f"{PAGE}analyte/?analyte=ALT&grading=daids-2.1"
    before = client.get(address)
    client.post("/studies/JOIN/signals/inference/", {"shown": "no", "next": address})
    after = client.get(address)
    assert "Fisher’s p" in before.text and "Fisher’s p" not in after.text
    compared = rows_of(after, "Participants beyond")
    assert all(len(row) == 5 and "[" not in row[4] for row in compared)
    means = spec_of(after, "means")["data"]["values"]
    assert means and all(value["low"] is None for value in means)
    assert any(value["low"] is not None for value in spec_of(before, "means")["data"]["values"])
    assert "Flag" not in client.get(PAGE).text.split("Definitions")[0]


def test_a_viral_load_is_compared_on_logarithms_and_by_a_model_when_asked() -> None:
    """The numbers of the page of an HIV trial: geometric means, area, mixed model."""
    lab = hiv_laboratory()
    by_key = {one.key: one for one in every_section(lab)}
    assert list(by_key) == ["means", "areas", "model"]
    first = by_key["means"].table["rows"][0]["cells"]
    values = laboratory_courses.weekly(lab)
    week = values[values["week"] == float(first[0]["text"])]
    log = {arm: np.log10(week.loc[week["arm"] == arm, "value"]).mean() for arm in (0, 1)}
    assert float(first[3]["text"].replace(",", "")) == pytest.approx(10 ** log[1], rel=1e-3)
    assert float(first[6]["text"].split(" ")[0]) == pytest.approx(10 ** (log[1] - log[0]), rel=1e-3)
    assert by_key["areas"].table["rows"][0]["cells"][0]["text"] == "0–12"
    assert {row["cells"][0]["text"] for row in by_key["model"].table["rows"]} == {"4", "8", "12"}
    assert "participants of both arms, covariance" in by_key["model"].table["note"]


def every_section(lab: laboratory.Laboratory) -> list[laboratory_courses.Section]:
    model = laboratory_model.section(lab, Weeks(), inference=True)
    return [*laboratory_courses.sections(lab, inference=True), *([model] if model else [])]


@pytest.mark.parametrize("code", ["HIVRNA", "CD4"])
def test_a_value_beyond_all_measure_takes_its_sections_away_and_no_more(code: str) -> None:
    lab = hiv_laboratory()
    value = lab.values["value"].where(lab.values.index != 3, 1e13)
    odd = replace(
        lab,
        values=lab.values.assign(value=value, analyte=code),
        analytes=(replace(lab.analytes[0], code=code),),
    )
    found = every_section(odd)
    assert [one.key for one in found] == ["means", "areas", "model"]
    assert all(not one.table["rows"] and "must lie within ±1e+12" in one.table["empty"] for one in found)
    laboratory_detail.detail(odd)  # the rest of the page


def altered(joined_cut: Cut, closed_storage: Path) -> None:
    """The closed file of the participants is no longer what was sealed."""
    path = closed_storage / "cuts" / str(joined_cut.id) / "participants.parquet.sealed"
    path.chmod(0o600)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))


@pytest.mark.parametrize("page", ["", "analyte/?analyte=ALT", "edish/", "participants/{}/"])
def test_a_cut_that_cannot_be_read_is_told_and_the_look_is_kept(
    page: str, study: Study, joined_cut: Cut, closed_storage: Path
) -> None:
    altered(joined_cut, closed_storage)
    account = person_of(study, "dsmb_member")
    answer = signed_in(account, study).get(f"{PAGE}{page.format(participant_id('S-1'))}")
    said = f"The closed file of participants of cut {joined_cut.id} cannot be opened."
    assert answer.status_code == 409 and said in answer.text
    looks = AccessRecord.objects.filter(actor=str(account.id)).count()
    assert looks == (0 if page.startswith("participants") else 1)  # whether they are there is asked before


def test_the_term_and_the_participants_of_a_run_tell_it_too(
    study: Study, joined_cut: Cut, closed_storage: Path
) -> None:
    request = actions.request_for(study=study, cut_id=joined_cut.id)
    screened = actions.compute(request, by=BY, progress=lambda *told: None)
    model = [
        replace(row, method="berry_berry", posterior=0.9, flag=False)
        for row in screened.rows
        if row.method == "rd_mn"
    ]
    made = replace(screened, rows=[*screened.rows, *model], methods={**screened.methods, "berry_berry": "1"})
    run = actions.save_run(request=request, screened=made, by=BY)
    altered(joined_cut, closed_storage)
    reader = client_of(study, "dsmb_member")
    row = run.results.filter(level="PT", method="rd_mn", arm="Low dose")[0]
    said = f"The closed file of participants of cut {joined_cut.id} cannot be opened."
    for page in (f"rows/{row.id}/", f"rows/{row.id}/participants/"):
        answer = reader.get(f"/studies/JOIN/signals/{page}")
        assert answer.status_code == 409 and said in answer.text, page
    of_run = reader.get(f"/studies/JOIN/signals/runs/{run.id}/", {"method": "berry_berry", "level": "PT"})
    assert of_run.status_code == 200 and said in of_run.text and "Headache" in of_run.text
