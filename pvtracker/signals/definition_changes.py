"""Definitions of a study that were changed after the first look at a signed plan: a departure from it."""

from __future__ import annotations

from typing import Any

from pvtracker.cuts.models import Cut, CutState
from pvtracker.cuts.queries import stated_of
from pvtracker.signals.models import Run, ScreeningPlan
from pvtracker.studies.definition_text import value_text
from pvtracker.studies.definitions import HELP, DefinitionError, parse

# By which arm a run goes is the plan's own, and told by itself.
ASKED = tuple(name for name in HELP if name != "analysis_arm")
LONGEST = 120  # of a setting in words


def since_first_look(plan: ScreeningPlan | None, cut: Cut) -> list[str]:
    """What was changed, with which cut, and which looks at this version were counted as it was before, in one sentence
    for each definition; [] without a signed plan, and before the first look at it."""
    looks = [] if plan is None else _looks(plan)
    now = stated_of(cut)
    if plan is None or not looks or now is None:
        return []
    first = looks[0][1]
    changed = [name for name in ASKED if now[name] != first[name]]
    return [_said(plan, cut, looks, now, name) for name in changed]


def _said(
    plan: ScreeningPlan, cut: Cut, looks: list[tuple[Cut, dict[str, Any]]], now: dict[str, Any], name: str
) -> str:
    was, is_now = (_in_words(name, rules[name]) for rules in (looks[0][1], now))
    told = f"was: {was}; is: {is_now}" if was != is_now else f"{is_now}, but not the same"
    before = dict.fromkeys(str(of.date) for of, rules in looks if rules[name] != now[name])
    since = _since(cut, name, now[name])
    frozen = f"the cut of {since.date}, frozen on {since.made_at:%Y-%m-%d at %H:%M} UTC"
    return (
        f"The definition “{HELP[name][0]}” is not that of the first look at version {plan.version} of the plan "
        f"({told}), since {frozen}. Looks by the other one: cut{'s' if len(before) > 1 else ''} of {', '.join(before)}."
    )


def _looks(plan: ScreeningPlan) -> list[tuple[Cut, dict[str, Any]]]:
    """The runs by this version that keep their definitions, as they were made; without those that this version of the
    program cannot read."""
    runs = Run.objects.filter(plan=plan).select_related("cut").order_by("made_at", "id")
    told = ((run.cut, _kept(run.settings.get("rules"))) for run in runs)
    return [(cut, rules) for cut, rules in told if rules is not None]


def _kept(rules: Any) -> dict[str, Any] | None:
    try:
        return None if rules is None else parse(rules).stated()
    except DefinitionError:
        return None


def _since(cut: Cut, name: str, value: Any) -> Cut:
    """The first of the cuts up to this one, frozen one after the other, that have the setting as it has it."""
    earlier = Cut.objects.filter(study=cut.study, made_at__lte=cut.made_at).exclude(state=CutState.REFUSED)
    since = cut
    for one in earlier.order_by("-made_at", "-id"):
        stated = stated_of(one)
        if stated is None or stated[name] != value:
            break
        since = one
    return since


def _in_words(name: str, value: Any) -> str:
    text = value_text(name, value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()} …"
