"""The analysis sets as delivered (flags of ADSL) against those by the study's definitions: pure, and pooled.

Neither is taken for the other: each difference is asked about, and the definitions alone decide what is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pvtracker.cuts.sets import LABELS, AnalysisSets
from pvtracker.formats.records import Problem
from pvtracker.formats.sdtm.columns import SET_FLAGS

RULE = "analysis-set-differs"
REMEDY = "Correct the data, the definitions or the list of exclusions, or answer why it is so."
WORDS = {"Y": True, "N": False}
# Whoever screens out is enrolled by our words and mostly not by a sponsor's: of them this flag is not compared.
AFTER_SCREENING = frozenset({"ENRLFL"})
# More than these differ for one reason, which may be the arm: to ask about each would then tell the arm of each.
FEW = 5
FEW_SHARE = 0.1  # of the set
OF_STUDY = (
    "With so many there is one reason, which may be the arm, so that no participant is asked about: compare how "
    "the flag and the set are defined, with whoever delivered ADSL."
)


@dataclass(frozen=True, slots=True)
class Differences:
    """What is to be asked. `each`: about each participant whom both sides can tell of, none where they say the same.
    `flags`: those that are asked about one by one; `of_study`: a sentence for each of the others.
    """

    each: Mapping[str, tuple[Problem, ...]]
    flags: tuple[str, ...]
    of_study: tuple[str, ...]


def differences(
    found: AnalysisSets,
    delivered: Mapping[str, Mapping[str, str]],
    *,
    flags: tuple[str, ...],
    complete: bool = True,
) -> Differences:
    """`delivered`: subject → flag → Y, N, '' or what is no flag; `flags`: those that the delivery has, a set of which
    it has no flag is not compared. `complete`: every row of ADSL was read, so that who has none is in none of its sets;
    otherwise nothing is asked about who has none.
    """
    outside: dict[str, dict[str, list[str]]] = {}
    for one in found.left_out:
        for name in one.sets:
            outside.setdefault(one.subject, {}).setdefault(name, []).append(one.reason)
    asked: dict[str, dict[str, str]] = {}
    for subject in found.subjects:
        theirs, out = delivered.get(subject), outside.get(subject, {})
        if theirs is None and not complete:
            continue
        asked[subject] = {}
        for flag in flags:
            if flag in AFTER_SCREENING and "randomised" in out:
                continue
            name = SET_FLAGS[flag]
            said = _question(flag, name, None if theirs is None else theirs.get(flag, ""), out.get(name))
            if said:
                asked[subject][flag] = said
    differing = Counter(flag for said in asked.values() for flag in said)
    sizes = {flag: int(found.sizes[SET_FLAGS[flag]].sum()) for flag in flags}
    many = [flag for flag in flags if differing[flag] > max(FEW, FEW_SHARE * sizes[flag])]
    few = tuple(flag for flag in flags if flag not in many)
    each = {
        subject: tuple(Problem(RULE, flag, f"{said[flag]} {REMEDY}") for flag in few if flag in said)
        for subject, said in asked.items()
    }
    of_study = [
        f"{flag} and the set “{LABELS[SET_FLAGS[flag]]}” of {sizes[flag]:,} differ for {differing[flag]:,} "
        f"participants. {OF_STUDY}"
        for flag in many
    ]
    return Differences(each, few, tuple(of_study))


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
