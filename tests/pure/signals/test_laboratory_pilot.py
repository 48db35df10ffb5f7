"""The laboratory of the CDISC pilot, counted again with pandas from the transport files alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pvtracker.signals import laboratory, laboratory_detail, liver
from pvtracker.signals.laboratory import NEW_HIGH, NEW_LOW, Laboratory
from pvtracker.signals.liver_values import liver_values
from pvtracker.stats import hys_law_cases
from tests.pure.signals.pilot import domain
from tests.pure.signals.pilot_laboratory import delivered, laboratory_cut

ARMS = ("Placebo", "Xanomeline Low Dose", "Xanomeline High Dose")


@pytest.fixture(scope="module")
def lab() -> Laboratory:
    return laboratory.read(laboratory_cut(), analysis_arm="planned", scale="ctcae-5.0")


def test_limits_reported_in_another_unit_are_those_of_the_delivery(lab: Laboratory) -> None:
    """The text that is stored is as reported, in mg/dL; the delivery's own standard text tells it in SI units."""
    at_limit = lab.values[lab.values["below"]]
    found = sorted(zip(at_limit["analyte"], at_limit["value"].round(4), strict=True))
    assert found == [("BILI", 3.42)] * 5 + [("GLUC", 2.2204)]


@pytest.fixture(scope="module")
def recount() -> pd.DataFrame:
    """Chemistry and haematology of the treated with first day of treatment and planned arm, straight from the files."""
    frame = pd.concat([delivered("lbch"), delivered("lbhe")], ignore_index=True)
    first = domain("ex").groupby("USUBJID")["EXSTDTC"].min()
    arm = domain("dm").set_index("USUBJID")["ARM"]
    frame = frame[frame["USUBJID"].isin(first.index)]
    value = frame["LBSTRESN"]
    # the delivery has the limit in the standard unit, too: <0.2 mg/dL of bilirubin is <3.42 µmol/L
    below = frame["LBSTRESC"].str.fullmatch(r"\s*<\s*[0-9.]+\s*") & value.isna()
    value = value.where(~below, pd.to_numeric(frame["LBSTRESC"].str.strip(" <"), errors="coerce"))
    frame = frame.assign(
        value=value,
        day=(pd.to_datetime(frame["LBDTC"].str[:10]) - pd.to_datetime(frame["USUBJID"].map(first))).dt.days,
        arm=frame["USUBJID"].map(arm),
    )
    return frame[frame["value"].notna()]


Row = tuple[int, float, float, float]  # day, value, lower and upper limit


def new_of(people: dict[str, list[Row]], arm_of: dict[str, str], side: str) -> tuple[list[int], list[int]]:
    """Numerators and denominators by arm, participant by participant."""
    n, N = dict.fromkeys(ARMS, 0), dict.fromkeys(ARMS, 0)
    for subject, own in people.items():
        before, after = ([row for row in own if (row[0] > 0) == later] for later in (False, True))
        if not before or not after:
            continue
        last = max(row[0] for row in before)
        at = [row for row in before if row[0] == last]
        mean = sum(row[1] for row in at) / len(at)
        if side == "high":
            was, became = mean > at[0][3], any(value > high for _, value, _, high in after)
        else:
            was, became = mean < at[0][2], any(value < low for _, value, low, _ in after)
        if not was:
            N[arm_of[subject]] += 1
            n[arm_of[subject]] += became
    return list(n.values()), list(N.values())


def test_new_highs_and_lows_of_every_analyte_by_arm(lab: Laboratory, recount: pd.DataFrame) -> None:
    arm_of = dict(zip(recount["USUBJID"], recount["arm"], strict=True))
    rows: dict[str, dict[str, list[Row]]] = {}
    columns = ("LBTESTCD", "USUBJID", "day", "value", "LBSTNRLO", "LBSTNRHI")
    for code, subject, *row in zip(*(recount[name].tolist() for name in columns), strict=True):
        rows.setdefault(code, {}).setdefault(subject, []).append(tuple(row))  # type: ignore[arg-type]
    compared = 0
    for summary in laboratory.overview(lab):
        counted = {one.kind: one for one in summary.counted}
        for kind, side in ((NEW_HIGH, "high"), (NEW_LOW, "low")):
            if kind in counted:
                n, N = new_of(rows[summary.analyte.code], arm_of, side)
                assert (counted[kind].n.tolist(), counted[kind].N.tolist()) == (n, N), (
                    summary.analyte.code,
                    side,
                )
                compared += 1
    assert compared > 55


def test_baselines_are_the_last_value_before_treatment(lab: Laboratory, recount: pd.DataFrame) -> None:
    """The delivered baseline flag says another rule in a few participants: those are the repeated screenings."""
    alt = lab.of("ALT")
    ours = alt.values[alt.values["is_baseline"]].groupby("subject")["value"].mean()
    own = recount[(recount["LBTESTCD"] == "ALT") & (recount["day"] <= 0)]
    last = (
        own.sort_values("day")
        .groupby("USUBJID")
        .apply(lambda one: one.loc[one["day"] == one["day"].max(), "value"].mean())
    )
    pd.testing.assert_series_equal(ours.sort_index(), last.sort_index(), check_names=False)
    flagged = own[own["LBBLFL"] == "Y"].set_index("USUBJID")["value"]
    assert (flagged.reindex(ours.index) == ours).mean() > 0.9


def test_the_shift_of_alt_adds_up_and_agrees_with_the_recount(lab: Laboratory) -> None:
    found = laboratory_detail.detail(lab.of("ALT"))
    table = found.shift
    assert table is not None
    by_arm = {arm: int(table.participants[table.arm == arm].sum()) for arm in ARMS}
    assert list(by_arm.values()) == [86, 84, 84]
    worse = (
        (table.baseline != "high")
        & np.isin(table.worst, ["high", "low and high"])
        & (table.baseline != "missing")
    )
    counted = {one.kind: one for one in found.summary.counted}[NEW_HIGH]
    assert [int(table.participants[worse & (table.arm == arm)].sum()) for arm in ARMS] == counted.n.tolist()


def test_the_pilot_s_one_jaundiced_participant_is_cholestatic_and_no_case(lab: Laboratory) -> None:
    """ADLBHY names 01-705-1186 (placebo); alkaline phosphatase was five times its limit before treatment."""
    found = liver.liver(laboratory_cut(), lab)
    assert found.case_row == []
    drawn = [
        row for row, one in zip(found.row, found.peaks.quadrant, strict=True) if one == "Hy’s law quadrant"
    ]
    assert [lab.people["subject"].iloc[row] for row in drawn] == ["01-705-1186"]
    quadrants = {name: n for name, n, _ in liver.quadrants_by_arm(lab, found)}
    assert quadrants["Hy’s law quadrant"] == [1, 0, 0]
    assert sum(map(sum, quadrants.values())) == len(found.row) - sum(
        one == "" for one in found.peaks.quadrant
    )
    columns = liver_values(laboratory_cut(), lab.people).columns("subject")
    assert list(hys_law_cases(*columns, alkaline_phosphatase=None).participant) == ["01-705-1186"]


def test_eosinophils_are_flagged_on_an_active_arm(lab: Laboratory) -> None:
    flagged = [one.analyte.code for one in laboratory.overview(lab) if one.flagged]
    assert flagged == ["EOS"]
