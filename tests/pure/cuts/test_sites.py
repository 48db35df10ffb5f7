"""What each site's data is like, on a small cut counted by hand, and that no arm is in it."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from pvtracker.cuts.columns import OPEN_DATASETS
from pvtracker.cuts.data import CutData
from pvtracker.cuts.sites import DATASETS, LARGEST_P, Sites, replicates_for, sites_of
from pvtracker.signals import site_quality
from pvtracker.signals.screen import screen
from tests.small_cut import allocated, cut, day, event, manifest, person, treated


def judged(
    subject: str, number: int, causality: str = "probable", assessor: str = "investigator"
) -> dict[str, Any]:
    return {
        "subject": subject,
        "number": number,
        "intervention": "DRUG",
        "assessor": assessor,
        "causality": causality,
    }


def three_sites() -> CutData:
    """A and B at 01, C at 02, D (never treated) at 03, E without a site; 90 days each."""
    sites = {"A": "01", "B": "01", "C": "02", "D": "03", "E": ""}
    return cut(
        participants=[person(subject, site=site) for subject, site in sites.items()],
        exposures=[treated(subject) for subject in "ABCE"],
        arms=[allocated("A", "LOW"), allocated("B", "PBO"), allocated("C", "PBO"), allocated("E", "LOW")],
        adverse_events=[
            event("A", 1, day("onset", "2026-01-02"), **day("aware_on", "2026-01-09")),
            event("A", 2, day("onset", "2026-01-02"), **day("aware_on", "2026-01-10"), grade=None),
            event("A", 3, day("onset", "2026-01-02"), **day("aware_on", "2026-02-01"), preferred_term=""),
            event("B", 1, day("onset", ""), **day("aware_on", "2026-02-01")),
            event("B", 2, day("onset", "2026-01-01", "2026-01-31"), **day("aware_on", "2026-02-01")),
            event("B", 3, day("onset", "2025-12-01"), **day("aware_on", "2026-02-01")),  # before treatment
            event("C", 1, day("onset", "2026-01-05"), **day("aware_on", "")),
            event("D", 1, day("onset", "2026-01-05")),
        ],
        assessments=[
            judged("A", 1),
            judged("A", 1, "unlikely"),
            judged("A", 2, ""),
            judged("A", 3, assessor="sponsor"),
            judged("B", 1, "unrelated"),
        ],
    )


def test_each_site_is_counted_over_its_treated_participants() -> None:
    found = {site.site: site for site in sites_of(three_sites()).sites}
    assert list(found) == ["01", "02", "no site"]
    one = found["01"]
    assert (one.participants, one.events) == (2, 5) and one.years == pytest.approx(2 * 90 / 365.25)
    assert one.gaps == {"no_grade": 1, "not_related": 3, "no_onset": 1, "not_coded": 1, "no_awareness": 0}
    assert (one.known_delay, one.late, one.median_delay, one.upper_delay) == (
        3,
        2,
        8,
        30,
    )  # of 7, 8 and 30 days
    assert found["02"].gaps["no_awareness"] == 1 and found["02"].median_delay is None
    assert found["no site"].events == 0 and found["no site"].ratio == 0
    assert one.rate == pytest.approx(5 / one.years) and one.ratio == pytest.approx(5 / 1)


def test_late_entry_is_counted_from_awareness_and_apart_from_late_awareness() -> None:
    """Typed 0, 8 and 20 days after awareness, once with awareness in a month only; two imported, one of them late."""
    data = cut(
        participants=[person("A", site="01"), person("B", site="02")],
        exposures=[treated("A"), treated("B")],
        adverse_events=[
            event("A", number, day("onset", "2026-01-02"), **aware, entered_on=entered)
            for number, (aware, entered) in enumerate(
                (
                    (day("aware_on", "2026-01-02"), date(2026, 1, 2)),
                    (day("aware_on", "2026-01-02"), date(2026, 1, 10)),
                    (day("aware_on", "2026-01-20"), date(2026, 2, 9)),
                    (day("aware_on", "2026-01-01", "2026-01-31"), date(2026, 7, 9)),
                    (day("aware_on", "2026-01-20"), None),
                ),
                start=1,
            )
        ]
        + [event("B", 1, day("onset", "2026-01-02"), **day("aware_on", "2026-01-02"))],
    )
    found = sites_of(data)
    one, other = found.sites
    assert (one.typed, one.entered, one.late_entry, one.median_entry, one.upper_entry) == (4, 3, 2, 8, 20)
    assert (one.known_delay, one.late) == (4, 2)
    assert (other.typed, other.entered, other.median_entry) == (0, 0, None)
    assert Sites.read(found.stated()) == found
    said = site_quality.entry_table(found)
    assert said is not None
    cells = [[cell["text"] for cell in row["cells"]] for row in said["rows"]]
    assert cells[0] == ["01", "4/5 (80.0%)", "3/4 (75.0%)", "8", "20", "2/3 (66.7%)"]
    facts = {fact["label"]: fact["value"] for fact in site_quality.summary({"sites": found.stated()})}
    assert facts["Entered more than 7 days after awareness"] == "2/3 (66.7%)"


def test_a_cut_without_the_day_of_entry_says_so() -> None:
    known = manifest()
    columns = [name for name, _ in OPEN_DATASETS["adverse_events"] if name != "entered_on"]
    known["datasets"] = {"adverse_events": {"columns": columns}}
    data = cut(
        stated=known,
        participants=[person("A", site="01")],
        exposures=[treated("A")],
        adverse_events=[event("A", 1, day("onset", "2026-01-02"), **day("aware_on", "2026-01-02"))],
    )
    older = sites_of(data)
    before = older.stated()  # as a run of the version before kept it
    for site in before["sites"]:
        for name in ("typed", "entered", "late_entry", "median_entry", "upper_entry"):
            del site[name]
    for found in (older, Sites.read(before)):
        assert found.sites[0].typed is None and site_quality.entry_table(found) is None
        facts = {fact["label"]: fact["value"] for fact in site_quality.summary({"sites": found.stated()})}
        assert facts["Entered more than 7 days after awareness"] == "not in this cut"


def test_it_needs_no_arm_and_tells_none() -> None:
    data = three_sites()
    open_room = CutData("x", "", data.manifest, {name: data.frames[name] for name in DATASETS})
    assert sites_of(open_room) == sites_of(data)
    exchanged = data.frames["arms"].assign(planned_code=data.frames["arms"]["planned_code"].to_numpy()[::-1])
    other = CutData("x", "", data.manifest, {**data.frames, "arms": exchanged})
    assert sites_of(other) == sites_of(data)


def test_a_silent_site_is_named_before_the_results() -> None:
    subjects = [f"S{i:02}" for i in range(60)]
    chance = np.random.default_rng(4)
    counts = {s: 0 if i < 20 else int(chance.poisson(3)) for i, s in enumerate(subjects)}
    data = cut(
        participants=[person(s, site=("07", "08", "09")[i // 20]) for i, s in enumerate(subjects)],
        exposures=[treated(s) for s in subjects],
        arms=[allocated(s, ("LOW", "PBO")[i % 2]) for i, s in enumerate(subjects)],
        adverse_events=[
            event(s, number, day("onset", "2026-01-20"))
            for s in subjects
            for number in range(1, counts[s] + 1)
        ],
    )
    kept = screen(data, analysis_arm="planned").settings
    facts = {fact["label"]: fact["value"] for fact in site_quality.summary(kept)}
    assert facts["Reporting less than the others"] == "07"
    assert facts["Sites with participants of the analysis set"] == "3"
    assert facts["Aware more than 7 days after onset"] == "not known"
    found = site_quality.read(kept)
    assert found == sites_of(data)
    silent = site_quality.reporting_table(found)["rows"][0]["cells"]
    assert [cell["text"] for cell in silent][:3] == ["07", "20", "0"] and silent[-1]["text"] == "reports less"
    assert silent[5]["text"].startswith("0.00 [0.00, 0.0")
    hidden = site_quality.summary(kept, inferred=False)
    assert not any("Reporting" in str(fact["label"]) for fact in hidden)
    rates = site_quality.reporting_table(found, inferred=False)
    assert [column["label"] for column in rates["columns"]][-1] == "Ratio" and len(rates["rows"]) == 3
    drawn = site_quality.dot_plot(found)["data"]["values"]
    assert drawn[0]["site"] == "07" and drawn[0]["ratio"] is None and drawn[0]["high"] < 0.1
    assert "100.0%" in str(site_quality.gaps_table(found)) and "0/0" in str(site_quality.late_table(found))


def test_a_cut_without_participants_and_a_run_of_an_earlier_version() -> None:
    assert sites_of(cut()) == Sites((), None)
    assert site_quality.read({}) is None and site_quality.summary({}) == []
    assert site_quality.reporting_table(Sites((), None))["rows"] == []


def test_a_silent_site_of_many_is_named() -> None:
    """120 sites of four participants; one reports nothing where every participant of the others has nine events."""
    subjects = [f"S{i:03}" for i in range(480)]
    data = cut(
        participants=[person(s, site=f"{i // 4:03}") for i, s in enumerate(subjects)],
        exposures=[treated(s) for s in subjects],
        arms=[allocated(s, ("LOW", "PBO")[i % 2]) for i, s in enumerate(subjects)],
        adverse_events=[
            event(s, number, day("onset", "2026-01-20")) for s in subjects[4:] for number in range(1, 10)
        ],
    )
    found = sites_of(data).sites
    assert [site.site for site in found if site.look] == ["000"] and found[0].look == "less"
    for sites in (1, 50, 51, 120, 700):
        assert sites * 2 / (1 + replicates_for(sites)) <= LARGEST_P / 2
    assert replicates_for(12) == 1999


def test_whose_share_is_late_is_said_beside_it() -> None:
    """Fewer than all events have both days, so that the denominator is another one than that of the gaps."""
    kept = screen(three_sites(), analysis_arm="planned").settings
    facts = {fact["label"]: str(fact["value"]) for fact in site_quality.summary(kept)}
    assert facts["Aware more than 7 days after onset"] == (
        "2/3 (66.7%) of the events whose onset and awareness are whole days"
    )
