"""The plan of a study from draft to use: versions that never change, a signature, runs that say what they rest on."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, transaction

from pvtracker.accounts.models import Account
from pvtracker.cuts.models import Cut
from pvtracker.jobs.actions import Refused
from pvtracker.signals import actions, planning
from pvtracker.signals.actions.plans import PlanChanged, write_plan
from pvtracker.signals.methods import METHODS
from pvtracker.signals.models import Run, ScreeningPlan, Signal
from pvtracker.signals.plan import NO_PLAN, Planned, PlanRefused, planned
from pvtracker.signals.plan_forms import initial_of
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY
from tests.closed.people import SECRET, client_of, signed_in
from tests.closed.signals.planned import PLAN, planner, sign, write
from tests.closed.signals.runs import rows, run_on
from tests.signed import sign_at

pytestmark = pytest.mark.django_db
HERE = "/studies/JOIN/signals/plan/"


@pytest.fixture
def author(study: Study) -> Account:
    return planner(study)


def run_of(study: Study, **asked: Any) -> Run:
    request = actions.request_for(study=study, **asked)
    return actions.run_screening(request=request, by=BY, progress=lambda *told: None)[0]


def typed(**changed: Any) -> dict[str, Any]:
    """The form as it is sent."""
    initial = initial_of(PLAN, version=0, usual_arm="planned")
    sent = {**initial, "days": "", "reason": "As the protocol asks.", **changed}
    return {name: value for name, value in sent.items() if value is not None}


def test_a_study_without_a_plan_is_screened_by_the_built_in_one_and_says_so(study: Study) -> None:
    run = run_of(study)
    assert run.plan is None and run.settings["plan"]["name"] == NO_PLAN
    client = client_of(study, "dsmb_member")
    page = client.get(f"/studies/JOIN/signals/runs/{run.id}/")
    assert NO_PLAN in page.text and run.settings["plan"]["sha256"] in page.text
    told = client.get(HERE).text
    assert "No plan was signed." in told and "The first run of this study was on" in told
    assert "Write a plan" not in told


def test_a_plan_is_written_signed_and_used(study: Study, author: Account) -> None:
    browser = signed_in(author, study)
    assert "Write a plan" in browser.get(HERE).text
    chosen = ["rd_mn", "fisher", "eair_ratio"]
    answer = browser.post(
        f"{HERE}edit/",
        typed(methods=chosen, raising=["fisher"], limit_fisher="0.2", seed="7", margin="1.5", levels=["PT"]),
    )
    assert answer.status_code == 302, answer.text
    assert "Version 1 is not signed." in browser.get(HERE).text
    assert run_of(study).settings["plan"]["name"] == NO_PLAN, "an unsigned version is not used"
    signed = sign_at(browser, f"{HERE}sign/", meaning="approval", username=author.username, password=SECRET)
    assert signed.status_code == 302, signed.text
    run = run_of(study)
    assert list(run.methods) == chosen and run.settings["raising"] == ["fisher"]
    assert run.settings["thresholds"]["fisher"].endswith("0.2") and run.settings["seed"] == 7
    assert run.settings["margin"] == 1.5
    assert set(run.results.values_list("level", flat=True)) == {"PT"}
    plan = ScreeningPlan.objects.get()
    assert run.plan == plan and run.settings["plan"]["sha256"] == plan.sha256
    assert "AFTER the first run" in run.settings["plan"]["order"]
    page = browser.get(f"/studies/JOIN/signals/runs/{run.id}/").text
    assert "Version 1 of the plan by A statistician" in page and "AFTER the first run" in page
    assert "signature void" not in browser.get(HERE).text


def test_a_method_that_flags_nothing_is_offered_without_limit_and_raises_nothing(
    study: Study, author: Account
) -> None:
    browser = signed_in(author, study)
    form = browser.get(f"{HERE}edit/").text
    assert 'id="id_methods_breslow_day"' in form and "Gives p; flags nothing." in form
    assert 'id="id_raising_fisher"' in form and 'name="limit_fisher"' in form
    assert 'id="id_raising_breslow_day"' not in form and "limit_breslow_day" not in form
    assert "Sensitivity to priors, Berry &amp; Berry” takes several" in form
    chosen = ["rd_mn", "fisher", "breslow_day"]
    answer = browser.post(f"{HERE}edit/", typed(methods=chosen, raising=["fisher"]))
    assert answer.status_code == 302, answer.text
    kept = ScreeningPlan.objects.get().content["methods"]
    assert [one["raises"] for one in kept if one["key"] == "breslow_day"] == [False]
    assert "Breslow–Day test of alike odds ratios: gives p; flags nothing" in browser.get(HERE).text


def test_signed_before_the_first_run_is_said_too(study: Study, author: Account) -> None:
    write(study, author)
    sign(study, author)
    assert "before any run of this study" in run_of(study).settings["plan"]["order"]
    assert "before the first run of this study" in run_of(study).settings["plan"]["order"]
    assert "before the first run of this study" in signed_in(author, study).get(HERE).text


def test_a_later_version_voids_the_signature_and_waits_for_its_own(study: Study, author: Account) -> None:
    write(study, author)
    sign(study, author)
    write(study, author, seed=9)
    assert planning.in_use(study).plan.seed == PLAN.seed
    told = signed_in(author, study).get(HERE).text
    assert "Signature void since version 2" in told
    assert "Runs go on with version 1, the latest that is signed" in told
    sign(study, author)
    assert planning.in_use(study).plan.seed == 9
    older = actions.request_for(study=study, plan_version=1)
    assert older.used.plan.seed == PLAN.seed
    assert older.departures == ("By an older version of the plan; in use is: Version 2 of the plan.",)


def test_what_was_altered_behind_the_signature_is_not_used(study: Study, author: Account) -> None:
    write(study, author)
    sign(study, author)
    row = ScreeningPlan.objects.get()
    row.content = {**row.content, "seed": 99}
    assert planning.as_used(row) is None
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        ScreeningPlan.objects.update(reason="other")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"reason": ""}, "The reason is missing"),
        ({"levels": ["SOC"]}, "The level “Preferred term” is always screened"),
        ({"methods": ["fisher"]}, "Every plan has Risk difference"),
        ({"limit_fisher": "1.5"}, "give a limit above 0 and below 1"),
        ({"limit_fisher": "much"}, "Give a number"),
        ({"when": "days", "days": ""}, "after how many days"),
        ({"methods": None}, "Choose the methods"),
    ],
)
def test_what_is_refused_keeps_what_was_typed(
    study: Study, author: Account, changed: dict[str, Any], said: str
) -> None:
    answer = signed_in(author, study).post(f"{HERE}edit/", typed(seed="4711", **changed))
    assert answer.status_code == 422 and said in answer.text
    assert 'value="4711"' in answer.text
    assert not ScreeningPlan.objects.exists()


def test_who_read_an_earlier_version_decides_again(study: Study, author: Account) -> None:
    write(study, author)
    browser = signed_in(author, study)
    answer = browser.post(f"{HERE}edit/", typed(seed="4711", version="0"))
    assert answer.status_code == 409 and "changed meanwhile: version 1" in answer.text
    assert 'value="4711"' in answer.text and 'name="version" value="1"' in answer.text
    with pytest.raises(PlanChanged):
        write_plan(study=study, plan=PLAN, read_version=0, reason="test", by=author.actor("statistician"))
    with pytest.raises(PlanRefused, match="Nothing differs"):
        write(study, author)


def test_the_board_reads_the_plan_and_writes_none(study: Study) -> None:
    client = client_of(study, "dsmb_member")
    assert client.get(HERE).status_code == 200
    assert client.get(f"{HERE}edit/").status_code == 404
    assert client.post(f"{HERE}edit/", typed()).status_code == 404
    assert client.get(f"{HERE}sign/").status_code == 404


def test_a_plan_narrows_what_raises_signals(study: Study, joined_cut: Cut, author: Account) -> None:
    """The same flag of the risk difference, with and without a plan that raises by Fisher's test alone."""
    write(study, author, methods=(replace(planned("rd_mn"), raises=False), planned("fisher")))
    sign(study, author)
    used = planning.in_use(study)
    found = rows(flagged=True)  # by the risk difference, not by Fisher's test
    run_on(joined_cut, found, used=used)
    assert not Signal.objects.exists()
    run_on(joined_cut, rows(flagged=True, adjusted=True, term="Nausea"), used=used)
    assert Signal.objects.get().term == "Nausea"
    run_on(joined_cut, found)
    assert Signal.objects.filter(term="Headache").count() == 1, "without a plan every flag raises"


