"""Reported terms and the keys that stand for them. Keys equal those of `pvtracker.events.enums`.

Terms are compared in upper case. Sources: CDISC controlled terminology (AESEV, ACN, OUT, NY) and the wording
of sponsors' causality scales, which CDISC leaves free.
"""

from __future__ import annotations

import re

CAUSALITY = {
    "NONE": "not_related",
    "N": "not_related",
    "NO": "not_related",
    "NOT RELATED": "not_related",
    "UNRELATED": "not_related",
    "REMOTE": "unlikely",
    "UNLIKELY": "unlikely",
    "UNLIKELY RELATED": "unlikely",
    "DOUBTFUL": "unlikely",
    "POSSIBLE": "possible",
    "POSSIBLY RELATED": "possible",
    "Y": "possible",
    "YES": "possible",
    "PROBABLE": "probable",
    "PROBABLY RELATED": "probable",
    "DEFINITE": "definite",
    "DEFINITELY RELATED": "definite",
    "CERTAIN": "definite",
    "RELATED": "definite",
}
ACTION = {
    "DOSE NOT CHANGED": "none",
    "NONE": "none",
    "DOSE REDUCED": "dose_reduced",
    "DOSE RATE REDUCED": "dose_reduced",
    "DOSE INCREASED": "dose_increased",
    "DRUG INTERRUPTED": "interrupted",
    "DRUG WITHDRAWN": "withdrawn",
    "NOT APPLICABLE": "not_applicable",
    "NOT EVALUABLE": "unknown",
    "UNKNOWN": "unknown",
}
OUTCOME = {
    "RECOVERED/RESOLVED": "recovered",
    "RECOVERED": "recovered",
    "RESOLVED": "recovered",
    "RECOVERING/RESOLVING": "recovering",
    "RECOVERING": "recovering",
    "RESOLVING": "recovering",
    "NOT RECOVERED/NOT RESOLVED": "not_recovered",
    "NOT RECOVERED": "not_recovered",
    "NOT RESOLVED": "not_recovered",
    "RECOVERED/RESOLVED WITH SEQUELAE": "recovered_with_sequelae",
    "RECOVERED WITH SEQUELAE": "recovered_with_sequelae",
    "RESOLVED WITH SEQUELAE": "recovered_with_sequelae",
    "FATAL": "fatal",
    "UNKNOWN": "unknown",
}
# Column → criterion, in the order of listing. Overdose and cancer count as medically important.
CRITERIA = {
    "AESDTH": "death",
    "AESLIFE": "life_threatening",
    "AESHOSP": "hospitalisation",
    "AESDISAB": "disability",
    "AESCONG": "congenital_anomaly",
    "AESMIE": "medically_important",
    "AESOD": "medically_important",
    "AESCAN": "medically_important",
}
SEVERITY = {
    "MILD": 1,
    "MODERATE": 2,
    "SEVERE": 3,
    "LIFE THREATENING": 4,
    "LIFE-THREATENING": 4,
    "FATAL": 5,
    "DEATH": 5,
}
SEX = {"M": "M", "F": "F", "U": "U", "UNDIFFERENTIATED": "U", "INTERSEX": "U", "": "U"}
ONGOING = frozenset({"ONGOING", "AFTER"})

_GRADE = re.compile(r"(?:GRADE )?([1-5])")


def grade_of(*, severity: str, toxicity_grade: str) -> int | None:
    """1-5: the toxicity grade where one is reported, else the severity; None for a word of no scale."""
    if not toxicity_grade:
        return SEVERITY.get(severity.upper())
    match = _GRADE.fullmatch(toxicity_grade.upper())
    return int(match.group(1)) if match else None
