"""What writes the protocol: studies, versions, sites, arms' names, interventions."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django.db.models import F, Model

from pvtracker.audit.context import Actor, action, enter_study
from pvtracker.studies import queries
from pvtracker.studies.definitions import DefinitionError, of_settings
from pvtracker.studies.models import Arm, Intervention, ProtocolVersion, Site, Study
from pvtracker.studies.rules import StudyRefused

# A study's code stands in addresses, file names and on paper: nothing in it may need quoting anywhere.
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
UTC = "UTC"


@dataclass(frozen=True, slots=True)
class StudyEntry:
    """What a study says about itself; the same in both rooms."""

    code: str
    title: str
    sponsor: str = ""
    planned_participants: int | None = None
    simulated: bool = False
    severity_scale: str = "mild-moderate-severe"
    analysis_arm: str = "actual"
    emergent_window_days: int | None = None
    definitions: Mapping[str, Any] = field(default_factory=dict)  # what differs from the defaults
    revealing_analytes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """A version of the protocol; no day where it is not known."""

    number: str
    approved_on: date | None = None


@dataclass(frozen=True, slots=True)
class SiteEntry:
    code: str
    country: str = ""  # ISO 3166 alpha-3
    time_zone: str = UTC  # IANA


@dataclass(frozen=True, slots=True)
class ArmEntry:
    """The name of a randomised group, as the protocol prints it."""

    code: str
    name: str
    is_reference: bool = False


@dataclass(frozen=True, slots=True)
class InterventionEntry:
    code: str
    name: str  # the blinded one
    kind: str  # InterventionKind


@action
def create_study(
    *, entry: StudyEntry, by: Actor, study_id: uuid.UUID | None = None, reason: str = "", source: str = "form"
) -> Study:
    """A new study, entered for this transaction. The closed room gives the id by which the open room knows it."""
    if not CODE.fullmatch(entry.code):
        raise StudyRefused(
            f"{entry.code[:60]!r} is no code of a study: it has letters, digits, dots, dashes and underscores,"
            " and begins with a letter or digit."
        )
    if queries.study_id_of(entry.code):
        raise StudyRefused(f"There is a study {entry.code} already.")
    study = Study(id=study_id or uuid.uuid4(), **_values(entry))
    enter_study(study.id)
    study.save(force_insert=True)
    return study


@action
def update_study(
    *, study: Study, entry: StudyEntry, by: Actor, reason: str = "", source: str = "form"
) -> bool:
    """Write what differs, under the next version; False when nothing did. The code of a study never
    changes, and which analytes tell the arm is declared by `add_revealing` and never taken back.
    """
    if entry.code != study.code:
        raise StudyRefused(f"The code of study {study.code} cannot be changed to {entry.code}.")
    values = _values(entry)
    if study.revealing_analytes != values["revealing_analytes"]:
        raise StudyRefused(f"Which analytes tell the arm of study {study.code} cannot be changed like this.")
    if all(getattr(study, name) == value for name, value in values.items()):
        return False
    changed = Study.objects.filter(id=study.id, version=study.version).update(
        **values, version=F("version") + 1
    )
    if not changed:
        raise StudyRefused(
            f"Study {study.code} was changed by somebody else meanwhile; look again and repeat."
        )
    study.refresh_from_db()
    return True


@action
def add_revealing(
    *, study: Study, analytes: Sequence[str], by: Actor, reason: str = "", source: str = "form"
) -> None:
    """Declare more analytes that tell the arm. In the open room `participants.declare_revealing` asks first whether
    results stand there already. A declaration is never taken back: the next results would be stored in the open room.
    """
    declared = tuple(study.revealing_analytes)
    wanted = analyte_codes((*declared, *analytes))
    if wanted != declared:
        Study.objects.filter(id=study.id).update(revealing_analytes=list(wanted), version=F("version") + 1)
        study.refresh_from_db()


def analyte_codes(analytes: Sequence[str]) -> tuple[str, ...]:
    """Codes as they are compared, without regard to case and blanks, each once."""
    return tuple(dict.fromkeys(code for one in analytes if (code := one.strip().upper())))


@action
def put_versions(
    *, study: Study, versions: Sequence[VersionEntry], by: Actor, source: str = "form", reason: str = ""
) -> None:
    """Add the protocol versions that are new; one that is known keeps what it says."""
    for version in versions:
        ProtocolVersion.objects.get_or_create(
            study=study, number=version.number, defaults={"approved_on": version.approved_on}
        )


@action
def put_sites(
    *, study: Study, sites: Sequence[SiteEntry], by: Actor, reason: str = "", source: str = "form"
) -> dict[str, Site]:
    """Create or correct the named sites; returns all sites of the study by code. None is removed."""
    known = {site.code: site for site in Site.objects.filter(study=study)}
    _check_fit(Site, sites)
    _check_zones(sites)
    for entry in sites:
        site = known.get(entry.code)
        if site is None:
            known[entry.code] = Site.objects.create(
                study=study, code=entry.code, country=entry.country, time_zone=entry.time_zone
            )
        elif (site.country, site.time_zone) != (entry.country, entry.time_zone):
            site.country, site.time_zone = entry.country, entry.time_zone
            site.save(update_fields=["country", "time_zone"])
    return known


@action
def put_arms(
    *, study: Study, arms: Sequence[ArmEntry], by: Actor, reason: str = "", source: str = "form"
) -> dict[str, Arm]:
    """Create or rename arms in the protocol's order; at most one is the reference. Returns all arms by
    code.
    """
    if sum(entry.is_reference for entry in arms) > 1:
        raise StudyRefused("A study has one reference arm, not several.")
    known = {arm.code: arm for arm in Arm.objects.filter(study=study)}
    _check_fit(Arm, arms)
    # the old reference steps down first: the database allows one at any moment
    if any(entry.is_reference for entry in arms):
        named = {entry.code for entry in arms if entry.is_reference}
        Arm.objects.filter(study=study, is_reference=True).exclude(code__in=named).update(is_reference=False)
    for ordinal, entry in enumerate(arms):
        values = {"name": entry.name, "is_reference": entry.is_reference, "ordinal": ordinal}
        arm = known.get(entry.code)
        if arm is None:
            known[entry.code] = Arm.objects.create(study=study, code=entry.code, **values)
        elif any(getattr(arm, name) != value for name, value in values.items()):
            Arm.objects.filter(id=arm.id).update(**values)
            arm.refresh_from_db()
    return known


@action
def put_interventions(
    *,
    study: Study,
    interventions: Sequence[InterventionEntry],
    by: Actor,
    reason: str = "",
    source: str = "form",
) -> dict[str, Intervention]:
    """Create or rename interventions in order; returns all interventions of the study by *name*."""
    known = {intervention.code: intervention for intervention in Intervention.objects.filter(study=study)}
    _check_fit(Intervention, interventions)
    for ordinal, entry in enumerate(interventions):
        values = {"name": entry.name, "kind": entry.kind, "ordinal": ordinal}
        intervention = known.get(entry.code)
        if intervention is None:
            known[entry.code] = Intervention.objects.create(study=study, code=entry.code, **values)
        elif any(getattr(intervention, name) != value for name, value in values.items()):
            Intervention.objects.filter(id=intervention.id).update(**values)
            intervention.refresh_from_db()
    return {intervention.name: intervention for intervention in known.values()}


def _check_fit(model: type[Model], entries: Sequence[SiteEntry | ArmEntry | InterventionEntry]) -> None:
    """A name that does not fit is refused, never cut."""
    for entry in entries:
        for one in fields(entry):
            limit = getattr(model._meta.get_field(one.name), "max_length", None)
            if limit is not None and len(getattr(entry, one.name)) > limit:
                name = f"{one.name} of {model._meta.verbose_name} {entry.code[:40]}"
                raise StudyRefused(f"The {name} has more than {limit} characters.")


def _check_zones(sites: Sequence[SiteEntry]) -> None:
    """A zone that nobody knows would be met when a cut reckons the day of an entry."""
    zones = {UTC} if all(entry.time_zone == UTC for entry in sites) else available_timezones()
    unknown = [
        f"{entry.time_zone[:40]!r} (site {entry.code})" for entry in sites if entry.time_zone not in zones
    ]
    if unknown:
        raise StudyRefused(
            f"There is no time zone {', '.join(unknown)}. Write it as the IANA database does, such as Europe/Berlin."
        )


def _values(entry: StudyEntry) -> dict[str, object]:
    if not entry.code.strip():
        raise StudyRefused("A study needs a code.")
    for name, limit in (("code", 40), ("title", 300), ("sponsor", 120)):
        if len(getattr(entry, name)) > limit:
            raise StudyRefused(f"The {name} of a study has at most {limit} characters.")
    settings = {
        name: getattr(entry, name) for name in ("emergent_window_days", "analysis_arm", "definitions")
    }
    try:
        of_settings(settings)
    except DefinitionError as fault:
        raise StudyRefused(str(fault)) from fault
    return {
        "code": entry.code,
        "title": entry.title,
        "sponsor": entry.sponsor,
        "planned_participants": entry.planned_participants,
        "simulated": entry.simulated,
        "severity_scale": entry.severity_scale,
        "analysis_arm": entry.analysis_arm,
        "emergent_window_days": entry.emergent_window_days,
        "definitions": dict(entry.definitions),
        "revealing_analytes": list(analyte_codes(entry.revealing_analytes)),
    }
