"""What was so before the trial and beside it: history and medication. Nothing here depends on an arm."""

from __future__ import annotations

from datetime import date, timedelta

from pvtracker.formats.records import HistoryRecord, MedicationRecord
from pvtracker.ops.simulation.course import Course
from pvtracker.ops.simulation.randomness import Topic, choose, stream
from pvtracker.ops.simulation.terms import TERM_BY_NAME

# Condition, share of participants who have had it; all but the first are preferred terms of the local list.
_CONDITIONS = (
    ("Herpes simplex", 0.25),
    ("Depression", 0.20),
    ("Seasonal allergy", 0.18),
    ("Syphilis", 0.15),
    ("Anal warts", 0.14),
    ("Hypertension", 0.12),
    ("Insomnia", 0.10),
    ("Herpes zoster", 0.08),
    ("Migraine", 0.07),
    ("Eczema", 0.06),
    ("Fracture", 0.05),
    ("Kidney stone", 0.03),
)
_REGIMENS = (
    ("Bictegravir, emtricitabine and tenofovir alafenamide", 0.40),
    ("Dolutegravir and lamivudine", 0.25),
    ("Dolutegravir, abacavir and lamivudine", 0.15),
    ("Darunavir, cobicistat, emtricitabine and tenofovir", 0.12),
    ("Efavirenz, emtricitabine and tenofovir", 0.08),
)
_OTHERS = (
    ("Cetirizine", "Antihistamines", "Seasonal allergy", "10 mg daily", 0.12),
    ("Sertraline", "Antidepressants", "Depression", "50 mg daily", 0.10),
    ("Aciclovir", "Antivirals", "Herpes simplex", "400 mg twice daily", 0.09),
    ("Lisinopril", "Blood pressure medicines", "Hypertension", "10 mg daily", 0.08),
)


def history_records(course: Course, *, first_row: int, seed: int) -> list[HistoryRecord]:
    """HIV infection in all, other conditions in some; starts are years or months, as people know them."""
    person = course.person
    rng = stream(seed, Topic.HISTORY, person.number)
    known_for = int(rng.random() * min(18, person.age - 16)) + 1
    month = int(rng.integers(1, 13))
    infected = f"{person.consented.year - known_for}" + (f"-{month:02d}" if rng.random() < 0.5 else "")
    conditions = [("HIV infection", "HIV infection", "Infections", infected)]
    draws = rng.random((len(_CONDITIONS), 2))
    for (term, share), (has_it, when) in zip(_CONDITIONS, draws, strict=True):
        if has_it < share:
            year = person.consented.year - 1 - int(when * min(15, person.age - 16))
            conditions.append((term.lower(), term, TERM_BY_NAME[term].system_organ_class, str(year)))
    return [
        HistoryRecord(
            row=first_row + offset,
            participant=person.participant,
            source_id=f"MH-{offset + 1}",
            category="PRIMARY DIAGNOSIS" if offset == 0 else "MEDICAL HISTORY",
            verbatim=verbatim,
            preferred_term=term,
            system_organ_class=organ_class,
            start=start,
            end="",
        )
        for offset, (verbatim, term, organ_class, start) in enumerate(conditions)
    ]


def medication_records(course: Course, *, first_row: int, seed: int) -> list[MedicationRecord]:
    """The antiretroviral regimen with its interruptions, paracetamol around G-CSF, a few others."""
    person = course.person
    draws = stream(seed, Topic.MEDICATION, person.number).random(4 + len(_OTHERS))
    regimen = choose(_REGIMENS, draws[0])
    since = str(person.consented.year - 1 - int(draws[1] * min(8, person.age - 17)))
    spans: list[tuple[str, str]] = []
    for stop, again in course.interruptions:
        spans.append((since, (stop - timedelta(days=1)).isoformat()))
        since = again.isoformat() if again else ""
    if since:
        spans.append((since, ""))
    taken = [
        (regimen, "Antiretrovirals", "HIV infection", "1 tablet daily", start, end) for start, end in spans
    ]
    if course.gcsf is not None and draws[2] < 0.5:
        first, last = course.gcsf
        taken.append(
            ("Paracetamol", "Pain relievers", "Prophylaxis", "1 g as needed", _text(first), _text(last))
        )
    for (name, group, indication, dose, share), draw in zip(_OTHERS, draws[4:], strict=True):
        if draw < share:
            taken.append((name, group, indication, dose, str(person.consented.year - 1), ""))
    return [
        MedicationRecord(
            row=first_row + offset,
            participant=person.participant,
            source_id=f"CM-{offset + 1}",
            verbatim=name.lower(),
            coded=name,
            medication_class=group,
            indication=indication,
            dose_text=dose,
            start=start,
            end=end,
        )
        for offset, (name, group, indication, dose, start, end) in enumerate(taken)
    ]


def _text(day: date) -> str:
    return day.isoformat()
