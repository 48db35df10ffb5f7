"""What an import tells: per domain, every row once. No arm, and no count by arm."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.db import DatabaseError

from pvtracker.audit.context import within
from pvtracker.formats import DomainFiles, Refused, StructuralFault, Table
from pvtracker.formats.sdtm import DomainCount
from pvtracker.lib.tally import RefusedRow, Tally
from pvtracker.studies.models import Study

Say = Callable[[str], None]


class ImportRefused(ValueError):
    """Nothing was imported; the text is a sentence for the person who asked."""


class LeftAlone(ValueError):
    """A domain is left as it stands; the text is a sentence for the person who asked."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The files of one domain and the mark that they leave on what is stored from them."""

    files: tuple[Table, ...]

    @property
    def sha256(self) -> str:
        """Of the one file; of the files' hashes, one after the other, where a domain was split."""
        if len(self.files) == 1:
            return self.files[0].sha256
        return hashlib.sha256("".join(file.sha256 for file in self.files).encode()).hexdigest()

    @property
    def source(self) -> str:
        return f"import:{self.sha256}"

    @property
    def reason(self) -> str:
        return f"import of {self.sha256}"

    def as_json(self) -> list[dict[str, Any]]:
        return [{"name": f.source_file, "sha256": f.sha256, "rows": f.row_count} for f in self.files]


def origin_of(files: DomainFiles, domain: str) -> Origin:
    return Origin(tuple(file for file in files.domains.get(domain, ()) if isinstance(file, Table)))


def domain_report(
    origin: Origin,
    count: DomainCount,
    *,
    tally: Tally | None = None,
    refused: Iterable[Refused] = (),
    fault: str | None = None,
) -> dict[str, Any]:
    """Rows read = stored + changed + unchanged + refused + left out, unless a fault kept the domain out."""
    stored = tally or Tally()
    file = ", ".join(table.source_file for table in origin.files)
    unread = tuple(RefusedRow(r.row, r.rule, r.message, r.source_file) for r in refused)
    named = tuple(RefusedRow(r.row, r.rule, r.message, r.file or file) for r in stored.refused)
    whole = replace(stored, refused=(*unread, *named))
    if fault is None and whole.rows + count.left_out != count.rows:
        raise AssertionError(f"{count.domain}: {count.rows} rows came in, {whole.rows} were accounted for.")
    return {
        "files": origin.as_json(),
        "read": count.rows,
        **whole.as_json(),
        "left_out": count.left_out,
        "fault": fault,
    }


def store_whole(domain: str, study: Study, store: Callable[[], Tally]) -> tuple[Tally | None, str | None]:
    """Store a domain of a study in one transaction: its tally, or the sentence that says why nothing of it was
    stored.
    """
    try:
        with within(study.id):
            return store(), None
    except LeftAlone as why:
        return None, str(why)
    except DatabaseError as fault:
        # the database's own message may carry values
        return None, f"{domain} could not be stored ({type(fault).__name__}); nothing of it was kept."


def faults_of(faults: Iterable[StructuralFault], domain: str) -> str | None:
    said = [str(fault) for fault in faults if fault.domain == domain]
    return " ".join(said) or None


def folder_of(text: str) -> Path:
    folder = Path(text)
    if not folder.is_dir():
        raise ImportRefused(f"There is no folder {text}.")
    return folder
