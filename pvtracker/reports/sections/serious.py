"""Deaths and serious adverse events, one by one."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pvtracker.cuts.derive import NOT_CODED, RELATED, has_criterion, is_serious
from pvtracker.events.enums import Assessor, Outcome, SeriousnessCriterion
from pvtracker.reports.blocks import Block, Cell, Column, Paragraph, Row, Section, Table
from pvtracker.reports.sections.events import count
from pvtracker.reports.snapshot import Snapshot
from pvtracker.reports.tabulate import difference_columns, differences, records, share_and_event_columns

CRITERIA = {
    SeriousnessCriterion.DEATH.value: "Death",
    SeriousnessCriterion.LIFE_THREATENING.value: "Life-threatening",
    SeriousnessCriterion.HOSPITALISATION.value: "Hospitalisation",
    SeriousnessCriterion.DISABILITY.value: "Disability",
    SeriousnessCriterion.CONGENITAL_ANOMALY.value: "Congenital anomaly",
    SeriousnessCriterion.MEDICALLY_IMPORTANT.value: "Medically important",
}
NO_SERIOUS = "No serious adverse event was reported up to the cut-off date."
NO_DEATH = "No participant had died up to the cut-off date."


def build(snapshot: Snapshot) -> Section:
    """The deaths, serious events by term, and the listing of serious events."""
    serious = serious_events(snapshot)
    dead = deaths(snapshot)
    blocks: list[Block] = [_deaths(snapshot, dead) if len(dead) else Paragraph(NO_DEATH)]
    if serious.empty:
        blocks.append(Paragraph(NO_SERIOUS))
    else:
        blocks += [_by_term(snapshot), _listing(snapshot, serious)]
    return Section(
        key="serious",
        title="Deaths and serious adverse events",
        audience=snapshot.audience,
        blocks=tuple(blocks),
    )


def serious_events(snapshot: Snapshot) -> pd.DataFrame:
    """Every event of the cut that is serious or has a criterion, also before first exposure, in order."""
    events = snapshot.data.adverse_events
    chosen = events[is_serious(events) | has_criterion(events)]
    codes = snapshot.data.participants.set_index("subject")["code"]
    order = chosen.assign(code=chosen["subject"].map(codes))
    order = order.sort_values(
        ["code", "subject", "onset_earliest", "number"], kind="stable", na_position="last"
    )
    return chosen.loc[order.index]


def deaths(snapshot: Snapshot) -> pd.DataFrame:
    """The participants who died up to the cut-off date."""
    people = snapshot.data.participants
    return people[people["died"].fillna(False).astype(bool)].sort_values(["code", "subject"], kind="stable")


def _by_term(snapshot: Snapshot) -> Table:
    counted = count(snapshot, "PT", "serious")
    order = sorted(
        range(len(counted.terms)), key=lambda i: (-int(counted.participants[i].sum()), counted.terms[i])
    )
    shares = [
        [[int(counted.participants[i, group.index]), group.treated] for group in snapshot.groups]
        for i in order
    ]
    rows = []
    for i, share, difference in zip(order, shares, differences(snapshot, shares), strict=True):
        cells: list[Cell] = [counted.terms[i]]
        for group, n_of in zip(snapshot.groups, share, strict=True):
            cells += [n_of, int(counted.events[i, group.index])]
        rows.append(Row((*cells, *difference)))
    return Table(
        key="terms",
        title="Participants with serious treatment-emergent adverse events by term",
        columns=(
            Column("term", "Term", weight=2),
            *share_and_event_columns(snapshot),
            *difference_columns(snapshot),
        ),
        rows=tuple(rows),
        empty="Every serious adverse event began before first exposure.",
    )


def _listing(snapshot: Snapshot, serious: pd.DataFrame) -> Table:
    related = _related_to(snapshot)
    arms = _arm_names(snapshot)
    codes = snapshot.data.participants.set_index("subject")["code"]
    counted = is_serious(serious)
    first = snapshot.people.set_index("subject")["first_exposure"]
    rows = []
    for event, counts in zip(records(serious), counted, strict=True):
        day, why = _day(event.onset_earliest, event.onset_latest, first.get(event.subject))
        cells: list[Cell] = [codes.get(event.subject) or event.subject]
        if snapshot.is_closed:
            cells.append(arms.get(event.subject, ""))
        cells += [
            event.preferred_term or NOT_CODED,
            event.verbatim,
            event.onset,
            day,
            None if pd.isna(event.grade) else int(event.grade),
            "; ".join(CRITERIA.get(key, key) for key in event.criteria.split("|"))
            if event.criteria
            else "Not stated",
            _words(event.serious, counts),
            related.get((event.subject, event.number), "None"),
            str(Outcome(event.outcome).label) if event.outcome in Outcome.values else event.outcome,
        ]
        rows.append(Row(tuple(cells), warning=why))
    columns = [
        Column("participant", "Participant"),
        Column("term", "Term", weight=1.3),
        Column("verbatim", "As written", weight=1.8),
        Column("onset", "Onset"),
        Column("day", "Day", "count", weight=0.5),
        Column("grade", "Grade", "count", weight=0.5),
        Column("criteria", "Criterion", weight=1.3),
        Column("serious", "Serious"),
        Column("related", "Related to", weight=1.3),
        Column("outcome", "Outcome"),
    ]
    if snapshot.is_closed:
        columns.insert(1, Column("arm", "Arm"))
    return Table(
        key="listing",
        title="Events that are serious or have a seriousness criterion",
        columns=tuple(columns),
        rows=tuple(rows),
        note="Serious: as reported; an event that was not reported serious is not counted as such, whatever its "
        "criterion. Day: since first exposure, which is day 1; a minus sign means before it. Events before first "
        "exposure are listed here and not counted elsewhere. Related to: at least possibly, by the investigator.",
        empty=NO_SERIOUS,
    )


def _words(reported: Any, counts: bool) -> str:
    """Whether the event was reported serious; where that was left open, its criterion counts."""
    if reported is None or pd.isna(reported):
        return "Not stated; counted" if counts else "Not stated"
    return "Yes" if reported else "No"


def _day(earliest: Any, latest: Any, first: Any) -> tuple[int | None, str]:
    """The study day of an onset, and why there is none. There is no day 0."""
    if first is None or pd.isna(first):
        return None, "Not exposed: there is no study day."
    if pd.isna(earliest):
        return None, "Onset unknown."
    if earliest != latest:
        return None, "Onset known in part only: there is no study day."
    days = (earliest - first).days
    return (days + 1 if days >= 0 else days), ""


def _related_to(snapshot: Snapshot) -> dict[tuple[str, int], str]:
    """By subject and event number: the interventions that the investigator thinks at least possible causes."""
    names = {i["code"]: i["name"] for i in snapshot.data.manifest["protocol"]["interventions"]}
    judged = snapshot.data.assessments
    judged = judged[(judged["assessor"] == Assessor.INVESTIGATOR.value) & judged["causality"].isin(RELATED)]
    found: dict[tuple[str, int], list[str]] = {}
    for row in records(judged):
        found.setdefault((row.subject, row.number), []).append(names.get(row.intervention, row.intervention))
    return {key: "; ".join(dict.fromkeys(said)) for key, said in found.items()}


def _arm_names(snapshot: Snapshot) -> dict[str, str]:
    names = {group.index: group.name for group in snapshot.groups}
    return {
        subject: names.get(arm, "None")
        for subject, arm in zip(snapshot.enrolled["subject"], snapshot.enrolled["arm"], strict=True)
    }


def _deaths(snapshot: Snapshot, dead: pd.DataFrame) -> Table:
    arms = _arm_names(snapshot)
    events = snapshot.data.adverse_events
    fatal = events[events["outcome"] == Outcome.FATAL.value]
    first = snapshot.people.set_index("subject")["first_exposure"]
    rows = []
    for person in records(dead):
        causes = fatal.loc[fatal["subject"] == person.subject, "preferred_term"].replace("", NOT_CODED)
        day, why = _day(person.died_on_earliest, person.died_on_latest, first.get(person.subject))
        cells: list[Cell] = [person.code or person.subject]
        if snapshot.is_closed:
            cells.append(arms.get(person.subject, ""))
        cells += [person.died_on, day, "; ".join(dict.fromkeys(causes)) or "No fatal adverse event recorded"]
        rows.append(Row(tuple(cells), warning=why.replace("Onset", "Date")))
    columns = [
        Column("participant", "Participant"),
        Column("died_on", "Date of death"),
        Column("day", "Day", "count", weight=0.5),
        Column("events", "Fatal adverse events", weight=3),
    ]
    if snapshot.is_closed:
        columns.insert(1, Column("arm", "Arm"))
    return Table(key="deaths", title="Deaths", columns=tuple(columns), rows=tuple(rows), empty=NO_DEATH)
