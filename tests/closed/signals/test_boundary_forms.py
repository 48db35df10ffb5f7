"""Boundaries as they are typed into the form of a plan: what is kept, shown, refused."""

from __future__ import annotations

from typing import Any

import pytest

from pvtracker import stats
from pvtracker.accounts.models import Account
from pvtracker.signals import planning
from pvtracker.signals.actions import plans
from pvtracker.signals.boundary_settings import PlannedBoundary, design_of
from pvtracker.signals.models import Run, ScreeningPlan
from pvtracker.signals.plan import PlanRefused
from pvtracker.signals.plan_forms import initial_of
from pvtracker.studies.models import Study
from tests.closed.people import signed_in
from tests.closed.signals.planned import PLAN, planner, sign, write

pytestmark = pytest.mark.django_db
HERE = "/studies/JOIN/signals/plan/"


@pytest.fixture
def author(study: Study) -> Account:
    return planner(study)


def typed(**changed: Any) -> dict[str, Any]:
    """The plan's form with one boundary as it is sent."""
    sent = {**initial_of(PLAN, version=0, usual_arm="planned"), "days": "", "reason": "As the protocol asks."}
    boundary = {"spelled": "Headache", "level": "PT", "selection": "all", "kind": "obrien_fleming"}
    boundary |= {"measure": "events", "planned": "30", "alpha": "0.025"}
    sent |= {"boundaries": "1", **{f"boundaries-0-{name}": value for name, value in boundary.items()}}
    return {name: value for name, value in {**sent, **changed}.items() if value is not None}


def test_a_boundary_is_written_shown_and_signed_with_the_plan(study: Study, author: Account) -> None:
    browser = signed_in(author, study)
    answer = browser.post(f"{HERE}edit/", typed())
    assert answer.status_code == 302, answer.text
    row = ScreeningPlan.objects.get()
    assert row.content["boundaries"] == [
        {
            "level": "PT",
            "selection": "all",
            "term": "Headache",
            "kind": "obrien_fleming",
            "settings": {"measure": "events", "planned": 30, "alpha": 0.025, "depletion": True},
        }
    ]
    sentence = (
        "planned at the end 30 participants with the event, both arms; one-sided error of all looks 0.025"
    )
    assert sentence in browser.get(HERE).text and sentence in browser.get(f"{HERE}sign/").text
    sign(study, author)
    assert planning.in_use(study).plan.boundaries[0].design.fixed
    assert 'value="Headache"' in browser.get(f"{HERE}edit/").text
    removed = typed(**{"boundaries-0-remove": "on", "version": "1"})
    assert browser.post(f"{HERE}edit/", removed).status_code == 302
    assert "boundaries" not in ScreeningPlan.objects.get(version=2).content


def test_the_plan_tells_what_its_boundaries_do_before_any_look(study: Study, author: Account) -> None:
    """Before there is any run: of MaxSPRT each arm by its share, of a spending boundary by the expected z."""
    numbers = dict.fromkeys(planning.arms_of(study), 1.0) | {"Low dose": 2.0}
    sprt = design_of("maxsprt", {"planned": 60, "alpha": 0.05, "allocation": numbers}, fixed_before=True)
    spending = design_of("pocock", {"planned": 80, "alpha": 0.025}, fixed_before=True)
    one, other = (PlannedBoundary("PT", "all", f"Term {n}", each) for n, each in enumerate((sprt, spending)))
    write(study, author, boundaries=(one, other))
    assert not Run.objects.exists()
    page = signed_in(author, study).get(HERE)
    first, second = page.context["beforehand"]
    by_arm = [[cell["text"] for cell in row["cells"]] for row in first["rows"]]
    assert [line[:2] for line in by_arm[::4]] == [["Low dose, 66.7 %", "1"], ["High dose, 50.0 %", "1"]]
    own = stats.maxsprt_binomial_boundary(60, probability=2 / 3, alpha=0.05).error
    assert first["rows"][0]["cells"][2]["values"] == (pytest.approx(own),)
    assert second["columns"][0]["label"] == "Expected z at the planned end"
    for said in (
        "What its boundaries do, by their design alone",
        "The plan does not say how many looks are planned: the planned end alone, at z 1.96.",
        "Which risk or rate ratio has such an expected z depends on the reference’s risk",
    ):
        assert said in page.text, said


def test_all_faults_are_told_at_once_and_what_was_typed_stays(study: Study, author: Account) -> None:
    sent = typed(
        reason="",
        levels=["SOC"],
        limit_fisher="1.5",
        limit_barnard="much",
        **{"boundaries-0-alpha": "0", "boundaries-0-selection": "serious", "boundaries-0-risk": "10"},
    )
    sent["selections"] = ["all"]
    answer = signed_in(author, study).post(f"{HERE}edit/", sent)
    assert answer.status_code == 422
    summary = answer.text.split('class="pv-error-summary"')[1].split("</ul>")[0]
    for said in (
        "Levels: The level “Preferred term” is always screened",
        "Limit of Fisher’s exact test: Fisher’s exact test flags by a probability; give a limit above 0 and below 1.",
        "Limit of Barnard’s test: Give a number",
        "Reason for this version: The reason is missing",
        "Boundary 1, One-sided error of all looks: 0 is beyond what this boundary is computed for. Write a number from "
        "0.001 to 0.25, such as 0.025.",
        "Boundary 1, Events: The plan does not screen these events.",
        "Boundary 1, Acceptable risk in the arm, %: “Group-sequential, Lan–DeMets with O’Brien–Fleming type spending” "
        "does not use it. Empty it, or choose a boundary that does.",
    ):
        assert said in summary, said
    assert 'value="1.5"' in answer.text and 'value="much"' in answer.text
    groups = {group["title"]: group["open"] for group in answer.context["form"].groups}
    assert groups["Proportions"] and not groups["Bayesian"]
    assert not ScreeningPlan.objects.exists()


