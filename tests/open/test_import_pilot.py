"""The CDISC pilot study, whole: 306 screened, 254 treated, and the flaws that its README lists."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pvtracker.audit.context import Actor
from pvtracker.audit.models import Outbox
from pvtracker.events.models import AdverseEvent, DataQuery
from pvtracker.ops.imports.open_half import Order, import_open
from pvtracker.participants.models import Participant
from pvtracker.studies.models import Arm, Study
from tests.open.test_import_study import arm_words_in_the_database
from tests.shared import shared_path

pytestmark = pytest.mark.django_db

ROWS = {
    "DM": 306,
    "SV": 3559,
    "EX": 591,
    "DS": 596,
    "AE": 1191,
    "LB": 32740 + 21927 + 4913,
    "VS": 29643,
    "MH": 1818,
    "CM": 7510,
}
ARMS = {"Pbo": "Placebo", "Xan_Hi": "Xanomeline High Dose", "Xan_Lo": "Xanomeline Low Dose"}


def load(folder: Path) -> dict[str, Any]:
    order = Order(folder=folder, study="PILOT", arms=ARMS)
    return import_open(order, by=Actor.process("test"), say=lambda text: None)


def test_the_pilot_comes_in_whole_without_an_arm_and_a_second_import_changes_nothing() -> None:
    folder = shared_path("data/cdisc-pilot/sdtm")
    report = load(folder)
    assert {domain: part["stored"] for domain, part in report["domains"].items()} == ROWS
    assert {domain: part["read"] for domain, part in report["domains"].items()} == ROWS
    study = Study.objects.get(code="PILOT")
    assert study.title.startswith("Safety and Efficacy of the Xanomeline")
    assert Participant.objects.filter(study=study, screen_failure=True).count() == 52
    assert Arm.objects.get(study=study, is_reference=True).name == "Placebo"
    # names of arms, drug and codes; the study's own title is protocol and stands in its own table
    assert arm_words_in_the_database(("Xanomeline", "Placebo", r"\mPbo\M", "Xan_")) == []

    again = load(folder)
    assert {domain: part["unchanged"] for domain, part in again["domains"].items()} == ROWS
    assert Outbox.objects.filter(study_id=study.id).count() == ROWS["AE"]


def test_the_pilots_known_flaws_are_open_queries(tmp_path: Path) -> None:
    folder = shared_path("data/cdisc-pilot/sdtm")
    for name in ("dm.xpt", "ex.xpt", "ae.xpt"):
        shutil.copy(folder / name, tmp_path)
    report = load(tmp_path)
    asked = Counter(
        DataQuery.objects.filter(study__code="PILOT", state="open").values_list("rule", flat=True)
    )
    assert asked["partial-onset"] == 26
    assert asked["fatal-needs-serious"] == 3
    assert asked["possible-duplicate"] == 310
    assert report["domains"]["AE"]["queries"] == dict(asked)
    assert report["domains"]["AE"]["refused"] == []
    events = AdverseEvent.objects.filter(study__code="PILOT")
    assert events.values("participant").distinct().count() == 225
    assert events.filter(term__isnull=True).count() == 0
