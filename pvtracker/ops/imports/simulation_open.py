"""The open half of a simulated trial into the open room, by the same actions that store an import."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db import transaction

from pvtracker.audit.context import Actor
from pvtracker.coding.actions import TermPath, put_release
from pvtracker.events.actions.importing import import_events
from pvtracker.lib.tally import Tally
from pvtracker.ops.imports.report import ImportRefused, Say
from pvtracker.ops.simulation import (
    DICTIONARY_NAME,
    DICTIONARY_VERSION,
    Protocol,
    load_open,
    local_dictionary,
)
from pvtracker.participants import actions as participants
from pvtracker.studies import actions as studies
from pvtracker.studies.actions import ArmEntry, InterventionEntry, SiteEntry, StudyEntry, VersionEntry
from pvtracker.studies.models import Study
from pvtracker.studies.protocol import protocol_of
from pvtracker.studies.queries import enter_by_code

SOURCE = "simulation"
REASON = "another simulation of the same trial"
ORIGIN = "Plain medical words put together for simulated trials; not MedDRA"


def load_simulation_open(folder: Path, *, by: Actor, say: Say) -> dict[str, Any]:
    """Store the open half found in `folder`, all of it or nothing; the same trial again changes nothing.

    Returns the protocol and the counts. Raises ImportRefused when the study stands already with other data.
    """
    trial = load_open(folder)
    stored: dict[str, Tally] = {}
    with transaction.atomic():
        study, known = put_study(trial.protocol, by=by)
        release = put_release(
            dictionary=DICTIONARY_NAME,
            number=DICTIONARY_VERSION,
            paths=[_path(row) for row in local_dictionary()],
            origin=ORIGIN,
            by=by,
            source=SOURCE,
        )
        context: dict[str, Any] = {"study": study, "by": by, "source": SOURCE}
        stored["participants"] = participants.store_participants(records=trial.participants, **context)
        stored["visits"] = participants.store_visits(records=trial.visits, **context)
        stored["exposures"] = participants.store_exposures(records=trial.exposures, **context)
        stored["dispositions"] = participants.store_dispositions(records=trial.dispositions, **context)
        stored["measurements"] = participants.store_measurements(records=trial.measurements, **context)
        stored["history"] = participants.store_history(records=trial.histories, **context)
        stored["medication"] = participants.store_medications(records=trial.medications, **context)
        stored["adverse events"] = import_events(
            records=trial.events, release=release, reason=REASON if known else "", **context
        )
        check_same(study, stored, known=known)
        protocol = protocol_of(study)
    for name, tally in stored.items():
        say(f"{name}: {tally.stored:,} stored, {tally.unchanged:,} unchanged")
    return {"protocol": protocol, "counts": {name: tally.as_json() for name, tally in stored.items()}}


def put_study(protocol: Protocol, *, by: Actor) -> tuple[Study, bool]:
    """The study of a simulated trial, created if unknown; and whether it was known."""
    entry = StudyEntry(
        code=protocol.study,
        title=protocol.title,
        planned_participants=protocol.planned_participants,
        simulated=True,
        severity_scale=protocol.severity_scale,
        revealing_analytes=protocol.revealing_analytes,
    )
    study = enter_by_code(protocol.study)
    known = study is not None
    if study is None:
        study = studies.create_study(entry=entry, by=by, source=SOURCE)
    elif not study.simulated or study.planned_participants != protocol.planned_participants:
        raise ImportRefused(
            f"There is a study {study.code} already, and it is another one. Choose another code."
        )
    sites = [SiteEntry(site.code, site.country, site.time_zone) for site in protocol.sites]
    arms = [ArmEntry(arm.code, arm.name, arm.reference) for arm in protocol.arms]
    interventions = [InterventionEntry(**asdict(item)) for item in protocol.interventions]
    versions = [VersionEntry("1.0")]
    studies.put_versions(study=study, versions=versions, by=by, source=SOURCE)
    studies.put_sites(study=study, sites=sites, by=by, source=SOURCE)
    studies.put_arms(study=study, arms=arms, by=by, source=SOURCE)
    studies.put_interventions(study=study, interventions=interventions, by=by, source=SOURCE)
    return study, known


def check_same(study: Study, stored: dict[str, Tally], *, known: bool) -> None:
    """A simulated row is never refused, and a known study is loaded again only to find everything
    unchanged.
    """
    if any(tally.refused for tally in stored.values()):
        refused = next(row for tally in stored.values() for row in tally.refused)
        raise ImportRefused(f"The simulated trial does not fit the database: {refused.message}")
    if known and any(tally.stored or tally.changed for tally in stored.values()):
        raise ImportRefused(
            f"There is a study {study.code} already, simulated with other options. Choose another code."
        )


def _path(row: Any) -> TermPath:
    return TermPath(
        lowest_level_term=row.lowest_level_term,
        preferred_term=row.preferred_term,
        high_level_term=row.high_level_term,
        high_level_group_term=row.high_level_group_term,
        system_organ_class=row.system_organ_class,
    )
