"""Runs with the findings that a test wants, stored as the screening stores them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from pvtracker.audit.context import within
from pvtracker.cuts.models import Cut
from pvtracker.signals.actions import Request, save_run
from pvtracker.signals.models import Run, Signal
from pvtracker.signals.planning import UNPLANNED, InUse
from pvtracker.signals.rows import ResultRow
from pvtracker.signals.screen import Screen
from tests.acting import as_test
from tests.closed.cuts.folder import BY

PLAIN = ResultRow(
    *("PT", "Headache", "all", "Low dose", "Placebo", 5, 20, 1, 20, 7, 1, 9.5, 9.8, 10.0, 10.0, "rd_mn"),
    *(0.2, 0.01, 0.4, None, None, None, True, "", "planned"),
)
FISHER = {"method": "fisher", "estimate": None, "low": None, "high": None}


def rows(
    *, n_arm: int = 5, flagged: bool = True, adjusted: bool = False, term: str = "Headache"
) -> list[ResultRow]:
    """One finding by two methods."""
    one = replace(PLAIN, n_arm=n_arm, flag=flagged, term=term)
    return [one, replace(one, **FISHER, p=0.04, p_adjusted=0.08 if adjusted else 0.6, flag=adjusted)]


def run_on(cut: Cut, *found: list[ResultRow], used: InUse = UNPLANNED, **settings: Any) -> Run:
    """A run on the cut that found these, by a plan; it screened preferred terms, unless its settings say otherwise."""
    screened = Screen(
        rows=[row for finding in found or (rows(),) for row in finding],
        settings={
            "reference": "Placebo",
            "arms": [
                {"name": name, "participants": 20, "follow_up_years": 10.0}
                for name in ("Low dose", "Placebo")
            ],
            "treated_without_arm": 0,
            "definitions": {},
            "thresholds": {},
            "terms": {"PT all": 1},
            **settings,
        },
        methods={"rd_mn": "1", "fisher": "1"},
    )
    with within(cut.study_id):
        return save_run(
            request=Request(study=cut.study, cut=cut, analysis_arm="planned", used=used),
            screened=screened,
            by=BY,
        )


def later_cut(cut: Cut, *, days: int = 31) -> Cut:
    """A cut of the same study, frozen so many days later for a day as much later."""
    moved = timedelta(days=days)
    with as_test(), within(cut.study_id):
        return Cut.objects.create(
            study=cut.study,
            date=date.fromisoformat(str(cut.date)) + moved,
            sha256="c" * 64,
            manifest=cut.manifest,
            made_at=cut.made_at + moved,
        )


def only_signal() -> Signal:
    """The one signal of the study that was entered."""
    return Signal.objects.select_related("study").get()
