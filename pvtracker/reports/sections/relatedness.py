"""Which intervention the adverse events were judged related to, by whom."""

from __future__ import annotations

import pandas as pd

from pvtracker.cuts.derive import RELATED
from pvtracker.events.enums import Assessor
from pvtracker.reports.blocks import Column, Paragraph, Row, Section, Table
from pvtracker.reports.snapshot import Snapshot
from pvtracker.reports.tabulate import (
    difference_columns,
    differences,
    events_in,
    participants_with,
    share_and_event_columns,
    with_events,
)


def build(snapshot: Snapshot) -> Section:
    """Per intervention the participants and events judged at least possibly related by the investigator."""
    judged = _judged(snapshot)
    chosen = [("Any study intervention", _with(snapshot, _related(judged, Assessor.INVESTIGATOR)))]
    for intervention in snapshot.data.manifest["protocol"]["interventions"]:
        mine = judged[judged["intervention"] == intervention["code"]]
        chosen.append((intervention["name"], _with(snapshot, _related(mine, Assessor.INVESTIGATOR))))
    shares = [participants_with(snapshot, events) for _, events in chosen]
    rows = tuple(
        Row((label, *with_events(share, events_in(snapshot, events)), *difference), strong=not place)
        for place, ((label, events), share, difference) in enumerate(
            zip(chosen, shares, differences(snapshot, shares), strict=True)
        )
    )
    table = Table(
        key="related",
        title="Participants with adverse events judged related, by intervention",
        columns=(
            Column("intervention", "Related to", weight=2),
            *share_and_event_columns(snapshot),
            *difference_columns(snapshot),
        ),
        rows=rows,
        note="At least possibly related by the investigator’s judgement. An event may be related to several "
        "interventions.",
    )
    return Section(
        key="relatedness",
        title="Relatedness to each intervention",
        audience=snapshot.audience,
        blocks=(table, Paragraph(_disagreement(judged))),
    )


def _judged(snapshot: Snapshot) -> pd.DataFrame:
    """The assessments of the treatment-emergent events."""
    counted = snapshot.events[["subject", "number"]]
    return snapshot.data.assessments.merge(counted, on=["subject", "number"])


def _related(judged: pd.DataFrame, assessor: Assessor) -> pd.DataFrame:
    return judged[(judged["assessor"] == assessor.value) & judged["causality"].isin(RELATED)]


def _with(snapshot: Snapshot, judged: pd.DataFrame) -> pd.DataFrame:
    keys = pd.MultiIndex.from_frame(snapshot.events[["subject", "number"]])
    return snapshot.events[keys.isin(pd.MultiIndex.from_frame(judged[["subject", "number"]]))]


def _disagreement(judged: pd.DataFrame) -> str:
    """What the sponsor thinks otherwise; both opinions are kept (EU CTR 536/2014, Annex III)."""
    keys = ["subject", "number", "intervention"]
    both = judged[judged["causality"] != ""].pivot_table(
        index=keys, columns="assessor", values="causality", aggfunc="first"
    )
    if Assessor.SPONSOR.value not in both or Assessor.INVESTIGATOR.value not in both:
        return "The sponsor’s own judgement of relatedness has not been recorded for any of these events."
    both = both[[Assessor.SPONSOR.value, Assessor.INVESTIGATOR.value]].dropna()
    related = both.isin(RELATED)
    sponsor_only = int((related[Assessor.SPONSOR.value] & ~related[Assessor.INVESTIGATOR.value]).sum())
    investigator_only = int((related[Assessor.INVESTIGATOR.value] & ~related[Assessor.SPONSOR.value]).sum())
    return (
        f"Both investigator and sponsor judged {len(both):,} pairs of event and intervention: in {sponsor_only:,} only "
        f"the sponsor, in {investigator_only:,} only the investigator sees at least a possible relation."
    )
