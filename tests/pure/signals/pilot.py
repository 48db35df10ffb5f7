"""The CDISC pilot as a joined cut, read by pyreadstat: no line of the project's own readers or database is in it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pyreadstat

from pvtracker.cuts.columns import CLOSED_DATASETS, OPEN_DATASETS
from pvtracker.cuts.data import CutData, frame_of
from tests.shared import shared_path

CUT_DATE = "2015-12-31"
CAUSALITY = {
    "PROBABLE": "probable",
    "POSSIBLE": "possible",
    "REMOTE": "unlikely",
    "NONE": "not_related",
    "": "",
}
CRITERIA = {
    "AESDTH": "death",
    "AESLIFE": "life_threatening",
    "AESHOSP": "hospitalisation",
    "AESDISAB": "disability",
    "AESCONG": "congenital_anomaly",
    "AESCAN": "medically_important",
    "AESOD": "medically_important",
}


@cache
def domain(name: str) -> pd.DataFrame:
    """A domain as delivered, missing text as ''."""
    frame, _ = pyreadstat.read_xport(str(shared_path(f"data/cdisc-pilot/sdtm/{name}.xpt")))
    texts = frame.select_dtypes(["object", "str"]).columns
    frame[texts] = frame[texts].fillna("")
    return frame


def partial(text: str, name: str) -> dict[str, object]:
    """The three columns of a partial date; missing parts are opened to the first and the last day."""
    if not text:
        return {name: "", f"{name}_earliest": None, f"{name}_latest": None}
    first = pd.Period(text[:10], freq={4: "Y", 7: "M", 10: "D"}[len(text[:10])])
    return {
        name: text,
        f"{name}_earliest": first.start_time.date(),
        f"{name}_latest": first.end_time.date(),
    }


@cache
def pilot_rows() -> dict[str, list[dict[str, Any]]]:
    """The rows of a cut by dataset, the arms among them; read once per test run."""
    dm, ex, ae, sv = domain("dm"), domain("ex"), domain("ae"), domain("sv")
    contacts = pd.concat(
        [
            sv[["USUBJID", "SVSTDTC"]].set_axis(["subject", "day"], axis=1),
            ae[["USUBJID", "AESTDTC"]].set_axis(["subject", "day"], axis=1),
        ]
    )
    last = contacts[contacts["day"].str.len() >= 10].assign(day=lambda f: f["day"].str[:10])
    last_contact = last.groupby("subject")["day"].max()
    people = [
        {
            "subject": row.USUBJID,
            "screen_failure": row.ARMCD == "Scrnfail",
            "died": row.DTHFL == "Y",
            **partial(row.RFSTDTC, "started_on"),
            **partial(row.RFENDTC, "ended_on"),
            **partial(row.DTHDTC, "died_on"),
            "last_contact": pd.Timestamp(last_contact[row.USUBJID]).date()
            if row.USUBJID in last_contact.index
            else None,
        }
        for row in dm.itertuples()
    ]
    exposures = [
        {
            "subject": row.USUBJID,
            "source_id": f"EX-{row.EXSEQ:g}",
            "intervention": "STUDY",
            **partial(row.EXSTDTC, "start"),
            **partial(row.EXENDTC, "end"),
        }
        for row in ex.itertuples()
    ]
    events = [
        {
            "subject": row.USUBJID,
            "number": int(row.AESEQ),
            "preferred_term": row.AEDECOD,
            "system_organ_class": row.AEBODSYS,
            "high_level_term": row.AEHLT,
            "high_level_group_term": row.AEHLGT,
            **partial(row.AESTDTC, "onset"),
            **partial(row.AEENDTC, "end"),
            "grade": {"MILD": 1, "MODERATE": 2, "SEVERE": 3}.get(row.AESEV),
            "serious": row.AESER == "Y",
            "criteria": "|".join(key for column, key in CRITERIA.items() if getattr(row, column) == "Y"),
        }
        for row in ae.itertuples()
    ]
    judged = [
        {
            "subject": row.USUBJID,
            "number": int(row.AESEQ),
            "intervention": "STUDY",
            "assessor": "investigator",
            "causality": CAUSALITY[row.AEREL],
        }
        for row in ae.itertuples()
    ]
    arms = [
        {
            "subject": row.USUBJID,
            "planned_code": row.ARMCD,
            "planned": row.ARM,
            "actual_code": row.ACTARMCD,
            "actual": row.ACTARM,
        }
        for row in dm.itertuples()
    ]
    return {
        "participants": people,
        "exposures": exposures,
        "adverse_events": events,
        "assessments": judged,
        "arms": arms,
    }


@cache
def pilot_cut() -> CutData:
    """The pilot with planned and actual arms; built once per test run."""
    rows = pilot_rows()
    frames = {name: frame_of(name, rows.get(name, [])) for name in (*OPEN_DATASETS, *CLOSED_DATASETS)}
    return CutData(cut_id="pilot", sha256="0" * 64, manifest=manifest(domain("dm")), frames=frames)


def manifest(dm: pd.DataFrame) -> dict[str, object]:
    names = dict(dm[["ARMCD", "ARM"]].drop_duplicates().itertuples(index=False))
    arms = [
        {"code": code, "name": names[code], "is_reference": code == "Pbo"}
        for code in ("Pbo", "Xan_Lo", "Xan_Hi")
    ]
    return {
        "date": CUT_DATE,
        "settings": {"emergent_window_days": None, "analysis_arm": "planned"},
        "protocol": {
            "arms": arms,
            "interventions": [{"code": "STUDY", "name": "Study drug", "kind": "product"}],
        },
    }
