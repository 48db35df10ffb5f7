"""What the trial summary (TS) of a delivery says about the study itself: title, sponsor, planned
participants.
"""

from __future__ import annotations

from pathlib import Path

from pvtracker.formats import READERS, ColumnChoice, StructuralFault
from pvtracker.studies.actions import StudyEntry

_WANTED = ColumnChoice(only=frozenset({"TSPARMCD", "TSVAL"}))
LONGEST_TITLE = 300


def entry_from(folder: Path, *, code: str, severity_scale: str, revealing: tuple[str, ...]) -> StudyEntry:
    """The study as TS describes it; the code stands for the title where there is no readable TS."""
    said = _summary(folder)
    planned = said.get("PLANSUB", "")
    return StudyEntry(
        code=code,
        title=said.get("TITLE", code)[:LONGEST_TITLE],
        sponsor=said.get("SPONSOR", "")[:120],
        planned_participants=int(planned) if planned.isdecimal() and len(planned) < 8 else None,
        severity_scale=severity_scale,
        revealing_analytes=revealing,
    )


def _summary(folder: Path) -> dict[str, str]:
    for path in sorted(folder.iterdir()):
        bare = path.name.lower().removesuffix(".gz")
        reader = READERS.get(Path(bare).suffix)
        if Path(bare).stem != "ts" or reader is None:
            continue
        try:
            table = reader(path, _WANTED)
        except StructuralFault:
            return {}
        names, values = table.values.get("TSPARMCD", ()), table.values.get("TSVAL", ())
        rows = zip(names, values, strict=False)
        return {str(name).strip(): str(value).strip() for name, value in rows if value}
    return {}
