"""SDTM domains as records: two entry points, one per room, so that no arm reaches the open one."""

from pvtracker.formats import SDTM_DOMAINS as DOMAINS
from pvtracker.formats.sdtm.closed_half import ClosedRecords, closed_domains, closed_records
from pvtracker.formats.sdtm.columns import CLOSED_COLUMNS, OPEN_COLUMNS
from pvtracker.formats.sdtm.open_half import STUDY_TREATMENT, OpenRecords, open_records
from pvtracker.formats.sdtm.rows import DomainCount

__all__ = [
    "CLOSED_COLUMNS",
    "DOMAINS",
    "OPEN_COLUMNS",
    "STUDY_TREATMENT",
    "ClosedRecords",
    "DomainCount",
    "OpenRecords",
    "closed_domains",
    "closed_records",
    "open_records",
]
