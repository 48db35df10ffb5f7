"""Looks and expectations as the tables and facts that the pages and the command show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from scipy.special import gammaincinv

from pvtracker.cuts.wording import in_order
from pvtracker.lib.rounding import MISSING, fixed, p_text, share
from pvtracker.monitoring import breaks
from pvtracker.monitoring.enums import Level, Selection, Standing
from pvtracker.monitoring.models import EarlyWarning, Expectation, Look, WatchedTerm
from pvtracker.monitoring.queries import Watch
from pvtracker.monitoring.rules import Expected
from pvtracker.studies.definition_text import some_of

Table = dict[str, Any]
CANNOT = (
    "at this cut it cannot warn, whatever happens. It could with more follow-up, with an expectation that is lower or "
    "worth more person-years, or with a threshold that is easier to reach."
)
MOST_LINKS = 20  # to events, of a set
DIGITS = 3  # of rates per person-year
BADGES = {
    Standing.WARNING: ("danger", "exclamation-triangle-fill"),
    Standing.WATCHING: ("info", "search"),
    Standing.NO_TIME: ("neutral", "hourglass-split"),
    Standing.NOT_YET: ("neutral", "hourglass-split"),
    Standing.STOPPED: ("neutral", "slash-circle"),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of the list: the watch, its badge, its numbers as text."""

    watch: Watch
    badge: dict[str, str]
    url: str
    about: str
    counted: str
    years: str
    observed: str
    expected_rate: str
    expected: str
    p_exceeds: str
    p_margin: str
    needed: str
    cannot: str  # why it cannot warn, or ''
    events: EventLinks
    broken: str  # that its look was counted otherwise than the one before, or ''


@dataclass(frozen=True, slots=True)
class EventLinks:
    """Where the log of today lists the events of a watched term: name and query, of a set those of its first terms."""

    links: tuple[dict[str, str], ...]
    more: int  # terms of the set without a link


@dataclass(frozen=True, slots=True)
class Unread:
    """A warning that a person has not read, with the way to its events."""

    warning: EarlyWarning
    events: EventLinks
    broken: str


def unread(warning: EarlyWarning, before: Look | None) -> Unread:
    expectation = warning.look.expectation
    return Unread(warning, events_of(expectation.watched, expectation.members), broken(before, warning.look))


def broken(before: Look | None, look: Look | None) -> str:
    """That a look was counted by other definitions than the one before it; '' where it was not."""
    changed = breaks.said([before, look]) if before and look else {}
    return _otherwise(next(iter(changed.values()), ""))


def _otherwise(changed: str) -> str:
    return f"Counted by other definitions than the cut before it: {changed}." if changed else ""


def events_of(watched: WatchedTerm, members: Sequence[str]) -> EventLinks:
    """The log narrowed to a term, as far as it narrows: by name, and by what it has of the selection."""
    also = {Selection.SERIOUS: {"serious": "yes"}, Selection.GRADE3PLUS: {"grade": "3"}}
    narrowed = also.get(Selection(watched.selection), {})
    names = list(members) if watched.level == Level.SET else [watched.name]
    links = ({"name": name, "query": urlencode({"q": name} | narrowed)} for name in names[:MOST_LINKS])
    return EventLinks(tuple(links), max(len(names) - MOST_LINKS, 0))


def listed(watch: Watch, before: Look | None = None) -> Listed:
    """`before`: the look before the one that the row shows."""
    look, expectation = watch.look, watch.expectation
    return Listed(
        watch=watch,
        badge=standing(watch),
        url=reverse("pooled_rate", args=[watch.term.study.code, watch.term.id]),
        about=about(watch),
        counted=share(look.participants, look.treated) if look else MISSING,
        years=fixed(look.person_years, 1) if look else MISSING,
        observed=interval(look.rate, look.rate_low, look.rate_high) if look else MISSING,
        expected_rate=interval(expectation.rate, *expected_limits(expectation)),
        expected=fixed(look.expected, 1) if look else MISSING,
        p_exceeds=p_text(look.p_exceeds) if look else MISSING,
        p_margin=f"{fixed(look.p_margin, 3)} (> {expectation.margin:g})" if look else MISSING,
        needed=_needed(look),
        cannot=_cannot(look),
        events=events_of(watch.term, expectation.members),
        broken=broken(before, look),
    )


def standing(watch: Watch) -> dict[str, str]:
    """The badge of a watch (components/badge.html)."""
    kind, icon = BADGES[watch.standing]
    return {"text": str(watch.standing.label), "kind": kind, "icon": icon}


def about(watch: Watch) -> str:
    """Level and selection in a few words."""
    selection = str(watch.term.get_selection_display()).lower()
    is_set = watch.term.level == Level.SET
    level = "set of terms" if is_set else str(watch.term.get_level_display()).lower()
    return f"{level}; {'all events' if watch.term.selection == Selection.ALL else selection}"


