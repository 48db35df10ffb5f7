"""The sections of a report, in printed order. To add one: a file with `build(snapshot)` and a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pvtracker.reports.blocks import Section
from pvtracker.reports.frozen import AudienceError
from pvtracker.reports.sections import (
    baseline,
    comparison,
    courses,
    enrolment,
    events,
    exposure,
    interest,
    monitoring,
    overview,
    problems,
    relatedness,
    serious,
    severity,
    summary,
)
from pvtracker.reports.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Entry:
    """A section and whether it stands in the closed report only."""

    build: Callable[[Snapshot], Section]
    closed_only: bool = False


SECTIONS = (
    Entry(summary.build),
    Entry(enrolment.build),
    Entry(baseline.build),
    Entry(exposure.build),
    Entry(overview.build),
    Entry(comparison.build, closed_only=True),
    Entry(monitoring.build, closed_only=True),
    Entry(interest.build),
    Entry(events.build),
    Entry(severity.build),
    Entry(relatedness.build),
    Entry(serious.build),
    Entry(courses.build),
    Entry(problems.build),
)


def build_all(
    snapshot: Snapshot, progress: Callable[[int, int, str], None] = lambda done, total, text: None
) -> tuple[Section, ...]:
    """Every section of the snapshot's audience; AudienceError when one answers with another audience."""
    entries = [entry for entry in SECTIONS if snapshot.is_closed or not entry.closed_only]
    made = []
    for done, entry in enumerate(entries):
        section = entry.build(snapshot)
        if section.audience != snapshot.audience:
            raise AudienceError(
                f"Section {section.key} is {section.audience} in a report that is {snapshot.audience}."
            )
        made.append(section)
        progress(done + 1, len(entries), section.title)
    return tuple(made)
