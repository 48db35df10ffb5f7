"""What a run says about one finding: counts, and what each method made of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from pvtracker.cuts.derive import QUERY
from pvtracker.lib.term_names import folded
from pvtracker.signals.methods import METHODS
from pvtracker.signals.models import Result, Run, Signal, SignalStep
from pvtracker.signals.rules import Basis
from pvtracker.signals.triggers import Trigger, in_runs
from pvtracker.studies.models import Study

Key = tuple[str, str, str, str, str]  # level, term, selection, arm, reference
KEY = ("level", "term", "selection", "arm", "reference")
COUNTS = ("n_arm", "N_arm", "n_ref", "N_ref", "events_arm", "events_ref")
SAID = ("estimate", "low", "high", "p", "p_adjusted", "posterior", "beyond_margin", "flag")


def key_of(row: Result | Signal) -> Key:
    """Which finding it is."""
    return (row.level, row.term, row.selection, row.arm, row.reference)


def one_term(key: Key) -> Key:
    """The finding whatever the spelling of its term: capitals and spaces make no other one."""
    level, term, selection, arm, reference = key
    return (level, folded(term), selection, arm, reference)


def newest_run(study: Study) -> Run | None:
    """The run on the latest cut, the last made of several: what `now` means on the pages."""
    found = Run.objects.filter(study=study).select_related("cut")
    return found.order_by("-cut__date", "-cut__made_at", "-made_at", "-id").first()


def cases_behind(signal: Signal) -> list[tuple[Trigger, str]]:
    """Every case that a run found of a signal, with the first run that held it: of the runs that its steps rest on, and
    of the newest."""
    steps = SignalStep.objects.filter(signal=signal, run__isnull=False).values("run")
    newest = newest_run(signal.study)
    found = Run.objects.filter(id__in=steps) | Run.objects.filter(id__in=[newest.id] if newest else [])
    runs = found.select_related("cut").order_by("cut__date", "made_at", "id")
    told = ((f"of {run.made_at:%Y-%m-%d %H:%M} UTC, cut of {run.cut.date}", run.settings) for run in runs)
    return in_runs(told, signal.term)


def raised_by(run: Run) -> dict[Key, list[Result]]:
    """The findings of a run that one of the methods flagged whose flags raise signals by its plan, with the rows of
    every method. Before there were plans, every method's did."""
    flagged = Result.over_all.filter(run=run, flag=True)
    if "raising" in run.settings:
        flagged = flagged.filter(method__in=run.settings["raising"])
    return rows_of(run, set(flagged.values_list(*KEY)))


def rows_of(run: Run, keys: Iterable[Key]) -> dict[Key, list[Result]]:
    """The rows of these findings in a run, each in the order of the methods; a finding without events has none. One
    that the run spells otherwise has those of the other spelling: of several, of that most participants had."""
    wanted = set(keys)
    found = _spelled(run, {key[1] for key in wanted})
    there = {key: found[key] for key in wanted if key in found}
    missing = {one_term(key): key for key in wanted - there.keys()}
    if missing:
        terms, one_method = {term for _, term, *_ in missing}, list(run.methods)[:1]
        spelled = Result.over_all.filter(run=run, method__in=one_method).values_list("term", flat=True)
        others = _spelled(run, {term for term in spelled.distinct() if folded(term) in terms})
        for key, rows in sorted(others.items(), key=lambda one: -(one[1][0].n_arm + one[1][0].n_ref)):
            if (asked := missing.get(one_term(key))) is not None:
                there.setdefault(asked, rows)
    return there


def _spelled(run: Run, terms: set[str]) -> dict[Key, list[Result]]:
    """The rows of a run of terms that are spelled so, by finding."""
    found: dict[Key, list[Result]] = defaultdict(list)
    if terms:
        for row in Result.over_all.filter(Q(run=run) & Q(term__in=terms)).order_by("id"):
            found[key_of(row)].append(row)
    return found


def numbers_of(rows: list[Result]) -> dict[str, Any]:
    """The rows of one finding as plain data, to stand in a step and to be signed; {} when there is none."""
    if not rows:
        return {}
    return {
        **{name: getattr(rows[0], name) for name in COUNTS},
        "methods": {row.method: {name: getattr(row, name) for name in SAID} for row in rows},
    }


def flagged_by(numbers: dict[str, Any]) -> list[str]:
    """Labels of the methods that flag it."""
    said = numbers.get("methods", {})
    return [METHODS[key].label if key in METHODS else key for key, one in said.items() if one["flag"]]


def sizes_of(run: Run) -> dict[str, int]:
    """Participants of each arm and pool of a run, by name."""
    return {side["name"]: int(side["participants"]) for side in _sides(run)}


def arms_within(run: Run, name: str) -> list[str]:
    """The arms of a pool of a run; of an arm itself."""
    pools = run.settings.get("pools", [])
    return next((list(pool["arms"]) for pool in pools if pool["name"] == name), [name])


def years_of(run: Run) -> dict[str, float]:
    """Person-years of follow-up of each arm and pool of a run, by name; of one whose run does not keep them, none."""
    return {side["name"]: float(side.get("follow_up_years", 0.0)) for side in _sides(run)}


def _sides(run: Run) -> list[dict[str, Any]]:
    return [*run.settings["arms"], *run.settings.get("pools", [])]


def was_screened(run: Run, key: Key) -> bool:
    """Did the run look for this finding, so that without a row nobody had the event? A run without its level or
    selection, its query, or its arm or pool against this reference tells nothing of it."""
    level, term, selection, arm, reference = key
    told, sizes = run.settings, sizes_of(run)
    if level == QUERY and folded(term) not in map(folded, told.get("rules", {}).get("queries", {})):
        return False
    compared = arm in sizes and reference in sizes and told["reference"] == reference
    return compared and f"{level} {selection}" in told.get("terms", {})


def as_queried(run: Run, key: Key) -> Key:
    """The finding with the name of its query as the run's definitions spell it; of any other level, as it is."""
    level, term, *rest = key
    if level != QUERY:
        return key
    names = run.settings.get("rules", {}).get("queries", {})
    selection, arm, reference = rest
    return (level, next((n for n in names if folded(n) == folded(term)), term), selection, arm, reference)


def basis_of(run: Run | None, key: Key, numbers: dict[str, Any]) -> Basis | None:
    """What the re-opening rule compares; no run, no basis. Of a finding without a row nobody had the event, where the
    run screened it; where not, how many had it is not known: no basis."""
    if run is None or not (numbers or was_screened(run, key)):
        return None
    return Basis(run.cut.date, run.cut.made_at, numbers.get("n_arm", 0))


def after_adjustment(numbers: dict[str, Any]) -> bool:
    """Is it flagged, too, by a method whose threshold takes account of how many terms were compared? Of the others, one
    term in twenty or forty is flagged at each look though nothing is the matter."""
    said = numbers.get("methods", {})
    return any(one["flag"] and adjusts(key) for key, one in said.items())


def adjusts(method: str) -> bool:
    """Does the method's threshold take account of how many terms were compared?"""
    return method in METHODS and METHODS[method].threshold.column not in ("p", "low")
