"""The overview finds what is there: on the CDISC pilot what its report is known for, on a simulated trial a planted
harm; and nothing where arms were exchanged at random, or nothing was planted."""

from __future__ import annotations

import random
import re
import uuid
from pathlib import Path
from typing import Any

import pytest

from pvtracker.cuts import closed
from pvtracker.ops.simulation import simulate
from pvtracker.signals.models import Run
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY, STUDY_ID, allocate, participant_id, put_cut, stated
from tests.closed.joined import joined_cut, open_storage
from tests.closed.people import client_of
from tests.closed.signals.test_pages import run_of
from tests.pure.signals.pilot import pilot_rows
from tests.pure.signals.test_planted import TERM, interventions, records

__all__ = ["joined_cut", "open_storage"]
pytestmark = pytest.mark.django_db
HERE = "/studies/JOIN/signals/"
SKIN = "SKIN AND SUBCUTANEOUS TISSUE DISORDERS"
SITE = "GENERAL DISORDERS AND ADMINISTRATION SITE CONDITIONS"
CODES = {"Pbo": "PBO", "Xan_Lo": "LOW", "Xan_Hi": "HIGH"}
KNOWN = ("APPLICATION SITE PRURITUS", "APPLICATION SITE ERYTHEMA", "PRURITUS")


def overview(
    open_storage: Path, rows: dict[str, list[dict[str, Any]]], arms: dict[str, str], **said: Any
) -> str:
    """The page of a run on these rows with these arms, its text alone."""
    given = [{**one, "participant": participant_id(one["subject"])} for one in rows["participants"]]
    put_cut(open_storage, given={**rows, "participants": given}, **said)
    closed.receive_cuts(by=BY)
    study = Study.objects.get(id=STUDY_ID)
    allocate(study, arms)
    closed.receive_cuts(by=BY)
    run_of(study)
    page = client_of(study, "dsmb_member").get(HERE).text.split("<main")[1]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def pilot() -> tuple[dict[str, list[dict[str, Any]]], dict[str, str]]:
    """The randomised of the CDISC pilot as rows of a cut of the open room, and who is in which arm."""
    rows = pilot_rows()
    arms = {
        one["subject"]: CODES[one["planned_code"]] for one in rows["arms"] if one["planned_code"] in CODES
    }
    more = {
        "participants": {},
        "exposures": {"intervention": "DRUG"},
        "adverse_events": {"state": "submitted", "version": 1},
    }
    return {
        name: [{**one, **said} for one in rows[name] if one["subject"] in arms] for name, said in more.items()
    }, arms


def findings(page: str) -> str:
    """Words and table of what is flagged, without the maps, which name every organ class."""
    return page.split("Organ classes,")[0]


def test_on_the_pilot_it_finds_application_site_and_skin_events_on_the_active_arms(
    open_storage: Path,
) -> None:
    page = overview(open_storage, *pilot())
    told = findings(page)
    run = Run.objects.get()
    for arm, adjusted in (("Low dose", set()), ("High dose", {"PRURITUS", "APPLICATION SITE PRURITUS"})):
        found = run.results.filter(arm=arm, selection="all", flag=True, estimate__gt=0, method="rd_mn")
        assert {SKIN, SITE, *KNOWN} <= set(found.values_list("term", flat=True)), arm
        found = run.results.filter(arm=arm, selection="all", flag=True, method="fisher")
        assert {SKIN, SITE, *adjusted} <= set(found.values_list("term", flat=True)), "also adjusted for many"
        for term in (SKIN, SITE, *adjusted):
            assert re.search(rf"{term} (Organ class|Preferred term) All {arm} \d+/84", told), term
        assert f"Organ classes, {arm} against Placebo" in page
    strongest = re.findall(
        r"The strongest evidence among preferred terms, by Fisher’s exact test, is for ([A-Z ]+):", told
    )
    assert set(strongest) <= set(KNOWN) and len(strongest) == 2


def test_on_the_pilot_with_arms_exchanged_at_random_it_finds_nothing(open_storage: Path) -> None:
    rows, planned = pilot()
    people, arms = zip(*planned.items(), strict=True)
    mixed = random.Random(7).sample(arms, len(arms))
    told = findings(overview(open_storage, rows, dict(zip(people, mixed, strict=True))))
    assert told.count("None is flagged after adjustment") == 2


@pytest.mark.parametrize("ratio", [4.0, 1.0])
def test_on_a_simulated_trial_it_finds_the_planted_harm_and_none_without(
    open_storage: Path, ratio: float
) -> None:
    trial = simulate(study="PLANTED", seed=1, effects={TERM: ratio})
    codes = {one.participant: one.actual_code for one in trial.closed.allocations}
    reference = next(arm.code for arm in trial.open.protocol.arms if arm.reference)
    arms = {subject: "PBO" if code == reference else "LOW" for subject, code in codes.items()}
    protocol = stated(uuid.uuid4())["protocol"] | {"interventions": interventions(trial)}
    told = findings(overview(open_storage, records(trial), arms, protocol=protocol))
    # of the high dose, in which nobody is, none is flagged either
    assert told.count("None is flagged after adjustment") == (2 if ratio == 1.0 else 1)
    if ratio != 1.0:
        assert f"{TERM} Preferred term All Low dose 33/38" in told
        assert f"The strongest evidence among preferred terms, by Fisher’s exact test, is for {TERM}:" in told
