"""The columns of every dataset of a cut: names, types, order. Both rooms read cuts by these; the SQL is apart."""

from __future__ import annotations

import pyarrow as pa

TEXT, WHOLE, NUMBER, TRUTH, DAY = pa.string(), pa.int32(), pa.float64(), pa.bool_(), pa.date32()
Fields = tuple[tuple[str, pa.DataType], ...]


def partial(name: str) -> Fields:
    """A partial date: its text ('' when unknown), first and last possible day (null when unknown)."""
    return ((name, TEXT), (f"{name}_earliest", DAY), (f"{name}_latest", DAY))


# Rows are ordered by subject, then by number or source_id, as bytes.
OPEN_DATASETS: dict[str, Fields] = {
    "participants": (
        ("subject", TEXT),
        ("participant", TEXT),  # the open room's random id
        ("code", TEXT),
        ("site", TEXT),
        ("country", TEXT),
        ("age", WHOLE),
        ("sex", TEXT),
        ("race", TEXT),
        ("ethnicity", TEXT),
        ("screen_failure", TRUTH),
        ("died", TRUTH),
        *partial("consented_on"),
        *partial("started_on"),
        *partial("ended_on"),
        *partial("died_on"),
        ("last_contact", DAY),  # last day on which anything in the cut was recorded about the participant
    ),
    "exposures": (
        ("subject", TEXT),
        ("source_id", TEXT),
        ("intervention", TEXT),  # its code
        ("phase", TEXT),
        *partial("start"),
        *partial("end"),
    ),
    "visits": (
        ("subject", TEXT),
        ("source_id", TEXT),
        ("name", TEXT),
        ("number", NUMBER),
        ("planned_day", WHOLE),
        ("phase", TEXT),
        *partial("start"),
        *partial("end"),
    ),
    "dispositions": (
        ("subject", TEXT),
        ("source_id", TEXT),
        ("category", TEXT),
        ("term", TEXT),
        ("verbatim", TEXT),
        *partial("start"),
    ),
    "adverse_events": (
        ("subject", TEXT),
        ("number", WHOLE),  # within the participant
        ("event", TEXT),  # the open room's random id
        ("source_id", TEXT),
        ("verbatim", TEXT),
        ("lowest_level_term", TEXT),  # the coded path, '' where not coded
        ("preferred_term", TEXT),
        ("high_level_term", TEXT),
        ("high_level_group_term", TEXT),
        ("system_organ_class", TEXT),
        *partial("onset"),
        *partial("end"),
        ("ongoing", TRUTH),
        ("phase", TEXT),
        ("scale", TEXT),
        ("grade", WHOLE),
        ("severity_reported", TEXT),
        (
            "grade_course",
            TEXT,
        ),  # day of record and grade of each change, "2026-01-05 1|2026-02-01 3"; '' without one
        ("serious", TRUTH),  # as reported; null when not stated
        ("criteria", TEXT),  # keys joined by |
        ("outcome", TEXT),
        ("outcome_reported", TEXT),  # as delivered, where it is none of our words; '' otherwise
        *partial("aware_on"),
        ("entered_on", DAY),  # at the site, when a person typed its first version; null for an import
        ("narrative", TEXT),
        ("state", TEXT),
        ("version", WHOLE),
        ("signature", TEXT),  # of an investigator: signed, void (an earlier version was signed), none
    ),
    "assessments": (
        ("subject", TEXT),
        ("number", WHOLE),  # of the event
        ("intervention", TEXT),  # its code
        ("assessor", TEXT),
        ("causality", TEXT),
        ("causality_reported", TEXT),
        ("action_taken", TEXT),
        ("action_reported", TEXT),  # as delivered, where it is none of our words; '' otherwise
    ),
    "measurements": (
        ("subject", TEXT),
        ("source_id", TEXT),
        ("domain", TEXT),
        ("category", TEXT),
        ("analyte", TEXT),
        ("name", TEXT),
        ("value_text", TEXT),
        ("unit_text", TEXT),
        ("value", NUMBER),
        ("unit", TEXT),
        ("low", NUMBER),
        ("high", NUMBER),
        ("visit", TEXT),
        ("not_done", TRUTH),
        *partial("taken_on"),
    ),
    "history": (
        ("subject", TEXT),
        ("source_id", TEXT),
        ("category", TEXT),
        ("verbatim", TEXT),
        ("preferred_term", TEXT),
        ("system_organ_class", TEXT),
        *partial("start"),
        *partial("end"),
    ),
    "medications": (
        ("subject", TEXT),
        ("source_id", TEXT),
        ("verbatim", TEXT),
        ("coded", TEXT),
        ("medication_class", TEXT),
        ("indication", TEXT),
        ("dose_text", TEXT),
        *partial("start"),
        *partial("end"),
    ),
}
# Columns that cuts frozen by an earlier version do not have; text reads as empty, anything else as null. Whether a cut
# has them, its manifest tells (`CutData.has_column`).
ADDED = frozenset({"outcome_reported", "action_reported", "signature", "grade_course", "entered_on"})
# What the closed room adds when it joins a cut; never in open storage.
CLOSED_DATASETS: dict[str, Fields] = {
    "arms": (
        ("subject", TEXT),
        ("planned_code", TEXT),
        ("planned", TEXT),
        ("actual_code", TEXT),
        ("actual", TEXT),
    ),
    "treatments": (
        ("subject", TEXT),
        ("source_id", TEXT),
        ("treatment", TEXT),
        ("dose", NUMBER),
        ("unit", TEXT),
        ("start", TEXT),
        ("end", TEXT),
    ),
    "revealing_measurements": (
        ("subject", TEXT),
        ("source_id", TEXT),
        ("analyte", TEXT),
        ("name", TEXT),
        ("value_text", TEXT),
        ("value", NUMBER),
        ("unit", TEXT),
        ("visit", TEXT),
        ("taken_on", TEXT),
    ),
}
DATASETS = OPEN_DATASETS | CLOSED_DATASETS


def schema(dataset: str) -> pa.Schema:
    """The Arrow schema of a dataset; KeyError when there is no such dataset."""
    return pa.schema([pa.field(name, kind) for name, kind in DATASETS[dataset]])
