"""How often each event is expected, after which procedure, how severe and for how long.

Rates are chosen to look like such a trial, not estimated from one. Rates of a procedure are mean events per
participant and time it is done; background rates are per person-year from consent to the end of
participation.
"""

from __future__ import annotations

from dataclasses import dataclass

from pvtracker.ops.simulation import protocol as p
from pvtracker.ops.simulation import words

Weights = tuple[tuple[int, float], ...]

# Shares of grades 1 to 4; grade 5 comes only from the rare deaths of `course`.
MILD: Weights = ((1, 0.76), (2, 0.21), (3, 0.03))
MODERATE: Weights = ((1, 0.46), (2, 0.42), (3, 0.11), (4, 0.01))
SEVERE: Weights = ((2, 0.25), (3, 0.65), (4, 0.10))

BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One expected event: a preferred term in a window."""

    term: str
    window: str  # phase key of the procedure, or BACKGROUND
    rate: float  # mean events per procedure, or per person-year
    grades: Weights
    days: float  # mean duration
    cause: str  # intervention that the investigator tends to suspect; '' for none
    serious: float = 0.0  # probability of being serious from grade 3 on; at grade 2 a tenth of it


def _rows(
    window: str, cause: str, grades: Weights, days: float, rates: tuple[tuple[str, float], ...]
) -> tuple[ProfileRow, ...]:
    return tuple(ProfileRow(term, window, rate, grades, days, cause, 0.08) for term, rate in rates)


PROFILE = (
    *_rows(
        words.MOBILISATION,
        p.GCSF,
        MODERATE,
        6,
        (
            ("Bone pain", 0.55),
            ("Headache", 0.35),
            ("Myalgia", 0.28),
            ("Back pain", 0.20),
            ("Fatigue", 0.25),
        ),
    ),
    *_rows(
        words.MOBILISATION,
        p.GCSF,
        MILD,
        8,
        (
            ("Lactate dehydrogenase increased", 0.20),
            ("Alkaline phosphatase increased", 0.10),
            ("Leukocytosis", 0.08),
            ("Injection site pain", 0.08),
            ("Nausea", 0.08),
            ("Insomnia", 0.06),
            ("Pyrexia", 0.04),
        ),
    ),
    *_rows(
        words.APHERESIS,
        p.APHERESIS,
        MILD,
        2,
        (
            ("Paraesthesia", 0.38),
            ("Catheter site bruise", 0.25),
            ("Hypotension", 0.10),
            ("Dizziness", 0.08),
            ("Hypocalcaemia", 0.08),
            ("Fatigue", 0.08),
            ("Fainting", 0.02),
        ),
    ),
    *_rows(words.APHERESIS, p.APHERESIS, MODERATE, 9, (("Thrombocytopenia", 0.22), ("Anaemia", 0.06))),
    *_rows(
        words.INFUSION,
        p.INFUSION,
        MILD,
        0.6,
        (
            ("Nausea", 0.16),
            ("Unusual body odour", 0.22),
            ("Altered taste", 0.15),
            ("Flushing", 0.12),
            ("Chills", 0.08),
            ("Throat irritation", 0.08),
            ("Headache", 0.08),
            ("Vomiting", 0.05),
            ("Cough", 0.05),
            ("Hypertension", 0.03),
        ),
    ),
    *_rows(
        words.ART_INTERRUPTION,
        p.INTERRUPTION,
        MODERATE,
        12,
        (
            ("Acute retroviral syndrome", 0.10),
            ("Pyrexia", 0.12),
            ("Lymphadenopathy", 0.16),
            ("Rash", 0.09),
            ("Fatigue", 0.12),
            ("Night sweats", 0.06),
            ("Myalgia", 0.06),
            ("Pharyngitis", 0.05),
            ("Mouth ulcer", 0.04),
        ),
    ),
    *_rows(
        words.ART_INTERRUPTION,
        p.INTERRUPTION,
        MODERATE,
        60,
        (
            ("CD4 lymphocytes decreased", 0.10),
            ("Thrombocytopenia", 0.02),
            ("Neutropenia", 0.02),
        ),
    ),
    *_rows(
        BACKGROUND,
        "",
        MILD,
        9,
        (
            ("Nasopharyngitis", 0.50),
            ("Diarrhoea", 0.25),
            ("Headache", 0.22),
            ("Cough", 0.15),
            ("Nausea", 0.12),
            ("Fatigue", 0.12),
            ("Back pain", 0.13),
            ("Arthralgia", 0.12),
            ("Rash", 0.10),
            ("Pharyngitis", 0.10),
            ("Influenza", 0.09),
            ("Gastroenteritis", 0.09),
            ("Herpes simplex", 0.09),
            ("Sinusitis", 0.09),
            ("Folliculitis", 0.07),
            ("Abdominal pain", 0.07),
            ("Dizziness", 0.06),
            ("Pyrexia", 0.06),
            ("COVID-19", 0.12),
            ("Pain in extremity", 0.06),
            ("Itching", 0.05),
            ("Vomiting", 0.05),
            ("Throat irritation", 0.04),
            ("Indigestion", 0.05),
            ("Constipation", 0.04),
            ("Urinary tract infection", 0.03),
            ("Palpitations", 0.02),
            ("Tinnitus", 0.02),
            ("Dyspnoea", 0.02),
            ("Malaise", 0.04),
            ("Chills", 0.02),
        ),
    ),
    *_rows(
        BACKGROUND,
        "",
        MODERATE,
        25,
        (
            ("Insomnia", 0.08),
            ("Anxiety", 0.07),
            ("Depression", 0.06),
            ("Bronchitis", 0.07),
            ("Eczema", 0.05),
            ("Seasonal allergy", 0.06),
            ("Syphilis", 0.05),
            ("Gonorrhoea", 0.05),
            ("Anal warts", 0.05),
            ("Herpes zoster", 0.03),
            ("Migraine", 0.03),
            ("Peripheral swelling", 0.02),
            ("Decreased appetite", 0.03),
            ("Hypertension", 0.03),
            ("Lymphadenopathy", 0.03),
            ("Neutropenia", 0.02),
            ("Anaemia", 0.02),
        ),
    ),
    *_rows(
        BACKGROUND,
        p.BACKGROUND_ART,
        MILD,
        40,
        (
            ("Alanine aminotransferase increased", 0.06),
            ("Creatinine increased", 0.05),
            ("Diarrhoea", 0.05),
        ),
    ),
    ProfileRow("Catheter-related infection", words.APHERESIS, 0.012, SEVERE, 10, p.APHERESIS, 0.8),
    ProfileRow("Deep vein thrombosis", words.APHERESIS, 0.008, SEVERE, 60, p.APHERESIS, 0.8),
    ProfileRow("Pneumonia", BACKGROUND, 0.012, SEVERE, 16, "", 0.8),
    ProfileRow("Cellulitis", BACKGROUND, 0.010, SEVERE, 12, "", 0.7),
    ProfileRow("Appendicitis", BACKGROUND, 0.006, SEVERE, 7, "", 0.95),
    ProfileRow("Kidney stone", BACKGROUND, 0.007, SEVERE, 6, "", 0.5),
    ProfileRow("Fracture", BACKGROUND, 0.010, SEVERE, 50, "", 0.5),
    ProfileRow("Road traffic accident", BACKGROUND, 0.004, SEVERE, 14, "", 0.6),
    ProfileRow("Myocardial infarction", BACKGROUND, 0.003, SEVERE, 10, "", 0.98),
)

# The rare deaths: term and share.
FATAL_TERMS = (("Myocardial infarction", 0.4), ("Pneumonia", 0.3), ("Road traffic accident", 0.3))
