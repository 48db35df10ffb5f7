"""Results that tell the arm, in each format of delivery: neither they nor a trace of them are in the open room."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder

from pvtracker.audit.context import Actor, within
from pvtracker.ops.imports.open_half import Order, import_open
from pvtracker.ops.imports.report import ImportRefused
from pvtracker.participants.models import Measurement
from pvtracker.studies.actions import StudyRefused, update_study
from pvtracker.studies.models import Study
from pvtracker.studies.protocol import entry_of, protocol_of, put_protocol
from pvtracker.studies.queries import study_id_of
from tests.deliveries import ARMS, delivery, write
from tests.pure.formats.files import csv_text, json_bytes, json_document, xpt_bytes

pytestmark = pytest.mark.django_db

BY = Actor.process("test")
# What differs between any two loads of the same data.
OWN = {"id", "study_id", "participant_id", "recorded_at", "created_at", "version"}


def results(tested: str) -> list[dict[str, Any]]:
    """Two results of each of two participants; one of them has a closed one between, and numbers run over all."""
    rows = []
    for person in ("S-01", "S-02"):
        analytes = ["ALT", "GENE", "AST"] if person == tested else ["ALT", "AST"]
        for number, analyte in enumerate(analytes, 1):
            row = dict(delivery()["lb"][0])
            value = 98765.0 if analyte == "GENE" else 30.0
            row |= {"USUBJID": person, "LBSEQ": number, "LBTESTCD": analyte, "LBTEST": analyte}
            rows.append({**row, "LBORRES": str(value), "LBSTRESN": value})
    return rows


def delivered(folder: Path, tested: str, format: str) -> Path:
    write(folder)
    (folder / "lb.csv").unlink()
    rows = results(tested)
    if format == "xpt":
        content = xpt_bytes(folder.parent, rows, name="LB")
    elif format == "json":
        content = json_bytes(json_document(rows, name="LB"))
    else:
        content = csv_text(rows).encode()
    (folder / f"lb.{format}").write_bytes(content)
    return folder


def load(folder: Path, code: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The stored results without what is random, in the order of their writing, and the report of the domain."""
    order = Order(folder=folder, study=code, arms=ARMS, revealing=("GENE",))
    told = import_open(order, by=BY, say=lambda text: None)
    assert told["study"]["study"]["revealing_analytes"] == ("GENE",)
    report = told["domains"]["LB"]
    names = [field.attname for field in Measurement._meta.concrete_fields if field.attname not in OWN]
    with within(uuid.UUID(told["study"]["id"])):
        rows = Measurement.objects.filter(study__code=code).order_by("id")
        people = list(rows.values_list("participant__subject", flat=True))
        return [{**row, "who": who} for row, who in zip(rows.values(*names), people, strict=True)], report


@pytest.mark.parametrize("format", ["xpt", "json", "csv"])
def test_whose_result_is_closed_leaves_no_trace_in_the_open_room(tmp_path: Path, format: str) -> None:
    told = []
    for code, tested in (("ONE", "S-01"), ("OTHER", "S-02")):
        (tmp_path / code).mkdir()
        rows, report = load(delivered(tmp_path / code / "in", tested, format), code)
        assert len(rows) == 4 and {row["analyte"] for row in rows} == {"ALT", "AST"}
        assert "98765" not in json.dumps(rows, cls=DjangoJSONEncoder)
        told.append((rows, {name: part for name, part in report.items() if name != "files"}))
    assert told[0] == told[1]


@pytest.mark.parametrize("format", ["xpt", "json", "csv"])
def test_a_second_delivery_changes_nothing(tmp_path: Path, format: str) -> None:
    folder = delivered(tmp_path / "in", "S-01", format)
    load(folder, "TWICE")
    _, report = load(folder, "TWICE")
    assert (report["stored"], report["changed"], report["unchanged"]) == (0, 0, 4)


# --- declared late, with a slip, taken back ---------------------------------------------------------------------------
def test_it_is_too_late_to_declare_what_stands_in_the_open_room(tmp_path: Path) -> None:
    """Neither what stands there nor anything else once results are there: their numbers have the gaps of all rows."""
    folder = delivered(tmp_path / "in", "S-01", "csv")
    told = import_open(Order(folder=folder, study="LATE", arms=ARMS), by=BY, say=lambda text: None)
    with within(uuid.UUID(told["study"]["id"])):
        stood = list(Measurement.objects.order_by("id").values_list("analyte", "source_id"))
    assert ("GENE", "LB-2") in stood
    for analyte in ("GENE", "ALT", "NEW"):
        order = Order(folder=folder, study="LATE", arms=ARMS, revealing=(analyte,))
        with pytest.raises(StudyRefused, match=rf"{analyte}: results of study LATE stand .* code of its own"):
            import_open(order, by=BY, say=lambda text: None)
    with within(uuid.UUID(told["study"]["id"])):
        assert list(Measurement.objects.order_by("id").values_list("analyte", "source_id")) == stood
        assert Study.objects.get(code="LATE").revealing_analytes == []


def test_declared_after_the_participants_and_before_the_first_result(tmp_path: Path) -> None:
    folder = write(tmp_path / "in")
    results_file = (folder / "lb.csv").read_bytes()
    (folder / "lb.csv").unlink()
    first = import_open(Order(folder=folder, study="SOON", arms=ARMS), by=BY, say=lambda text: None)
    assert first["study"]["study"]["revealing_analytes"] == ()
    order = Order(folder=folder, study="SOON", arms=ARMS, revealing=("gene", " later "))
    import_open(
        order, by=BY, say=lambda text: None
    )  # no results are delivered: nothing to compare the codes with
    (folder / "lb.csv").write_bytes(results_file)
    told = import_open(Order(folder=folder, study="SOON", arms=ARMS), by=BY, say=lambda text: None)
    assert told["study"]["study"]["revealing_analytes"] == ("GENE", "LATER")
    with within(uuid.UUID(told["study"]["id"])):
        assert set(Measurement.objects.values_list("analyte", flat=True)) == {"ALT"}


@pytest.mark.parametrize("format", ["xpt", "json", "csv"])
def test_a_slip_in_the_name_stores_nothing(tmp_path: Path, format: str) -> None:
    """A name that no delivered result has would let the results that were meant into the open room for good."""
    folder = delivered(tmp_path / "in", "S-01", format)
    order = Order(folder=folder, study="SLIP", arms=ARMS, revealing=("GEN",))
    with pytest.raises(ImportRefused, match=r"No result of GEN is delivered.* Is GENE meant\?"):
        import_open(order, by=BY, say=lambda text: None)
    assert study_id_of("SLIP") is None


def test_a_declaration_is_not_taken_back(tmp_path: Path) -> None:
    """Not by a delivery that does not name it, not by an older protocol, not by a change of the study."""
    folder = delivered(tmp_path / "in", "S-01", "csv")
    load(folder, "KEPT")
    told = import_open(Order(folder=folder, study="KEPT", arms=ARMS), by=BY, say=lambda text: None)
    with within(uuid.UUID(told["study"]["id"])):
        study = Study.objects.get(code="KEPT")
        with pytest.raises(StudyRefused, match="cannot be changed"):
            update_study(study=study, entry=replace(entry_of(study), revealing_analytes=()), by=BY)
        older = protocol_of(study)
        older["study"]["revealing_analytes"] = []
        older["study"]["title"] = "As it was called"
        put_protocol(older, by=BY, source="test")
        study.refresh_from_db()
        assert (study.title, study.revealing_analytes) == ("As it was called", ["GENE"])
        assert set(Measurement.objects.values_list("analyte", flat=True)) == {"ALT", "AST"}
