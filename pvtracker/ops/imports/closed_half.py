"""The closed half of an import: who received what, and nothing else of the delivery."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from pvtracker.allocation import actions as allocation
from pvtracker.audit.context import Actor
from pvtracker.formats import StructuralFault, expect_rows, read_domain_files
from pvtracker.formats.sdtm import CLOSED_COLUMNS, ClosedRecords, closed_domains, closed_records
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
from pvtracker.studies.protocol import put_protocol


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for. `protocol` is as the open room told it; `leave` are domains it could not store."""

    folder: Path
    protocol: Mapping[str, Any]
    leave: Collection[str] = ()
    expected: Mapping[str, int] | None = None
    dry_run: bool = False


def arm_names(folder: Path) -> dict[str, str]:
    """The arms of the delivery as the protocol prints them, name by code; nobody's arm. Empty without a
    readable DM.
    """
    try:
        files = read_domain_files(folder, domains=("DM",), choice=CLOSED_COLUMNS)
    except StructuralFault as fault:
        raise ImportRefused(str(fault)) from fault
    records = closed_records(files.domains)
    named = {(one.planned_code, one.planned) for one in records.allocations}
    return {code: name for code, name in sorted(named) if code}


def import_closed(order: Order, *, by: Actor, say: Say) -> dict[str, Any]:
    """Store allocation, treatments and revealing measurements; returns the report per domain, without
    counts by arm.
    """
    revealing = frozenset(order.protocol["study"]["revealing_analytes"])
    wanted = closed_domains(revealing)
    try:
        files = read_domain_files(order.folder, domains=wanted, choice=CLOSED_COLUMNS)
    except StructuralFault as fault:
        raise ImportRefused(str(fault)) from fault
    expected = {domain: rows for domain, rows in (order.expected or {}).items() if domain in wanted}
    files = expect_rows(files, expected)
    records = closed_records(files.domains, revealing_analytes=revealing)
    domains: dict[str, Any] = {}
    with transaction.atomic() if order.dry_run else nullcontext():
        study = put_protocol(dict(order.protocol), by=by, source="import")
        for domain, store in _stores(records).items():
            if domain not in files.domains:
                continue
            origin = origin_of(files, domain)
            tally, why_not = None, faults_of(records.faults, domain)
            if why_not is None and domain in order.leave:
                why_not = f"The open half of {domain} was not stored, so the closed one is not either."
            if why_not is None:
                tally, why_not = store_whole(domain, study, _bound(store, study=study, by=by, origin=origin))
            refused = () if why_not else [row for row in records.refused if row.domain == domain]
            count = next(count for count in records.counts if count.domain == domain)
            domains[domain] = domain_report(origin, count, tally=tally, refused=refused, fault=why_not)
            say(f"closed {domain}: {why_not or 'stored'}")
        if order.dry_run:
            transaction.set_rollback(True)
    return domains


def _stores(records: ClosedRecords) -> dict[str, Callable[..., Tally]]:
    """What stores each domain, in load order."""

    def measured(domain: str) -> list[Any]:
        return [one for one in records.measurements if one.measurement.domain == domain]

    return {
        "DM": lambda **context: allocation.store_allocations(records=records.allocations, **context),
        "EX": lambda **context: allocation.store_treatments(records=records.treatments, **context),
        "LB": lambda **context: allocation.store_revealing_measurements(records=measured("LB"), **context),
        "VS": lambda **context: allocation.store_revealing_measurements(records=measured("VS"), **context),
    }


def _bound(store: Callable[..., Tally], *, study: Any, by: Actor, origin: Origin) -> Callable[[], Tally]:
    return lambda: store(study=study, by=by, source=origin.source, reason=origin.reason)
