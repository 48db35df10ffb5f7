"""A scratch installation beside the one at hand, on the same server, gone afterwards; in it a study of one person."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from pvtracker.ops.provision import provision
from pvtracker.ops.rooms import ROOMS, Home, Installation, Names

SUFFIX = "_bench"
# Runs inside the open room: `study`, its participant `one`, and `by`, who does it.
STUDY_OF_ONE = """
import uuid
from pvtracker.audit.context import Actor, acting, enter_study, within
from pvtracker.formats.records import ParticipantRecord
from pvtracker.participants.actions import store_participants
from pvtracker.participants.models import Measurement, Participant, Visit
from pvtracker.studies.actions import SiteEntry, StudyEntry, create_study, put_sites
by = Actor.process("bench")
entry = StudyEntry(code=f"B-{uuid.uuid4().hex[:8]}", title="Bench", severity_scale="daids-2.1")
study = create_study(entry=entry, by=by)
put_sites(study=study, sites=[SiteEntry("01", "USA", "UTC")], by=by)
person = ParticipantRecord(row=1, participant="P1", code="P1", site="01", country="USA", age=40, sex="F", race="",
    ethnicity="", consented_on="2026-01-10", started_on="2026-02-01", ended_on="", died_on="", died=False,
    screen_failure=False)
store_participants(study=study, records=[person], by=by, source="bench")
with within(study.id):
    one = Participant.objects.select_related("site", "study").get(study=study)
"""


@contextlib.contextmanager
def scratch(installation: Installation) -> Iterator[Installation]:
    """Databases, logins and a home of its own, empty."""
    with tempfile.TemporaryDirectory(prefix="pvtracker-bench-") as folder:
        home = Home(Path(folder))
        home.make()
        place = dataclasses.replace(installation, home=home, names=Names(SUFFIX))
        drop(place)
        try:
            provision(place)
            yield place
        finally:
            drop(place)


def drop(place: Installation) -> None:
    """Remove the databases and roles of a scratch installation."""
    with psycopg.connect(place.admin_url, autocommit=True) as connection:
        for room in ROOMS:
            name = sql.Identifier(place.names.database(room))
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))
        for room in ROOMS:
            for role in (place.names.login(room), place.names.owner(room), place.names.sealer(room)):
                connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(role)))
        connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(place.names.audit())))
