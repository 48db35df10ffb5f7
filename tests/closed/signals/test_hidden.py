"""The pages of followed signals obey the switch that hides inferential output."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from pvtracker.accounts.models import Account, Signature
from pvtracker.cuts.models import Cut
from pvtracker.signals.enums import Step
from pvtracker.signals.models import Signal
from pvtracker.studies.models import Study
from tests.closed.people import SECRET, checked_person, grant, signed_in
from tests.closed.signals.runs import later_cut, only_signal, rows, run_on
from tests.closed.signals.test_life import HERE, take
from tests.closed.signals.test_term import INFERENTIAL, hide

pytestmark = pytest.mark.django_db
# a state of each signal is called flagged, whoever raised it
HIDDEN = (
    *(word for word in INFERENTIAL if word not in ("flagged", "Flag")),
    *("[1.0", " of 2 methods", "Flagged now", ">flagged<", ">Flag<"),
)
METHODS = ("Risk difference (", "Fisher")  # what flags: in the reason of the step that a run took


@pytest.fixture
def follower(study: Study) -> Account:
    return checked_person(study, "statistician")


@pytest.fixture
def browser(follower: Account, study: Study) -> Client:
    return signed_in(follower, study)


def main_of(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, path
    # without the switch itself, which names what it hides, and tokens that differ each time
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.text.split("<main")[1])
    return text.split('class="pv-inference')[0] + text.split("</form>", 1)[1]


def test_list_signal_and_alerts_show_counts_and_estimates_only(
    study: Study, joined_cut: Cut, follower: Account, browser: Client
) -> None:
    run_on(joined_cut, rows(adjusted=True))
    signal = only_signal()
    pages = (HERE, f"{HERE}{signal.id}/", f"{HERE}alerts/")
    shown = [main_of(browser, path) for path in pages]
    assert "Flagged now by" in shown[0] and " of 2 methods" in shown[0] and "20.0 [1.0, 40.0]" in shown[1]
    assert all(any(word in text for word in METHODS) for text in shown[1:])
    hide(browser, HERE)
    hidden = [main_of(browser, path) for path in pages]
    for text in hidden:
        assert not [word for word in HIDDEN if word in text]
    assert "5/20 (25.0%) v 1/20 (5.0%)" in hidden[0]
    assert ">20.0<" in hidden[1] and "Raised by the run on the cut of 2026-06-30: 5/20" in hidden[1]
    assert "Raised by the run on the cut of 2026-06-30: 5/20" in hidden[2]
    browser.post("/studies/JOIN/signals/inference/", {"shown": "yes"})
    assert [main_of(browser, path) for path in pages] == shown


def test_without_inference_the_list_is_in_the_order_of_the_difference(
    study: Study, joined_cut: Cut, browser: Client
) -> None:
    run_on(joined_cut, rows(n_arm=3, adjusted=True), rows(term="Nausea", n_arm=9))
    told = [[row.listed.signal.term for row in browser.get(HERE).context["rows"]]]
    hide(browser, HERE)
    told.append([row.listed.signal.term for row in browser.get(HERE).context["rows"]])
    assert told == [["Headache", "Nausea"], ["Nausea", "Headache"]]


def test_what_people_wrote_stays_and_a_reopening_tells_counts(
    study: Study, joined_cut: Cut, follower: Account, browser: Client
) -> None:
    run_on(joined_cut)
    take(only_signal(), Step.DISMISS, by=follower)
    run_on(later_cut(joined_cut), rows(n_arm=9))
    hide(browser, HERE)
    text = main_of(browser, f"{HERE}{only_signal().id}/")
    assert "Because of dismiss." in text and "Re-opened by the run on the cut of 2026-07-31: 9/20" in text


def test_nobody_signs_what_they_do_not_see(
    study: Study, joined_cut: Cut, follower: Account, browser: Client
) -> None:
    run_on(joined_cut)
    signal: Signal = take(only_signal(), Step.VALIDATE, Step.CONFIRM, Step.ASSESS, by=follower)
    path = f"{HERE}{signal.id}/sign/"
    whole = browser.get(path)
    assert "Flagged by" in whole.text
    typed = {"meaning": "review", "password": SECRET, "shown": whole.context["subject"].sha256}
    hide(browser, path)
    page = browser.get(path)
    assert "Nobody signs what they do not see" in page.text and 'type="password"' not in page.text
    assert browser.post(path, typed).status_code == 409
    assert not Signature.objects.exists()


@pytest.mark.parametrize("where", ["", "?format=csv", "?kind=signals_signalstep"])
def test_the_history_tells_only_that_it_is_hidden(
    study: Study, joined_cut: Cut, follower: Account, browser: Client, where: str
) -> None:
    grant(study, follower, "auditor_closed")
    run_on(joined_cut, rows(adjusted=True))
    take(only_signal(), Step.DISMISS, by=follower)
    path = f"/studies/JOIN/history/{where}"
    inferential = (
        "Flagged in the run on the cut of",
        "0.04",
        *(() if "kind" in where else ("rows flagged: ",)),
    )
    whole = browser.get(path).text
    assert not [said for said in inferential if said not in whole]
    hide(browser, HERE)
    hidden = browser.get(path).text
    assert "Because of dismiss." in hidden, "what a person wrote stays"
    # who looked at what stays as it is, and names the method; records of earlier tests stand there, too
    rest = "".join(row for row in re.split(r"(?=<tr>)|\n", hidden) if "access record" not in row)
    assert "Because of dismiss." in rest
    assert not [said for said in (*inferential, "Fisher") if said in rest]
    assert "reason (hidden with inferential output, as you chose)" in hidden
    assert "numbers it rested on (hidden" in hidden
    assert ("Inferential output is hidden, as you chose" in hidden) == ("csv" not in where)
    browser.post("/studies/JOIN/signals/inference/", {"shown": "yes"})
    assert "Flagged in the run on the cut of" in browser.get(path).text
