"""The wall at import: nothing that the open half returns, or says, holds an arm."""

from dataclasses import replace
from typing import Any

import pytest

from pvtracker.formats import Table, csv_table, dataset_json, xpt
from pvtracker.formats.sdtm import CLOSED_COLUMNS, OPEN_COLUMNS, closed_domains, closed_records, open_records
from pvtracker.formats.tables import ColumnChoice
from tests.pure.formats.files import csv_text, json_bytes, json_document, xpt_bytes

SECRETS = (
    "VECTORARM",
    "VECTORCODE",
    "ACTUALARM",
    "ACTUALCODE",
    "SECRETDRUG",
    "SECRETUNIT",
    "98765",
    "COPIES",
)
DM: list[dict[str, Any]] = [
    {
        "DOMAIN": "DM", "USUBJID": "S-01", "SITEID": "701", "AGE": 63.0,
        "ARMCD": "VECTORCODE", "ARM": "VECTORARM",
        "ACTARMCD": "ACTUALCODE", "ACTARM": "ACTUALARM", "TRT01P": "VECTORARM", "ARMNRS": "",
    },
    {
        "DOMAIN": "DM", "USUBJID": "S-02", "SITEID": "701", "AGE": 50.0,
        "ARMCD": "Scrnfail", "ARM": "Screen Failure",
        "ACTARMCD": "Scrnfail", "ACTARM": "Screen Failure", "TRT01P": "", "ARMNRS": "",
    },
    {
        "DOMAIN": "DM", "USUBJID": "S-03", "SITEID": "701", "AGE": 41.0,
        "ARMCD": "", "ARM": "", "ACTARMCD": "",
        "ACTARM": "", "TRT01P": "", "ARMNRS": "SCREEN FAILURE",
    },
]  # fmt: skip
EX: list[dict[str, Any]] = [
    {
        "DOMAIN": "EX", "USUBJID": "S-01", "EXSEQ": 1.0, "EXTRT": "SECRETDRUG", "EXDOSE": 98765.0,
        "EXDOSU": "SECRETUNIT",
        "EXDOSFRM": "SECRETDRUG", "EXLOT": "SECRETDRUG", "EXSTDTC": "2026-01-02", "EXENDTC": "2026-01-03",
    }
]  # fmt: skip
LB: list[dict[str, Any]] = [
    {
        "DOMAIN": "LB",
        "USUBJID": "S-01",
        "LBSEQ": 1.0,
        "LBTESTCD": "ALT",
        "LBORRES": "30",
        "LBDTC": "2026-01-02",
    },
    {
        "DOMAIN": "LB",
        "USUBJID": "S-01",
        "LBSEQ": 2.0,
        "LBTESTCD": "VCN",
        "LBORRES": "COPIES",
        "LBDTC": "2026-01-02",
    },
]
ANALYTES = frozenset({"VCN"})


@pytest.fixture(params=["xpt", "csv", "json"])
def files(request: pytest.FixtureRequest, tmp_path: Any) -> Any:
    """A function that reads the three domains, as one format, with a choice of columns."""

    def read(choice: ColumnChoice | None) -> dict[str, list[Table]]:
        options = () if choice is None else (choice,)
        found = {}
        for name, rows in (("DM", DM), ("EX", EX), ("LB", LB)):
            if request.param == "xpt":
                found[name] = [xpt.read_table(xpt_bytes(tmp_path, rows, name=name), *options)]
            elif request.param == "csv":
                found[name] = [csv_table.read_table(csv_text(rows).encode(), *options)]
            else:
                found[name] = [dataset_json.read_table(json_bytes(json_document(rows, name=name)), *options)]
        return found

    return read


def test_the_open_reading_never_makes_an_arm_column_into_values(files: Any) -> None:
    tables = files(OPEN_COLUMNS)
    shown = repr({name: tables[name] for name in ("DM", "EX")})
    for secret in (*SECRETS, "EXTRT", "EXDOSE", "ARMCD", "ACTARM", "TRT01P"):
        assert secret not in shown, secret
    assert tables["DM"][0].values["SCREEN_FAILURE"] == ["N", "Y", "Y"]


@pytest.mark.parametrize("choice", [OPEN_COLUMNS, None])
def test_no_secret_is_reachable_from_the_open_records(files: Any, choice: ColumnChoice | None) -> None:
    records = open_records(files(choice), revealing_analytes=ANALYTES, intervention="Infusion")
    shown = repr(records)
    assert not [secret for secret in SECRETS if secret in shown]
    assert [person.screen_failure for person in records.participants] == [False, True, True]
    assert [exposure.intervention for exposure in records.exposures] == ["Infusion"]
    assert [record.analyte for record in records.measurements] == ["ALT"]


