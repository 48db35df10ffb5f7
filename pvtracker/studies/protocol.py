"""The protocol as one room tells it to the other: names and settings, never who is in which arm."""

from __future__ import annotations

import uuid
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from django.db import transaction

from pvtracker.audit.context import Actor
from pvtracker.studies import actions
from pvtracker.studies.actions import (
    ArmEntry,
    InterventionEntry,
    SiteEntry,
    StudyEntry,
    StudyRefused,
    VersionEntry,
)
from pvtracker.studies.models import Arm, Intervention, ProtocolVersion, Site, Study
from pvtracker.studies.queries import enter_by_code


def entry_of(study: Study) -> StudyEntry:
    """What a study says about itself, as `studies.actions` takes it."""
    return StudyEntry(
        code=study.code,
        title=study.title,
        sponsor=study.sponsor,
        planned_participants=study.planned_participants,
        simulated=study.simulated,
        severity_scale=study.severity_scale,
        analysis_arm=study.analysis_arm,
        emergent_window_days=study.emergent_window_days,
        definitions=dict(study.definitions),
        revealing_analytes=tuple(study.revealing_analytes),
    )


def protocol_of(study: Study) -> dict[str, Any]:
    """The study, its protocol's versions, arms' names, interventions and sites as plain data."""
    arms = Arm.objects.filter(study=study).order_by("ordinal", "code")
    interventions = Intervention.objects.filter(study=study).order_by("ordinal", "code")
    sites = Site.objects.filter(study=study).order_by("code")
    versions = ProtocolVersion.objects.filter(study=study).order_by("number")
    return {
        "id": str(study.id),
        "study": asdict(entry_of(study)),
        "arms": [asdict(ArmEntry(arm.code, arm.name, arm.is_reference)) for arm in arms],
        "interventions": [asdict(InterventionEntry(i.code, i.name, i.kind)) for i in interventions],
        "sites": [asdict(SiteEntry(site.code, site.country, site.time_zone)) for site in sites],
        "versions": [
            {"number": v.number, "approved_on": v.approved_on and v.approved_on.isoformat()} for v in versions
        ],
    }


def put_protocol(protocol: dict[str, Any], *, by: Actor, source: str) -> Study:
    """Write another room's protocol here, under the same study id and all of it or nothing; what is the same already is
    left alone. In a larger transaction the study stays entered.
    """
    with transaction.atomic():
        return _put(protocol, by=by, source=source)


def _put(protocol: dict[str, Any], *, by: Actor, source: str) -> Study:
    stated = protocol["study"]
    entry = StudyEntry(**{**stated, "revealing_analytes": tuple(stated["revealing_analytes"])})
    study_id = uuid.UUID(protocol["id"])
    study = enter_by_code(entry.code)
    if study is None:
        study = actions.create_study(entry=entry, study_id=study_id, by=by, source=source)
    elif study.id != study_id:
        raise StudyRefused(f"This room knows another study {entry.code}: the ids differ.")
    else:
        actions.add_revealing(study=study, analytes=entry.revealing_analytes, by=by, source=source)
        # what an older protocol does not declare yet stays declared
        entry = replace(entry, revealing_analytes=tuple(study.revealing_analytes))
        actions.update_study(study=study, entry=entry, by=by, source=source)
    arms = [ArmEntry(**row) for row in protocol["arms"]]
    interventions = [InterventionEntry(**row) for row in protocol["interventions"]]
    versions = [
        VersionEntry(row["number"], date.fromisoformat(row["approved_on"]) if row["approved_on"] else None)
        for row in protocol["versions"]
    ]
    actions.put_versions(study=study, versions=versions, by=by, source=source)
    actions.put_sites(
        study=study, sites=[SiteEntry(**row) for row in protocol["sites"]], by=by, source=source
    )
    actions.put_arms(study=study, arms=arms, by=by, source=source)
    actions.put_interventions(study=study, interventions=interventions, by=by, source=source)
    return study
