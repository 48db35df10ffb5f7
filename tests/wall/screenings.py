"""Screenings of three studies with the same data, for tests that disturb their workers. Run inside the closed room."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings

from pvtracker.audit.context import within
from pvtracker.cuts import closed
from pvtracker.jobs import actions as jobs
from pvtracker.signals.actions import detect_job, place_order, request_for
from pvtracker.signals.actions import orders as order_actions
from pvtracker.signals.enums import AskedFrom
from pvtracker.signals.models import ScreeningOrder
from pvtracker.studies.models import Study
from pvtracker.studies.queries import study_id_of, study_of
from tests.closed.cuts.folder import BY, allocate, measured, participant_id, put_cut
from tests.closed.people import person_of
from tests.small_cut import day, event, person, treated

STUDIES = ("CALM", "KILLED", "STOPPED")
SIDE = 24  # participants of an arm
PEOPLE = {f"S-{n}": "LOW" if n <= SIDE else "PBO" for n in range(1, 2 * SIDE + 1)}
HAD = {
    "Headache": (9, 8),
    "Nausea": (3, 2),
    "Rash": (15, 1),
    "Pruritus": (11, 2),
}  # of the low dose, of placebo


def set_up() -> list[str]:
    """Three studies, their cuts joined, two statisticians in each; CALM is screened, the others wait for a worker.
    Lines of `order`, the study, the order's id."""
    told = []
    settings.OPEN_STORAGE.mkdir(parents=True, exist_ok=True)
    ids = {code: uuid.uuid5(uuid.NAMESPACE_URL, code) for code in STUDIES}
    for code, study_id in ids.items():
        stated = {"id": str(study_id), "code": code, "title": "A trial", "sponsor": "", "simulated": True}
        put_cut(
            settings.OPEN_STORAGE, given=_rows(str(study_id)), study=stated | {"planned_participants": None}
        )
    closed.receive_cuts(by=BY)
    for code in STUDIES:
        allocate(_study(code), PEOPLE)
    closed.receive_cuts(by=BY)
    for code in STUDIES:
        study = _study(code)
        for role in ("statistician", "statistician"):
            person_of(study, role)
        with within(study.id):
            order = place_order(
                request=request_for(study=study, also=["boschloo"]), asked_from=AskedFrom.HAND, by=BY
            )
        if code == "CALM":
            jobs.run(str(order.job_id), detect_job)
        told.append(f"order {code} {order.id}")
    return told


def act(what: str, code: str) -> None:
    """`cancel` or `resume` the screening of a study, as its page does."""
    study = _study(code)
    with within(study.id):
        getattr(order_actions, what)(order=ScreeningOrder.objects.get(study=study), by=BY)


def _study(code: str) -> Study:
    found = study_of(study_id_of(code))
    assert found is not None
    return found


def _rows(study_id: str) -> dict[str, list[dict[str, Any]]]:
    groups = {"Rash": "Skin and subcutaneous tissue disorders", "Nausea": "Gastrointestinal disorders"}
    events = [
        event(
            f"S-{first + n}",
            10 * place + 1,
            day("onset", "2026-01-09"),
            preferred_term=term,
            system_organ_class=groups.get(term, "Nervous system disorders"),
            serious=n == 0,
        )
        for place, (term, had) in enumerate(HAD.items())
        for first, times in ((1, had[0]), (SIDE + 1, had[1]))
        for n in range(times)
    ]
    before, after = "2025-12-30", "2026-01-15"
    tests = [("ALT", 20.0, before), ("BILI", 10.0, before), ("ALT", 400.0, after), ("BILI", 90.0, after)]
    return {
        "participants": [
            person(one, screen_failure=False, died=False, participant=participant_id(one, study_id))
            for one in PEOPLE
        ],
        "measurements": [
            measured("S-1", analyte, value, on, number) for number, (analyte, value, on) in enumerate(tests)
        ],  # S-1 meets Hy's law: a single case
        "exposures": [treated(one) for one in PEOPLE],
        "adverse_events": events,
    }
