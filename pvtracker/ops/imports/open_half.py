"""The open half of an import: everything clinical, in a process that never sees an arm of anybody."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from django.db import transaction

from pvtracker.audit.context import Actor
from pvtracker.coding.actions import release_from_data
from pvtracker.events.actions.delivered_terms import usable_paths
from pvtracker.events.actions.held_rows import watch_over
from pvtracker.events.actions.importing import import_events
from pvtracker.events.actions.questions import ask_about_participants
from pvtracker.events.holding import lexicon_of
from pvtracker.formats import (
    READERS,
    DomainFiles,
    StructuralFault,
    Table,
    adsl,
    expect_rows,
    read_domain_files,
)
from pvtracker.formats.records import UNKNOWN_SITE
from pvtracker.formats.sdtm import OPEN_COLUMNS, STUDY_TREATMENT, DomainCount, OpenRecords, open_records
from pvtracker.formats.sdtm.rows import Collected
from pvtracker.lib.tally import Tally
from pvtracker.ops.imports.report import (
    ImportRefused,
    Origin,
    Say,
    domain_report,
    faults_of,
    origin_of,
    store_whole,
)
from pvtracker.ops.imports.set_flags import NOT_COMPARED, SETS_REST_ON, compare_sets
from pvtracker.ops.imports.trial_summary import entry_from
from pvtracker.participants import actions as participants
from pvtracker.participants.fitting import fitted
from pvtracker.participants.models import Participant
from pvtracker.studies import actions as studies
from pvtracker.studies.actions import ArmEntry, InterventionEntry, SiteEntry, VersionEntry
from pvtracker.studies.models import Arm, Intervention, Site, Study
from pvtracker.studies.protocol import protocol_of
from pvtracker.studies.queries import enter_by_code
from pvtracker.studies.rules import NoReferenceArm, reference_arm

DICTIONARY = "Terms as delivered"
TREATMENT = InterventionEntry(code="TREATMENT", name=STUDY_TREATMENT, kind="product")


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for. `arms` is name by code, as the protocol prints them."""

    folder: Path
    study: str
    arms: Mapping[str, str]
    reference: str = ""
    revealing: tuple[str, ...] = ()  # analytes that go to the closed room only
    expected: Mapping[str, int] | None = None
    dry_run: bool = False


def import_open(order: Order, *, by: Actor, say: Say) -> dict[str, Any]:
    """Read the folder and store what blinded people may see; returns the report. Raises ImportRefused.

    Each domain is stored in one transaction, or not at all. A study that was unknown before is created
    together with its participants; when DM cannot be stored, it stays unknown (`kept` is false) and nothing
    else is stored either.
    """
    files = _read(order)
    say(f"read {sum(files.rows(domain) for domain in files.domains):,} rows")
    with transaction.atomic() if order.dry_run else nullcontext():
        report = _import(order, files, by=by, say=say)
        if order.dry_run:
            transaction.set_rollback(True)
    return {**report, "kept": report["kept"] and not order.dry_run}


def _import(order: Order, files: DomainFiles, *, by: Actor, say: Say) -> dict[str, Any]:
    with transaction.atomic():
        known = enter_by_code(order.study)
        before = known.revealing_analytes if known else ()
        study = known or _create(order, files, by=by)
        participants.declare_revealing(study=study, analytes=order.revealing, by=by, source="import")
        records = open_records(files.domains, revealing_analytes=frozenset(study.revealing_analytes))
        _check_declared([code for code in study.revealing_analytes if code not in before], files, records)
        _check_same_trial(study, records)
        _put_arms(study, order, by=by)
        if not Intervention.objects.filter(study=study, name=STUDY_TREATMENT).exists():
            studies.put_interventions(study=study, interventions=[TREATMENT], by=by, source="import")
        flags = adsl.delivered_flags(files.domains.get(adsl.NAME, ()))
        job = Job(study, files, records, flags, by, say)
        domains = {"DM": job.store("DM", job.participants)} if "DM" in files.domains else {}
        kept = known is not None or Participant.objects.filter(study=study).exists()
        protocol = protocol_of(study)
        if not kept:
            transaction.set_rollback(True)
    obstacle = "" if kept else f"The study {order.study} has no participants"
    obstacle = domains.get("DM", {}).get("fault") or obstacle
    for domain, store in job.later():
        if domain in files.domains:
            domains[domain] = job.leave(domain, obstacle) if obstacle else job.store(domain, store)
    if files.domains.get(adsl.NAME):
        broken = [domain for domain in SETS_REST_ON if domains.get(domain, {}).get("fault")]
        if obstacle:
            domains[adsl.NAME] = job.leave(adsl.NAME, obstacle)
        elif broken:
            domains[adsl.NAME] = job.fault(adsl.NAME, NOT_COMPARED.format(domains=" and ".join(broken)))
        else:
            domains[adsl.NAME] = job.store(adsl.NAME, job.compare_sets)
    return {"study": protocol, "kept": kept, "created": known is None, "domains": domains}


