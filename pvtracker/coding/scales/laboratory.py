"""Laboratory values graded by the published tables, as far as the value alone decides.

Left out: criteria that need a symptom, a treatment or fasting to be known, and those that hold only for some people
(the DAIDS table grades CD4 counts and lymphocytes in people without HIV). Where a table gives one grade with a symptom
and another without, no grade rests on it. Analytes have CDISC test codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Of = Literal["value", "ULN", "LLN", "baseline"]
FloatArray = NDArray[np.float64]
ROUNDED = 9  # decimals of a ratio to a limit: 33 ÷ 30 is 1.1
COUNTS = ("10^9/L", "10*9/L", "GI/L")


@dataclass(frozen=True, slots=True)
class Criterion:
    """Thresholds of grades 1, 2, 3 and 4 in this order, each with its comparison; "-" where there is none.

    `of`: what the value is divided by, "value" for the value itself in one of `units`. `only`: baseline above the upper
    limit ("raised") or not ("not raised"), or sex (M, F).
    """

    steps: str
    of: Of = "ULN"
    units: tuple[str, ...] = ()
    only: str = ""

    def thresholds(self) -> list[tuple[int, str, float]]:
        """Grade, comparison and bound of each step."""
        found = []
        for grade, step in enumerate(self.steps.split(), start=1):
            if step != "-":
                sign = step[:2] if step[1] == "=" else step[0]
                found.append((grade, sign, float(step[len(sign) :])))
        return found


def _value(steps: str, *units: str, only: str = "") -> Criterion:
    return Criterion(steps, "value", units, only)


def _by_baseline(raised: str, otherwise: str) -> tuple[Criterion, ...]:
    """CTCAE: multiples of the upper limit, or of a baseline that was above it."""
    return Criterion(otherwise, only="not raised"), Criterion(raised, "baseline", only="raised")


LIVER_DAIDS = (Criterion(">=1.25 >=2.5 >=5 >=10"),)
BELOW_LIMIT = Criterion("<1", "LLN")
ABOVE_LIMIT = Criterion(">1")
# DAIDS Table for Grading the Severity of Adult and Pediatric Adverse Events, corrected version 2.1, July 2017: adults.
DAIDS_2_1: dict[str, tuple[Criterion, ...]] = {
    "ALT": LIVER_DAIDS,
    "AST": LIVER_DAIDS,
    "ALP": LIVER_DAIDS,
    "BILI": (Criterion(">=1.1 >=1.6 >=2.6 >=5"),),
    "AMYLASE": (Criterion(">=1.1 >=1.5 >=3 >=5"),),
    "LIPASE": (Criterion(">=1.1 >=1.5 >=3 >=5"),),
    "CK": (Criterion(">=3 >=6 >=10 >=20"),),
    "CREAT": (Criterion(">=1.1 >1.3 >1.8 >=3.5"), Criterion("- >=1.3 >=1.5 >=2", "baseline")),
    "HGB": (
        _value("<=109 <100 <90 <70", "g/L", only="M"),
        _value("<=104 <95 <85 <65", "g/L", only="F"),
        _value("<=6.76 <6.19 <5.57 <4.34", "mmol/L", only="M"),
        _value("<=6.48 <5.88 <5.25 <4.03", "mmol/L", only="F"),
    ),
    "NEUT": (_value("<=1 <0.8 <0.6 <0.4", *COUNTS),),
    "PLAT": (_value("<125 <100 <50 <25", *COUNTS),),
    "WBC": (_value("<2.5 <2 <1.5 <1", *COUNTS),),
    "K": (_value("<3.4 <3 <2.5 <2", "mmol/L"), _value(">=5.6 >=6 >=6.5 >=7", "mmol/L")),
    "SODIUM": (_value("<135 <130 <125 <=120", "mmol/L"), _value(">=146 >=150 >=154 >=160", "mmol/L")),
    "GLUC": (_value("<3.55 <3.05 <2.22 <1.67", "mmol/L"),),
    "ALB": (BELOW_LIMIT, _value("- <30 <20", "g/L")),
    "PHOS": (BELOW_LIMIT, _value("- <0.65 <0.45 <0.32", "mmol/L")),
    "URATE": (_value(">=450 >=590 >=710 >=890", "umol/L"),),
}
# National Cancer Institute, Common Terminology Criteria for Adverse Events, version 5.0, 27 November 2017.
CTCAE_5_0: dict[str, tuple[Criterion, ...]] = {
    "ALT": _by_baseline(">=1.5 >3 >5 >20", ">1 >3 >5 >20"),
    "AST": _by_baseline(">=1.5 >3 >5 >20", ">1 >3 >5 >20"),
    "ALP": _by_baseline(">=2 >2.5 >5 >20", ">1 >2.5 >5 >20"),
    "GGT": _by_baseline(">=2 >2.5 >5 >20", ">1 >2.5 >5 >20"),
    "BILI": _by_baseline(">1 >1.5 >3 >10", ">1 >1.5 >3 >10"),
    "CK": (Criterion(">1 >2.5 >5 >10"),),
    "CREAT": (Criterion(">1 >1.5 >3 >6"), Criterion("- >1.5 >3", "baseline")),
    "LDH": (ABOVE_LIMIT,),
    "CHOL": (ABOVE_LIMIT, _value("- >7.75 >10.34 >12.92", "mmol/L")),
    "HGB": (BELOW_LIMIT, _value("- <100 <80", "g/L"), _value("- <6.2 <4.9", "mmol/L")),
    "NEUT": (BELOW_LIMIT, _value("- <1.5 <1 <0.5", *COUNTS)),
    "PLAT": (BELOW_LIMIT, _value("- <75 <50 <25", *COUNTS)),
    "WBC": (BELOW_LIMIT, _value("- <3 <2 <1", *COUNTS)),
    "LYM": (BELOW_LIMIT, _value("- <0.8 <0.5 <0.2", *COUNTS)),
    "K": (BELOW_LIMIT, _value("- - <3 <2.5", "mmol/L"), ABOVE_LIMIT, _value("- >5.5 >6 >7", "mmol/L")),
    "SODIUM": (
        BELOW_LIMIT,
        _value("- <130 <125 <120", "mmol/L"),
        ABOVE_LIMIT,
        _value("- >150 >155 >160", "mmol/L"),
    ),
    "GLUC": (BELOW_LIMIT, _value("- <3 <2.2 <1.7", "mmol/L")),
    "ALB": (BELOW_LIMIT, _value("- <30 <20", "g/L")),
}
# By the key of the severity scale.
LABORATORY: dict[str, dict[str, tuple[Criterion, ...]]] = {"daids-2.1": DAIDS_2_1, "ctcae-5.0": CTCAE_5_0}


def is_graded(scale: str, analyte: str, unit: str) -> bool:
    """Whether the scale has a criterion for this analyte that its unit does not rule out."""
    criteria = LABORATORY.get(scale, {}).get(analyte, ())
    return any(unit in one.units or one.of != "value" for one in criteria)


def grades_of(
    scale: str,
    analyte: str,
    unit: str,
    *,
    value: FloatArray,
    low: FloatArray,
    high: FloatArray,
    baseline: FloatArray,
    sex: Sequence[str],
) -> FloatArray:
    """The grade of each value, 0 for none, nan where nothing needed for a criterion is known.

    All arrays of one length, nan for what is not known; `baseline` and `sex` (M, F or '') are the participant's. The
    highest grade of all criteria counts; without a baseline, one that is not raised is assumed.
    """
    grade = np.full(len(value), np.nan)
    raised = ~np.isnan(baseline) & ~np.isnan(high) & (baseline > high)
    whose = {"": np.ones(len(value), bool), "raised": raised, "not raised": ~raised}
    divisors = {"value": np.ones(len(value)), "ULN": high, "LLN": low, "baseline": baseline}
    for criterion in LABORATORY.get(scale, {}).get(analyte, ()):
        if criterion.of == "value" and unit not in criterion.units:
            continue
        holds = (
            whose[criterion.only]
            if criterion.only in whose
            else np.array(sex, dtype=object) == criterion.only
        )
        divisor = divisors[criterion.of]
        known = holds & ~np.isnan(value) & (divisor > 0)
        ratio = np.round(value[known] / divisor[known], ROUNDED)
        found = np.zeros(len(ratio))
        for step, sign, bound in criterion.thresholds():
            met = {">": ratio > bound, ">=": ratio >= bound, "<": ratio < bound, "<=": ratio <= bound}[sign]
            found[met] = step
        grade[known] = np.fmax(grade[known], found)
    return grade
