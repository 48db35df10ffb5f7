"""Single cases that are a signal by themselves: no count, no p-value. Pure functions of a cut with its arms.

A death, or an event of special interest, of one participant is enough to look at (domain.md, sections 1 and 2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from pvtracker.cuts import derive
from pvtracker.cuts.data import CutData
from pvtracker.cuts.term_queries import belonging
from pvtracker.lib.partial_dates import spaced
from pvtracker.lib.rounding import fixed, minus
from pvtracker.signals.cells import Cell, cell, column, text_column, words
from pvtracker.signals.liver_values import LIMITS, liver_values
from pvtracker.stats.liver import hys_law_cases

CASE = "case"  # level of a signal that is about one case
LONGEST_NAME = 200  # of a signal
MOST_SPECIAL = 20_000  # events of special interest of a run: 300 bytes each, in one row
FATAL = "fatal"  # outcome of an event
DEATH, SPECIAL_INTEREST, HYS_LAW = "death", "special_interest", "hys_law"
LABELS = {DEATH: "Death", SPECIAL_INTEREST: "Event of special interest", HYS_LAW: "Possible Hy’s law"}
COUNTED = {
    DEATH: ("death", "deaths"),
    HYS_LAW: ("possible case of Hy’s law", "possible cases of Hy’s law"),
    SPECIAL_INTEREST: ("event of special interest", "events of special interest"),
}
DATASETS = (*derive.DATASETS, "measurements")  # what is read, besides the arms
DEFINITIONS = {
    DEATH: "A participant who died, or has an event with a fatal outcome, whatever its onset; screen failures are left "
    "out.",
    HYS_LAW: "After first exposure ALT or AST at 3 times the upper limit of normal or more, and total bilirubin above "
    "2 times it on that day or up to 30 days later, unless alkaline phosphatase was at 2 times it or more then. Values "
    "without the upper limit of normal, or a whole date, are left out. Whether another cause explains it, a physician "
    "says.",
    SPECIAL_INTEREST: "A treatment-emergent event of a term, of any level, that the study calls of special interest. "
    "All of one such term are one signal, which lists them.",
}


@dataclass(frozen=True, slots=True)
class Trigger:
    """One case. `number` is the event's within the participant, 0 where the case is no single event.

    `day` is the day since first exposure, 1 on that day; None when the day is not known. `arm` is '' for a participant
    in none of the protocol's arms.
    """

    kind: str
    subject: str
    number: int
    arm: str
    term: str
    date: str
    day: int | None
    said: str
    named: tuple[str, ...] = ()  # the terms of special interest that it is of

    @property
    def name(self) -> str:
        """What it is called: the same in every run, whatever the event is coded to."""
        event = f", event {self.number}" if self.number else ""
        return f"{LABELS[self.kind]}: {self.subject}{event}"

    @property
    def signals(self) -> tuple[str, ...]:
        """What its signals are called: all events of a term of special interest are one signal, any other case is one
        by itself."""
        return tuple(map(of_term, self.named)) or (self.name,)


def of_term(named: str) -> str:
    """What the signal of a term of special interest is called."""
    return f"{LABELS[SPECIAL_INTEREST]}: {named}"[:LONGEST_NAME]


def triggers(data: CutData, *, analysis_arm: str, special_interest: Collection[str] = ()) -> list[Trigger]:
    """The cases of a cut: deaths first, then possible Hy's law, then events of special interest, by participant and
    number. Where the measurements are not loaded, no Hy's law is looked for.

    `special_interest`: terms of any level, as the study's dictionary spells them, or names of the study's queries.
    """
    people = people_of(data, analysis_arm=analysis_arm)
    arms = derive.arms_of(data).names
    arm_of = {
        subject: arms[arm] if arm >= 0 else ""
        for subject, arm in zip(people["subject"], people["arm"].tolist(), strict=True)
    }
    first = people.set_index("subject")["first_exposure"]
    liver = _hys_law(data, people, arm_of) if "measurements" in data.frames else ()
    return [*_deaths(data, arm_of, first), *liver, *_special(data, people, arm_of, special_interest)]


def people_of(data: CutData, *, analysis_arm: str) -> pd.DataFrame:
    """Among whom cases are looked for: the analysis set; but who is not per protocol is a case all the same, for
    whoever was harmed was treated."""
    rules = derive.rules_of(data)
    if rules.analysis_set == "per-protocol":
        rules = replace(rules, analysis_set="treated")
    return derive.analysis_set(data, analysis_arm=analysis_arm, rules=rules)


def liver_left_out(data: CutData, people: pd.DataFrame) -> dict[str, int]:
    """Liver values after first exposure that could make no case: without an upper limit of normal (or not above 0), and
    without a whole date. {} where the measurements are not loaded."""
    if "measurements" not in data.frames:
        return {}
    found = liver_values(data, people)
    return {"unlimited": sum(found.unlimited.values()), "undated": sum(found.undated.values())}


def _deaths(data: CutData, arm_of: Mapping[str, str], first: pd.Series[Any]) -> Iterator[Trigger]:
    events = data.adverse_events
    fatal = events[events["outcome"] == FATAL].sort_values(["subject", "number"], kind="stable")
    causes: dict[str, list[str]] = {}
    for subject, term, verbatim in zip(
        fatal["subject"], fatal["preferred_term"], fatal["verbatim"].fillna(""), strict=True
    ):
        causes.setdefault(subject, []).append(term or verbatim or derive.NOT_CODED)
    people = data.participants
    dead = people["died"].fillna(False) | people["died_on_earliest"].notna() | people["subject"].isin(causes)
    dead &= ~people["screen_failure"].fillna(False)
    people = people.assign(died_on=people["died_on"].fillna(""))[dead]
    for row in _rows(people.sort_values("subject", kind="stable")):
        subject, on = row["subject"], row["died_on"]
        names = list(dict.fromkeys(causes.get(subject, [])))
        recorded = f"Fatal event: {', '.join(names)}." if names else "No fatal event is recorded."
        yield Trigger(
            kind=DEATH,
            subject=subject,
            number=0,
            arm=arm_of.get(subject, ""),
            term=names[0] if names else "",
            date=on,
            day=_day(row["died_on_earliest"], row["died_on_latest"], first.get(subject)),
            said=f"Died on {on}. {recorded}" if on else f"Died. {recorded}",
        )


def _hys_law(data: CutData, people: pd.DataFrame, arm_of: Mapping[str, str]) -> Iterator[Trigger]:
    """By the limits of normal that came with each value; a value without one, or of unknown day, makes no pair."""
    found = hys_law_cases(*liver_values(data, people).columns("subject"), **LIMITS)
    for row, subject in enumerate(found.participant):
        at, bilirubin = int(found.transaminase_day[row]) + 1, int(found.bilirubin_day[row]) + 1
        said = (
            f"ALT or AST {fixed(found.transaminase[row], 1)} × the upper limit on day {at}, total bilirubin "
            f"{fixed(found.bilirubin[row], 1)} × on day {bilirubin}."
        )
        warning = found.warning[row]
        yield Trigger(
            kind=HYS_LAW,
            subject=subject,
            number=0,
            arm=arm_of[subject],
            term="",
            date="",
            day=at,
            said=f"{said} {warning[0].upper()}{warning[1:]}." if warning else said,
        )


def _special(
    data: CutData, people: pd.DataFrame, arm_of: Mapping[str, str], terms: Collection[str]
) -> Iterator[Trigger]:
    if not terms:
        return
    events = special_events(data, people, terms)
    onset = data.adverse_events.set_index(["subject", "number"])["onset"].fillna("")
    for row in _rows(events.sort_values(["subject", "number"], kind="stable")):
        written = onset[row["subject"], row["number"]]
        yield Trigger(
            kind=SPECIAL_INTEREST,
            subject=row["subject"],
            number=int(row["number"]),
            arm=arm_of[row["subject"]],
            term=row["preferred_term"],
            date=written,
            day=None if pd.isna(row["day"]) else int(row["day"]) + 1,
            said=f"{row['preferred_term']}, onset {spaced(written) or 'unknown'}.",
            named=row["named"],
        )


def special_events(data: CutData, people: pd.DataFrame, terms: Collection[str]) -> pd.DataFrame:
    """The treatment-emergent events of special interest, with those of the terms that each is of (`named`)."""
    events = derive.emergent_events(data, people)
    queries = dict(derive.rules_of(data).queries)
    named = belonging(events, [(term, queries.get(term, (term,))) for term in terms])
    events = events.assign(named=np.fromiter(named, dtype=object, count=len(named)))
    return events.iloc[[place for place, its in enumerate(named) if its]]


def too_wide(data: CutData, *, analysis_arm: str, special_interest: Collection[str]) -> str:
    """Why no run can keep the events of special interest as single cases: a sentence, '' when it can.

    They stand whole in the run's settings, for a signal has to know which of them were told. What nobody can look at
    one by one is no single case: it is left to the comparison, and the list is to be narrowed.
    """
    if not special_interest:
        return ""
    people = people_of(data, analysis_arm=analysis_arm)
    named = special_events(data, people, special_interest)["named"]
    if len(named) <= MOST_SPECIAL:
        return ""
    widest, times = Counter(term for its in named for term in its).most_common(1)[0]
    return (
        f"{len(named):,} treatment-emergent events are of special interest by the definitions of this cut; a run keeps "
        f"at most {MOST_SPECIAL:,} as single cases. Most are of {widest} ({times:,}). Name narrower terms in the "
        "definitions of the study and freeze again."
    )


def _rows(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    return frame.to_dict("records")


def _day(earliest: Any, latest: Any, first: Any) -> int | None:
    """The day of treatment, when the date is a whole one."""
    if first is None or pd.isna(first) or pd.isna(earliest) or earliest != latest:
        return None
    days: int = (earliest - first).days
    return days + 1 if days >= 0 else days


def stated(found: Iterable[Trigger]) -> list[dict[str, Any]]:
    """As plain data, to stand in the settings of a run."""
    return [asdict(one) for one in found]


def kept_in(settings: Mapping[str, Any]) -> list[Trigger]:
    """Those of a run; a run of an earlier version has none."""
    kept = settings.get("triggers", [])
    return [Trigger(**{**one, "named": tuple(one.get("named", ()))}) for one in kept]


def counted(found: Iterable[Trigger]) -> str:
    """How many cases of each kind, in words; of special interest how many events, and of how many terms, as many as
    there are signals."""
    kinds, terms = Counter[str](), set[str]()
    for one in found:
        kinds[one.kind] += 1
        terms |= {*one.named}
    told = []
    for kind, (single, several) in COUNTED.items():
        if n := kinds[kind]:
            of = (
                f" ({len(terms):,} {'term' if len(terms) == 1 else 'terms'})"
                if kind == SPECIAL_INTEREST and terms
                else ""
            )
            told.append(f"{n:,} {single if n == 1 else several}{of}")
    return "; ".join(told)


def table(
    found: Iterable[Trigger], addresses: Mapping[str, str], left_out: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """The cases for a page, of special interest a line for each term; `addresses` of their signals by name; `left_out`
    as from `liver_left_out`."""
    rows, by_term = [], dict[str, list[Trigger]]()
    for one in found:
        for term in one.named:
            by_term.setdefault(term, []).append(one)
        if not one.named:
            who = cell(one.subject, one.subject, 1)
            texts = (LABELS[one.kind], one.arm or "in no arm", one.said)
            rows.append(_row(texts, who, one.day, addresses.get(one.name, "")))
    for term, its in by_term.items():
        arms = Counter(one.arm or "in no arm" for one in its)
        people = len({one.subject for one in its})
        texts = (
            of_term(term),
            "; ".join(f"{arm}: {count}" for arm, count in sorted(arms.items())),
            "1 event, listed with its signal."
            if len(its) == 1
            else f"{len(its)} events, listed with their signal.",
        )
        who = cell(f"{people} participant{'' if people == 1 else 's'}", "", people)
        rows.append(_row(texts, who, None, addresses.get(of_term(term), ""), days=False))
    return {
        "caption": "Single cases, each a signal without any test",
        "columns": [
            text_column("Case"),
            column("Participant", "Participant", "Participants", numeric=False),
            text_column("Arm"),
            column("Day", "Day, since first exposure"),
            text_column("What is known"),
        ],
        "rows": rows,
        "note": f"Day 1 is the day of first exposure. {' '.join(f'{LABELS[k]}: {t}' for k, t in DEFINITIONS.items())}"
        f"{_left_out(left_out or {})}",
        "empty": "No participant died, none meets the laboratory part of Hy’s law, and no event of special interest "
        "was recorded.",
    }


def _row(
    texts: tuple[str, str, str], who: Cell, day: int | None, url: str, *, days: bool = True
) -> dict[str, Any]:
    """Case, arm and what is known; `days`: whether a day could be known at all."""
    case, arm, known = texts
    at = cell(_text(day) if days else "", day)
    return {"cells": [words(case, url=url), {**who, "numeric": False}, words(arm), at, words(known)]}


def in_runs(runs: Iterable[tuple[str, Mapping[str, Any]]], signal: str) -> list[tuple[Trigger, str]]:
    """The cases of a signal over its runs (name and settings, the earliest first), each as the latest run that holds it
    tells it, with the first run's name; by participant and event."""
    found: dict[tuple[str, int], tuple[Trigger, str]] = {}
    for name, settings in runs:
        for one in kept_in(settings):
            if signal in one.signals or signal == one.name:
                _, first = found.get((one.subject, one.number), (one, name))
                found[one.subject, one.number] = (one, first)
    return [found[key] for key in sorted(found)]


