"""A table of a page as a file for others: the same table gives the same bytes, and no file says when, by
whom or on which machine it was made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pvtracker.formats.printed.comma import write_csv
from pvtracker.formats.printed.rich_text import write_rtf
from pvtracker.formats.printed.spreadsheet import write_xlsx
from pvtracker.formats.printed.table import Printed


@dataclass(frozen=True, slots=True)
class Form:
    """A file format: its name for people, its media type, the function that writes it, and whether it is read by
    programs, so that a number stands in it as a number and not as it is printed."""

    label: str
    media_type: str
    write: Callable[[Printed], bytes]
    of_values: bool


FORMS = {
    "csv": Form("CSV", "text/csv; charset=utf-8", write_csv, True),
    "xlsx": Form(
        "XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx, True
    ),
    "rtf": Form("RTF", "application/rtf", write_rtf, False),
}

__all__ = ["FORMS", "Form", "Printed"]
