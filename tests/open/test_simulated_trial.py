"""A simulated trial in the open room: stored by the actions of an import, whole or not at all, labelled
simulated.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pvtracker.audit.context import Actor
from pvtracker.audit.models import Outbox
from pvtracker.coding.models import Release
from pvtracker.events.actions.bulk import copy_simulated_events
from pvtracker.events.models import AdverseEvent, AdverseEventVersion, Assessment, DataQuery
from pvtracker.events.rules import RULES
from pvtracker.events.snapshots import body_of
from pvtracker.ops.imports.report import ImportRefused
from pvtracker.ops.imports.simulation_bulk import load_bulk_simulation_open
from pvtracker.ops.imports.simulation_open import load_simulation_open
from pvtracker.ops.simulation import dump, dump_bulk, simulate, simulate_bulk
from pvtracker.participants.models import Exposure, Measurement, Participant, Visit
from pvtracker.studies.actions import StudyEntry, create_study
from pvtracker.studies.models import Arm, Site, Study
from tests.open.test_import_study import counts

pytestmark = pytest.mark.django_db

BY = Actor.process("test")
CODE = "SIM-OPEN"
# what a form would refuse; a simulated event must never say it
REFUSING = {
    "end-not-before-onset",
    "serious-needs-criterion",
    "fatal-needs-serious",
    "grade-on-scale",
    "end-given",
}


def load(folder: Path, **options: Any) -> dict[str, Any]:
    dump(simulate(study=CODE, participants=8, **options), folder)
    return load_simulation_open(folder, by=BY, say=lambda text: None)


def test_every_record_of_the_open_half_is_stored(tmp_path: Path) -> None:
    trial = simulate(study=CODE, participants=8, seed=3)
    report = load(tmp_path, seed=3)
    study = Study.objects.get(code=CODE)
    assert study.simulated
    assert study.severity_scale == "daids-2.1"
    stored = {
        model: model._default_manager.filter(study=study).count()
        for model in (Participant, Visit, Exposure, Measurement, AdverseEvent)
    }
    assert stored == {
        Participant: len(trial.open.participants),
        Visit: len(trial.open.visits),
        Exposure: len(trial.open.exposures),
        Measurement: len(trial.open.measurements),
        AdverseEvent: len(trial.open.events),
    }
    assert Assessment.objects.filter(study=study).count() == sum(
        len(e.assessments) for e in trial.open.events
    )
    assert not AdverseEvent.objects.filter(study=study, term__isnull=True).exists()
    assert set(Site.objects.filter(study=study).values_list("time_zone", flat=True)) > {"Australia/Sydney"}
    assert Arm.objects.get(study=study, is_reference=True).name == "Placebo"
    assert not any(part["refused"] for part in report["counts"].values())


def test_the_simulator_contradicts_no_rule(tmp_path: Path) -> None:
    load(tmp_path, seed=3)
    asked = Counter(DataQuery.objects.filter(study__code=CODE).values_list("rule", flat=True))
    assert {rule.__name__.replace("_", "-") for rule in RULES} >= REFUSING
    assert not REFUSING & set(asked)
    assert asked["related-but-never-exposed"] == 0


def test_the_persistence_assay_never_reaches_the_open_room(tmp_path: Path) -> None:
    trial = simulate(study=CODE, participants=8, seed=3)
    load(tmp_path, seed=3)
    analytes = {one.measurement.analyte for one in trial.closed.revealing}
    assert analytes
    assert not Measurement.objects.filter(study__code=CODE, analyte__in=analytes).exists()


def test_the_same_trial_again_changes_nothing(tmp_path: Path) -> None:
    load(tmp_path, seed=3)
    before = counts()
    load(tmp_path, seed=3)
    assert counts() == before


def test_another_seed_under_the_same_code_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    load(tmp_path, seed=3)
    before = counts()
    with pytest.raises(ImportRefused, match="already, simulated with other options"):
        load(tmp_path, seed=4)
    assert counts() == before


def test_a_real_study_is_never_filled_with_simulated_data(tmp_path: Path) -> None:
    create_study(entry=StudyEntry(code=CODE, title="A real study", planned_participants=8), by=BY)
    with pytest.raises(ImportRefused, match="it is another one"):
        load(tmp_path, seed=3)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    trial = simulate_bulk(study=CODE, participants=60, terms=40, seed=5)
    dump_bulk(trial, tmp_path)
    return tmp_path


def load_large(folder: Path) -> dict[str, Any]:
    return load_bulk_simulation_open(folder, by=BY, say=lambda text: None)


def test_a_large_trial_leaves_versions_and_outbox_rows_as_an_import_does(large: Path) -> None:
    report = load_large(large)
    study = Study.objects.get(code=CODE)
    events = AdverseEvent.objects.filter(study=study)
    assert events.count() == report["counts"]["adverse events"]["stored"] > 100
    assert AdverseEventVersion.objects.filter(study=study).count() == events.count()
    assert Outbox.objects.filter(study_id=study.id, version=1).count() == events.count()
    assert Release.objects.get(study_id=study.id).terms.count() == 40
    for event in events.select_related("participant__site", "term__release", "study")[:20]:
        judged = Assessment.objects.filter(event=event).select_related("intervention")
        assert event.versions.get().body == body_of(event, judged)


def test_the_same_large_trial_again_changes_nothing_and_another_is_refused(large: Path) -> None:
    load_large(large)
    before = counts()
    load_large(large)
    assert counts() == before
    dump_bulk(simulate_bulk(study=CODE, participants=60, terms=40, seed=6), large)
    with pytest.raises(ImportRefused, match="other options"):
        load_large(large)
    assert counts() == before


def test_events_without_questions_are_copied_for_simulated_studies_only() -> None:
    study = create_study(entry=StudyEntry(code=CODE, title="A real study"), by=BY)
    release = Release.objects.create(dictionary="Test", number="1", origin="test")
    with pytest.raises(ValueError, match="is not simulated"):
        copy_simulated_events(study=study, records=[], release=release, by=BY, source="test")
