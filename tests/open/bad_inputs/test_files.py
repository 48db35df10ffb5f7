"""Bad files, beyond what the readers' own tests show."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from pvtracker.events.models import AdverseEvent, DataQuery
from pvtracker.formats import source
from pvtracker.formats.dataset_json import parse_document
from pvtracker.formats.tables import StructuralFault
from pvtracker.ops.imports import open_half
from pvtracker.participants.models import Measurement
from tests.deliveries import delivery, write
from tests.open.test_import_study import CODE, load

pytestmark = pytest.mark.django_db


def test_a_lone_surrogate_is_no_text(tmp_path: Path) -> None:
    """BI-057: from JSON it can come; the event is kept, the character is not, and a query asks."""
    document = (
        b'{"datasetJSONVersion":"1.1.0","name":"AE","records":1,"label":"x","itemGroupOID":"IG.AE","columns":['
        b'{"itemOID":"IT.AE.USUBJID","name":"USUBJID","label":"x","dataType":"string"},'
        b'{"itemOID":"IT.AE.AESEQ","name":"AESEQ","label":"x","dataType":"integer"},'
        b'{"itemOID":"IT.AE.AETERM","name":"AETERM","label":"x","dataType":"string"},'
        b'{"itemOID":"IT.AE.AESTDTC","name":"AESTDTC","label":"x","dataType":"string"}],'
        b'"rows":[["S-01",1,"Head\\ud800ache","2026-03-05"]]}'
    )
    folder = write(tmp_path / "in", {name: rows for name, rows in delivery().items() if name != "ae"})
    (folder / "ae.json").write_bytes(document)
    report = load(folder)
    assert report["domains"]["AE"].get("fault") is None
    event = AdverseEvent.objects.get(study__code=CODE)
    assert event.verbatim == "Headache"
    assert DataQuery.objects.filter(event=event, rule="text-characters").exists()


def test_nested_brackets_are_no_json() -> None:
    """BI-077."""
    with pytest.raises(StructuralFault, match="nested too deeply"):
        parse_document(b"[" * 100_000)


@pytest.mark.parametrize("text", ["1,5", "1.234,5", "1 234", "1_000", "٣", "1.2.3", "NaN", "1e999", "0x10"])
def test_a_number_that_two_countries_read_differently_is_refused(tmp_path: Path, text: str) -> None:
    """BI-113: the row alone, with its rule; the others of the domain are stored."""
    rows = delivery()
    rows["lb"][0] = rows["lb"][0] | {"LBSTRESN": text}
    report = load(write(tmp_path / "in", rows))
    assert [(row["row"], row["rule"]) for row in report["domains"]["LB"]["refused"]] == [(1, "number")]
    assert Measurement.objects.filter(study__code=CODE).count() == len(rows["lb"]) - 1


def test_an_import_that_dies_in_the_middle_leaves_nothing_of_the_domain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BI-121: a domain is one transaction; the same delivery again stores it whole and once."""
    folder = write(tmp_path / "in")
    kept = open_half.import_events

    class Killed(BaseException):
        """As a signal ends a process: nothing handles it."""

    def dies(**context: Any) -> Any:
        kept(**context)
        raise Killed

    monkeypatch.setattr(open_half, "import_events", dies)
    with pytest.raises(Killed):
        load(folder)
    assert not AdverseEvent.objects.filter(study__code=CODE).exists()
    monkeypatch.setattr(open_half, "import_events", kept)
    load(folder)
    assert AdverseEvent.objects.filter(study__code=CODE).count() == 6


def test_what_a_gzip_file_unpacks_to_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb is refused while it is unpacked, a large plain file before it is read."""
    monkeypatch.setattr(source, "LARGEST_UNPACKED", 100_000)
    bomb = tmp_path / "ae.csv.gz"
    bomb.write_bytes(gzip.compress(b"0" * 50_000_000))
    assert bomb.stat().st_size < 100_000
    plain = tmp_path / "ae.csv"
    plain.write_bytes(b"0" * 100_001)
    for path in (bomb, plain):
        with pytest.raises(StructuralFault, match="more than 100,000 bytes"):
            source.read_source(path)
