"""Participants by term and arm of the sample reports, with simple statistics that are good enough for pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pvtracker.reports import charts

ACTIVE, REFERENCE, POOLED = "OZ1", "Placebo", charts.POOLED
SIZES = {ACTIVE: 38, REFERENCE: 36, POOLED: 74}

TERMS = {
    "General disorders and administration site conditions": [
        ("Fatigue", 0.31, 0.30), ("Pyrexia", 0.29, 0.14), ("Chills", 0.13, 0.11),
        ("Catheter site pain", 0.16, 0.08),
        ("Influenza like illness", 0.10, 0.11), ("Oedema peripheral", 0.03, 0.06),
    ],
    "Musculoskeletal and connective tissue disorders": [
        ("Bone pain", 0.58, 0.56), ("Back pain", 0.18, 0.22), ("Arthralgia", 0.16, 0.11),
        ("Myalgia", 0.13, 0.08),
    ],
    "Nervous system disorders": [
        ("Headache", 0.42, 0.36), ("Paraesthesia oral", 0.21, 0.22), ("Dizziness", 0.10, 0.06),
    ],
    "Blood and lymphatic system disorders": [
        ("Lymphadenopathy", 0.24, 0.31), ("Thrombocytopenia", 0.11, 0.08), ("Leukocytosis", 0.08, 0.11),
    ],
    "Infections and infestations": [
        ("Upper respiratory tract infection", 0.34, 0.22), ("Sinusitis", 0.08, 0.06),
        ("Herpes zoster", 0.05, 0.00),
        ("Syphilis", 0.03, 0.08), ("Oral candidiasis", 0.00, 0.06),
    ],
    "Gastrointestinal disorders": [
        ("Nausea", 0.26, 0.25), ("Diarrhoea", 0.18, 0.19), ("Vomiting", 0.08, 0.06),
    ],
    "Investigations": [
        ("Blood alkaline phosphatase increased", 0.21, 0.17), ("CD4 lymphocytes decreased", 0.08, 0.25),
        ("Blood lactate dehydrogenase increased", 0.18, 0.08),
    ],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Count:
    """One term: participants with it per arm."""

    system: str
    term: str
    active: int
    reference: int

    @property
    def both(self) -> int:
        return self.active + self.reference


COUNTS = [
    Count(system, term, round(38 * active), round(36 * reference))
    for system, terms in TERMS.items()
    for term, active, reference in terms
]


def difference(count: Count) -> tuple[float, float, float]:
    """Difference of two shares with Wald limits: good enough for a sample picture."""
    p, q = count.active / 38, count.reference / 36
    half = 1.96 * math.sqrt(p * (1 - p) / 38 + q * (1 - q) / 36)
    return p - q, max(p - q - half, -1.0), min(p - q + half, 1.0)


def fisher(count: Count) -> float:
    """Two-sided Fisher p by enumeration."""
    both = count.both
    chances = [
        math.comb(38, k) * math.comb(36, both - k) / math.comb(74, both)
        for k in range(max(0, both - 36), min(38, both) + 1)
    ]
    observed = chances[count.active - max(0, both - 36)]
    return min(1.0, sum(chance for chance in chances if chance <= observed * (1 + 1e-9)))
