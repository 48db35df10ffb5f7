"""A small study of two sites, built through the actions: who works where, who takes part, what was given."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.test import Client

from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor, within
from pvtracker.coding.actions import TermPath, release_from_data
from pvtracker.coding.models import Term
from pvtracker.events.actions.capture import record_event
from pvtracker.events.details import EventDetails, Judgement
from pvtracker.events.models import AdverseEvent
from pvtracker.formats.records import ExposureRecord, MeasurementRecord, ParticipantRecord
from pvtracker.participants.actions import store_exposures, store_measurements, store_participants
from pvtracker.participants.models import Participant
from pvtracker.studies.actions import (
    InterventionEntry,
    SiteEntry,
    StudyEntry,
    create_study,
    grant_membership,
    put_interventions,
    put_sites,
)
from pvtracker.studies.models import Intervention, Site, Study
from tests.acting import as_test

SOMEONE = Actor.process("test")
SOURCE = "test"
TERMS = (
    ("Headache", "Headache", "Nervous system disorders"),
    ("Head pain", "Headache", "Nervous system disorders"),
    ("Migraine", "Migraine", "Nervous system disorders"),
    ("Fever", "Pyrexia", "General disorders and administration site conditions"),
    ("Bone pain", "Bone pain", "Musculoskeletal and connective tissue disorders"),
)


@dataclass(slots=True)
class World:
    """One study with what belongs to it; participants are known by their codes."""

    study: Study
    sites: dict[str, Site]
    interventions: dict[str, Intervention]  # by name
    people: dict[str, Account] = field(default_factory=dict)
    participants: dict[str, Participant] = field(default_factory=dict)

    def person(self, name: str, role: str, site: str | None = None) -> Account:
        """An account of this room with one role in the study."""
        account = Account(username=f"{name}-{uuid.uuid4().hex[:8]}", full_name=name.title())
        account.set_unusable_password()
        with as_test():
            account.save()
        grant_membership(
            study=self.study,
            account=account,
            role=role,
            site=self.sites[site] if site else None,
            room="open",
            starts_on=date(2020, 1, 1),
            reason="test",
            by=SOMEONE,
        )
        self.people[name] = account
        return account

    def client(self, name: str) -> Client:
        """A browser in which this person is signed in."""
        client = Client()
        client.force_login(self.people[name])
        return client

    def url(self, tail: str) -> str:
        return f"/studies/{self.study.code}/{tail}"

    def record(self, participant: str = "P1", *, by: str = "alice", **said: Any) -> AdverseEvent:
        """An event recorded through the action; `said` replaces parts of a plain non-serious one."""
        return record_event(
            participant=self.participants[participant],
            details=self.details(**said),
            submission_key=uuid.uuid4(),
            separate=True,
            by=self.people[by].actor("investigator"),
        )

    def details(self, **said: Any) -> EventDetails:
        """A plain event that every rule lets pass without a question."""
        plain: dict[str, Any] = {
            "verbatim": "Headache",
            "onset": "2026-03-05",
            "end": "2026-03-07",
            "grade": 1,
            "serious": False,
            "outcome": "recovered",
            "judgements": (self.judged("Infusion", "possible"),),
        }
        return EventDetails(**(plain | said))

    def judged(self, intervention: str, causality: str = "", action_taken: str = "") -> Judgement:
        return Judgement(self.interventions[intervention].id, causality, action_taken)

    def posted(self, **said: Any) -> dict[str, Any]:
        """What a browser sends for the plain event."""
        plain: dict[str, Any] = {
            "submission_key": str(uuid.uuid4()),
            "verbatim": "Headache",
            "onset": "2026-03-05",
            "end": "2026-03-07",
            "grade": "1",
            "serious": "no",
            "outcome": "recovered",
            f"causality_{self.interventions['Infusion'].id}": "possible",
        }
        return {name: value for name, value in (plain | said).items() if value is not None}


def make_world(code: str = "TWO", *, severity_scale: str = "daids-2.1") -> World:
    """Sites 01 (P1 exposed, P2 not) and 02 (P3). Alice investigates and Carl coordinates at 01, Bob at 02;
    Mona is the medical monitor of all sites.
    """
    entry = StudyEntry(code=code, title="A trial of two sites", severity_scale=severity_scale)
    study = create_study(entry=entry, by=SOMEONE)
    sites = put_sites(
        study=study,
        sites=[SiteEntry("01", "USA", "America/Los_Angeles"), SiteEntry("02", "AUS", "Australia/Sydney")],
        by=SOMEONE,
    )
    interventions = put_interventions(
        study=study,
        interventions=[
            InterventionEntry("GCSF", "Mobilisation", "product"),
            InterventionEntry("APH", "Apheresis", "procedure"),
            InterventionEntry("INF", "Infusion", "product"),
        ],
        by=SOMEONE,
    )
    world = World(study=study, sites=sites, interventions=interventions)
    _enrol(world)
    world.person("alice", "investigator", "01")
    world.person("carl", "coordinator", "01")
    world.person("bob", "investigator", "02")
    world.person("mona", "medical_monitor")
    return world


def enrol(world: World, people: list[tuple[str, str, str]]) -> None:
    """Participants by code, site and first day of treatment."""
    records = [
        ParticipantRecord(
            row=row,
            participant=f"{world.study.code}-{code}",
            code=code,
            site=site,
            country="USA",
            age=40,
            sex="F",
            race="",
            ethnicity="",
            consented_on="2026-01-10",
            started_on=started,
            ended_on="",
            died_on="",
            died=False,
            screen_failure=False,
        )
        for row, (code, site, started) in enumerate(people, start=1)
    ]
    store_participants(study=world.study, records=records, by=SOMEONE, source=SOURCE)


def _enrol(world: World) -> None:
    enrol(world, [("P1", "01", "2026-02-01"), ("P2", "01", ""), ("P3", "02", "2026-02-03")])
    given = [
        ExposureRecord(1, f"{world.study.code}-P1", "EX-1", "Mobilisation", "2026-02-01", "2026-02-05"),
        ExposureRecord(2, f"{world.study.code}-P1", "EX-2", "Infusion", "2026-03-01", "2026-03-01"),
        ExposureRecord(3, f"{world.study.code}-P3", "EX-1", "Infusion", "2026-02-03", "2026-02-03"),
    ]
    store_exposures(study=world.study, records=given, by=SOMEONE, source=SOURCE)
    with within(world.study.id):
        people = Participant.objects.filter(study=world.study).select_related("site", "study")
        world.participants = {person.code: person for person in people}


def measure(world: World, participant: str, analyte: str, values: dict[str, float]) -> None:
    """Laboratory results of one analyte by day."""
    records = [
        MeasurementRecord(
            row=row,
            participant=f"{world.study.code}-{participant}",
            source_id=f"LB-{analyte}-{row}",
            domain="LB",
            category="",
            analyte=analyte,
            name=analyte.title(),
            value_text=str(value),
            unit_text="",
            value=value,
            unit="cells/uL",
            low=None,
            high=None,
            visit="",
            taken_on=day,
            not_done=False,
        )
        for row, (day, value) in enumerate(values.items(), start=1)
    ]
    store_measurements(study=world.study, records=records, by=SOMEONE, source=SOURCE)


def make_terms(world: World) -> dict[str, Term]:
    """A small dictionary of the study; terms by their lowest level."""
    made = release_from_data(
        study_id=world.study.id,
        dictionary="Local terms",
        paths=[TermPath(lowest_level_term=a, preferred_term=b, system_organ_class=c) for a, b, c in TERMS],
        origin="test",
        by=SOMEONE,
    )
    assert made is not None
    with within(world.study.id):
        terms = Term.objects.filter(release=made).select_related("release")
        return {term.lowest_level_term: term for term in terms}
