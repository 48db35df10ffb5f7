"""What an open room gone bad could leave for the closed one: no folder keeps the next cut out or changes a protocol."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pvtracker.cuts import closed
from pvtracker.cuts import manifest as manifests
from pvtracker.cuts.models import Cut, CutState
from pvtracker.studies.models import Arm, Study
from tests.closed.cuts.folder import BY, STUDY_ID, allocate, put_cut

pytestmark = pytest.mark.django_db

FIRST = uuid.UUID("00000000-0000-4000-8000-000000000000")  # folders are looked at in the order of their names
LAST = uuid.UUID("ffffffff-ffff-4fff-8fff-ffffffffffff")
Change = Callable[[dict[str, Any]], None]


def rewrite(folder: Path, change: Change, *, hashed: bool = True) -> None:
    """Change the manifest and, unless `hashed` is False, give it the hash that it then has."""
    path = folder / manifests.NAME
    manifest = json.loads(path.read_text())
    change(manifest)
    if hashed:
        manifest["sha256"] = manifests.hash_of(manifest)
    path.write_text(json.dumps(manifest))


def arms() -> list[tuple[str, str, bool]]:
    return list(
        Arm.objects.filter(study_id=STUDY_ID).order_by("code").values_list("code", "name", "is_reference")
    )


def exchange_names(manifest: dict[str, Any]) -> None:
    first, second = manifest["protocol"]["arms"][:2]
    first["name"], second["name"] = second["name"], first["name"]


CHANGES: dict[str, Change] = {
    "datasets are no mapping": lambda m: m.update(datasets=5),
    "datasets are missing": lambda m: m.update(datasets=None),
    "a dataset without a hash": lambda m: m["datasets"].update(visits={}),
    "a dataset that is a word": lambda m: m["datasets"].update(visits="x"),
    "a study's id that is a number": lambda m: m["study"].update(id=5),
    "a code that is a mapping": lambda m: m["study"].update(code={"a": 1}, id=str(uuid.uuid4())),
    "a known id under another code": lambda m: m["study"].update(code="OTHER"),
    "a title with NUL": lambda m: m["study"].update(title="a\0b"),
    "an arm's name with NUL": lambda m: m["protocol"]["arms"][0].update(name="a\0b"),
    "a kind of intervention that is none": lambda m: m["protocol"]["interventions"][0].update(kind="evil"),
    "an analysis arm that is none": lambda m: m["settings"].update(analysis_arm="evil"),
    "definitions that are none": lambda m: m["settings"].update(definitions={"strata": ["arm"]}),
    "definitions that are a word": lambda m: m["settings"].update(definitions="site"),
    "a window of no days": lambda m: m["settings"].update(emergent_window_days="evil"),
    "fewer than no participants": lambda m: m["study"].update(planned_participants=-1),
    "more participants than a number holds": lambda m: m["study"].update(planned_participants=10**30),
    "NUL where nobody looks": lambda m: m.update(extra="\0"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_manifest_of_nonsense_keeps_no_later_cut_out(open_storage: Path, change: Change) -> None:
    known = put_cut(open_storage)
    closed.receive_cuts(by=BY)
    allocate(Study.objects.get(id=STUDY_ID))
    rewrite(put_cut(open_storage, FIRST), change)
    put_cut(open_storage, LAST)
    received = closed.receive_cuts(by=BY)
    assert set(received.joined) == {uuid.UUID(known.name), LAST}
    assert received.refused == [FIRST]


def test_a_manifest_without_its_hash_keeps_no_later_cut_out(open_storage: Path) -> None:
    for sha256 in (None, "x" * 500, 5):
        rewrite(put_cut(open_storage, uuid.uuid4()), lambda m, s=sha256: m.update(sha256=s), hashed=False)  # type: ignore[misc]
    put_cut(open_storage, LAST)
    assert LAST in closed.receive_cuts(by=BY).registered


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"format":1,"id":' + b"9" * 5000 + b"}"])
def test_a_manifest_made_to_break_the_reader_keeps_no_later_cut_out(
    open_storage: Path, content: bytes
) -> None:
    (put_cut(open_storage, FIRST) / manifests.NAME).write_bytes(content)
    put_cut(open_storage, LAST)
    received = closed.receive_cuts(by=BY)
    assert (received.registered, received.refused) == ([LAST], [FIRST])


def test_a_manifest_larger_than_any_is_not_read(open_storage: Path) -> None:
    folder = put_cut(open_storage, FIRST)
    os.truncate(folder / manifests.NAME, 1 << 40)  # sparse: reading it would take a terabyte of memory
    assert closed.receive_cuts(by=BY).refused == [FIRST]


def test_a_fault_that_nobody_foresaw_keeps_no_later_cut_out(
    open_storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = manifests.read

    def unforeseen(folder: Path) -> dict[str, Any]:
        if folder.name == str(FIRST):
            raise MemoryError
        return read(folder)

    put_cut(open_storage, FIRST)
    put_cut(open_storage, LAST)
    monkeypatch.setattr(manifests, "read", unforeseen)
    received = closed.receive_cuts(by=BY)
    assert (received.registered, received.refused) == ([LAST], [FIRST])


def test_a_manifest_without_its_hash_changes_no_known_protocol(open_storage: Path) -> None:
    put_cut(open_storage)
    closed.receive_cuts(by=BY)
    before = arms()
    rewrite(put_cut(open_storage, FIRST), exchange_names, hashed=False)
    closed.receive_cuts(by=BY)
    assert Cut.objects.get(id=FIRST).state == CutState.REFUSED
    assert arms() == before and len(before) == 3


def test_a_cut_with_an_altered_file_changes_no_known_protocol(open_storage: Path) -> None:
    put_cut(open_storage)
    closed.receive_cuts(by=BY)
    before = arms()
    folder = put_cut(open_storage, FIRST)
    rewrite(folder, exchange_names)
    (folder / "visits.parquet").write_bytes(b"other")
    closed.receive_cuts(by=BY)
    assert Cut.objects.get(id=FIRST).state == CutState.REFUSED
    assert arms() == before
