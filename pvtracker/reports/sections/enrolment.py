"""Who was screened, enrolled and treated, and where they stand."""

from __future__ import annotations

import pandas as pd

from pvtracker.reports import charts
from pvtracker.reports.blocks import Block, Column, Paragraph, Row, Section, Table
from pvtracker.reports.snapshot import Snapshot
from pvtracker.reports.tabulate import enrolled_with, share_columns

MOST_SITES = 25  # beyond, sites are added up by country
END = "DISPOSITION EVENT"


def build(snapshot: Snapshot) -> Section:
    """Enrolment over time (never by arm), status and places."""
    blocks: list[Block] = [Paragraph(_sentence(snapshot))]
    months = _months(snapshot)
    points = _points(snapshot)
    if points:
        blocks.append(
            charts.figure(
                key="enrolment",
                title="Participants enrolled over time",
                table="by_month",
                spec=charts.enrolment(points),
            )
        )
    blocks += [_status(snapshot), _places(snapshot), months]
    return Section(
        key="enrolment", title="Enrolment and status", audience=snapshot.audience, blocks=tuple(blocks)
    )


def _sentence(snapshot: Snapshot) -> str:
    participants = snapshot.data.participants
    failed = int(participants["screen_failure"].fillna(False).astype(bool).sum())
    planned = snapshot.data.manifest["study"].get("planned_participants")
    enrolled = len(snapshot.enrolled)
    plan = f", of {planned:,} planned" if planned else ""
    return (
        f"{len(participants):,} people were screened, {failed:,} of them failed screening and {enrolled:,} were "
        f"enrolled{plan}. {len(snapshot.people):,} received at least one study intervention."
    )


def _enrolled_on(snapshot: Snapshot) -> pd.Series[pd.Timestamp]:
    enrolled = snapshot.enrolled
    return enrolled["consented_on_earliest"].fillna(enrolled["started_on_earliest"]).dropna().sort_values()


def _points(snapshot: Snapshot) -> list[charts.EnrolmentPoint]:
    days = _enrolled_on(snapshot)
    totals = days.value_counts().sort_index().cumsum()
    return [
        charts.EnrolmentPoint(day.date(), int(total))
        for day, total in zip(pd.DatetimeIndex(totals.index), totals, strict=True)
    ]


def _months(snapshot: Snapshot) -> Table:
    days = _enrolled_on(snapshot)
    counted = days.dt.strftime("%Y-%m").value_counts().sort_index()
    totals = counted.cumsum().to_dict()
    unknown = len(snapshot.enrolled) - len(days)
    return Table(
        key="by_month",
        title="Participants enrolled by month",
        columns=(
            Column("month", "Month of consent"),
            Column("new", "New", "count"),
            Column("total", "Total", "count"),
        ),
        rows=tuple(
            Row((str(month), int(new), int(totals[month]))) for month, new in counted.to_dict().items()
        ),
        note=f"{unknown:,} participants without any date are not in this table." if unknown else "",
        empty="No participant has been enrolled.",
    )


def _status(snapshot: Snapshot) -> Table:
    enrolled = snapshot.enrolled
    treated = enrolled["subject"].isin(snapshot.treated)
    ended = _ends(snapshot)
    reason = enrolled["subject"].map(ended)
    rows = [
        Row(("Enrolled", *enrolled_with(snapshot, pd.Series(True, index=enrolled.index))), strong=True),
        Row(("Treated", *enrolled_with(snapshot, treated))),
        Row(("In the study at the cut-off date", *enrolled_with(snapshot, reason.isna()))),
    ]
    order = reason.value_counts().index.tolist()
    order.sort(key=lambda name: name != "Completed")
    for name in order:
        left = (
            "Completed the study" if name == "Completed" else f"Left the study: {name[0].lower()}{name[1:]}"
        )
        rows.append(Row((left, *enrolled_with(snapshot, reason == name))))
    rows.append(Row(("Died", *enrolled_with(snapshot, enrolled["died"].fillna(False).astype(bool)))))
    return Table(
        key="status",
        title="Status of the enrolled participants at the cut-off date",
        columns=(Column("status", "Status", weight=2), *share_columns(snapshot, of="enrolled")),
        rows=tuple(rows),
        note="The last disposition recorded up to the cut-off date. Screen failures are not among the enrolled.",
    )


def _ends(snapshot: Snapshot) -> dict[str, str]:
    """The last disposition event of each participant, in words."""
    ends = snapshot.data.dispositions
    ends = ends[ends["category"].str.upper() == END].sort_values(
        ["subject", "start_earliest", "source_id"], na_position="first", kind="stable"
    )
    last = ends.drop_duplicates("subject", keep="last")
    return {subject: _words(term) for subject, term in zip(last["subject"], last["term"], strict=True)}


def _words(term: str) -> str:
    return term.strip().capitalize() if term.isupper() else term.strip()


def _places(snapshot: Snapshot) -> Table:
    participants = snapshot.data.participants
    by_site = participants["site"].nunique() <= MOST_SITES
    names = participants["site"] if by_site else participants["country"]
    countries = participants.groupby(names)["country"].first()
    enrolled = set(snapshot.enrolled["subject"])
    treated = set(snapshot.treated)
    rows = []
    for name, subjects in participants["subject"].groupby(names):
        cells = [
            len(subjects),
            sum(subject in enrolled for subject in subjects),
            sum(subject in treated for subject in subjects),
        ]
        rows.append(Row((name or "Not stated", *([countries[name]] if by_site else []), *cells)))
    sums = [sum(row.cells[place] for row in rows) for place in (-3, -2, -1)]  # type: ignore[misc]  # all are counts
    rows.append(Row(("All", *([""] if by_site else []), *sums), strong=True))
    places = (
        (Column("site", "Site"), Column("country", "Country")) if by_site else (Column("country", "Country"),)
    )
    return Table(
        key="places",
        title=f"Participants by {'site' if by_site else 'country'}",
        columns=(
            *places,
            Column("screened", "Screened", "count"),
            Column("enrolled", "Enrolled", "count"),
            Column("treated", "Treated", "count"),
        ),
        rows=tuple(rows) if len(rows) > 1 else (),
        empty="No participant has been screened.",
    )
