"""Boundaries of a signed plan: used as signed, judged in each run from the earlier ones, a crossing raised once."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import Any

import pytest

from pvtracker import stats
from pvtracker.accounts.models import Account
from pvtracker.cuts.models import Cut
from pvtracker.signals import boundary_standing, looks, planning
from pvtracker.signals.boundary_design import RATIOS
from pvtracker.signals.boundary_settings import PlannedBoundary, design_of
from pvtracker.signals.models import Result, Run, Signal, SignalAlert, SignalStep
from pvtracker.signals.plan import PlanRefused
from pvtracker.studies.models import Study
from tests.closed.people import client_of, person_of
from tests.closed.signals.planned import planner, sign, write
from tests.closed.signals.runs import later_cut, rows, run_on

pytestmark = pytest.mark.django_db
HERE = "/studies/JOIN/signals/plan/"
TOXICITY = {"planned": 40, "alpha": 0.1, "risk": 0.1}
SPENDING = {"measure": "participants", "planned": 80, "alpha": 0.025}


def bounded(kind: str = "toxicity", term: str = "Headache", **settings: Any) -> PlannedBoundary:
    given = {**(TOXICITY if kind == "toxicity" else SPENDING), **settings}
    return PlannedBoundary("PT", "all", term, design_of(kind, given, fixed_before=True))


@pytest.fixture
def author(study: Study) -> Account:
    return planner(study)


def signed(study: Study, author: Account, *boundaries: PlannedBoundary) -> planning.InUse:
    write(study, author, boundaries=boundaries)
    sign(study, author)
    return planning.in_use(study)


def page_of(run: Run, study: Study, **typed: str) -> Any:
    row = Result.objects.filter(run=run, term="Headache").earliest("id")
    return client_of(study, "dsmb_member").get(f"/studies/JOIN/signals/rows/{row.id}/boundary/", typed)


def test_a_crossing_is_raised_once_and_says_by_which_boundary(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    follower = person_of(study, "statistician")
    used = signed(study, author, bounded())
    quiet = run_on(joined_cut, rows(n_arm=2, flagged=False), used=used)
    assert [one["crosses"] for one in quiet.settings["boundaries"]] == [False]
    assert not Signal.objects.exists()
    later = later_cut(joined_cut)
    crossing = run_on(later, rows(n_arm=9, flagged=False), used=used)
    (line,) = crossing.settings["boundaries"]
    assert (line["at"], line["path"], line["crosses"]) == (20, 9, True) and line["bound"] <= 9
    step = SignalStep.objects.get()
    assert step.reason.startswith(
        "Beyond the boundary that version 1 of the plan set for it (Continuous toxicity"
    )
    assert "9/20 (45.0%) participants of the arm" in step.reason and "Flagged" not in step.reason
    run_on(later, rows(n_arm=9, flagged=False), used=used)
    run_on(later_cut(joined_cut, days=62), rows(n_arm=12, flagged=True), used=used)
    assert Signal.objects.count() == SignalStep.objects.count() == 1
    assert SignalAlert.objects.filter(account=follower).count() == 1


def test_the_page_of_a_term_says_how_it_stands_at_its_boundary_unless_inference_is_hidden(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    used = signed(study, author, bounded())
    client = client_of(study, "dsmb_member")

    def term_page(run: Run, term: str = "Headache") -> Any:
        row = Result.objects.filter(run=run, term=term).earliest("id")
        return client.get(f"/studies/JOIN/signals/rows/{row.id}/"), row

    page, row = term_page(run_on(joined_cut, rows(n_arm=2, flagged=False), rows(term="Migraine"), used=used))
    bound = stats.toxicity_boundary(40, risk=0.1, alpha=0.1).events[19]
    assert "Boundary of version 1 of the plan: Continuous toxicity boundary of the arm" in page.text
    last = (
        f"Last look, cut of {joined_cut.date}: 2 participants of the arm with the event, crosses at {bound}."
    )
    assert f"{last} Not crossed at any look." in page.text
    assert f'href="/studies/JOIN/signals/rows/{row.id}/boundary/">The boundary over the looks' in page.text
    assert term_page(row.run, "Migraine")[0].context["boundary"] is None
    client.post("/studies/JOIN/signals/inference/", {"shown": "no", "next": "/"})
    assert "Boundary of version 1" not in term_page(row.run)[0].text
    later = later_cut(joined_cut)
    again = run_on(later, rows(n_arm=9, flagged=False), used=used)
    standing = boundary_standing.standing_of(Result.objects.filter(run=again).earliest("id"))
    assert standing is not None and standing.crossed
    assert standing.said.endswith(f"Crossed first on the cut of {later.date}.")
    fewer = [replace(one, N_arm=0, n_arm=0) for one in rows(flagged=False)]
    third = run_on(later_cut(joined_cut, days=62), fewer, used=used)
    standing = boundary_standing.standing_of(Result.objects.filter(run=third).earliest("id"))
    assert standing is not None and "This run is no look of it" in standing.said and standing.crossed


def test_a_run_by_another_arm_or_plan_is_judged_by_no_boundary(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    signed(study, author, bounded())
    assert not run_on(joined_cut, rows(n_arm=9, flagged=False)).settings.get("boundaries")
    write(study, author, analysis_arm="actual", boundaries=(bounded(),))
    sign(study, author)
    run = run_on(joined_cut, rows(n_arm=9, flagged=False), used=planning.in_use(study))  # by planned arm
    assert run.settings["boundaries"] == [] and not Signal.objects.exists()


def test_the_page_uses_the_signed_settings_whatever_the_data(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    used = signed(study, author, bounded("obrien_fleming"))
    first = run_on(joined_cut, rows(n_arm=3, flagged=False), used=used)
    design = used.plan.boundaries[0].design
    page = page_of(first, study)
    assert page.context["signed"].boundary.design == design and page.context["drawn"] is not None
    assert "Set by version 1 of the plan, signed by A statistician on" in page.text
    assert "before the first of these looks" in page.text and "it decides nothing" not in page.text
    before = page.context["drawn"].steps
    more = [replace(one, N_arm=30, N_ref=30, n_arm=14, n_ref=2) for one in rows(flagged=False)]
    second = run_on(later_cut(joined_cut), more, used=used)
    page = page_of(second, study)
    assert page.context["signed"].boundary.design == design
    assert "risk is taken as that of both arms at the last look, 16/60 (26.7%)." in page.text
    after = page.context["drawn"].steps
    assert [(step.at, step.bound) for step in after[:1]] == [(step.at, step.bound) for step in before[:1]]
    assert [step.at for step in after] == [0.5, 0.75, 1.0] and after[1].crosses
    (line,) = second.settings["boundaries"]
    assert line["bound"] == pytest.approx(after[1].bound) and line["crosses"]
    said = [line["cells"][-1]["text"] for line in page.context["looks"]["rows"]]
    assert said == ["does not cross", "crosses", "still to come"]
    tried = page_of(second, study, kind="pocock", planned="90")
    assert tried.context["signed"] is None and "it decides nothing" in tried.text
    assert tried.context["drawn"].steps[0].at == pytest.approx(40 / 90)


def test_a_look_spends_its_error_once_whatever_cut_is_made_or_screened_after_it(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    """On 40, 60, 60 and 50 of 80 participants: the same date again, the same number again, an earlier date later."""
    used = signed(study, author, bounded("obrien_fleming"))

    def judged(cut: Cut, each: int) -> Any:
        told = [replace(one, N_arm=each, N_ref=each, n_arm=3) for one in rows(flagged=False)]
        run = run_on(cut, told, used=used)
        (line,) = run.settings["boundaries"]
        return run, line

    def bound(*shares: float) -> Any:
        return pytest.approx(stats.group_sequential_boundary([*shares, 1.0], alpha=0.025).z[len(shares) - 1])

    _, line = judged(joined_cut, 20)
    assert line["bound"] == bound(0.5)
    run, line = judged(later_cut(joined_cut, days=0), 30)  # the same cut-off date, made again
    assert (line["at"], line["bound"]) == (0.75, bound(0.5, 0.75))
    assert [step.at for step in page_of(run, study).context["drawn"].steps] == [0.5, 0.75, 1.0]
    _, line = judged(later_cut(joined_cut, days=0), 30)
    assert line["bound"] is None and line["said"].startswith("No more information than at an earlier look")
    _, line = judged(later_cut(joined_cut, days=-10), 25)  # an earlier date, screened later
    assert line["bound"] is None and line["said"].startswith("No more information than at an earlier look")
    _, line = judged(later_cut(joined_cut), 35)
    assert (line["at"], line["bound"]) == (0.875, bound(0.5, 0.75, 0.875))
    _, line = judged(joined_cut, 20)  # the first cut again is the first look again
    assert line["bound"] == bound(0.5)


def test_another_spelling_of_a_term_keeps_the_looks_before(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    """HEADACHE at 40 of 80, then “Headache” at 60, then both in one run: one boundary, its error spent once."""
    used = signed(study, author, bounded("obrien_fleming"))

    def run(cut: Cut, *terms: str, each: int, n_arm: int = 3) -> Run:
        told = [
            [replace(one, N_arm=each, N_ref=each, n_arm=n_arm + n) for one in rows(flagged=False, term=term)]
            for n, term in enumerate(terms)
        ]
        return run_on(cut, *told, used=used)

    run(joined_cut, "HEADACHE", each=20)
    second = run(later_cut(joined_cut), "Headache", each=30)
    (line,) = second.settings["boundaries"]
    bound = stats.group_sequential_boundary([0.5, 0.75, 1.0], alpha=0.025).z
    assert line["term"] == "Headache" and line["bound"] == pytest.approx(bound[1])
    page = page_of(second, study)
    assert [step.at for step in page.context["drawn"].steps] == [0.5, 0.75, 1.0]
    assert [one.row.term for one in looks.held_of(page.context["row"])] == ["HEADACHE", "Headache"]
    assert "Spelled otherwise in other runs, and the same term: HEADACHE." in page.text
    third = run(later_cut(joined_cut, days=62), "Headache", "headACHE", "Migraine", each=35)
    (line,) = third.settings["boundaries"]
    bound = stats.group_sequential_boundary([0.5, 0.75, 0.875, 1.0], alpha=0.025).z
    assert (line["term"], line["bound"]) == ("headACHE", pytest.approx(bound[2]))
    assert line["said"].startswith("This run spells it Headache, too, and counts each spelling by itself")
    last = run(later_cut(joined_cut, days=93), "Headache", each=38)
    path = [
        (one.row.term, one.look.n_arm)
        for one in looks.held_of(Result.objects.filter(run=last).earliest("id"))
    ]
    assert path == [("HEADACHE", 3), ("Headache", 3), ("headACHE", 4), ("Headache", 3)]


def test_a_query_whose_name_changed_its_capitals_was_screened(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    named = replace(bounded("obrien_fleming"), level="query", term="Malignancy")
    used = signed(study, author, named)
    said = {"rules": {"queries": {"MALIGNANCY": ["Melanoma"]}}, "terms": {"PT all": 1, "query all": 1}}
    run_on(joined_cut, rows(flagged=False), used=used, **said)
    said["rules"] = {"queries": {"Malignancy": ["Melanoma"]}}
    found = [
        replace(one, level="query", N_arm=30, N_ref=30) for one in rows(flagged=False, term="Malignancy")
    ]
    run = run_on(later_cut(joined_cut), found, used=used, **said)
    (line,) = run.settings["boundaries"]
    bound = stats.group_sequential_boundary([0.5, 0.75, 1.0], alpha=0.025).z
    assert line["bound"] == pytest.approx(bound[1]), "nobody had it at the first look, which spent its error"


def test_the_signed_share_of_a_pool_is_that_of_its_arms(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    sprt = {"planned": 60, "alpha": 0.025, "part": 0.5}
    one = PlannedBoundary("PT", "all", "Headache", design_of("maxsprt", sprt, fixed_before=True))
    used = signed(study, author, one)
    pools = [{"name": "Both doses", "arms": ["Low dose", "High dose"], "participants": 40}]
    found = [replace(row, arm="Both doses", N_arm=40, n_arm=20, n_ref=10) for row in rows(flagged=False)]
    run = run_on(joined_cut, found, used=used, pools=pools)
    line = {told["arm"]: told for told in run.settings["boundaries"]}["Both doses"]
    of_pool = stats.maxsprt_binomial_boundary(60, probability=2 / 3, alpha=0.025)
    assert line["bound"] == of_pool.cases[of_pool.limit.tolist().index(30)]
    shown = page_of(run, study).context
    assert shown["signed"].boundary.design.part == pytest.approx(2 / 3)
    assert shown["drawn"].steps[0].bound == line["bound"]


def test_of_unequal_arms_each_is_judged_by_its_own_share(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    arms = planning.arms_of(study)
    assert {"Low dose", "Placebo"} <= set(arms)
    numbers = dict.fromkeys(arms, 1.0) | {"Low dose": 2.0}
    sprt = {"planned": 60, "alpha": 0.025, "allocation": numbers}
    one = PlannedBoundary("PT", "all", "Headache", design_of("maxsprt", sprt, fixed_before=True))
    used = signed(study, author, one)
    found = [replace(row, N_arm=40, n_arm=20, n_ref=10) for row in rows(flagged=False)]
    run = run_on(joined_cut, found, used=used)
    (line,) = run.settings["boundaries"]
    own = stats.maxsprt_binomial_boundary(60, probability=2 / 3, alpha=0.025)
    assert line["bound"] == own.cases[own.limit.tolist().index(30)] and line["share"] == pytest.approx(2 / 3)
    assert (
        "arm’s share 66.7 %"
        in client_of(study, "dsmb_member").get(f"/studies/JOIN/signals/runs/{run.id}/").text
    )
    shown = page_of(run, study)
    assert shown.context["drawn"].steps[0].bound == line["bound"]
    assert "Allocation of the arms" in shown.text and "Low dose 2" in shown.text
    with pytest.raises(PlanRefused, match="The study has no arm Middle dose"):
        wrong = {**sprt, "allocation": {**numbers, "Middle dose": 1.0}}
        write(
            study, author, boundaries=(replace(one, design=design_of("maxsprt", wrong, fixed_before=True)),)
        )


def test_an_exhausted_boundary_is_said_on_the_plan_and_on_its_page_and_keeps_its_looks(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    used = signed(study, author, bounded("haybittle_peto", alpha=0.001, interim_z=3.1))
    bears = "looks that its error bears 1 before the last, evenly spaced"
    assert bears in client_of(study, "dsmb_member").get(HERE).text
    first = run_on(joined_cut, rows(n_arm=14, flagged=False), used=used)
    assert first.settings["boundaries"][0]["crosses"]
    told = [replace(one, N_arm=30, N_ref=30, n_arm=14) for one in rows(flagged=False)]
    run_on(later_cut(joined_cut), told, used=used)
    told = [replace(one, N_arm=35, N_ref=35, n_arm=30) for one in rows(flagged=False)]
    third = run_on(later_cut(joined_cut, days=62), told, used=used)
    (line,) = third.settings["boundaries"]
    assert line["bound"] is None and not line["crosses"] and line["path"] > 3
    page = page_of(third, study)
    assert "The looks so far have spent all of the error: no later one can cross." in page.text
    assert "The path is beyond the boundary at 1 look, first on the cut of" in page.text
    assert "have spent all of the error" not in page_of(first, study).text


def test_a_plan_signed_after_the_looks_says_so_and_an_earlier_boundary_is_named(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    run = run_on(joined_cut, rows(flagged=False))
    signed(study, author, bounded("pocock"))
    said = page_of(run, study).text
    assert "AFTER the first of these looks" in said
    signed(study, author, bounded("pocock", alpha=0.05))
    assert "Version 1, signed before it, had another boundary for this event." in page_of(run, study).text


def test_an_earlier_run_on_the_cut_of_a_look_had_compared_the_arms_before_the_plan(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    run_on(joined_cut, rows(flagged=False))
    used = signed(study, author, bounded("pocock"))
    said = page_of(run_on(joined_cut, rows(flagged=False), used=used), study).text
    assert "AFTER the first of these looks" in said and "before the first of these looks" not in said


def test_no_operating_characteristic_is_of_a_risk_above_100_per_cent(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    used = signed(study, author, bounded("obrien_fleming"))
    run = run_on(joined_cut, rows(n_arm=14, flagged=False), used=used)
    page = page_of(run, study)
    row = page.context["row"]
    risk = (row.n_arm + row.n_ref) / (row.N_arm + row.N_ref)
    shown = [float(line["cells"][0]["text"]) for line in page.context["does"]["rows"]]
    assert shown == [ratio for ratio in RATIOS if ratio * risk <= 1] != list(RATIOS)
    assert "Ratios by which the arm’s risk would be above 100 % are left out." in page.context["does"]["note"]


def test_files_of_boundaries_hold_numbers_in_columns_that_name_their_unit(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    spending = bounded("obrien_fleming", term="Migraine")
    used = signed(study, author, bounded(), spending)
    both = (rows(n_arm=9, flagged=False), rows(n_arm=14, flagged=False, term="Migraine"))
    run = run_on(joined_cut, *both, used=used)
    client = client_of(study, "dsmb_member")

    def file(path: str, what: str) -> list[dict[str, str]]:
        answer = client.get(path, {"format": "csv", "what": what})
        text = answer.content.decode("utf-8-sig")
        start = next(n for n, line in enumerate(text.splitlines()) if line.count(",") > 1)
        return list(csv.DictReader(text.splitlines()[start:]))

    def own(term: str) -> str:
        row = Result.objects.filter(run=run, term=term).earliest("id")
        return f"/studies/JOIN/signals/rows/{row.id}/boundary/"

    look, end = file(own("Migraine"), "looks")[:2]
    assert (look["Arm, n"], look["Share of the planned participants"]) == ("14", "0.5")
    (line,) = [one for one in run.settings["boundaries"] if one["term"] == "Migraine"]
    assert float(look["Path: z"]) == line["path"] and float(look["Boundary: z"]) == line["bound"]
    assert look["What it says"] == "crosses" and end["Path: z"] == "" and end["Cut-off date"] == "planned end"
    unit = "participants of the arm with the event"
    look, *_ = file(own("Headache"), "looks")
    assert (look["Participants of the arm"], look[f"Path: {unit}"]) == ("20", "9")
    truths = [float(one["True risk in the arm, %"]) for one in file(own("Headache"), "does")[:4]]
    assert truths == pytest.approx([10, 15, 20, 30])
    told = {
        one["Event"].split(" (")[0]: one
        for one in file(f"/studies/JOIN/signals/runs/{run.id}/", "boundaries")
    }
    assert told["Headache"]["Path"] == "9" and told["Headache"]["Path and bound are"] == unit
    assert float(told["Migraine"]["Path"]) == line["path"] and told["Migraine"]["Path and bound are"] == "z"
    assert told["Headache"]["Arm’s share, %"] == ""


def test_the_run_shows_its_boundaries_and_what_it_could_not_judge(
    study: Study, joined_cut: Cut, author: Account
) -> None:
    query = replace(bounded(), level="query", term="Malignancy")
    used = signed(study, author, bounded(term="HEADACHE"), bounded(term="Hedache"), query)
    run = run_on(joined_cut, rows(n_arm=9, flagged=False), used=used)
    client = client_of(study, "dsmb_member")
    here = f"/studies/JOIN/signals/runs/{run.id}/"
    table = client.get(here).context["bounded"]
    told = {line["cells"][0]["text"]: line["cells"][-1]["text"] for line in table["rows"]}
    assert told == {
        "Headache (preferred term, all events)": "crosses",
        "Hedache (preferred term, all events)": "Nobody had it; if its name is not the dictionary’s, nobody ever will",
        "Malignancy (query, all events)": "This run did not screen it",
    }
    assert Signal.objects.get().term == "Headache"
    csv = client.get(here, {"format": "csv", "what": "boundaries"})
    assert csv.status_code == 200 and "crosses" in csv.content.decode()
    client.post("/studies/JOIN/signals/inference/", {"shown": "no", "next": here})
    assert "Boundaries of the plan" not in client.get(here).text
