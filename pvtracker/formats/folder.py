"""Finds the domains in a delivered folder; split domains come together, what is left out is named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pvtracker.formats import manifest
from pvtracker.formats.tables import ColumnChoice, StructuralFault, Table

Reader = Callable[[Path, ColumnChoice], Table]

# SDTM datasets that are known and not imported. Trial design and elements would also tell the arms.
TRIAL_DESIGN = frozenset({"TA", "TD", "TE", "TI", "TM", "TS", "TV", "TX"})
RELATIONS = frozenset({"RELREC", "RELSPEC", "RELSUB", "RELREF", "CO", "POOLDEF"})
ELEMENTS = frozenset({"SE", "SM"})


@dataclass(frozen=True, slots=True)
class Ignored:
    """A file that was not read, and why."""

    source_file: str
    reason: str


@dataclass(frozen=True, slots=True)
class DomainFiles:
    """What a folder holds, by domain; a fault stands where a file could not be read.

    A domain with one fault must not be stored at all, whatever its other files say.
    """

    domains: Mapping[str, tuple[Table | StructuralFault, ...]]
    ignored: tuple[Ignored, ...]

    def faults(self) -> tuple[StructuralFault, ...]:
        return tuple(f for files in self.domains.values() for f in files if isinstance(f, StructuralFault))

    def rows(self, domain: str) -> int:
        """Rows in the readable files of a domain, refused ones included."""
        return sum(table.row_count for table in self.domains.get(domain, ()) if isinstance(table, Table))


def read_folder(
    folder: Path, *, readers: Mapping[str, Reader], domains: Iterable[str], choice: ColumnChoice
) -> DomainFiles:
    """Read every file of `folder` that holds one of `domains`; see `formats.read_domain_files`."""
    declared = manifest.read_manifest(folder)
    wanted = frozenset(domains)
    found: dict[str, list[Table | StructuralFault]] = {}
    ignored: list[Ignored] = []
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        if path.name in manifest.NAMES:
            continue
        reader, stem = readers.get(suffix_of(path.name)), stem_of(path.name)
        reason = "the format is not read" if reader is None else _why_ignored(stem, wanted)
        if reader is None or reason:
            ignored.append(Ignored(path.name, reason))
            continue
        entry = read_one(path, reader=reader, choice=choice, declared=declared.get(path.name))
        if entry.domain in wanted:
            found.setdefault(entry.domain, []).append(entry)
        else:
            ignored.append(Ignored(path.name, f"domain {entry.domain} is not imported"))
    for name in sorted(set(declared) - {path.name for path in folder.iterdir()}):
        domain = stem_of(name)[:2]
        if domain in wanted and not _why_ignored(stem_of(name), wanted):
            found.setdefault(domain, []).append(missing(name))
    return DomainFiles({domain: without_twins(found[domain]) for domain in sorted(found)}, tuple(ignored))


def missing(name: str) -> StructuralFault:
    """The fault of a file that the manifest lists and the folder does not hold."""
    message = "The manifest lists this file; it is missing. Deliver it, or take it off the manifest."
    return StructuralFault(message, rule="file-missing", source_file=name, domain=stem_of(name)[:2])


def expect_rows(files: DomainFiles, expected: Mapping[str, int]) -> DomainFiles:
    """The same files, with a fault for every domain whose rows are not as many as expected."""
    domains = dict(files.domains)
    for domain, rows in expected.items():
        if files.rows(domain) == rows:
            continue
        message = f"{domain} has {files.rows(domain):,} rows, {rows:,} were expected."
        fault = StructuralFault(message, rule="row-count", domain=domain)
        domains[domain] = (*domains.get(domain, ()), fault)
    return replace(files, domains=domains)


def read_one(
    path: Path, *, reader: Reader, choice: ColumnChoice, declared: manifest.Declared | None
) -> Table | StructuralFault:
    """One file, checked against what the manifest declares of it; the fault where it cannot be trusted."""
    try:
        table = reader(path, choice).at(path.name)
        if declared is not None:
            manifest.check_against(table, declared)
    except StructuralFault as fault:
        return fault.at(source_file=path.name, domain=stem_of(path.name)[:2])
    return table


def without_twins(entries: list[Table | StructuralFault]) -> tuple[Table | StructuralFault, ...]:
    """Add a fault where one dataset was delivered twice, for example as ae.xpt and as ae.csv."""
    files: dict[str, str] = {}
    faults = []
    for entry in entries:
        stem = stem_of(entry.source_file)
        if stem in files:
            message = f"The same dataset is also in {files[stem]}; deliver it once."
            fault = StructuralFault(message, rule="dataset-twice")
            faults.append(fault.at(source_file=entry.source_file, domain=entry.domain))
        files[stem] = entry.source_file
    return (*entries, *faults)


def _why_ignored(stem: str, wanted: frozenset[str]) -> str:
    if stem.startswith(("SUPP", "SQ")) and stem[:2] not in wanted:
        return "supplemental qualifiers are not imported"
    if stem in TRIAL_DESIGN:
        return "trial design is not imported"
    if stem in RELATIONS:
        return "relations and comments are not imported"
    if stem in ELEMENTS:
        return "subject elements tell the arm and are not imported"
    return ""


def suffix_of(name: str) -> str:
    """Of a file's name, without what it is packed with."""
    bare = name.lower().removesuffix(".gz")
    return "." + bare.rsplit(".", 1)[-1] if "." in bare else ""


def stem_of(name: str) -> str:
    """The dataset that a file's name names."""
    return name.lower().removesuffix(".gz").rsplit(".", 1)[0].upper()
