"""The analysis sets as delivered (flags of ADSL) against those by the study's definitions: pure, and pooled.

Neither is taken for the other: each difference is asked about, and the definitions alone decide what is counted.
"""

from __future__ import annotations

from collections.abc import Mapping

from pvtracker.cuts.sets import LABELS, AnalysisSets
from pvtracker.formats.records import Problem
from pvtracker.formats.sdtm.columns import SET_FLAGS

RULE = "analysis-set-differs"
REMEDY = "Correct the data, the definitions or the list of exclusions, or answer why it is so."
WORDS = {"Y": True, "N": False}


def differences(
    found: AnalysisSets, delivered: Mapping[str, Mapping[str, str]], *, flags: tuple[str, ...]
) -> dict[str, tuple[Problem, ...]]:
    """What is to be asked about each participant of the cut, none where both say the same. `delivered`: subject → flag
    → Y, N, '' or what is no flag; `flags`: those that the delivery has. A set of which it has no flag is not compared.
    """
    outside: dict[str, dict[str, list[str]]] = {}
    for one in found.left_out:
        for name in one.sets:
            outside.setdefault(one.subject, {}).setdefault(name, []).append(one.reason)
    asked = {}
    for subject in found.subjects:
        theirs, out = delivered.get(subject), outside.get(subject, {})
        problems = []
        for flag in flags:
            name = SET_FLAGS[flag]
            said = _question(flag, name, None if theirs is None else theirs.get(flag, ""), out.get(name))
            if said:
                problems.append(Problem(RULE, flag, f"{said} {REMEDY}"))
        asked[subject] = tuple(problems)
    return asked


def _question(flag: str, name: str, theirs: str | None, left_out: list[str] | None) -> str:
    """How both differ about one participant and set; '' where they do not. `theirs` None: ADSL has no such row."""
    ours = left_out is None
    if theirs is None:
        delivered, said = False, f"ADSL does not have this participant, who has thus no {flag}"
    elif theirs in WORDS:
        delivered, said = WORDS[theirs], f"{flag} is {theirs} in ADSL"
    else:  # what stands there is not told: it may name an arm
        return f"{flag} is {'neither Y nor N' if theirs else 'empty'} in ADSL."
    if delivered == ours:
        return ""
    label = LABELS[name]
    if ours:
        return f"{said}; by the definitions of the study the participant is in the set “{label}”."
    why = "; ".join(left_out or ())
    return f"{said}; by the definitions of the study the participant is not in the set “{label}”: {why}."
