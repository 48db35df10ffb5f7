"""The CDISC pilot with its laboratory values and vital signs, read by pandas from the transport files."""

from __future__ import annotations

import gzip
import io
from dataclasses import replace
from functools import cache

import pandas as pd

from pvtracker.cuts.columns import OPEN_DATASETS, schema
from pvtracker.cuts.data import CutData, frame_of
from tests.pure.signals.pilot import domain, partial, pilot_cut
from tests.shared import shared_path

FILES = {"lbch": "LB", "lbhe": "LB", "vs": "VS"}


@cache
def delivered(name: str) -> pd.DataFrame:
    """A gzipped domain as delivered, missing text as ''."""
    packed = shared_path(f"data/cdisc-pilot/sdtm/{name}.xpt.gz").read_bytes()
    frame = pd.read_sas(io.BytesIO(gzip.decompress(packed)), format="xport", encoding="cp1252")
    texts = frame.select_dtypes(["object", "str"]).columns
    frame[texts] = frame[texts].fillna("")
    return frame


def _measurements(name: str, prefix: str) -> pd.DataFrame:
    frame = delivered(name)
    day = pd.to_datetime(frame[f"{prefix}DTC"].str[:10], format="%Y-%m-%d").dt.date
    bare = pd.Series(float("nan"), index=frame.index)
    return pd.DataFrame(
        {
            "subject": frame["USUBJID"],
            "source_id": frame[f"{prefix}SEQ"].map(lambda number: f"{prefix}-{number:g}"),
            "domain": prefix,
            "category": frame.get(f"{prefix}CAT", "VITAL SIGNS"),
            "analyte": frame[f"{prefix}TESTCD"],
            "name": frame[f"{prefix}TEST"],
            "value_text": frame[f"{prefix}ORRES"],
            "unit_text": frame[f"{prefix}ORRESU"],
            "value": frame[f"{prefix}STRESN"],
            "unit": frame[f"{prefix}STRESU"],
            "low": frame.get(f"{prefix}STNRLO", bare),
            "high": frame.get(f"{prefix}STNRHI", bare),
            "visit": frame["VISIT"],
            "not_done": False,
            "taken_on": frame[f"{prefix}DTC"],
            "taken_on_earliest": day,
            "taken_on_latest": day,
        }
    )


@cache
def laboratory_cut() -> CutData:
    """The pilot's cut with chemistry, haematology, vital signs and visits."""
    base = pilot_cut()
    measured = pd.concat([_measurements(name, prefix) for name, prefix in FILES.items()], ignore_index=True)
    names = list(schema("measurements").names)
    rows = measured.astype(object).where(measured.notna(), None)[names].to_dict("records")
    visits = [
        {
            "subject": row.USUBJID,
            "source_id": f"SV-{place}",
            "name": row.VISIT,
            "planned_day": None if pd.isna(row.VISITDY) else int(row.VISITDY),
            **partial(row.SVSTDTC, "start"),
        }
        for place, row in enumerate(domain("sv").itertuples())
    ]
    sex = domain("dm").set_index("USUBJID")["SEX"]
    frames = {
        **base.frames,
        "measurements": frame_of("measurements", rows),
        "visits": frame_of("visits", visits),
        "participants": base.participants.assign(sex=base.participants["subject"].map(sex)),
    }
    assert set(frames) >= set(OPEN_DATASETS)
    return replace(base, frames=frames)
