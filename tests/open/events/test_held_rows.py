"""Free text of delivered rows that may tell an arm: the row is stored, its text is read by nobody until released."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.db import connection

from pvtracker.audit.enums import AccessKind
from pvtracker.audit.models import AccessRecord
from pvtracker.coding.models import Term
from pvtracker.cuts import freeze
from pvtracker.cuts.actions import no_progress
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.actions.held import release_text
from pvtracker.events.holding import OF_ROWS
from pvtracker.events.models import AdverseEvent, DataQuery, HeldText
from pvtracker.participants.holding import DOMAINS, FREE_TEXT, HELD, MODELS
from pvtracker.participants.models import Measurement, MedicalHistory, Medication, Participant
from tests.deliveries import delivery, write
from tests.open.test_import_study import CODE, load
from tests.people import browser, member

pytestmark = pytest.mark.django_db
TELLING = {
    "dm": ("RACE", "Zyxoline cohort"),
    "ds": ("DSTERM", "Stopped after Zyxoline"),
    "lb": ("LBORRES", "hemolysed, dummy placebo bag"),
    "mh": ("MHTERM", "Allergy to zyxolin"),
    "cm": ("CMINDC", "Fever after the active vector"),
}
TEXTS = {text for _, text in TELLING.values()}


def rows() -> dict[str, list[dict[str, Any]]]:
    """The delivery with one telling text in each domain."""
    told = delivery()
    told["mh"] = [{"DOMAIN": "MH", "USUBJID": "S-01", "MHSEQ": 1, "MHTERM": "Asthma", "MHDECOD": "ASTHMA"}]
    told["cm"] = [{"DOMAIN": "CM", "USUBJID": "S-01", "CMSEQ": 1, "CMTRT": "ASPIRIN", "CMINDC": "Pain"}]
    for domain, (column, text) in TELLING.items():
        told[domain][0] |= {column: text}
    return told


@pytest.fixture
def held(tmp_path: Path) -> dict[str, HeldText]:
    """What is held after the import, by domain."""
    load(write(tmp_path / "in", rows()))
    return {text.domain: text for text in HeldText.objects.filter(study__code=CODE)}


def test_each_is_held_and_stands_nowhere_that_blinded_people_reach(
    held: dict[str, HeldText], tmp_path: Path, settings: Any
) -> None:
    assert {text.text for text in held.values()} == TEXTS and set(held) == {"DM", "DS", "LB", "MH", "CM"}
    study = held["MH"].study
    for text in held.values():
        model = MODELS[text.domain]
        found = model._default_manager.filter(study=study, **{text.field: HELD})
        assert found.count() == 1, text.domain
    person = held["MH"].participant
    mona = browser(member(study, "medical_monitor", name="mona"))
    auditor = browser(member(study, "auditor_open", name="ada"))
    seen = mona.get(f"/studies/{CODE}/participants/{person.id}/").content.decode()
    seen += mona.get(f"/studies/{CODE}/queries/").content.decode()
    seen += auditor.get(f"/studies/{CODE}/history/?format=csv").content.decode()
    settings.STORAGE = tmp_path
    freeze.write_cut(study=study, cut_id=held["CM"].id, cut_date=date(2026, 6, 30), progress=no_progress)
    packed = b"".join(file.read_bytes() for file in (tmp_path / "cuts").rglob("*.*"))
    tables = "".join(_text_of(file) for file in (tmp_path / "cuts").rglob("*.parquet"))
    for text in TEXTS:
        assert text not in seen and text not in tables and text.encode() not in packed, text
    assert HELD in seen and HELD in tables
    with connection.cursor() as cursor:
        cursor.execute(
            "select string_agg(coalesce(new::text, '') || coalesce(old::text, ''), '') from audit.entry"
        )
        trail = cursor.fetchone()[0]
    assert not [text for text in TEXTS if text in trail], "blinded people read the trail too"
    asked = DataQuery.objects.filter(study=study, rule="text-held", state="open", event=None)
    assert asked.count() == 5 and not [q for q in asked if any(text in q.message for text in TEXTS)]
    assert AccessRecord.objects.filter(kind=AccessKind.ARM_WORD, object_kind="delivered_rows").count() == 5


def test_a_coded_term_that_tells_an_arm_is_in_no_dictionary(tmp_path: Path) -> None:
    told = delivery()
    told["ae"][0] |= {"AEDECOD": "ZYXOLINE REACTION", "AELLT": "ZYXOLINE REACTION"}
    load(write(tmp_path / "in", told))
    found = AdverseEvent.objects.get(study__code=CODE, participant__subject="S-01", source_id="AE-2")
    assert (found.term, found.verbatim) == (None, "Headache")
    assert Term.objects.filter(preferred_term="NAUSEA").exists()
    assert not Term.objects.filter(preferred_term__icontains="zyx").exists()
    asked = DataQuery.objects.filter(event=found)
    assert "term-not-in-release" in {q.rule for q in asked}
    assert not [q.message for q in asked if "ZYX" in q.message.upper()]


def test_the_same_file_changes_nothing_and_a_clean_row_ends_the_holding(
    held: dict[str, HeldText], tmp_path: Path
) -> None:
    load(write(tmp_path / "in", rows()))
    assert HeldText.objects.filter(study__code=CODE, state="held").count() == 5
    clean = rows()
    clean["mh"][0] |= {"MHTERM": "Allergy to pollen"}
    load(write(tmp_path / "in", clean))
    assert MedicalHistory.objects.get(study__code=CODE).verbatim == "Allergy to pollen"
    assert HeldText.objects.get(pk=held["MH"].pk).state == "rewritten"
    assert not DataQuery.objects.filter(rule="text-held", domain="MH", state="open").exists()


def test_a_released_text_stands_in_its_row(held: dict[str, HeldText]) -> None:
    study, text = held["CM"].study, held["CM"]
    administrator = member(study, "study_administrator", name="sara")
    sara, by = browser(administrator), administrator.actor("study_administrator")
    listed = sara.get(f"/studies/{CODE}/held-texts/").content.decode()
    assert "indication of the concomitant medication (CM-1)" in listed and "active vector" not in listed
    page = f"/studies/{CODE}/held-texts/{text.id}/"
    assert "Fever after the active vector" in sara.get(page).content.decode()
    assert sara.post(page, {"text": "Fever", "reason": "the rest tells an arm"}).status_code == 302
    assert Medication.objects.get(study=study).indication == "Fever"
    assert HeldText.objects.get(pk=text.pk).state == "released"
    assert not DataQuery.objects.filter(rule="text-held", domain="CM", state="open").exists()
    with pytest.raises(EventRefused, match="empty"):
        release_text(held=held["MH"], text=" ", reason="x", by=by)
    assert MedicalHistory.objects.get(study=study).verbatim == HELD
    release_text(held=held["DM"], text="White", reason="no arm", by=by)
    assert Participant.objects.get(study=study, subject="S-01").race == "White"


def test_a_unit_is_written_freely_too(tmp_path: Path) -> None:
    """No word of a list: laboratories write what they count."""
    told = delivery()
    told["lb"][0] |= {"LBORRESU": "Zyxoline copies/mL", "LBSTRESU": "vector copies per cell"}
    load(write(tmp_path / "in", told))
    found = Measurement.objects.get(study__code=CODE, participant__subject="S-01", analyte="ALT")
    assert (found.unit_text, found.unit, found.value) == (HELD, HELD, 31.0)
    held = HeldText.objects.filter(study__code=CODE, domain="LB").values_list("field", "text")
    assert set(held) == {("unit_text", "Zyxoline copies/mL"), ("unit", "vector copies per cell")}


def test_every_free_text_of_a_row_has_a_name_for_who_decides() -> None:
    for model, fields in FREE_TEXT.items():
        domains = ["LB", "VS"] if DOMAINS[model] == "LB" else [DOMAINS[model]]
        assert all(set(OF_ROWS[domain]) == set(fields) for domain in domains), model


def _text_of(file: Path) -> str:
    return json.dumps(pq.read_table(io.BytesIO(file.read_bytes())).to_pylist(), default=str)
