"""The closed half of `import_study`: who received what, planned and actual; the report counts no arm."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pvtracker.allocation.actions import AllocationRefused, record_simulation
from pvtracker.allocation.models import Allocation, RevealingMeasurement, Simulation, Treatment
from pvtracker.audit.context import Actor
from pvtracker.ops.imports.closed_half import Order, arm_names, import_closed
from pvtracker.studies.actions import StudyEntry, StudyRefused, create_study
from pvtracker.studies.models import Arm, ProtocolVersion, Study
from pvtracker.studies.queries import study_ids
from tests.deliveries import ARM_WORDS, ARMS, delivery, write
from tests.pure.formats.files import csv_text, json_bytes, json_document, xpt_bytes
from tests.shared import shared_path

pytestmark = pytest.mark.django_db

BY = Actor.process("test")
CODE = "IMPORT-1"
STUDY_ID = uuid.UUID("6b1a2c4e-0000-4000-8000-000000000001")


def protocol(*, revealing: tuple[str, ...] = (), study_id: uuid.UUID = STUDY_ID) -> dict[str, Any]:
    """As the open child tells it."""
    return {
        "id": str(study_id),
        "study": {"code": CODE, "title": "A study", "revealing_analytes": list(revealing)},
        "arms": [{"code": c, "name": name, "is_reference": c == "DUM"} for c, name in ARMS.items()],
        "versions": [{"number": "1.0", "approved_on": "2025-11-30"}],
        "interventions": [{"code": "TREATMENT", "name": "Study treatment", "kind": "product"}],
        "sites": [{"code": "01", "country": "USA", "time_zone": "UTC"}],
    }


def load(folder: Path, **options: Any) -> dict[str, Any]:
    options.setdefault("protocol", protocol())
    return import_closed(Order(folder=folder, **options), by=BY, say=lambda text: None)


def arms(which: str) -> dict[str, int]:
    return dict(Counter(Allocation.objects.filter(study__code=CODE).values_list(which, flat=True)))


def test_planned_and_actual_arms_are_kept_and_screen_failures_have_none(tmp_path: Path) -> None:
    report = load(write(tmp_path / "in"))
    assert arms("planned_code") == {"ZYX": 2, "DUM": 2}
    assert arms("actual_code") == {"ZYX": 1, "DUM": 3}
    part = report["DM"]
    assert (part["read"], part["stored"], part["left_out"], part["refused"]) == (5, 4, 1, [])
    assert not Allocation.objects.filter(study__code=CODE, subject="S-05").exists()


def test_drug_and_dose_are_kept_under_the_same_source_ids_as_the_open_exposures(tmp_path: Path) -> None:
    load(write(tmp_path / "in"))
    given = Treatment.objects.get(study__code=CODE, subject="S-01")
    assert (given.source_id, given.treatment, given.dose, given.unit) == ("EX-1", "Zyxoline", 54.0, "mg")


def test_the_study_has_the_id_of_the_open_room(tmp_path: Path) -> None:
    load(write(tmp_path / "in"))
    assert Study.objects.get(code=CODE).id == STUDY_ID
    assert Arm.objects.get(study_id=STUDY_ID, is_reference=True).code == "DUM"


def test_the_protocol_version_comes_along(tmp_path: Path) -> None:
    load(write(tmp_path / "in"))
    versions = ProtocolVersion.objects.filter(study_id=STUDY_ID).values_list("number", "approved_on")
    assert list(versions) == [("1.0", date(2025, 11, 30))]


def test_another_study_under_the_same_code_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "in")
    load(folder)
    with pytest.raises(StudyRefused, match="the ids differ"):
        load(folder, protocol=protocol(study_id=uuid.uuid4()))


def test_a_second_import_changes_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "in")
    load(folder)
    before = list(Allocation.objects.filter(study__code=CODE).order_by("subject").values())
    again = load(folder)
    assert list(Allocation.objects.filter(study__code=CODE).order_by("subject").values()) == before
    assert {(part["stored"], part["changed"]) for part in again.values()} == {(0, 0)}
    assert (again["DM"]["unchanged"], again["EX"]["unchanged"]) == (4, 4)


def test_a_changed_allocation_is_written_over_and_counted(tmp_path: Path) -> None:
    load(write(tmp_path / "in"))
    rows = delivery()
    rows["dm"][0]["ACTARMCD"], rows["dm"][0]["ACTARM"] = "DUM", ARMS["DUM"]
    report = load(write(tmp_path / "later", rows))
    assert (report["DM"]["changed"], report["DM"]["unchanged"]) == (1, 3)
    changed = Allocation.objects.get(study__code=CODE, subject="S-01")
    assert (changed.planned_code, changed.actual_code, changed.actual) == ("ZYX", "DUM", "Dummy placebo")


def test_the_report_says_no_arm_and_no_count_by_arm(tmp_path: Path) -> None:
    text = json.dumps(load(write(tmp_path / "in")))
    assert not any(word in text for word in ARM_WORDS)


@pytest.mark.parametrize("format", ["csv", "json", "xpt"])
def test_only_declared_analytes_come_from_the_laboratory(tmp_path: Path, format: str) -> None:
    folder, rows = write(tmp_path / "in"), delivery()["lb"]
    (folder / "lb.csv").unlink()
    content = {
        "csv": lambda: csv_text(rows).encode(),
        "json": lambda: json_bytes(json_document(rows, name="LB")),
        "xpt": lambda: xpt_bytes(tmp_path, rows, name="LB"),
    }[format]()
    (folder / f"lb.{format}").write_bytes(content)
    report = load(folder, protocol=protocol(revealing=("GENE",)))
    kept = RevealingMeasurement.objects.filter(study__code=CODE)
    assert [(one.subject, one.analyte, one.value) for one in kept] == [("S-01", "GENE", 12.0)]
    assert (report["LB"]["read"], report["LB"]["stored"], report["LB"]["left_out"]) == (3, 1, 2)


def test_a_missing_arm_column_stores_nothing_of_its_domain(tmp_path: Path) -> None:
    rows = delivery()
    for row in rows["dm"]:
        del row["ARM"]
    report = load(write(tmp_path / "in", rows))
    assert "no column ARM" in report["DM"]["fault"]
    assert arms("planned") == {}
    assert report["EX"]["stored"] == 4


def test_what_the_open_room_could_not_store_is_left_here_too(tmp_path: Path) -> None:
    report = load(write(tmp_path / "in"), leave=["EX"])
    assert "open half of EX was not stored" in report["EX"]["fault"]
    assert not Treatment.objects.filter(study__code=CODE).exists()


def test_fewer_rows_than_expected_store_nothing(tmp_path: Path) -> None:
    report = load(write(tmp_path / "in"), expected={"DM": 6, "AE": 99})
    assert report["DM"]["fault"]
    assert "AE" not in report
    assert arms("planned") == {}


def test_a_dry_run_stores_nothing(tmp_path: Path) -> None:
    report = load(write(tmp_path / "in"), dry_run=True)
    assert report["DM"]["stored"] == 4
    assert study_ids() == []


def test_arm_names_are_told_without_screen_failures(tmp_path: Path) -> None:
    assert arm_names(write(tmp_path / "in")) == ARMS


def test_a_simulated_study_is_made_with_one_seed_only() -> None:
    study = create_study(entry=StudyEntry(code="SIM-1", title="Simulated", simulated=True), by=BY)
    record_simulation(study=study, parameters={"seed": 1}, by=BY, source="test")
    record_simulation(study=study, parameters={"seed": 1}, by=BY, source="test")
    with pytest.raises(AllocationRefused, match="other parameters"):
        record_simulation(study=study, parameters={"seed": 2}, by=BY, source="test")
    assert Simulation.objects.get(study=study).parameters == {"seed": 1}
    real = create_study(entry=StudyEntry(code="REAL-1", title="Real"), by=BY)
    with pytest.raises(AllocationRefused, match="is not simulated"):
        record_simulation(study=real, parameters={"seed": 1}, by=BY, source="test")


def test_the_pilots_arms_are_86_84_84_as_planned_and_86_96_72_as_treated() -> None:
    folder = shared_path("data/cdisc-pilot/sdtm")
    report = load(folder)
    assert arms("planned") == {"Placebo": 86, "Xanomeline Low Dose": 84, "Xanomeline High Dose": 84}
    assert arms("actual") == {"Placebo": 86, "Xanomeline Low Dose": 96, "Xanomeline High Dose": 72}
    assert (report["DM"]["stored"], report["DM"]["left_out"], report["EX"]["stored"]) == (254, 52, 591)
