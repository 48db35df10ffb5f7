"""The tree scan of a cut: the CDISC pilot, and small cuts with an arm or a level that says nothing."""

from __future__ import annotations

import pytest

from pvtracker.cuts import derive
from pvtracker.cuts.data import CutData
from pvtracker.signals.screen import screen
from pvtracker.signals.tree import NodeRow, scan_terms
from tests.pure.signals.pilot import pilot_cut
from tests.small_cut import allocated, cut, day, event, manifest, person, treated


def scanned(data: CutData, **said: object) -> list[NodeRow]:
    people = derive.analysis_set(data, analysis_arm="planned")
    events = derive.emergent_events(data, people)
    return scan_terms(people, events, derive.arms_of(data), **{"replicates": 199, **said})  # type: ignore[arg-type]


def test_counts_are_those_of_the_screen_and_the_known_reactions_come_first() -> None:
    data = pilot_cut()
    rows = scanned(data, levels=("SOC", "PT"), selections=("all", "serious"), replicates=999)
    theirs = {
        (r.level, r.term, r.selection, r.arm): (r.n_arm, r.N_arm, r.n_ref, r.N_ref)
        for r in screen(
            data,
            analysis_arm="planned",
            levels=("SOC", "PT"),
            selections=("all", "serious"),
            methods=("fisher",),
        ).rows
    }
    ours = {(r.level, r.term, r.selection, r.arm): (r.n_arm, r.N_arm, r.n_ref, r.N_ref) for r in rows}
    assert ours == theirs and len(rows) == len(ours)
    flagged = {(r.arm, r.term) for r in rows if r.selection == "all" and r.p is not None and r.p <= 0.05}
    low, high = "Xanomeline Low Dose", "Xanomeline High Dose"
    assert {
        (low, "GENERAL DISORDERS AND ADMINISTRATION SITE CONDITIONS"),
        (low, "SKIN AND SUBCUTANEOUS TISSUE DISORDERS"),
        (low, "APPLICATION SITE PRURITUS"),
        (high, "APPLICATION SITE PRURITUS"),
        (high, "PRURITUS"),
    } <= flagged
    assert all(r.p is not None and r.p > 0.05 for r in rows if r.selection == "serious")


def trial(arms: dict[str, str], events: list[tuple[str, str, str]]) -> CutData:
    """Treated participants by arm code, and events: participant, preferred term, organ class."""
    return cut(
        participants=[person(subject) for subject in arms],
        exposures=[treated(subject) for subject in arms],
        arms=[allocated(subject, code) for subject, code in arms.items()],
        adverse_events=[
            event(who, number, day("onset", "2026-01-05"), preferred_term=term, system_organ_class=soc)
            for number, (who, term, soc) in enumerate(events, start=1)
        ],
    )


HALVES = {f"{n}": "LOW" if n < 6 else "PBO" for n in range(12)}


def test_an_excess_that_no_term_shows_alone_is_found_in_its_class() -> None:
    """Six of six in the arm have an event of the class, each another term: 12 ln 2, and p is 1/924 but for chance."""
    rows = scanned(
        trial(HALVES, [(f"{n}", f"term {n}", "Skin") for n in range(6)]),
        selections=("all",),
        replicates=4000,
        seed=2,
        threads=1,
    )
    low = {r.term: r for r in rows if r.arm == "Low dose"}
    assert low["Skin"].llr == pytest.approx(8.317766166719343)
    assert low["Skin"].p is not None and low["Skin"].p < 0.005
    assert low["term 3"].p == 1.0 or (low["term 3"].p or 0) > 0.5
    assert (low["Skin"].n_arm, low["Skin"].N_arm, low["Skin"].n_ref, low["Skin"].N_ref) == (6, 6, 0, 6)
    assert [r.level for r in rows if r.arm == "Low dose"] == ["SOC", *["PT"] * 6]  # nothing coded between


def test_strata_are_kept_together() -> None:
    """All of stratum a in the arm, all of b in the reference: no other labelling, so nothing can be an excess."""
    data = trial(HALVES, [(f"{n}", "Rash", "Skin") for n in range(6)])
    by_subject = derive.analysis_set(data, analysis_arm="planned")["arm"].to_numpy()
    rows = scanned(data, selections=("all",), stratum=["a" if arm == 1 else "b" for arm in by_subject])
    assert [r.p for r in rows if r.arm == "Low dose"] == [1.0, 1.0]


def test_an_empty_arm_gives_no_p_and_says_why() -> None:
    rows = scanned(trial(HALVES, [("0", "Rash", "Skin")]), selections=("all",))
    high = [r for r in rows if r.arm == "High dose"]
    assert len(high) == 2 and all(r.p is None and r.llr is None and r.expected is None for r in high)
    assert {r.warning for r in high} == {"empty arm: no participant in the arm"}
    assert scanned(trial(HALVES, [])) == []


def test_without_a_reference_there_is_no_scan() -> None:
    arms = [{"code": "LOW", "name": "Low dose", "is_reference": False}]
    data = cut(
        participants=[person("1")],
        exposures=[treated("1")],
        arms=[allocated("1", "LOW")],
        stated=manifest(arms=arms),
    )
    with pytest.raises(ValueError, match="the tree scan needs a reference arm"):
        scanned(data)