@pytest.mark.parametrize("sent", ["-1", "999999", "21", "", "\u0661", "1\x00"])
def test_boundaries_that_cannot_be_counted_are_not_left_out_in_silence(
    study: Study, author: Account, sent: str
) -> None:
    answer = signed_in(author, study).post(f"{HERE}edit/", typed(boundaries=sent))
    assert answer.status_code == 422 and "How many boundaries were sent cannot be told" in answer.text
    assert not ScreeningPlan.objects.exists()


def test_one_more_boundary_keeps_what_was_typed_and_judges_nothing(study: Study, author: Account) -> None:
    sent = typed(more="1", reason="", seed="4711", limit_fisher="much")
    answer = signed_in(author, study).post(f"{HERE}edit/", sent)
    assert answer.status_code == 200 and "pv-error" not in answer.text.split("<main")[1]
    assert 'value="4711"' in answer.text and 'value="much"' in answer.text
    assert 'name="boundaries" value="2"' in answer.text and 'value="Headache"' in answer.text
    assert not ScreeningPlan.objects.exists()


def test_an_allocation_is_typed_and_what_is_wrong_with_it_is_told_beside_it(
    study: Study, author: Account
) -> None:
    arms = planning.arms_of(study)
    browser = signed_in(author, study)
    sprt = {"kind": "maxsprt", "measure": "participants", "planned": "60"}
    sent = {f"boundaries-0-{name}": value for name, value in sprt.items()}

    def posted(text: str) -> Any:
        return browser.post(f"{HERE}edit/", typed(**sent, **{"boundaries-0-allocation": text}))

    for text, said in (
        ("Low dose 2", "is no arm with its number"),
        ("Low dose = 2; Nobody = 1", "The study has no arm Nobody."),
        ("Low dose = 2", "Write at least two"),
    ):
        answer = posted(text)
        summary = answer.text.split('class="pv-error-summary"')[1].split("</ul>")[0]
        assert (
            answer.status_code == 422
            and "Boundary 1, Allocation of the arms: " in summary
            and said in summary
        )
        assert "Arm’s share" not in summary
    whole = "; ".join(f"{arm} = {n}" for n, arm in enumerate(arms, 1))
    assert posted(whole).status_code == 302
    kept = ScreeningPlan.objects.get().content["boundaries"][0]["settings"]
    assert kept == {
        "planned": 60,
        "alpha": 0.025,
        "allocation": {arm: float(n) for n, arm in enumerate(arms, 1)},
    }
    page = browser.get(f"{HERE}edit/").text
    assert (
        f"The study’s arms: {', '.join(arms)}." in page and "High dose = 3; Low dose = 2; Placebo = 1" in page
    )


def test_a_boundary_that_nothing_could_cross_is_refused_beside_its_field(
    study: Study, author: Account
) -> None:
    arms, reference = planning.arms_of(study), planning.reference_of(study)
    larger = next(arm for arm in arms if arm != reference)
    browser = signed_in(author, study)

    def posted(**given: str) -> Any:
        sent = {"kind": "maxsprt", "measure": "participants", "planned": "8", **given}
        return browser.post(f"{HERE}edit/", typed(**{f"boundaries-0-{name}": v for name, v in sent.items()}))

    unequal = "; ".join(f"{arm} = {2 if arm == larger else 1}" for arm in arms)
    for given, said in (
        ({"part": "66.7"}, "all of them are of an arm with 66.7 % of the participants"),
        ({"allocation": unequal}, f"{larger}: With 8 planned nothing can cross"),
        ({"kind": "toxicity", "risk": "70"}, "at a risk of 70 % all of them have the event"),
    ):
        answer = posted(**given)
        summary = answer.text.split('class="pv-error-summary"')[1].split("</ul>")[0]
        assert answer.status_code == 422 and "Boundary 1, Planned at the end: " in summary, summary
        assert said in summary and "or allow more error" in summary
    assert not ScreeningPlan.objects.exists()
    assert posted(allocation=unequal, planned="10").status_code == 302
    with pytest.raises(PlanRefused, match=f"Boundary of Headache: {larger}: With 8 planned"):
        sprt = {
            "planned": 8,
            "alpha": 0.025,
            "allocation": {arm: 2.0 if arm == larger else 1.0 for arm in arms},
        }
        one = PlannedBoundary("PT", "all", "Headache", design_of("maxsprt", sprt, fixed_before=True))
        write(study, author, boundaries=(one,))


def test_the_pages_of_a_plan_that_was_signed_with_one_are_shown(
    study: Study, author: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    sprt = {"planned": 4, "alpha": 0.05, "part": 0.5}
    one = PlannedBoundary("PT", "all", "Headache", design_of("maxsprt", sprt, fixed_before=True))
    with monkeypatch.context() as before:
        before.setattr(plans, "check", lambda plan: plan)  # as it was when this was not refused
        write(study, author, boundaries=(one,))
    sign(study, author)
    assert planning.in_use(study).plan.boundaries == (one,)
    browser = signed_in(author, study)
    for page in ("", "edit/", "sign/"):
        assert browser.get(f"{HERE}{page}").status_code == 200
    assert "With 4 planned nothing can cross: all of them are of an arm with 50.0 %" in browser.get(HERE).text