def expected_limits(expectation: Expectation) -> tuple[float, float]:
    """Where the expected rate lies with 95 %: of its gamma distribution."""
    shape = expectation.rate * expectation.years
    low, high = (float(gammaincinv(shape, tail)) / expectation.years for tail in (0.025, 0.975))
    return low, high


def interval(value: float | None, low: float | None, high: float | None, digits: int = DIGITS) -> str:
    if value is None:
        return MISSING
    return f"{fixed(value, digits)} [{fixed(low, digits)}, {fixed(high, digits)}]"


def _needed(look: Look | None) -> str:
    if look is None or look.needed is None:
        return MISSING
    return "cannot" if cannot_warn(look) else str(look.needed)


def _cannot(look: Look | None) -> str:
    """Why there can be no early warning at a look, in a sentence; '' where there can."""
    if look is None or not cannot_warn(look):
        return ""
    return (
        f"It cannot warn at this cut: an early warning would take {look.needed} participants with the event, and "
        f"there are only {look.treated} in all."
    )


def cannot_warn(look: Look) -> bool:
    """Does an early warning take more participants than there are?"""
    return look.needed is not None and look.needed > look.treated


def look_facts(look: Look) -> list[dict[str, object]]:
    """What one cut shows."""
    expectation = look.expectation
    margin = f"{expectation.margin:g}"
    facts = [
        ("Participants with the event", share(look.participants, look.treated)),
        ("Events", look.events),
        ("Events of this cut without a term, which count nowhere", look.not_coded),
        ("Person-years to first event or end", fixed(look.person_years, 1)),
        ("Pooled rate per person-year [95 %]", interval(look.rate, look.rate_low, look.rate_high)),
        ("Expected participants, if treatment added nothing", fixed(look.expected, 1)),
        ("Probability of so many or more without treatment", p_text(look.p_exceeds)),
        (
            "Rate under treatment per person-year [95 %]",
            interval(look.treated_rate, look.treated_low, look.treated_high),
        ),
        ("Treatment ÷ background, median", fixed(look.ratio, 2)),
        (f"Probability that it is above {margin}", fixed(look.p_margin, 3)),
    ]
    takes = "An early warning takes, at this follow-up"
    warns_ever = expectation.warn_posterior is not None or expectation.warn_predictive is not None
    if cannot_warn(look):
        facts.append(
            (takes, f"{look.needed} participants with the event. There are {look.treated}, so {CANNOT}")
        )
    elif look.needed is None and warns_ever and not look.problem:
        facts.append((takes, f"more participants than any trial has, so {CANNOT}"))
    elif look.needed is not None:
        facts += [
            (takes, f"{look.needed} participants"),
            ("Chance of so many if treatment adds nothing", p_text(look.false_warning)),
            (f"Chance of so many at a ratio of {margin}", p_text(look.chance)),
        ]
    return [{"label": label, "value": value} for label, value in facts]


def expectation_facts(
    expectation: Expectation, query: tuple[str, ...] | None = None
) -> list[dict[str, object]]:
    """What is expected, and when it warns. `query`: the terms that the study's query of the same name has now."""
    facts = [
        ("Expected rate per person-year [95 %]", interval(expectation.rate, *expected_limits(expectation))),
        ("Worth", f"{expectation.years:g} person-years"),
        ("Allocation, active : reference", ratio_of(expectation)),
        ("Ratio of interest", f"{expectation.margin:g}"),
        ("Warns when", rule_of(expectation)),
        ("Version", expectation.version),
        ("Set by", f"{expectation.set_by_name}, {expectation.recorded_at:%Y-%m-%d %H:%M} UTC"),
        ("Source", expectation.based_on),
        ("Reason", expectation.reason),
    ]
    if expectation.members:
        facts.insert(0, ("Terms of the set", some_of(expectation.members)))
        if query is not None:
            facts.insert(1, ("The study’s query of this name", _beside(expectation.members, query)))
    return [{"label": label, "value": value} for label, value in facts]


def _beside(members: Sequence[str], query: Sequence[str]) -> str:
    if {one.casefold() for one in members} == {one.casefold() for one in query}:
        return "has the same terms"
    return f"has other terms now: {some_of(query)}. Change what is expected to watch those."


def ratio_of(expectation: Expectation) -> str:
    return f"{expectation.ratio_active:g} : {expectation.ratio_reference:g}"


def rule_of(expectation: Expectation) -> str:
    """The thresholds as a sentence."""
    rules = []
    if expectation.warn_posterior is not None:
        rules.append(f"P(ratio > {expectation.margin:g}) ≥ {expectation.warn_posterior:g}")
    if expectation.warn_predictive is not None:
        rules.append(f"P(so many or more without treatment) ≤ {expectation.warn_predictive:g}")
    return ", or ".join(rules) or "never: no threshold is set"


