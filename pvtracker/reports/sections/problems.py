"""What is missing or contradictory in the data of this cut, said openly."""

from __future__ import annotations

import pandas as pd

from pvtracker.cuts.derive import has_criterion, is_serious
from pvtracker.events.enums import Assessor, Outcome
from pvtracker.reports.blocks import Block, Column, Paragraph, Row, Section, Table
from pvtracker.reports.snapshot import Snapshot

FATAL = "Fatal outcome, not reported serious"
CRITERION = "Seriousness criterion, not reported serious"
GRAVE = (FATAL, CRITERION)  # told first, however rare


def build(snapshot: Snapshot) -> Section:
    """Counts over the whole cut, pooled, with the consequence of each."""
    rows = [
        Row((label, [int(chosen.sum()), len(chosen)], consequence))
        for label, chosen, consequence in found(snapshot)
        if chosen.any()
    ]
    table = Table(
        key="problems",
        title="Problems in the data of this cut",
        columns=(
            Column("problem", "Problem", weight=2),
            Column("n", "Rows", "n_of"),
            Column("consequence", "What the report does", weight=3),
        ),
        rows=tuple(rows),
        note="Counted over all rows of the cut, also before first exposure.",
        empty="None of the problems that are looked for was found.",
    )
    blocks: list[Block] = [
        table,
        Paragraph(_signed(snapshot)),
        Paragraph("Questions to the sites (data queries) that are open are not part of a data cut."),
    ]
    return Section(
        key="problems", title="Problems in the data", audience=snapshot.audience, blocks=tuple(blocks)
    )


def _signed(snapshot: Snapshot) -> str:
    """How many events an investigator signed, and how many not (EMA guideline on computerised systems, 6.3)."""
    signature = snapshot.data.adverse_events["signature"].fillna("")
    total = len(signature)
    if not total:
        return "There is no adverse event to sign."
    if not (signature != "").any():
        return "This cut was frozen before signatures were recorded: who signed what is not known of it."
    signed, void = int((signature == "signed").sum()), int((signature == "void").sum())
    return (
        f"An investigator has signed {signed:,} of {total:,} adverse events as they stand in this cut; "
        f"{total - signed:,} are not signed, {void:,} of them were changed after they had been signed."
    )


def found(snapshot: Snapshot) -> list[tuple[str, pd.Series[bool], str]]:
    """Each problem looked for: its name, a truth per row, and what the report does with such rows."""
    data = snapshot.data
    events = data.adverse_events
    serious, criterion = is_serious(events), has_criterion(events)
    fatal = events["outcome"] == Outcome.FATAL.value
    ended = events["end_earliest"].notna()
    judged = data.assessments[
        (data.assessments["assessor"] == Assessor.INVESTIGATOR.value) & (data.assessments["causality"] != "")
    ]
    keys = pd.MultiIndex.from_frame(events[["subject", "number"]])
    has_judgement = pd.Series(
        keys.isin(pd.MultiIndex.from_frame(judged[["subject", "number"]])), index=events.index
    )
    repeated = events.duplicated(["subject", "preferred_term", "verbatim", "onset"], keep="first")
    checks = [
        (
            "Onset known in part only",
            events["onset_earliest"].notna() & (events["onset_earliest"] != events["onset_latest"]),
            "Counts unless its last possible day lies before first exposure.",
        ),
        ("Onset unknown", events["onset_earliest"].isna(), "Counts as treatment-emergent."),
        (
            "No end, and not said to be ongoing",
            ~ended & ~_true(events["ongoing"]),
            "Counts; no duration is given.",
        ),
        (
            "End before onset",
            ended & (events["end_latest"] < events["onset_earliest"]),
            "Counts by its onset.",
        ),
        ("No severity grade", events["grade"].isna(), "Not in “grade 3 or more”."),
        (
            "Seriousness not stated",
            events["serious"].isna() & ~criterion,
            "Not counted as serious.",
        ),
        (
            FATAL,
            fatal & ~serious,
            "Not counted as serious; counted as fatal.",
        ),
        (
            CRITERION,
            criterion & ~serious,
            "Not counted as serious; listed and counted beside.",
        ),
        ("Serious without a criterion", serious & ~criterion, "Counted as serious."),
        ("No judgement of relatedness", ~has_judgement, "Not counted as related."),
        ("Term not coded", events["preferred_term"] == "", "Counted under “Not coded”."),
        (
            "Same participant, term, words and onset",
            repeated,
            "Each counts as an event; participants count once.",
        ),
    ]
    people = snapshot.enrolled
    analysed = people["subject"].isin(snapshot.people["subject"])
    untreated = ~people["subject"].isin(snapshot.treated)
    said = (
        "Not in the analysis of adverse events."
        if not (analysed & untreated).any()
        else "Analysed, as randomised."
    )
    checks.append(("Enrolled participant without exposure", untreated, said))
    dead = _true(people["died"])
    checks.append(
        (
            "Death without a complete date",
            dead & ~_whole(people, "died_on"),
            "Followed to the first possible day.",
        )
    )
    if snapshot.is_closed:
        checks.append(
            ("Enrolled participant without an arm", people["arm"] < 0, "In no column of this report.")
        )
    return checks


def _true(values: pd.Series[bool]) -> pd.Series[bool]:
    return values.fillna(False).astype(bool)


def _whole(frame: pd.DataFrame, name: str) -> pd.Series[bool]:
    return frame[f"{name}_earliest"].notna() & (frame[f"{name}_earliest"] == frame[f"{name}_latest"])
