"""The open half of a trial that was simulated as columns: participants, exposures and events, by COPY.

What it writes: sites, arms' names, interventions, a synthetic dictionary release, participants, two
exposures each (mobilisation and infusion), events with the investigator's judgement of the infusion,
versions and outbox rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.db import transaction

from pvtracker.audit.context import Actor
from pvtracker.coding.actions import TermPath, put_release
from pvtracker.events.actions.bulk import copy_simulated_events
from pvtracker.formats.records import AssessmentRecord, EventRecord, ExposureRecord, ParticipantRecord
from pvtracker.lib.tally import Tally
from pvtracker.ops.imports.report import Say
from pvtracker.ops.imports.simulation_open import SOURCE, check_same, put_study
from pvtracker.ops.simulation import BulkOpen, Protocol, date_texts, load_bulk_open, words
from pvtracker.ops.simulation import protocol as p
from pvtracker.ops.simulation.bulk import PHASE_KEYS
from pvtracker.ops.simulation.types import Site
from pvtracker.participants import actions as participants
from pvtracker.studies.protocol import protocol_of

DICTIONARY = "Synthetic terms"
ORIGIN = "Made up by number for benchmarks"
TIME_ZONES = {"USA": "America/New_York", "AUS": "Australia/Sydney"}


def load_bulk_simulation_open(folder: Path, *, by: Actor, say: Say) -> dict[str, Any]:
    """Store the open half found in `folder`, all of it or nothing; the same trial again changes nothing.

    Returns the protocol and the counts. Raises ImportRefused when the study stands already with other data.
    """
    trial = load_bulk_open(folder)
    people = trial.participants
    stored: dict[str, Tally] = {}
    with transaction.atomic():
        study, known = put_study(_protocol(trial), by=by)
        terms = trial.dictionary
        columns = (terms.high_level_term, terms.high_level_group_term, terms.system_organ_class)
        rows = zip(terms.preferred_term.tolist(), *(column.tolist() for column in columns), strict=True)
        release = put_release(
            study_id=study.id,
            dictionary=DICTIONARY,
            number="1",
            paths=[TermPath(name, name, *above) for name, *above in rows],
            origin=ORIGIN,
            by=by,
            source=SOURCE,
        )
        context: dict[str, Any] = {"study": study, "by": by, "source": SOURCE}
        say(f"{len(people.participant):,} participants")
        stored["participants"] = participants.store_participants(records=_participants(trial), **context)
        stored["exposures"] = participants.store_exposures(records=_exposures(trial), **context)
        say(f"{len(trial.events.number):,} adverse events")
        stored["adverse events"] = copy_simulated_events(records=_events(trial), release=release, **context)
        check_same(study, stored, known=known)
        protocol = protocol_of(study)
    for name, tally in stored.items():
        say(f"{name}: {tally.stored:,} stored, {tally.unchanged:,} unchanged")
    return {"protocol": protocol, "counts": {name: tally.as_json() for name, tally in stored.items()}}


def _protocol(trial: BulkOpen) -> Protocol:
    """The small trial's protocol with the sites of the large one."""
    people = trial.participants
    protocol = p.protocol(study=trial.study, participants=len(people.participant), arms=len(trial.arm_codes))
    sites = sorted(set(zip(people.site.tolist(), people.country.tolist(), strict=True)))
    return replace(
        protocol,
        sites=tuple(Site(code, f"Site {code}", country, TIME_ZONES[country]) for code, country in sites),
    )


def _participants(trial: BulkOpen) -> Iterator[ParticipantRecord]:
    people = trial.participants
    columns = (people.participant, people.code, people.site, people.country, people.age, people.sex)
    days = (people.consented, people.started, people.ended)
    texts = [column.tolist() for column in columns] + [date_texts(column).tolist() for column in days]
    for row, (person, code, site, country, age, sex, consented, started, ended) in enumerate(
        zip(*texts, strict=True), start=1
    ):
        yield ParticipantRecord(
            row=row,
            participant=person,
            code=code,
            site=site,
            country=country,
            age=age,
            sex=sex,
            race="",
            ethnicity="",
            consented_on=consented,
            started_on=started,
            ended_on=ended,
            died_on="",
            died=False,
            screen_failure=False,
        )


def _exposures(trial: BulkOpen) -> Iterator[ExposureRecord]:
    people = trial.participants
    days = zip(
        people.participant.tolist(),
        date_texts(people.started).tolist(),
        date_texts(people.infused).tolist(),
        strict=True,
    )
    for row, (person, started, infused) in enumerate(days, start=1):
        yield ExposureRecord(2 * row - 1, person, "EX-1", p.GCSF, started, started, words.MOBILISATION)
        yield ExposureRecord(2 * row, person, "EX-2", p.INFUSION, infused, infused, words.INFUSION)


def _events(trial: BulkOpen) -> Iterator[EventRecord]:
    people, events, terms = trial.participants.participant.tolist(), trial.events, trial.dictionary
    names, classes = terms.preferred_term.tolist(), terms.system_organ_class.tolist()
    high, groups = terms.high_level_term.tolist(), terms.high_level_group_term.tolist()
    numbers = (events.participant, events.number, events.term, events.grade, events.causality, events.phase)
    columns = [column.tolist() for column in (*numbers, events.ongoing, events.serious)]
    columns += [date_texts(column).tolist() for column in (events.onset, events.end, events.aware)]
    for row, (who, number, term, grade, causality, phase, ongoing, serious, onset, end, aware) in enumerate(
        zip(*columns, strict=True), start=1
    ):
        yield EventRecord(
            row=row,
            participant=people[who],
            source_id=f"AE-{number}",
            verbatim=names[term],
            lowest_level_term=names[term],
            preferred_term=names[term],
            high_level_term=high[term],
            high_level_group_term=groups[term],
            system_organ_class=classes[term],
            onset=onset,
            end=end,
            ongoing=ongoing,
            severity_reported=f"GRADE {grade}",
            grade=grade,
            serious=serious,
            criteria=(words.MEDICALLY_IMPORTANT,) if serious else (),
            outcome=words.NOT_RECOVERED if ongoing else words.RECOVERED,
            assessments=_judgement(causality),
            phase=PHASE_KEYS[phase],
            aware_on=aware,
        )


def _judgement(causality: int) -> tuple[AssessmentRecord, ...]:
    """None before the infusion."""
    if causality < 0:
        return ()
    return (
        AssessmentRecord(p.INFUSION, words.INVESTIGATOR, words.CAUSALITIES[causality], words.NOT_APPLICABLE),
    )