def expected_of(expectation: Expectation) -> Expected:
    """A version as people gave it."""
    return Expected(
        rate=expectation.rate,
        years=expectation.years,
        based_on=expectation.based_on,
        reason=expectation.reason,
        ratio_active=expectation.ratio_active,
        ratio_reference=expectation.ratio_reference,
        margin=expectation.margin,
        warn_posterior=expectation.warn_posterior,
        warn_predictive=expectation.warn_predictive,
        members=tuple(expectation.members),
        in_force=expectation.in_force,
    )


def observed_table(looked: Sequence[Watch]) -> Table:
    """The numbers of the picture of the list."""
    rows = []
    for one in looked:
        look, rate = one.look, one.expectation.rate
        if look is None or look.rate is None or look.rate_low is None or look.rate_high is None:
            continue
        ratios = [value / rate for value in (look.rate, look.rate_low, look.rate_high)]
        expected = [limit / rate for limit in expected_limits(one.expectation)]
        texts = [
            one.term.name,
            str(look.participants),
            fixed(look.expected, 1),
            interval(ratios[0], ratios[1], ratios[2], 2),
            f"[{fixed(expected[0], 2)}, {fixed(expected[1], 2)}]",
        ]
        rows.append({"cells": [{"text": text, "numeric": index > 0} for index, text in enumerate(texts)]})
    return _table(
        "Observed against expected",
        ("Term", "Participants", "Expected", "Observed ÷ expected [95 %]", "Expected ÷ its mean, 95 %"),
        rows,
        numeric_from=1,
    )


def looks_table(looks: Sequence[Look], told: dict[Any, int]) -> Table:
    """What each cut showed, the latest first."""
    rows: list[Table] = []
    broken = breaks.said(sorted(looks, key=lambda look: look.cut.date))
    for look in reversed(looks):
        texts = [
            str(look.cut.date),
            share(look.participants, look.treated),
            str(look.events),
            fixed(look.person_years, 1),
            interval(look.rate, look.rate_low, look.rate_high),
            fixed(look.expected, 1),
            p_text(look.p_exceeds),
            fixed(look.p_margin, 3),
            _needed(look),
            "yes" if look.warns else "no",
            str(told.get(look.id, 0)),
            f"{look.made_at:%Y-%m-%d %H:%M}",
        ]
        cells = [{"text": text, "numeric": 0 < index < 9 or index == 10} for index, text in enumerate(texts)]
        also = _otherwise(broken.get(look.id, ""))
        warning = " ".join(filter(None, (look.problem or _cannot(look), also)))
        rows.append({"cells": cells, "strong": look.warns, "warning": warning})
    columns = (
        "Cut-off date",
        "Participants",
        "Events",
        "Person-years",
        "Pooled rate [95 %]",
        "Expected",
        "P(so many or more)",
        "P(ratio > margin)",
        "Warns from",
        "Early warning",
        "People told",
        "Computed at (UTC)",
    )
    table = _table("What each cut showed, under the version in force", columns, rows, numeric_from=1)
    for index in (9, 11):
        table["columns"][index]["numeric"] = False
    table["note"] = (
        "Rates per person-year. A cut frozen before the version was set is held against it all the same."
    )
    return table


def versions_table(versions: Sequence[Expectation]) -> Table:
    """What was expected before, and why it was changed."""
    rows = []
    for one in versions:
        texts = [
            str(one.version),
            f"{one.recorded_at:%Y-%m-%d %H:%M}",
            one.set_by_name,
            "watched" if one.in_force else "ended",
            fixed(one.rate, DIGITS),
            f"{one.years:g}",
            ratio_of(one),
            rule_of(one),
            one.based_on,
            one.reason,
        ]
        rows.append({"cells": [{"text": text} for text in texts]})
    columns = (
        "Version",
        "Set at (UTC)",
        "By",
        "State",
        "Rate",
        "Worth, years",
        "Allocation",
        "Warns when",
        "Source",
        "Reason",
    )
    return _table("Every version, the latest first", columns, rows, numeric_from=len(columns))


def _table(caption: str, columns: Sequence[str], rows: list[Table], *, numeric_from: int) -> Table:
    return {
        "caption": caption,
        "columns": [
            {"label": label, "numeric": index >= numeric_from} for index, label in enumerate(columns)
        ],
        "rows": rows,
        "empty": "No cut was held against this version yet.",
    }


def definitions_of(looks: Iterable[Look]) -> list[dict[str, object]]:
    """The rules that these numbers rest on, each once."""
    found: dict[str, str] = {}
    for look in looks:
        found |= look.definitions
    called = {one.value: str(one.label) for one in Selection}
    return [{"label": called.get(name, name), "value": said} for name, said in in_order(found).items()]
