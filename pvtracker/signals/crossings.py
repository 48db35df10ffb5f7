"""Which findings of a study crossed a boundary of its signed plan, read from what its runs keep: for the overview and
the page of a signal. What was crossed stays crossed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from django.urls import reverse

from pvtracker.signals.boundary_settings import KINDS
from pvtracker.signals.evidence import KEY, Key, key_of, one_term
from pvtracker.signals.labels import finding_label
from pvtracker.signals.models import Run, Signal
from pvtracker.studies.models import Study


@dataclass(frozen=True, slots=True)
class Crossing:
    """A finding, as the last run spells it in which it crossed; which kind of boundary it crossed first, in a run on
    which cut; and the last run in which it crossed."""

    key: Key
    kind: str
    on: date
    last_run: uuid.UUID

    @property
    def said(self) -> str:
        """When it crossed, for the page of its signal."""
        return f"crossed, first in a run on the cut of {self.on} ({self.kind})"


@dataclass(frozen=True, slots=True)
class Linked:
    """A finding in words, with the address of its signal ('' where it has none)."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """A sentence, and the findings that it is about."""

    said: str
    findings: list[Linked]


def of_study(study: Study) -> list[Crossing]:
    """Every finding that crossed in any run, the earliest first. A term is the same whatever its capitals, spaces."""
    found: dict[Key, Crossing] = {}
    for run, on, key, kind in _lines(study):
        same = one_term(key)
        first = found.setdefault(same, Crossing(key, kind, on, run))
        found[same] = replace(first, key=key, last_run=run)
    return list(found.values())


def by_finding(study: Study) -> dict[Key, Crossing]:
    """The same by finding, whatever the spelling of its term (`one_term`)."""
    return {one_term(one.key): one for one in of_study(study)}


def _lines(study: Study) -> Iterator[tuple[uuid.UUID, date, Key, str]]:
    runs = Run.objects.filter(study=study, settings__boundaries__contains=[{"crosses": True}])
    told = runs.order_by("made_at", "id").values_list("id", "cut__date", "settings__boundaries")
    for run, on, lines in told:
        for one in lines:
            if one["crosses"]:
                level, term, selection, arm, reference = (one[name] for name in KEY)
                yield run, on, (level, term, selection, arm, reference), KINDS.get(one["kind"], one["kind"])


def of_signal(signal: Signal) -> Crossing | None:
    """That of the signal's finding; None where it crossed in no run."""
    same = one_term(key_of(signal))
    lines = [(run, on, kind) for run, on, key, kind in _lines(signal.study) if one_term(key) == same]
    return Crossing(key_of(signal), lines[0][2], lines[0][1], lines[-1][0]) if lines else None


def overview(study: Study, latest: Run) -> list[Group]:
    """What is beyond a boundary in the latest run, and what was in an earlier one only: each in a sentence with links
    to the signals; [] where nothing ever was."""
    found = of_study(study)
    signals = {one_term(key_of(one)): one.id for one in Signal.objects.filter(study=study)}

    def linked(one: Crossing, *, dated: bool) -> Linked:
        level, term, selection, arm, reference = one.key
        text = f"{finding_label(term, level, selection)}, {arm} against {reference}"
        signal = signals.get(one_term(one.key))
        return Linked(
            f"{text}, first on the cut of {one.on}" if dated else text,
            reverse("signal", args=[study.code, signal]) if signal else "",
        )

    now = [linked(one, dated=False) for one in found if one.last_run == latest.id]
    before = [linked(one, dated=True) for one in found if one.last_run != latest.id]
    groups = (
        Group(f"{_findings(now, 'is', 'are')} beyond a boundary of the signed plan", now),
        Group(
            f"{_findings(before, 'was', 'were')} beyond one in an earlier run, and what was crossed stays crossed",
            before,
        ),
    )
    return [group for group in groups if group.findings]


def _findings(some: list[Linked], one: str, several: str) -> str:
    return f"1 finding {one}" if len(some) == 1 else f"{len(some)} findings {several}"
