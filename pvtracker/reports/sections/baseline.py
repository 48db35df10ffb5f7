"""Who the treated participants are."""

from __future__ import annotations

import pandas as pd

from pvtracker.reports.blocks import Block, Column, Row, Section, Table
from pvtracker.reports.measured import Analyte, analytes, values_of
from pvtracker.reports.snapshot import Snapshot
from pvtracker.reports.tabulate import (
    QUARTILES_NOTE,
    capitals,
    heading,
    n_key,
    quartiles,
    share_columns,
    treated_with,
)

TRAITS = (("sex", "Sex"), ("race", "Race"), ("ethnicity", "Ethnicity"), ("country", "Country"))
SEXES = {"M": "Male", "F": "Female", "U": "Unknown"}
NOT_STATED = "Not stated"


def build(snapshot: Snapshot) -> Section:
    """Characteristics, age and the last measurements before first exposure."""
    blocks: list[Block] = [_measures(snapshot), _traits(snapshot)]
    return Section(key="baseline", title="Baseline", audience=snapshot.audience, blocks=tuple(blocks))


def _traits(snapshot: Snapshot) -> Table:
    treated = snapshot.enrolled[snapshot.enrolled["subject"].isin(snapshot.people["subject"])]
    rows = []
    for name, label in TRAITS:
        said = treated[name].fillna("").map(capitals if name != "sex" else lambda text: SEXES.get(text, text))
        said = said.replace("", NOT_STATED)
        if said.nunique() == 1 and said.iloc[0] == NOT_STATED:
            continue
        rows.append(Row((label, *[None for _ in snapshot.groups]), strong=True))
        order = said.value_counts()
        for value in sorted(order.index, key=lambda value: (value == NOT_STATED, -order[value], value)):
            subjects = treated.loc[said == value, "subject"]
            rows.append(Row((value, *treated_with(snapshot, subjects)), level=1))
    return Table(
        key="traits",
        title=f"Characteristics of {'' if snapshot.analysed.startswith('all ') else 'the '}{snapshot.analysed}",
        columns=(Column("trait", "Characteristic", weight=1.6), *share_columns(snapshot)),
        rows=tuple(rows),
        empty="No participant has been treated.",
    )


def _measures(snapshot: Snapshot) -> Table:
    people = snapshot.people
    ages = people["subject"].map(snapshot.enrolled.set_index("subject")["age"].astype("Float64"))
    rows = [_row(snapshot, "Age, years", ages)]
    rows += [
        _row(snapshot, f"{analyte.label}, {analyte.unit}", _last_before(snapshot, analyte))
        for analyte in analytes(snapshot.data)
    ]
    return Table(
        key="measures",
        title="Age and last measurements before first exposure: median [quartiles]",
        columns=(
            Column("measure", "Measure", weight=1.4),
            *[
                column
                for group in snapshot.groups
                for column in (
                    Column(f"measured_{group.key}", "n", "count", weight=0.4),
                    Column(n_key(group), heading(group, group.treated), "interval"),
                )
            ],
        ),
        rows=tuple(rows),
        note=f"n: participants measured. {QUARTILES_NOTE}",
    )


def _row(snapshot: Snapshot, label: str, values: pd.Series[float]) -> Row:
    """`values` has one entry per treated participant, in the order of `people`."""
    cells: list[object] = []
    for group in snapshot.groups:
        mine = values[(snapshot.people["arm"] == group.index).to_numpy()].dropna()
        cells += [len(mine), quartiles(mine)]
    return Row((label, *cells))  # type: ignore[arg-type]  # counts and intervals


def _last_before(snapshot: Snapshot, analyte: Analyte) -> pd.Series[float]:
    measured = values_of(snapshot.data, analyte)
    first = snapshot.people.set_index("subject")["first_exposure"]
    measured = measured[
        measured["taken_on_latest"].to_numpy() <= first.reindex(measured["subject"]).to_numpy()
    ]
    measured = measured.sort_values(["subject", "taken_on_latest", "source_id"], kind="stable")
    last = measured.drop_duplicates("subject", keep="last").set_index("subject")["value"]
    return snapshot.people["subject"].map(last)
