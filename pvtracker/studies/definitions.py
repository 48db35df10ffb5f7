"""What a regulator asks about a count: which events, which participants, for how long, in which group.

One frozen record per study, parsed and checked here and nowhere else. It stands in the study, is frozen into the
manifest of every cut, and is read from there by both rooms; a cut without one was frozen under the defaults. Names of
arms may stand in it, as the protocol prints them, and never who is in which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from pvtracker.studies.definition_faults import Fault, Faults, told

Days = int | None
Windows = tuple[tuple[str, Days], ...]  # by code or phase; None: no end
Reasons = tuple[tuple[str, str], ...]  # by subject identifier
Pools = tuple[tuple[str, tuple[str, ...]], ...]  # name → codes of arms

MOST_DAYS = 36_500
LONGEST_NAME = 120  # as an arm's
LONGEST_SUBJECT = 60
AGE = "age"
STRATA = ("site", "country", "sex", "race", "ethnicity", AGE)
OLDEST = 125  # years, as of a participant
CHOICES: dict[str, dict[str, str]] = {
    "analysis_arm": {
        "actual": "by the treatment received (actual arm)",
        "planned": "as randomised (planned arm)",
    },
    "partial_onset": {
        "possible": "counts when any of its possible days would count",
        "certain": "counts only when all of its possible days would count",
    },
    "unknown_onset": {"counts": "counts", "does not count": "does not count"},
    "re_exposure": {
        "last": "the window runs from the last exposure; whatever lies between first and last exposure counts",
        "each": "each exposure opens a window of its own; what lies between two windows does not count",
        "first": "the window runs from the first exposure to each intervention; later ones do not open it again",
    },
    "open_exposure": {
        "one day": "was given on one day",
        "continues": "goes on until the end of follow-up",
    },
    "baseline": {
        "onset": "does not count, whatever became of it",
        "worsening": "counts when its grade rose after first exposure",
    },
    "analysis_set": {
        "treated": "treated participants",
        "randomised": "all randomised participants",
        "per-protocol": "per-protocol participants (randomised, treated and not excluded)",
    },
    "crossover": {
        "kept": "is counted in the arm of analysis",
        "excluded": "is counted in no arm",
    },
}


class DefinitionError(ValueError):
    """Definitions that cannot hold. `each`: the faults of each setting; `faults`: the same in words, beginning with its
    name.
    """

    def __init__(self, each: Mapping[str, Sequence[Fault]]) -> None:
        self.each = {name: tuple(some) for name, some in each.items()}
        self.faults = {
            name: f"{HELP[name][0]}: {told(some)}" if name in HELP else told(some)
            for name, some in self.each.items()
        }
        super().__init__(" ".join(self.faults.values()))


@dataclass(frozen=True, slots=True)
class Definitions:
    """The settings with their defaults; what each means: `docs/reference/definitions.md`, made from `HELP` below."""

    emergent_window_days: Days = None
    intervention_windows: Windows = ()
    phase_windows: Windows = ()
    re_exposure: str = "last"
    open_exposure: str = "one day"
    partial_onset: str = "possible"
    unknown_onset: str = "counts"
    baseline: str = "onset"
    follow_up_days: Days = None
    analysis_set: str = "treated"
    not_per_protocol: Reasons = ()
    exposed_to: tuple[str, ...] = ()
    analysis_arm: str = "actual"
    crossover: str = "kept"
    pools: Pools = ()
    strata: tuple[str, ...] = ()
    age_groups: tuple[int, ...] = (65,)  # the lowest age of each group but the first
    special_interest: tuple[str, ...] = ()
    queries: Pools = ()  # name → terms

    def stated(self) -> dict[str, Any]:
        """Every setting as plain data."""
        plain = asdict(self)
        return {
            name: dict(value) if name in MAPPINGS else list(value) if isinstance(value, tuple) else value
            for name, value in plain.items()
        } | {of: {name: list(one) for name, one in getattr(self, of)} for of in OF_NAMES}

    def differing(self) -> dict[str, Any]:
        """The settings that are not the default, as plain data: what a cut and a study keep."""
        usual = DEFAULTS.stated()
        return {name: value for name, value in self.stated().items() if value != usual[name]}


DEFAULTS = Definitions()
NAMES = tuple(field.name for field in fields(Definitions))
MAPPINGS = ("intervention_windows", "phase_windows", "not_per_protocol", "pools", "queries")
OF_NAMES = ("pools", "queries")  # those whose values are lists of names
OF_THE_STUDY = ("emergent_window_days", "analysis_arm")  # columns of their own, older than this record
# Label and rule of each setting: for the page, for docs/reference, and in every refusal.
HELP: dict[str, tuple[str, str]] = {
    "emergent_window_days": (
        "Window after last exposure",
        "Days after exposure within which an onset still counts. Empty: no end. Who was never treated, "
        "or has no exposure with a date, has no window: every onset on or after the first day counts.",
    ),
    "intervention_windows": (
        "Windows by intervention",
        "An intervention with a window of its own. An event counts when it lies in the window of one of the "
        "participant's exposures. No end: none.",
    ),
    "phase_windows": (
        "Windows by phase",
        "Events that carry this phase have this window instead, from the exposures of that phase; from all exposures "
        "where the participant has none of it.",
    ),
    "re_exposure": ("Re-exposure", "What a later exposure does to the window."),
    "open_exposure": ("Exposure without an end", "What an exposure without an end in the cut is taken for."),
    "partial_onset": ("Partial onset", "When an onset that may lie on several days counts."),
    "unknown_onset": ("Unknown onset", "Whether an event counts when nothing is known of its onset."),
    "baseline": (
        "Condition present before first exposure",
        "Whether an event that began before first exposure counts when it grew worse. Read from the grades that were "
        "recorded one after another: a rise lies between the record of the lower grade and that of the higher.",
    ),
    "follow_up_days": (
        "Follow-up after last exposure",
        "Follow-up ends this many days after last exposure, for time at risk and for events alike. Empty: the whole "
        "follow-up, as for who has no exposure with a date.",
    ),
    "analysis_set": (
        "Analysis set",
        "The denominator: whose events are counted, of how many. The treated are the safety set, all randomised the "
        "intention to treat, whatever they received (then the arm of analysis is the planned one).",
    ),
    "not_per_protocol": (
        "Excluded from per protocol",
        "Participants by subject identifier, each with the reason, decided by people who do not know the arm. They are "
        "left out where the analysis set is per protocol, and nowhere else.",
    ),
    "exposed_to": (
        "Exposure that counts",
        "Interventions that make a participant treated and start the follow-up. Empty: all but background treatment.",
    ),
    "analysis_arm": ("Arm of analysis", "In which arm a participant is counted."),
    "crossover": (
        "Crossover",
        "Where a participant is counted whose actual arm is another than the planned one.",
    ),
    "pools": (
        "Pools of arms",
        "Arms that are also compared together with the reference, for example “Any active dose”.",
    ),
    "strata": (
        "Strata",
        f"What stratified methods stratify by, of {', '.join(STRATA)}; several are crossed, and age counts in its "
        "groups. Only what was known before treatment. The strata of the randomisation list are not offered: the list "
        "lies in the closed room, for its blocks tell arms. Name the factors that it was stratified by.",
    ),
    "age_groups": (
        "Age groups",
        "The ages at which a group begins, in years at consent, for the stratum age: 18, 65 makes the groups under 18, "
        "18 to 64, and 65 or more.",
    ),
    "special_interest": (
        "Events of special interest",
        "Terms of any level, as the study's dictionary spells them, or names of queries, of which one event is enough "
        "to look at.",
    ),
    "queries": (
        "Queries",
        "Named sets of terms of any level, such as the standardised queries of a dictionary. Every run counts each as "
        "one term at the level “query”; an event may belong to several.",
    ),
}


def of_settings(settings: Mapping[str, Any]) -> Definitions:
    """The definitions in the `settings` of a manifest, whichever version froze it; DefinitionError for unfit ones."""
    stated = settings.get("definitions", {})
    if not isinstance(stated, Mapping) or set(stated) & set(OF_THE_STUDY):
        raise DefinitionError({"definitions": [Fault("Definitions: settings by name are needed.")]})
    return parse({**{name: settings[name] for name in OF_THE_STUDY if name in settings}, **stated})


def parse(stated: Mapping[str, Any]) -> Definitions:
    """Settings by name, the defaults for those that are missing; DefinitionError names every fault."""
    found, faults = readable(stated)
    if faults:
        raise DefinitionError(faults)
    return found


def readable(stated: Mapping[str, Any]) -> tuple[Definitions, dict[str, tuple[Fault, ...]]]:
    """What can hold of settings by name, entry by entry, and the faults of the rest."""
    faults: dict[str, tuple[Fault, ...]] = {}
    found: dict[str, Any] = {}
    for name, value in stated.items():
        if name not in NAMES:
            faults[name] = (Fault(f"{str(name)[:40]!r} is no setting. There are {', '.join(NAMES)}."),)
            continue
        try:
            found[name], wrong = _value(name, value)
        except Faults as several:
            wrong = list(several.faults)
        except ValueError as fault:
            wrong = [Fault(str(fault))]
        if wrong:
            faults[name] = tuple(wrong)
    return replace(DEFAULTS, **found), faults


def check(
    definitions: Definitions,
    *,
    arms: Mapping[str, bool],
    interventions: Mapping[str, str],
    arm_names: Sequence[str],
) -> None:
    """DefinitionError unless what is named is in the protocol, and told apart by more than capitals. `arms`: code →
    whether it is the reference; `interventions`: code → kind; `arm_names`: names that a pool must not take.
    """
    faults: dict[str, list[Fault]] = {}
    given = [code for code, kind in interventions.items() if kind != "background"]
    none = f"no intervention that makes a participant treated. Name {_listed(given)}."
    for name, codes in (
        ("intervention_windows", [code for code, _ in definitions.intervention_windows]),
        ("exposed_to", list(definitions.exposed_to)),
    ):
        faults[name] = [Fault(none, code) for code in codes if code not in given]
    active = [code for code, reference in arms.items() if not reference]
    none = f"no arm that is compared with the reference. Name {_listed(active)}."
    members = dict.fromkeys(code for _, codes in definitions.pools for code in codes)
    faults["pools"] = [Fault(none, code) for code in members if code not in active]
    own = "an arm is called so. Give the pool a name of its own."
    faults["pools"] += [Fault(own, name) for name, _ in definitions.pools if name in arm_names]
    for setting in OF_NAMES:
        faults.setdefault(setting, []).extend(_alike([name for name, _ in getattr(definitions, setting)]))
    if any(faults.values()):
        raise DefinitionError({name: some for name, some in faults.items() if some})


def _alike(names: Sequence[str]) -> list[Fault]:
    """Names that a reader takes for one another."""
    first: dict[str, str] = {}
    return [
        Fault(f"differs from “{other}” in its capitals only. Leave one out, or name it otherwise.", name)
        for name in names
        if (other := first.setdefault(name.casefold(), name)) != name
    ]


def _listed(codes: Sequence[str]) -> str:
    return f"one of {', '.join(codes)}" if codes else "none: the protocol has no other"


def _value(name: str, value: Any) -> tuple[Any, list[Fault]]:
    """What can hold of one setting, as the record keeps it, and the faults of the rest; ValueError says why nothing
    can."""
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise ValueError(f"it is {' or '.join(CHOICES[name])}, not {str(value)[:40]!r}.")
        return value, []
    if name.endswith("_days"):
        return _days(value), []
    if name in MAPPINGS:
        if not isinstance(value, Mapping):
            raise ValueError("a value for each name is needed.")
        read = {"pools": _pool, "queries": _query, "not_per_protocol": _exclusion}.get(name, _window)
        return _each(read, value)
    if name == "age_groups":
        return _ages(value), []
    return _words(value, among=STRATA if name == "strata" else None), []


def _each(read: Callable[[str, Any], Any], value: Mapping[str, Any]) -> tuple[tuple[Any, ...], list[Fault]]:
    """What each name has, and the faults of the others."""
    found, faults = [], []
    for key, one in sorted(value.items()):
        try:
            found.append(read(str(key), one))
        except Faults as wrong:
            faults += [one._replace(of=str(key)) for one in wrong.faults]
        except ValueError as fault:
            faults.append(Fault(str(fault), str(key)))
    return tuple(found), faults


def _days(value: Any) -> Days:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_DAYS:
        raise ValueError(f"a whole number of days from 0 to {MOST_DAYS} is needed, not {str(value)[:40]!r}.")
    return value


def _ages(value: Any) -> tuple[int, ...]:
    fits = (
        isinstance(value, (list, tuple))
        and value
        and all(type(one) is int and 0 < one <= OLDEST for one in value)
    )
    if not fits or list(value) != sorted(set(value)):
        raise ValueError(f"one age or more in years, from 1 to {OLDEST}, each higher than the last: 18, 65.")
    return tuple(value)


def _window(key: str, value: Any) -> tuple[str, Days]:
    return _name(key, 40), _days(value)


def _exclusion(key: str, value: Any) -> tuple[str, str]:
    if (
        not isinstance(value, str)
        or not 0 < len(value.strip()) <= LONGEST_NAME
        or value != value.strip()
        or not value.isprintable()
    ):
        raise ValueError(
            f"needs its reason, of 1 to {LONGEST_NAME} characters, on one line: SUBJECT = reason."
        )
    return _name(key, LONGEST_SUBJECT), value


def _pool(key: str, value: Any) -> tuple[str, tuple[str, ...]]:
    members = _words(value)
    if len(members) < 2:
        raise ValueError("needs two arms at least; one arm is compared anyway. Write NAME = CODE, CODE.")
    return _name(key, LONGEST_NAME), members


def _query(key: str, value: Any) -> tuple[str, tuple[str, ...]]:
    terms = _words(value)
    if not terms:
        raise ValueError("needs one term at least. Write NAME = TERM; TERM.")
    return _name(key, LONGEST_NAME), terms


def _name(text: str, longest: int) -> str:
    if (
        not text.strip()
        or text != text.strip()
        or len(text) > longest
        or "=" in text
        or not text.isprintable()
    ):
        raise ValueError(
            f"a name has 1 to {longest} characters, no sign of equality, and stands on one line."
        )
    return text


def _words(value: Any, *, among: Sequence[str] | None = None) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) and one.strip() for one in value):
        raise ValueError("a list of names is needed.")
    twice = [one for one, times in Counter(value).items() if times > 1]
    other = [] if among is None else [one for one in dict.fromkeys(value) if one not in among]
    if twice or other:
        raise Faults(
            *(Fault("stands twice. Name each once.", one) for one in twice),
            *(Fault(f"is none of {', '.join(among or ())}.", one) for one in other),
        )
    return tuple(value)