def test_both_ways_of_reading_give_the_same_open_records(files: Any) -> None:
    narrow = open_records(files(OPEN_COLUMNS), revealing_analytes=ANALYTES)
    assert narrow == open_records(files(None), revealing_analytes=ANALYTES)


@pytest.mark.parametrize("choice", [CLOSED_COLUMNS, None])
def test_the_closed_half_takes_what_the_open_half_left(files: Any, choice: ColumnChoice | None) -> None:
    records = closed_records(files(choice), revealing_analytes=ANALYTES)
    [allocation] = records.allocations
    assert (allocation.participant, allocation.planned_code, allocation.planned) == (
        "S-01", "VECTORCODE", "VECTORARM"
    )  # fmt: skip
    assert (allocation.actual_code, allocation.actual) == ("ACTUALCODE", "ACTUALARM")
    [treatment] = records.treatments
    assert (treatment.treatment, treatment.dose, treatment.unit) == ("SECRETDRUG", 98765.0, "SECRETUNIT")
    [hidden] = records.measurements
    assert (hidden.measurement.analyte, hidden.measurement.value_text) == ("VCN", "COPIES")
    assert [(count.domain, count.rows, count.records, count.left_out) for count in records.counts] == [
        ("DM", 3, 1, 2),
        ("EX", 1, 1, 0),
        ("LB", 2, 1, 1),
    ]


def test_both_halves_name_an_exposure_alike(files: Any) -> None:
    left, right = open_records(files(None)).exposures, closed_records(files(None)).treatments
    assert [(row.participant, row.source_id) for row in left] == [
        (row.participant, row.source_id) for row in right
    ]


def test_the_closed_half_reads_no_domain_that_holds_nothing_for_it() -> None:
    assert closed_domains() == ("DM", "EX")
    assert closed_domains(ANALYTES) == ("DM", "EX", "LB", "VS")


def test_an_unreadable_arm_value_is_not_quoted_in_the_open_half() -> None:
    broken = json_document(EX, name="EX")
    broken["rows"][0][4] = "SECRETDOSE"
    everything = dataset_json.read_table(json_bytes(broken))
    assert "SECRETDOSE" in everything.refused[0].message
    assert "SECRETDOSE" not in repr(open_records({"EX": [everything]}))
    narrow = dataset_json.read_table(json_bytes(broken), OPEN_COLUMNS)
    assert narrow.refused == (), "the open half does not read the dose, so it cannot trip over it"


def test_a_dose_that_cannot_be_read_is_refused_in_the_closed_half_only() -> None:
    table = csv_table.read_table(csv_text([EX[0] | {"EXDOSE": "much"}]).encode())
    assert len(open_records({"EX": [table]}).exposures) == 1
    [refused] = closed_records({"EX": [table]}).refused
    assert (refused.rule, refused.column) == ("number", "EXDOSE")


@pytest.mark.parametrize("format", ["xpt", "csv", "json"])
def test_whose_result_is_closed_cannot_be_told_from_the_numbers_of_the_open_ones(
    format: str, tmp_path: Any
) -> None:
    """The assay done for one participant or for the other: the open half is the same but for places in the file."""

    def delivered(tested: str) -> list[dict[str, Any]]:
        rows = []
        for person in ("S-01", "S-02"):
            analytes = ["ALT", "VCN", "AST"] if person == tested else ["ALT", "AST"]
            for number, analyte in enumerate(analytes, 1):
                row = {**LB[0], "USUBJID": person, "LBSEQ": float(number), "LBTESTCD": analyte}
                rows.append({**row, "LBORRES": "COPIES" if analyte == "VCN" else "30"})
        return rows

    def read(rows: list[dict[str, Any]]) -> Table:
        if format == "xpt":
            return xpt.read_table(xpt_bytes(tmp_path, rows, name="LB"), OPEN_COLUMNS)
        if format == "csv":
            return csv_table.read_table(csv_text(rows).encode(), OPEN_COLUMNS)
        return dataset_json.read_table(json_bytes(json_document(rows, name="LB")), OPEN_COLUMNS)

    halves = [
        open_records({"LB": [read(delivered(tested))]}, revealing_analytes=ANALYTES)
        for tested in ("S-01", "S-02")
    ]
    told = [[replace(record, row=0) for record in half.measurements] for half in halves]
    assert told[0] == told[1] and len(told[0]) == 4
    assert [record.source_id for record in told[0]] == ["LB-1", "LB-2", "LB-1", "LB-2"]
    assert halves[0].counts == halves[1].counts
