"""Open records that follow from the course alone: participants, visits, exposures, dispositions, and the
closed record of what was given."""

from __future__ import annotations

from pvtracker.formats.records import (
    DispositionRecord,
    ExposureRecord,
    ParticipantRecord,
    TreatmentRecord,
    VisitRecord,
)
from pvtracker.ops.simulation import protocol as p
from pvtracker.ops.simulation import words
from pvtracker.ops.simulation.course import COMPLETED, DEATH, SCREEN_FAILURE, Course
from pvtracker.ops.simulation.randomness import Topic, stream

MILESTONE = "PROTOCOL MILESTONE"
DISPOSITION = "DISPOSITION EVENT"


def participant_record(course: Course, *, row: int) -> ParticipantRecord:
    """The DM row. `started_on` is the first day of G-CSF; week 0 is the infusion, some ten days later."""
    person = course.person
    died = course.end_reason == DEATH
    return ParticipantRecord(
        row=row,
        participant=person.participant,
        code=person.code,
        site=person.site.code,
        country=person.site.country,
        age=person.age,
        sex=person.sex,
        race=person.race,
        ethnicity=person.ethnicity,
        consented_on=person.consented.isoformat(),
        started_on=course.gcsf[0].isoformat() if course.gcsf else "",
        ended_on=course.ended.isoformat(),
        died_on=course.ended.isoformat() if died else "",
        died=died,
        screen_failure=course.end_reason == SCREEN_FAILURE,
    )


def visit_records(course: Course, *, first_row: int) -> list[VisitRecord]:
    """One row per visit that took place."""
    return [
        VisitRecord(
            row=row,
            participant=course.person.participant,
            source_id=f"SV-{visit.plan.number:g}",
            name=visit.plan.name,
            number=visit.plan.number,
            planned_day=visit.plan.planned_day,
            start=visit.day.isoformat(),
            end=visit.day.isoformat(),
            phase=visit.plan.phase,
        )
        for row, visit in enumerate(course.visits, start=first_row)
    ]


def exposure_records(course: Course, *, first_row: int) -> list[ExposureRecord]:
    """One row per course of G-CSF, per day of apheresis, per infusion, per interruption."""
    given: list[tuple[str, str, str, str]] = []
    if course.gcsf is not None:
        first, last = course.gcsf
        given.append((p.GCSF, first.isoformat(), last.isoformat(), words.MOBILISATION))
    given += [(p.APHERESIS, d.isoformat(), d.isoformat(), words.APHERESIS) for d in course.apheresis]
    if course.infused is not None:
        given.append((p.INFUSION, course.infused.isoformat(), course.infused.isoformat(), words.INFUSION))
    for stop, again in course.interruptions:
        end = (again or course.ended).isoformat()
        given.append((p.INTERRUPTION, stop.isoformat(), end, words.ART_INTERRUPTION))
    return [
        ExposureRecord(
            row=first_row + offset,
            participant=course.person.participant,
            source_id=f"EX-{offset + 1}",
            intervention=intervention,
            start=start,
            end=end,
            phase=phase,
        )
        for offset, (intervention, start, end, phase) in enumerate(given)
    ]


def disposition_records(course: Course, *, first_row: int) -> list[DispositionRecord]:
    """Consent, randomisation, and how participation ended."""
    steps = [(MILESTONE, "INFORMED CONSENT OBTAINED", "Informed consent obtained", course.person.consented)]
    if course.randomised is not None:
        steps.append((MILESTONE, "RANDOMIZED", "Randomised", course.randomised))
    verbatim = "Completed week 100" if course.end_reason == COMPLETED else course.end_reason.capitalize()
    steps.append((DISPOSITION, course.end_reason, verbatim, course.ended))
    return [
        DispositionRecord(
            row=first_row + offset,
            participant=course.person.participant,
            source_id=f"DS-{offset + 1}",
            category=category,
            term=term,
            verbatim=text,
            start=day.isoformat(),
        )
        for offset, (category, term, text, day) in enumerate(steps)
    ]


def treatment_records(
    course: Course, exposures: list[ExposureRecord], *, dose_share: float, first_row: int, seed: int
) -> list[TreatmentRecord]:
    """Closed: what each exposure was and how much. `dose_share` is 0 for the placebo, 1 for the full dose."""
    cells = 2.0 + 6.0 * float(stream(seed, Topic.TREATMENT, course.person.number).random())
    result = []
    for row, exposure in enumerate(exposures, start=first_row):
        treatment, dose, unit = exposure.intervention, None, ""
        if exposure.intervention == p.GCSF:
            treatment, dose, unit = "Filgrastim", 10.0, "ug/kg/day"
        if exposure.intervention == p.INFUSION:
            kind = "OZ1-transduced" if dose_share > 0 else "Unmodified"
            treatment = f"{kind} autologous CD34+ cells"
            dose, unit = round(cells * (dose_share or 1.0), 2), "10^6 cells/kg"
        result.append(
            TreatmentRecord(
                row=row,
                participant=exposure.participant,
                source_id=exposure.source_id,
                treatment=treatment,
                dose=dose,
                unit=unit,
                start=exposure.start,
                end=exposure.end,
            )
        )
    return result
