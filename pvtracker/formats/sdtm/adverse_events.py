"""Rows of AE. Only a row that names nobody, or no event in any column, is refused."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from pvtracker.formats.records import AssessmentRecord, EventRecord
from pvtracker.formats.sdtm import terms
from pvtracker.formats.sdtm.columns import OPEN_REQUIRED
from pvtracker.formats.sdtm.kept import KeptRow, shown
from pvtracker.formats.sdtm.rows import Collected, Row, RowRefusal, collect
from pvtracker.formats.tables import StructuralFault, Table

LARGEST_SEQUENCE = 10**15
CODED = {
    "AELLT": "lowest_level_term",
    "AEDECOD": "preferred_term",
    "AEHLT": "high_level_term",
    "AEHLGT": "high_level_group_term",
    "AEBODSYS": "system_organ_class",
    "AESOC": "system_organ_class",
}


def adverse_events(files: Iterable[Table | StructuralFault], *, intervention: str) -> Collected[EventRecord]:
    """The events of all files. A second row of one AESEQ is AE-3-2, in the order of the files."""
    times: Counter[tuple[str, str]] = Counter()

    def event(row: Row) -> EventRecord:
        subject = row.needed("USUBJID")
        kept = KeptRow(row)
        coded = {column: kept.text(column, about) for column, about in CODED.items()}
        verbatim, onset = _verbatim(kept, coded), kept.text("AESTDTC", "onset")
        name = _name(kept, verbatim=verbatim, onset=onset)
        times[subject, name] += 1
        time = times[subject, name]
        source_id = name if time == 1 else f"{name}-{time}"
        if time > 1:
            message = (
                f"AESEQ does not tell this event from an earlier row of the participant; it is kept as "
                f"{source_id}. Give each event its own number, or void the one that is a repetition."
            )
            kept.ask("sequence-once", "source_id", message, value=name)
        return _event(kept, coded, subject, source_id, verbatim, onset, intervention)

    return collect(
        "AE",
        files,
        required=OPEN_REQUIRED["AE"],
        build=event,
        key=lambda record: (record.participant, record.source_id),
    )


def _event(
    kept: KeptRow,
    coded: dict[str, str],
    subject: str,
    source_id: str,
    verbatim: str,
    onset: str,
    intervention: str,
) -> EventRecord:
    severity, toxicity_grade = kept.text("AESEV", "grade"), kept.text("AETOXGR", "grade")
    grade = terms.grade_of(severity=severity, toxicity_grade=toxicity_grade)
    reported = [toxicity_grade, severity] if grade is None else [toxicity_grade or severity]
    outcome, other_outcome = kept.term("AEOUT", "outcome", terms.OUTCOME)
    criteria = [
        key
        for column, key in terms.CRITERIA.items()
        if kept.flag(column, "criteria", rule="criterion-understood") is True
    ]
    record = EventRecord(
        row=kept.row.number,
        participant=subject,
        source_id=source_id,
        verbatim=verbatim,
        lowest_level_term=coded["AELLT"],
        preferred_term=coded["AEDECOD"],
        high_level_term=coded["AEHLT"],
        high_level_group_term=coded["AEHLGT"],
        system_organ_class=coded["AEBODSYS"] or coded["AESOC"],
        onset=onset,
        end=kept.text("AEENDTC", "end"),
        ongoing=any(
            kept.text(column, "ongoing").upper() in terms.ONGOING
            for column in ("AEENRF", "AEENRTPT", "AEENTPT")
        ),
        severity_reported="; ".join(text for text in reported if text),
        grade=grade,
        serious=kept.flag("AESER", "serious", rule="serious-understood"),
        criteria=tuple(dict.fromkeys(criteria)),
        outcome=outcome,
        assessments=_assessments(kept, intervention),
        phase=kept.text("EPOCH", "phase"),
        outcome_reported=other_outcome,
    )
    return replace(record, problems=kept.problems)


def _verbatim(kept: KeptRow, coded: dict[str, str]) -> str:
    """The words of the site; a coded term where there are none."""
    verbatim = kept.text("AETERM", "verbatim")
    if _says_something(verbatim):
        return verbatim
    column = next((column for column, text in coded.items() if _says_something(text)), None)
    if column is None:
        message = "AETERM is empty, and no coded term names the event. Every row needs one of them."
        raise RowRefusal("missing", "AETERM", message)
    message = f"AETERM is empty; {column} stands in its place: {shown(coded[column])}."
    kept.ask("verbatim-given", "verbatim", f"{message} Write what happened in the site's words.")
    return coded[column]


def _says_something(text: str) -> bool:
    return any(unicodedata.category(character) != "Cc" for character in text)


def _name(kept: KeptRow, *, verbatim: str, onset: str) -> str:
    """The event's name within its participant: AE-12, or one made of its words and onset where AESEQ is none.

    Words and onset and not the place in the file: a row that is put in before must not become this event.
    """
    try:
        number = kept.row.whole("AESEQ")
    except RowRefusal:
        number = None
    if number is not None and abs(number) < LARGEST_SEQUENCE:
        return f"AE-{number}"
    value = kept.text("AESEQ", "source_id")
    said = f"AESEQ is {shown(value)}, no whole number" if value else "AESEQ is empty"
    name = f"AE-unnumbered-{hashlib.sha256(f'{verbatim}|{onset}'.encode()).hexdigest()[:8]}"
    message = f"{said}; the event is kept as {name}, after its words and onset. Give it its number."
    kept.ask("sequence-given", "source_id", message, value=value)
    return name


def _assessments(kept: KeptRow, intervention: str) -> tuple[AssessmentRecord, ...]:
    """The investigator's judgement; none where neither causality nor action is stated.

    Causality scales are the sponsors' own: a word that is not among ours keeps its text and has no key.
    """
    reported = kept.text("AEREL", "assessments")
    action, other_action = kept.term("AEACN", "assessments", terms.ACTION)
    if not (reported or action or other_action):
        return ()
    return (
        AssessmentRecord(
            intervention,
            "investigator",
            terms.CAUSALITY.get(reported.upper(), ""),
            action,
            causality_reported=reported,
            action_reported=other_action,
        ),
    )
