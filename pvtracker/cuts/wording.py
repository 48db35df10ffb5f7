"""The rules of counting in words, as they are printed with every result; what a study's settings change is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from pvtracker.studies.definition_text import some_of
from pvtracker.studies.definitions import AGE, CHOICES, DEFAULTS, Days, Definitions

USUAL = {
    "analysis set": "Treated participants: at least one exposure to a study intervention other than background "
    "treatment.",
    "first exposure": "The earliest possible day of the first exposure; where no exposure has a date, the "
    "participant's reference start day.",
    "follow-up": "From first exposure to death, else to the latest of end of participation, last exposure and last "
    "recorded contact, else to the cut-off date; never beyond the cut-off date. A partial date counts as its first "
    "possible day. Both ends are included; a year has 365.25 days.",
    "treatment-emergent": "Onset on or after first exposure. A partial onset counts unless its last possible day "
    "lies before first exposure; an unknown onset counts.",
    "counting": "A participant counts once per term and level. Person-years run to the first event of the term, or "
    "to the end of follow-up where there is none; an event of unknown day counts with the whole follow-up.",
    "all": "Every treatment-emergent event.",
    "serious": "Reported serious; where seriousness was not stated, with a seriousness criterion.",
    "criterion": "With a seriousness criterion, whatever was reported: contradictions are queries.",
    "grade3plus": "Grade 3 or more; on the scale mild, moderate, severe: severe.",
    "related": "Judged at least possibly related to any study intervention by the investigator.",
}

# In this order rules are told, those that a study adds last: the database keeps no order.
ORDER = (
    *USUAL,
    "open exposure",
    "crossover",
    "pools of arms",
    "strata",
    "special interest",
    "queries",
)


def in_order(said: Mapping[str, str], then: Sequence[str] = ()) -> dict[str, str]:
    """What `words` said, in its order; after it what is named in `then`, in that order, then by name what is left."""
    order = {name: place for place, name in reversed([*enumerate((*ORDER, *then))])}
    return {name: said[name] for name in sorted(said, key=lambda name: (order.get(name, len(order)), name))}


def words(rules: Definitions, protocol: Mapping[str, Any]) -> dict[str, str]:
    """What each rule is called, and the rule. Under the defaults this is `USUAL`."""
    said = {
        **USUAL,
        "analysis set": _analysis_set(rules, protocol),
        "first exposure": _first_exposure(rules),
        "follow-up": USUAL["follow-up"] + _follow_up(rules),
        "treatment-emergent": _emergent(rules, protocol),
    }
    if rules.open_exposure != DEFAULTS.open_exposure:
        said["open exposure"] = (
            "An exposure without an end in the cut goes on until the end of the participant’s follow-up."
        )
    if rules.crossover != DEFAULTS.crossover:
        said["crossover"] = (
            "A participant who received the treatment of another arm than the planned one is counted in no arm."
        )
    if rules.pools:
        names = {arm["code"]: arm["name"] for arm in protocol.get("arms", ())}
        pools = [
            f"{name}: {', '.join(names.get(code, code) for code in members)}" for name, members in rules.pools
        ]
        said["pools of arms"] = "; ".join(pools) + ". Each is compared with the reference besides its arms."
    if rules.strata:
        ages = (
            f" The groups of age: {', '.join(age_labels(rules.age_groups))}." if AGE in rules.strata else ""
        )
        said["strata"] = f"Stratified methods stratify by {' and '.join(rules.strata)}; others do not.{ages}"
    if rules.special_interest:
        said["special interest"] = f"Events of {'; '.join(rules.special_interest)}: one is enough to look at."
    if rules.queries:
        named = " ".join(f"{name}: {some_of(terms)}." for name, terms in rules.queries)
        said["queries"] = f"Events of any of the terms, at any level, counted as one term. {named}"
    return said


def age_labels(begins: Sequence[int]) -> list[str]:
    """The groups of age by the ages at which they begin: one more than those."""
    between = [str(low) if high == low + 1 else f"{low} to {high - 1}" for low, high in pairwise(begins)]
    return [f"under {begins[0]}", *between, f"{begins[-1]} or more"]


def set_name(rules: Definitions) -> str:
    """What the denominator counts, for a note under a table."""
    return CHOICES["analysis_set"][rules.analysis_set]


def _analysis_set(rules: Definitions, protocol: Mapping[str, Any]) -> str:
    if rules.analysis_set == "randomised":
        return "All randomised participants: everybody enrolled who is no screen failure, treated or not."
    if rules.exposed_to:
        treated = f"Treated participants: at least one exposure to {names_of(rules.exposed_to, protocol)}."
    else:
        treated = USUAL["analysis set"]
    if rules.analysis_set != "per-protocol":
        return treated
    said = f"Per-protocol participants, of the randomised. {treated}"
    return f"{said} Left out, by people who did not know the arm: {_left_out(rules)}."


def _left_out(rules: Definitions) -> str:
    """How many for each reason; who they are is not said to every reader."""
    counted = Counter(reason for _, reason in rules.not_per_protocol)
    return "; ".join(f"{number} for “{reason}”" for reason, number in sorted(counted.items())) or "nobody"


def _first_exposure(rules: Definitions) -> str:
    if rules.analysis_set != "randomised":
        return USUAL["first exposure"]
    return USUAL["first exposure"].removesuffix(".") + ", else the day of consent."


def _follow_up(rules: Definitions) -> str:
    if rules.follow_up_days is None:
        return ""
    said = f" It ends {_after(rules.follow_up_days)} last exposure, and no later onset counts."
    return f"{said} {_without_exposure(rules)} is followed without that end."


def _emergent(rules: Definitions, protocol: Mapping[str, Any]) -> str:
    said = ["Onset on or after first exposure."]
    if rules.partial_onset == "certain":
        said.append("A partial onset counts only when every day on which it may lie would count;")
    else:
        said.append("A partial onset counts unless its last possible day lies before first exposure;")
    said.append(
        "an unknown onset counts." if rules.unknown_onset == "counts" else "an unknown onset does not count."
    )
    if rules.emergent_window_days is not None:
        exposure = "last exposure" if rules.re_exposure == "last" else "exposure"
        said.append(f"Onset no later than {rules.emergent_window_days} days after {exposure}.")
    said += [_window("to " + names_of((code,), protocol), days) for code, days in rules.intervention_windows]
    if rules.intervention_windows:
        said.append("An onset in the window of any exposure counts.")
    for phase, days in rules.phase_windows:
        limit = "without an end" if days is None else f"onset no later than {_after(days)} exposure"
        said.append(
            f"Events of the phase {phase}: {limit} in that phase, or to anything where there was none in it."
        )
    windows = rules.emergent_window_days is not None or rules.intervention_windows or rules.phase_windows
    if windows:
        said.append(
            f"{_without_exposure(rules)} has no window: every onset on or after first exposure counts."
        )
    if rules.re_exposure == "each":
        said.append("Each exposure opens a window of its own; an onset between two windows does not count.")
    elif rules.re_exposure == "first":
        said.append(
            "The windows run from the first exposure to each intervention; later ones do not open them again."
        )
    if rules.baseline == "worsening":
        said.append(
            "A condition with an onset before first exposure counts when its recorded grade rose above every earlier "
            "one and that rise would count as an onset; it lies between the two records."
        )
    return " ".join(said)


def _without_exposure(rules: Definitions) -> str:
    """Who has no day from which a window could run."""
    untreated = "was never treated or " if rules.analysis_set == "randomised" else ""
    return f"Who {untreated}has no exposure with a date"


def _window(exposure: str, days: Days) -> str:
    return f"After exposure {exposure}: {'without an end' if days is None else f'up to {_after(days, so=False)}'}."


def _after(days: int, *, so: bool = True) -> str:
    return f"{days} {'day' if days == 1 else 'days'}{' after' if so else ''}"


def names_of(codes: tuple[str, ...], protocol: Mapping[str, Any]) -> str:
    names = {i["code"]: i["name"] for i in protocol.get("interventions", ())}
    return ", ".join(names.get(code, code) for code in codes)