def listed(
    found: Iterable[tuple[Trigger, str]], now: Collection[tuple[str, int]], caption: str
) -> dict[str, Any]:
    """The cases of a signal with the run that each came in, and whether the newest run holds it (`now`)."""
    found = list(found)
    event = ("Event",) if any(one.number for one, _ in found) else ()  # a death is no single event
    labels = ("Participant", *event, "Arm", "Day", "What is known", "First in the run", "In the newest run")
    rows = []
    for one, first in found:
        held = "yes" if (one.subject, one.number) in now else "no"
        texts = (
            one.subject,
            *([str(one.number or "")] if event else []),
            one.arm or "in no arm",
            _text(one.day),
            one.said,
            first,
            held,
        )
        rows.append(
            {
                "cells": [
                    {"text": t, "numeric": name in ("Event", "Day")}
                    for t, name in zip(texts, labels, strict=True)
                ]
            }
        )
    return {
        "caption": caption,
        "columns": [{"label": label, "numeric": label in ("Event", "Day")} for label in labels],
        "rows": rows,
        "note": "Day 1 is the day of first exposure. What a later run no longer holds stays here.",
        "empty": "No run that this signal rests on holds a case of it.",
    }


def _left_out(counted: Mapping[str, int]) -> str:
    """In words; nothing where nothing was, or a run of an earlier version did not count."""
    words = {
        "unlimited": "without the upper limit of normal or not above 0",
        "undated": "without a whole date",
    }
    told = [f"{counted[key]} {text}" for key, text in words.items() if counted.get(key)]
    return f" Liver values after first exposure that were left out: {', '.join(told)}." if told else ""


def _text(day: int | None) -> str:
    return "not known" if day is None else minus(str(day))
