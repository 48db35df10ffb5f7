"""Receiving: found by polling, verified, joined once, sealed; what is not whole or not ours is left alone."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path
from typing import Any

import pytest

from pvtracker.allocation.models import JoinedCut
from pvtracker.cuts import closed
from pvtracker.cuts.columns import DATASETS
from pvtracker.cuts.data import CutError
from pvtracker.cuts.models import Cut, CutState
from pvtracker.studies.actions import StudyEntry, create_study
from pvtracker.studies.models import Arm, Intervention, Site, Study
from pvtracker.studies.queries import study_ids
from tests.closed.cuts.folder import BY, STUDY_ID, allocate, put_cut

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(open_storage: Path) -> Path:
    return put_cut(open_storage)


def joined(folder: Path) -> Cut:
    closed.receive_cuts(by=BY)
    allocate(Study.objects.get(id=STUDY_ID))
    closed.receive_cuts(by=BY)
    return Cut.objects.get(id=folder.name)


def test_a_cut_brings_its_protocol_under_the_same_study_id(folder: Path) -> None:
    received = closed.receive_cuts(by=BY)
    study = Study.objects.get(id=STUDY_ID)
    assert [str(cut_id) for cut_id in received.registered] == [folder.name]
    assert (study.code, study.simulated, study.analysis_arm) == ("JOIN", True, "planned")
    assert list(Arm.objects.filter(study=study).order_by("ordinal").values_list("name", "is_reference")) == [
        ("Placebo", True),
        ("Low dose", False),
        ("High dose", False),
    ]
    assert Intervention.objects.filter(study=study).count() == Site.objects.filter(study=study).count() == 1


def test_a_cut_waits_until_the_study_has_an_allocation(folder: Path) -> None:
    for _ in range(2):
        assert [str(cut_id) for cut_id in closed.receive_cuts(by=BY).waiting] == [folder.name]
    assert not JoinedCut.objects.exists()
    allocate(Study.objects.get(id=STUDY_ID))
    assert [str(cut_id) for cut_id in closed.receive_cuts(by=BY).joined] == [folder.name]


def test_the_join_has_an_arm_for_everyone_but_the_screen_failure(folder: Path) -> None:
    cut = joined(folder)
    row = JoinedCut.objects.get(cut_id=cut.id)
    assert (row.participants, row.without_arm) == (5, 1)
    data = closed.load_joined(cut)
    assert dict(zip(data.arms["subject"], data.arms["planned"], strict=True)) == {
        "S-1": "Low dose",
        "S-2": "Low dose",
        "S-3": "Placebo",
        "S-4": "Placebo",
    }
    assert len(data.adverse_events) == 3 and len(data.participants) == 5


def test_closed_rows_follow_the_same_cut_off_rule(folder: Path) -> None:
    treatments = closed.load_joined(joined(folder)).frame("treatments")
    assert set(treatments["end"]) == {""}  # December is after the cut
    assert set(treatments["start"]) == {"2026-01-01"}


def test_what_is_joined_stays_as_it_was_when_the_allocation_changes(folder: Path) -> None:
    cut = joined(folder)
    before = JoinedCut.objects.get(cut_id=cut.id).sha256
    allocate(cut.study, {"S-1": "HIGH", "S-2": "HIGH", "S-3": "HIGH", "S-4": "HIGH"})
    assert closed.receive_cuts(by=BY).joined == []
    assert JoinedCut.objects.get(cut_id=cut.id).sha256 == before
    assert "High dose" not in set(closed.load_joined(cut).arms["planned"])


@pytest.mark.parametrize("name", ["adverse_events.parquet", "participants.parquet"])
def test_a_cut_with_an_altered_file_is_refused_and_never_joined(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes() + b"\0")
    for _ in range(2):
        closed.receive_cuts(by=BY)
        allocate(Study.objects.get(id=STUDY_ID))
    cut = Cut.objects.get(id=folder.name)
    assert cut.state == CutState.REFUSED
    assert name.removesuffix(".parquet") in cut.problem and "altered" in cut.problem
    assert not JoinedCut.objects.exists()
    assert closed.latest_joined(cut.study) is None


def test_a_cut_altered_while_it_waited_is_refused(folder: Path) -> None:
    closed.receive_cuts(by=BY)
    (folder / "exposures.parquet").write_bytes(b"other")
    allocate(Study.objects.get(id=STUDY_ID))
    assert [str(cut_id) for cut_id in closed.receive_cuts(by=BY).refused] == [folder.name]
    assert Cut.objects.get(id=folder.name).state == CutState.REFUSED


def test_an_altered_manifest_is_refused(folder: Path) -> None:
    path = folder / "manifest.json"
    stated = json.loads(path.read_text())
    path.write_text(json.dumps({**stated, "date": "2026-12-31"}))
    closed.receive_cuts(by=BY)
    assert "manifest was altered" in Cut.objects.get(id=folder.name).problem


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "visits.parquet").unlink()
    closed.receive_cuts(by=BY)
    assert "visits is missing" in Cut.objects.get(id=folder.name).problem


def test_half_written_and_foreign_folders_are_left_alone(open_storage: Path) -> None:
    cuts = open_storage / "cuts"
    (cuts / str(uuid.uuid4())).mkdir(parents=True)  # no manifest yet
    whole = put_cut(open_storage)
    shutil.copytree(whole, cuts / f".{uuid.uuid4()}.tmp")
    shutil.copytree(whole, cuts / "notes")
    (cuts / "readme.txt").write_text("not a folder")
    received = closed.receive_cuts(by=BY)
    assert [str(cut_id) for cut_id in received.registered] == [whole.name]
    assert received.refused == []


def test_a_folder_with_the_manifest_of_another_cut_is_refused_without_a_row(folder: Path) -> None:
    copy = folder.parent / str(uuid.uuid4())
    shutil.copytree(folder, copy)
    received = closed.receive_cuts(by=BY)
    assert [str(cut_id) for cut_id in received.refused] == [copy.name]
    assert not Cut.objects.filter(id=copy.name).exists()


@pytest.mark.parametrize(
    "broken",
    ["", "[]", "{", '{"format": 1}', '{"format": 99, "id": "x"}', '{"format": 1, "id": 7}', "\xff"],
)
def test_an_unreadable_manifest_is_refused_without_a_row(folder: Path, broken: str) -> None:
    (folder / "manifest.json").write_text(broken, encoding="latin-1")
    assert [str(cut_id) for cut_id in closed.receive_cuts(by=BY).refused] == [folder.name]
    assert study_ids() == [], "no study, so no cut of one"


def test_a_manifest_that_names_a_path_as_a_dataset_is_refused(folder: Path) -> None:
    path = folder / "manifest.json"
    stated: dict[str, Any] = json.loads(path.read_text())
    stated["datasets"]["../../secret"] = {"rows": 0, "sha256": "0" * 64}
    path.write_text(json.dumps({**stated, "sha256": closed.manifests.hash_of(stated)}))
    closed.receive_cuts(by=BY)
    assert Cut.objects.get(id=folder.name).state == CutState.REFUSED


def test_a_study_of_the_same_code_and_another_id_is_not_mixed_up(folder: Path) -> None:
    create_study(entry=StudyEntry(code="JOIN", title="Another study"), by=BY)
    assert [str(cut_id) for cut_id in closed.receive_cuts(by=BY).refused] == [folder.name]
    assert not Cut.objects.exists()


def test_closed_files_show_nothing_without_the_key(folder: Path, closed_storage: Path, settings: Any) -> None:
    cut = joined(folder)
    sealed = closed_storage / "cuts" / folder.name
    assert {path.name for path in sealed.iterdir()} == {f"{name}.parquet.sealed" for name in DATASETS}
    for path in sealed.iterdir():
        content = path.read_bytes()
        assert not any(told in content for told in (b"PAR1", b"Placebo", b"S-1", b"Low dose"))
    settings.STORAGE_KEY = bytes(32)
    with pytest.raises(CutError, match="cannot be opened"):
        closed.load_joined(cut)


def test_a_closed_file_in_the_place_of_another_is_not_opened(folder: Path, closed_storage: Path) -> None:
    cut = joined(folder)
    sealed = closed_storage / "cuts" / folder.name
    shutil.copy(sealed / "arms.parquet.sealed", sealed / "treatments.parquet.sealed")
    with pytest.raises(CutError, match="treatments"):
        closed.load_joined(cut)


def test_arms_of_another_cut_are_not_taken_for_those_of_this_one(
    folder: Path, open_storage: Path, closed_storage: Path
) -> None:
    first = joined(folder)
    other = put_cut(open_storage)
    closed.receive_cuts(by=BY)
    cuts = closed_storage / "cuts"
    shutil.copy(cuts / other.name / "arms.parquet.sealed", cuts / folder.name / "arms.parquet.sealed")
    with pytest.raises(CutError, match="arms"):
        closed.load_joined(first)


def test_files_left_by_a_run_that_stopped_are_replaced(folder: Path, closed_storage: Path) -> None:
    left = closed_storage / "cuts" / folder.name
    left.mkdir(parents=True)
    (left / "arms.parquet.sealed").write_bytes(b"half")
    assert len(closed.load_joined(joined(folder)).arms) == 4


def test_the_latest_joined_cut_is_the_one_frozen_last(folder: Path, open_storage: Path) -> None:
    joined(folder)
    later = put_cut(open_storage, made_at="2026-07-02T08:00:00+00:00")
    put_cut(open_storage, made_at="2026-06-30T08:00:00+00:00")
    closed.receive_cuts(by=BY)
    latest = closed.latest_joined(Study.objects.get(id=STUDY_ID))
    assert latest is not None and str(latest.id) == later.name


def test_no_open_storage_yet_is_nothing_to_receive(open_storage: Path) -> None:
    received = closed.receive_cuts(by=BY)
    assert (received.registered, received.refused) == ([], [])
