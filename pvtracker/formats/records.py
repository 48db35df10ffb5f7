"""What a study's data look like between a reader (SDTM files, the simulator) and the actions that store it.

One frozen record per row of input. Dates are text as delivered (partial ISO 8601); nothing is padded or
repaired here. `participant` is always the unique subject identifier (USUBJID); `source_id` names the row
within its participant (for example ``AE-12``), so that importing the same folder twice meets the same rows
again.

Open records carry nothing that tells the arm. What does is in the two closed records at the end of this file.
"""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN_SITE = "UNKNOWN"  # where a participant stands whose site was not delivered


@dataclass(frozen=True, slots=True)
class Problem:
    """A value of a stored row that is not stored as delivered. It becomes a data query; the row is kept.

    `message` is a sentence for the site with the value and the remedy. It is our wording and no content: only
    `value` makes a record differ from an earlier one.
    """

    rule: str
    field: str  # of the record
    message: str
    value: str = ""  # as delivered


@dataclass(frozen=True, slots=True)
class ParticipantRecord:
    """One row of DM without its arm columns."""

    row: int  # 1-based row number in the file, for messages
    participant: str  # USUBJID
    code: str  # SUBJID as shown to the site
    site: str  # SITEID
    country: str  # ISO 3166 alpha-3
    age: int | None
    sex: str  # M, F, U
    race: str
    ethnicity: str
    consented_on: str  # RFICDTC
    started_on: str  # RFSTDTC, first study treatment or reference date
    ended_on: str  # RFENDTC
    died_on: str  # DTHDTC
    died: bool  # DTHFL = Y
    screen_failure: bool  # ARMCD SCRNFAIL / ACTARMCD SCRNFAIL: told by the protocol, not an arm
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """One row of SV."""

    row: int
    participant: str
    source_id: str  # SV-<visitnum>
    name: str
    number: float | None
    planned_day: int | None
    start: str
    end: str
    phase: str = ""  # EPOCH or the protocol's period


@dataclass(frozen=True, slots=True)
class ExposureRecord:
    """One row of EX: which intervention, when. What tells the arm (drug, dose) is in `TreatmentRecord`."""

    row: int
    participant: str
    source_id: str  # EX-<exseq>
    intervention: str  # blinded name of the intervention
    start: str
    end: str
    phase: str = ""


@dataclass(frozen=True, slots=True)
class DispositionRecord:
    """One row of DS."""

    row: int
    participant: str
    source_id: str
    category: str  # DSCAT
    term: str  # DSDECOD
    verbatim: str  # DSTERM
    start: str  # DSSTDTC


@dataclass(frozen=True, slots=True)
class MeasurementRecord:
    """One row of LB or VS."""

    row: int
    participant: str
    source_id: str  # LB-<seq>, VS-<seq>
    domain: str  # LB, VS
    category: str  # LBCAT, VSCAT
    analyte: str  # LBTESTCD, VSTESTCD
    name: str  # LBTEST
    value_text: str  # original result as reported
    unit_text: str  # original unit
    value: float | None  # standard numeric result
    unit: str  # standard unit
    low: float | None  # reference range in the standard unit
    high: float | None
    visit: str
    taken_on: str
    not_done: bool


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """One row of MH."""

    row: int
    participant: str
    source_id: str
    category: str
    verbatim: str
    preferred_term: str
    system_organ_class: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class MedicationRecord:
    """One row of CM."""

    row: int
    participant: str
    source_id: str
    verbatim: str
    coded: str
    medication_class: str
    indication: str
    dose_text: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class AssessmentRecord:
    """One judgement: did this intervention cause the event, and what was done with it."""

    intervention: str
    assessor: str  # investigator, sponsor
    causality: str  # key of events.enums.Causality: not_related, unlikely, possible, probable, definite, ''
    action_taken: str  # key of pvtracker.events.enums.ActionTaken, '' when not stated
    causality_reported: str = ""  # as delivered, for example REMOTE
    action_reported: str = ""  # as delivered, when it is none of our words; '' when `action_taken` says it


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One row of AE, with its coded terms as delivered.

    A date that cannot be read is kept as delivered too; it is stored as unknown and asked about.
    """

    row: int
    participant: str
    source_id: str  # AE-<aeseq>; AE-<aeseq>-2 for a second row of that number; else made from its words
    verbatim: str  # a coded term where AETERM is empty
    lowest_level_term: str
    preferred_term: str
    high_level_term: str
    high_level_group_term: str
    system_organ_class: str
    onset: str
    end: str
    ongoing: bool
    severity_reported: str  # AESEV or AETOXGR as delivered
    grade: int | None  # 1-5 on the study's scale
    serious: bool | None  # as reported; None when not stated
    criteria: tuple[str, ...]  # keys of pvtracker.events.enums.SeriousnessCriterion
    outcome: str  # key of pvtracker.events.enums.Outcome, '' when not stated
    assessments: tuple[AssessmentRecord, ...]
    phase: str = ""
    aware_on: str = ""
    narrative: str = ""
    outcome_reported: str = ""  # as delivered, when it is none of our words; '' when `outcome` says it
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class AllocationRecord:
    """Closed: the arm columns of DM."""

    row: int
    participant: str
    planned_code: str  # ARMCD
    planned: str  # ARM
    actual_code: str  # ACTARMCD
    actual: str  # ACTARM
    number: str = ""  # SUBJID: the participant as the site knows and prints it


@dataclass(frozen=True, slots=True)
class TreatmentRecord:
    """Closed: what tells the arm in EX."""

    row: int
    participant: str
    source_id: str  # the same EX-<exseq> as the open half
    treatment: str  # EXTRT
    dose: float | None
    unit: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class RevealingMeasurementRecord:
    """Closed: a measurement whose analyte tells the arm (declared per study), as a persistence assay does."""

    measurement: MeasurementRecord