def test_a_run_by_hand_says_in_what_it_departs(study: Study, joined_cut: Cut, author: Account) -> None:
    write(study, author)
    sign(study, author)
    run = run_of(study, analysis_arm="actual", also=["boschloo"])
    assert len(run.settings["departures"]) == 2
    page = client_of(study, "dsmb_member").get(f"/studies/JOIN/signals/runs/{run.id}/").text
    assert page.count("Departs from the plan:") == 2
    assert "methods that the plan does not have: Boschloo’s test." in page
    assert "boschloo" not in run.settings["raising"]


def test_the_command_names_plan_hash_seed_and_code(study: Study, author: Account, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no version 1 of a plan"):
        call_command("detect_signals", "JOIN", plan=1, stdout=io.StringIO())
    made = write(study, author, seed=5)
    with pytest.raises(CommandError, match="is not signed"):
        call_command("detect_signals", "JOIN", plan=1, stdout=io.StringIO())
    sign(study, author)
    said = io.StringIO()
    call_command("detect_signals", "JOIN", about=str(tmp_path / "about.json"), stdout=said)
    run = Run.objects.get()
    for told in ("Version 1 of the plan", made.sha256, run.code_version, "seed          5", "before any run"):
        assert told in said.getvalue()
    about = json.loads((tmp_path / "about.json").read_text())
    assert about["plan"]["sha256"] == made.sha256 and about["plan"]["content"]["seed"] == 5
    assert (about["sha256"], about["seed"], about["dictionaries"]) == (run.sha256, 5, [])


def test_the_same_cut_plan_and_code_give_the_same_bytes(study: Study, author: Account) -> None:
    write(study, author, methods=(*PLAN.methods, Planned("tree_scan", 0.2, True)), seed=3)
    sign(study, author)
    first, second = run_of(study), run_of(study)
    assert first.sha256 == second.sha256 and first.parquet_sha256 == second.parquet_sha256
    assert set(first.methods) == {*PLAN.keys, "tree_scan"}


def test_a_plan_that_names_a_method_of_another_version_is_refused(
    study: Study, author: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(study, author)
    sign(study, author)
    monkeypatch.setattr(planning, "METHODS", {k: m for k, m in METHODS.items() if k != "dfdr_2012"})
    with pytest.raises(Refused, match="names dfdr_2012, which this version"):
        actions.request_for(study=study)
