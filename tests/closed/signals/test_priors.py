"""A run with the hierarchical model under several priors: one table on its page, the term's page, files, the switch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvtracker.cuts.models import Cut
from pvtracker.signals import actions, evidence, queries
from pvtracker.signals.models import Result, Run
from pvtracker.signals.rows import ResultRow
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY
from tests.closed.people import client_of
from tests.closed.signals.planned import PLAN, planner, sign, write
from tests.closed.signals.test_periods import told
from tests.closed.signals.test_term import hide

pytestmark = pytest.mark.django_db
METHOD = "berry_berry_priors"
PRIORS = {"as in the source": (0.9812, 0.4434, 1.0023), "effects more alike": (0.9531, 0.2215, 1.0091)}


@pytest.fixture
def run(study: Study, joined_cut: Cut) -> Run:
    """By a plan whose margin is 1.5. The figures are made up: what the models say is tested without tables."""
    account = planner(study)
    write(study, account, margin=1.5, methods=PLAN.methods)
    sign(study, account)
    request = actions.request_for(study=study, cut_id=joined_cut.id)
    screened = actions.compute(request, by=BY, progress=lambda *told: None)
    rows: list[ResultRow] = []
    for row in screened.rows:
        rows.append(row)
        if row.method == "dfdr_2012" and row.level == "PT":
            bare = replace(row, method=METHOD, p=None, p_adjusted=None, warning="")
            rows.append(replace(bare, posterior=0.9531, flag=True))
            rows += [
                replace(
                    bare, prior=prior, estimate=1.8, low=1.0, high=3.5, posterior=p, beyond_margin=b, r_hat=r
                )
                for prior, (p, b, r) in PRIORS.items()
            ]
    methods = {**screened.methods, METHOD: "1"}
    settings = {**screened.settings}
    settings["thresholds"] = {**settings["thresholds"], METHOD: "more in the arm, and posterior > 0.95"}
    screened = replace(screened, rows=rows, methods=methods, settings=settings)
    return actions.save_run(request=request, screened=screened, by=BY)


def test_one_table_has_every_prior_of_each_term(study: Study, run: Run) -> None:
    client = client_of(study, "dsmb_member")
    here = f"/studies/JOIN/signals/runs/{run.id}/?level=PT&arm=Low+dose&method={METHOD}"
    page = client.get(here)
    labels = [one["label"] for one in page.context["table"]["columns"]]
    assert labels[:2] == ["Term", "Prior"]
    assert labels[-4:] == ["P(more in the arm)", "P(odds ratio > 1.5)", "R-hat", "Flag"]
    rows = told(client, here)
    assert [row[1] for row in rows] == list(PRIORS)
    assert [row[-4:-1] for row in rows] == [["0.981", "0.443", "1.002"], ["0.953", "0.222", "1.009"]]
    assert rows[0][2:4] == ["2/2 (100.0%)", "1/2 (50.0%)"] and "1.80 [1.00, 3.50]" in rows[0]
    file = client.get(f"{here}&format=csv&what=results").content.decode()
    assert "effects more alike" in file and "0.2215" in file and "P(odds ratio > 1.5)" in file
    hide(client)
    hidden = client.get(here)
    assert "effects more alike" not in hidden.text and "R-hat" not in hidden.text


def test_the_term_has_each_prior_and_opens_its_participants(study: Study, run: Run) -> None:
    client = client_of(study, "dsmb_member")
    [row] = Result.objects.filter(
        run=run, method=METHOD, selection="all", arm="Low dose", prior="effects more alike"
    )
    address = f"/studies/JOIN/signals/rows/{row.id}/"
    named = {one[0]: one for one in told(client, address, "methods")}
    label = "Sensitivity to priors, Berry & Berry"
    assert label not in named and named[f"{label}: prior: as in the source"][-5:-2] == [
        "0.981",
        "0.443",
        "1.002",
    ]
    listed = told(client, f"{address}participants/")
    assert {one[0] for one in listed} == {"S-1", "S-2", "S-3"}
    facts = client.get(f"{address}participants/").context["facts"]
    assert {"label": "Low dose", "value": "2/2 (100.0%) participants, 2 events"} in facts


def test_a_finding_is_one_over_all_priors(study: Study, run: Run) -> None:
    rows = queries.results(run, level="PT", selection="all", arm="Low dose", method=METHOD)
    assert [(one.prior, one.posterior) for one in rows] == [("", 0.9531)]
    [found] = evidence.rows_of(run, [evidence.key_of(rows[0])]).values()
    assert len(found) == len({one.method for one in found}) == len(run.methods)
    assert run.flagged == Result.over_all.filter(run=run, flag=True).count()