@dataclass(frozen=True, slots=True)
class Job:
    """One delivery on its way into one study."""

    study: Study
    files: DomainFiles
    records: OpenRecords
    flags: Collected[adsl.Delivered]
    by: Actor
    say: Say

    def later(self) -> tuple[tuple[str, Callable[[Origin], Tally]], ...]:
        """The domains that need the participants, in load order."""
        return (
            ("SV", self.rows_of(participants.store_visits, self.records.visits)),
            ("EX", self.rows_of(participants.store_exposures, self.records.exposures)),
            ("DS", self.rows_of(participants.store_dispositions, self.records.dispositions)),
            ("AE", self.events),
            ("LB", self.rows_of(participants.store_measurements, self.measurements("LB"))),
            ("VS", self.rows_of(participants.store_measurements, self.measurements("VS"))),
            ("MH", self.rows_of(participants.store_history, self.records.history)),
            ("CM", self.rows_of(participants.store_medications, self.records.medications)),
        )

    def rows_of(self, store: Callable[..., Tally], records: Sequence[Any]) -> Callable[[Origin], Tally]:
        def stored(origin: Origin) -> Tally:
            told: dict[str, Any] = {"by": self.by, "source": origin.source, "reason": origin.reason}
            return store(study=self.study, records=records, watch=watch_over(self.study, **told), **told)

        return stored

    def measurements(self, domain: str) -> list[Any]:
        return [record for record in self.records.measurements if record.domain == domain]

    def participants(self, origin: Origin) -> Tally:
        """Sites first: a delivery names them only in the rows of its participants. Then what is asked of them."""
        records = [fitted(record) for record in self.records.participants]
        known = {site.code: site for site in Site.objects.filter(study=self.study)}
        countries = {record.site: record.country for record in records if record.country}
        new = sorted({record.site for record in records} - set(known))
        sites = [SiteEntry(code, "" if code == UNKNOWN_SITE else countries.get(code, "")) for code in new]
        studies.put_sites(study=self.study, sites=sites, by=self.by, source=origin.source)
        tally = self.rows_of(participants.store_participants, records)(origin)
        queries = ask_about_participants(
            study=self.study, records=records, by=self.by, source=origin.source, reason=origin.reason
        )
        return replace(tally, queries=dict(sorted(queries.items())))

    def events(self, origin: Origin) -> Tally:
        """The dictionary release is made of the same delivery, in the same transaction."""
        release = release_from_data(
            study_id=self.study.id,
            dictionary=DICTIONARY,
            paths=usable_paths(self.records.events, lexicon_of(self.study)),
            origin=f"Made from the adverse events of {self.study.code} ({origin.source})",
            by=self.by,
            source=origin.source,
        )
        return import_events(
            study=self.study,
            records=self.records.events,
            release=release,
            by=self.by,
            source=origin.source,
            reason=origin.reason,
        )

    def compare_sets(self, origin: Origin) -> Tally:
        self.study.refresh_from_db()
        return compare_sets(self.study, self.flags, origin, by=self.by)

    def store(self, domain: str, store: Callable[[Origin], Tally]) -> dict[str, Any]:
        """Store one domain, or find out why not, and report it."""
        began = time.monotonic()
        origin = origin_of(self.files, domain)
        tally, fault = None, faults_of(self._faults, domain)
        if fault is None:
            tally, fault = store_whole(domain, self.study, lambda: store(origin))
        self.say(f"{domain}: {_summary(tally, fault)} ({time.monotonic() - began:.1f} s)")
        unread = (*self.records.refused, *self.flags.refused)
        refused = () if fault else [row for row in unread if row.domain == domain]
        return domain_report(origin, self.count(domain), tally=tally, refused=refused, fault=fault)

    def leave(self, domain: str, obstacle: str) -> dict[str, Any]:
        """Report a domain that cannot be stored because its participants are not."""
        return self.fault(
            domain, f"Nothing of {domain} is stored, because its participants are not: {obstacle}"
        )

    def fault(self, domain: str, said: str) -> dict[str, Any]:
        """Report a domain of which nothing is stored: its own fault, else what is said."""
        fault = faults_of(self._faults, domain) or said
        self.say(f"{domain}: {fault}")
        return domain_report(origin_of(self.files, domain), self.count(domain), fault=fault)

    def count(self, domain: str) -> DomainCount:
        counts = (*self.records.counts, self.flags.count)
        return next(count for count in counts if count.domain == domain)

    @property
    def _faults(self) -> tuple[StructuralFault, ...]:
        return (*self.records.faults, *self.flags.faults)


def _summary(tally: Tally | None, fault: str | None) -> str:
    if tally is None:
        return fault or ""
    return f"{tally.stored:,} stored, {tally.changed:,} changed, {tally.unchanged:,} unchanged"


def _create(order: Order, files: DomainFiles, *, by: Actor) -> Study:
    """A study as the delivery describes it. Toxicity grades mean a scale of five grades, words one of
    three.
    """
    tables = [file for file in files.domains.get("AE", ()) if isinstance(file, Table)]
    graded = any(any(table.values.get("AETOXGR", ())) for table in tables)
    entry = entry_from(
        order.folder,
        code=order.study,
        severity_scale="ctcae-5.0" if graded else "mild-moderate-severe",
        revealing=order.revealing,
    )
    study = studies.create_study(entry=entry, by=by, source="import")
    # SDTM names no protocol version; the one the data were collected under is numbered by whoever knows it
    studies.put_versions(study=study, versions=[VersionEntry("not stated")], by=by, source="import")
    return study


def _check_same_trial(study: Study, records: OpenRecords) -> None:
    """A slip in --study must not pour one trial into another: deliveries of a trial know its participants."""
    if study.simulated:
        raise ImportRefused(
            f"The study {study.code} is simulated; delivered data do not go into it. Name another --study."
        )
    delivered = {record.participant for record in records.participants}
    stored = Participant.objects.filter(study=study)
    if delivered and stored.exists() and not stored.filter(subject__in=delivered).exists():
        raise ImportRefused(
            f"No participant of this delivery is among those of study {study.code}: it seems to be another trial. "
            "Look at --study and the folder; a trial that is new here needs a code of its own."
        )


def _check_declared(new: Sequence[str], files: DomainFiles, records: OpenRecords) -> None:
    """A slip in --revealing would leave what tells the arm in the open room for good: where results are delivered, each
    analyte that is declared with them must be among them.
    """
    missing = [code for code in new if code not in records.left_out_analytes]
    if not missing or not {"LB", "VS"} & set(files.domains):
        return
    delivered = {record.analyte.upper() for record in records.measurements}
    near = sorted({name for code in missing for name in get_close_matches(code, delivered, cutoff=0.5)})
    raise ImportRefused(
        f"No result of {', '.join(missing)} is delivered, so that nothing would be kept out of the open room. "
        + (f"Is {' or '.join(near)} meant? " if near else "")
        + "If the results come later, declare the analyte with a folder without LB and VS first."
    )


def _put_arms(study: Study, order: Order, *, by: Actor) -> None:
    """Register the arms' names; the reference stands as it was unless another is named."""
    if not order.arms:
        return
    kept = {arm.code: arm for arm in Arm.objects.filter(study=study)}
    names = {code: arm.name for code, arm in kept.items()} | dict(order.arms)
    before = next((code for code, arm in kept.items() if arm.is_reference), "")
    try:
        reference = reference_arm(names, named=order.reference or before)
    except NoReferenceArm as refusal:
        raise ImportRefused(str(refusal)) from refusal
    arms = [ArmEntry(code, name, code == reference) for code, name in names.items()]
    studies.put_arms(study=study, arms=arms, by=by, source="import")


def _read(order: Order) -> DomainFiles:
    try:
        files = read_domain_files(order.folder, choice=OPEN_COLUMNS)
        flags = adsl.read_adsl(order.folder, READERS)
    except StructuralFault as fault:
        raise ImportRefused(str(fault)) from fault
    if not files.domains:
        raise ImportRefused(f"The folder {order.folder.name} holds none of the domains that are imported.")
    if flags:
        files = replace(files, domains={**files.domains, adsl.NAME: flags})
    return expect_rows(files, order.expected or {})
