"""A signal from flag to close: who takes which step, what is refused, what stays, and what brings it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pvtracker.accounts.models import Account, Signature
from pvtracker.cuts.models import Cut
from pvtracker.signals import queries
from pvtracker.signals.actions import life
from pvtracker.signals.actions.raising import PROCESS, raise_signals
from pvtracker.signals.enums import Measure, Step
from pvtracker.signals.evidence import newest_run
from pvtracker.signals.models import Signal, SignalAlert, SignalAssessment, SignalStep
from pvtracker.signals.rules import Changed, StepRefused
from pvtracker.studies.models import Study
from tests.acting import as_test
from tests.closed.people import SECRET, checked_person, client_of, signed_in
from tests.closed.signals.runs import later_cut, only_signal, rows, run_on
from tests.signed import sign_at

pytestmark = pytest.mark.django_db
HERE = "/studies/JOIN/followed-signals/"
EVIDENCE = {name: f"About {name}." for name in life.ASSESSED_BY}


@pytest.fixture
def follower(study: Study) -> Account:
    return checked_person(study, "statistician")


@pytest.fixture
def browser(follower: Account, study: Study) -> Client:
    return signed_in(follower, study)


@pytest.fixture
def raised(study: Study, joined_cut: Cut, follower: Account) -> Signal:
    run_on(joined_cut)
    return only_signal()


def take(signal: Signal, *steps: Step, by: Account) -> Signal:
    """Go on by these steps, as the actions take them."""
    for step in steps:
        signal.refresh_from_db()
        given: dict[str, Any] = {
            "signal": signal,
            "version": signal.version,
            "reason": f"Because of {step.value}.",
            "by": by.actor("statistician"),
        }
        if step is Step.ASSESS:
            life.assess(**given, evidence=EVIDENCE)
        else:
            life.decide(**given, step=step)
    signal.refresh_from_db()
    return signal


def post(browser: Client, signal: Signal, what: str, **typed: Any) -> Any:
    run = newest_run(signal.study)
    shown = {"version": signal.version, "run": str(run.id) if run else ""}
    body = {"what": what, "reason": "For a reason.", **shown, **typed}
    return browser.post(f"{HERE}{signal.id}/step/", body)


def sign(browser: Client, follower: Account, signal: Signal, meaning: str) -> int:
    typed = {"meaning": meaning, "username": follower.username, "password": SECRET}
    return sign_at(browser, f"{HERE}{signal.id}/sign/", **typed).status_code


def test_what_any_method_flagged_becomes_one_signal_with_its_numbers(study: Study, joined_cut: Cut) -> None:
    run = run_on(joined_cut, rows(), rows(term="Nausea", flagged=False))
    signal = only_signal()
    assert (signal.term, signal.state, signal.origin, signal.version) == ("Headache", "flagged", "run", 1)
    step = SignalStep.objects.get()
    assert (step.what, step.actor, step.run_id) == ("raise", PROCESS.id, run.id)
    assert step.numbers["n_arm"] == 5 and step.numbers["methods"]["rd_mn"]["low"] == 0.01
    assert "Risk difference" in step.reason and "5/20 (25.0%)" in step.reason
    run_on(joined_cut)
    run_on(later_cut(joined_cut), rows(n_arm=9))
    assert (Signal.objects.count(), SignalStep.objects.count()) == (1, 1)


def test_the_whole_life_by_the_pages(
    study: Study, raised: Signal, follower: Account, browser: Client
) -> None:
    due = timezone.localdate() + timedelta(days=7)
    steps: list[tuple[str, dict[str, Any]]] = [
        ("plan", {"follower": follower.username, "due_on": due.isoformat()}),
        ("validate", {}),
        ("confirm", {}),
        ("assess", EVIDENCE),
        ("act", {"measure": "ind"}),
        ("close", {}),
    ]
    for what, typed in steps:
        raised.refresh_from_db()
        if what == "act":
            refused = post(browser, raised, what, **typed)
            assert refused.status_code == 422 and "The assessment is not signed" in refused.text
            assert sign(browser, follower, raised, "assessment") == 302
        answer = post(browser, raised, what, **typed)
        assert answer.status_code == 302, (what, answer.text)
    assert sign(browser, follower, raised, "closing") == 302
    raised.refresh_from_db()
    assert (raised.state, raised.measure, raised.owner, raised.due_on) == ("closed", "ind", follower, due)
    kept = SignalStep.objects.order_by("version")
    assert [step.what for step in kept] == ["raise", *(what for what, _ in steps)]
    assert [step.version for step in kept] == list(range(1, 8))
    assert {step.actor for step in kept[1:]} == {str(follower.id)}
    assert [s.kind for s in Signature.objects.order_by("signed_at")] == [
        "signal_assessment",
        "signal_closing",
    ]
    page = " ".join(client_of(study, "dsmb_member").get(f"{HERE}{raised.id}/").text.split())
    for told in (
        "About time_course.",
        "IND safety report, 21 CFR 312.32(c)(1)(i)(C)",
        f"due on {due}",
        "I have assessed this signal",
        "I close this signal",
        "20.0 [1.0, 40.0]",
    ):
        assert told in page, told
    assert "signature void" not in page and "Next step" not in page


@pytest.mark.parametrize(
    ("what", "typed", "said"),
    [
        ("validate", {"reason": "  "}, "The reason is missing"),
        ("dismiss", {"reason": ""}, "The reason is missing"),
        ("assess", EVIDENCE, "not validated and confirmed yet"),
        ("confirm", {}, "Validate it, then confirm it"),
        ("close", {}, "does not lead on"),
        ("act", {"measure": "monitor"}, "does not lead on"),
        ("reopen", {}, "does not lead on"),
        ("plan", {"follower": "nobody", "due_on": "2099-01-01"}, "Choose one of the people listed"),
        ("plan", {"due_on": "2020-01-01"}, "is past"),
        ("plan", {"due_on": "soon"}, "Write a day as in"),
        ("raise", {}, "Choose one of the steps shown"),
    ],
)
def test_each_refusal_says_why_and_keeps_what_was_typed(
    raised: Signal, follower: Account, browser: Client, what: str, typed: dict[str, str], said: str
) -> None:
    sent = {"reason": "Typed with care.", "follower": follower.username, **typed}
    answer = post(browser, raised, what, **sent)
    assert answer.status_code == 422 and said in answer.text
    assert what == "raise" or not sent["reason"].strip() or "Typed with care." in answer.text
    assert SignalStep.objects.count() == 1


def test_an_assessment_that_is_not_whole_is_refused(
    raised: Signal, follower: Account, browser: Client
) -> None:
    take(raised, Step.VALIDATE, Step.CONFIRM, by=follower)
    answer = post(browser, raised, "assess", **{**EVIDENCE, "literature": ""})
    assert answer.status_code == 422 and "About narratives." in answer.text
    with pytest.raises(StepRefused, match="not whole"):
        life.assess(
            signal=raised,
            version=3,
            evidence={**EVIDENCE, "literature": " "},
            reason="x",
            by=follower.actor("statistician"),
        )
    assert not SignalAssessment.objects.exists()


def test_a_change_in_between_is_a_conflict_that_keeps_the_text_and_can_be_sent_again(
    raised: Signal, follower: Account, browser: Client
) -> None:
    read = Signal.objects.get()
    take(raised, Step.VALIDATE, by=follower)
    answer = post(browser, read, "dismiss", reason="A chance finding.")
    assert answer.status_code == 409
    assert "you read version 1, it is now version 2" in answer.text and "A chance finding." in answer.text
    assert 'name="version" value="2"' in answer.text
    assert post(browser, raised, "dismiss", reason="A chance finding.").status_code == 302
    with pytest.raises(Changed):
        life.decide(signal=raised, version=1, step=Step.REOPEN, reason="x", by=follower.actor("statistician"))


def test_a_decision_rests_on_the_numbers_that_were_read(
    raised: Signal, joined_cut: Cut, browser: Client
) -> None:
    read = newest_run(raised.study)
    assert read is not None
    newer = run_on(later_cut(joined_cut), rows(n_arm=12))
    answer = post(browser, raised, "dismiss", reason="A chance finding.", run=str(read.id))
    assert answer.status_code == 409 and "Another run was made meanwhile" in answer.text
    assert "A chance finding." in answer.text and f'name="run" value="{newer.id}"' in answer.text
    assert SignalStep.objects.count() == 1
    assert post(browser, raised, "dismiss", run=str(newer.id)).status_code == 302
    assert SignalStep.objects.get(what="dismiss").numbers["n_arm"] == 12


@pytest.mark.parametrize("role", ["dsmb_member", "dsmb_chair", "auditor_closed"])
def test_others_read_and_take_no_step(study: Study, raised: Signal, role: str) -> None:
    browser = client_of(study, role)
    assert "Headache" in browser.get(HERE).text
    page = browser.get(f"{HERE}{raised.id}/").text
    assert "Next step" not in page and "5/20" in page
    assert ("kind=signals_signalstep" in page) == (role == "auditor_closed")
    for answer in (
        post(browser, raised, "validate"),
        browser.get(f"{HERE}new/"),
        browser.post(f"{HERE}new/", {"term": "x", "level": "PT", "selection": "all", "reason": "x"}),
        browser.get(f"{HERE}{raised.id}/sign/"),
    ):
        assert answer.status_code == 404
    assert SignalStep.objects.count() == 1


def test_who_breaks_codes_sees_no_signal(study: Study, raised: Signal) -> None:
    browser = client_of(study, "code_break_officer")
    for path in ("", f"{raised.id}/", "alerts/", "new/"):
        assert browser.get(HERE + path).status_code == 404


def test_without_a_checked_identity_nothing_is_signed(
    study: Study, raised: Signal, follower: Account
) -> None:
    take(raised, Step.VALIDATE, Step.CONFIRM, Step.ASSESS, by=follower)
    assert client_of(study, "statistician").get(f"{HERE}{raised.id}/sign/").status_code == 404


def test_a_second_assessment_voids_the_signature_of_the_first(
    raised: Signal, follower: Account, browser: Client
) -> None:
    take(raised, Step.VALIDATE, Step.CONFIRM, Step.ASSESS, by=follower)
    assert sign(browser, follower, raised, "assessment") == 302
    take(raised, Step.ASSESS, by=follower)
    assert "Signature void since version 5" in browser.get(f"{HERE}{raised.id}/").text
    with pytest.raises(StepRefused, match="not signed"):
        life.act(
            signal=raised, version=5, measure=Measure.NONE, reason="x", by=follower.actor("statistician")
        )


def test_nothing_to_sign_leads_back(raised: Signal, browser: Client) -> None:
    assert browser.get(f"{HERE}{raised.id}/sign/").status_code == 302


# --- by hand ----------------------------------------------------------------------------------------------------------
def test_a_person_raises_one_and_a_run_finds_the_same(
    study: Study, joined_cut: Cut, follower: Account, browser: Client
) -> None:
    run_on(joined_cut, rows(flagged=False))
    typed = {
        "term": " headache ",
        "level": "PT",
        "selection": "all",
        "arm": "Low dose",
        "reason": "A severe one.",
    }
    assert browser.post(f"{HERE}new/", typed).status_code == 302
    signal = only_signal()
    assert (signal.term, signal.reference, signal.origin) == ("Headache", "Placebo", "hand")
    again = browser.post(f"{HERE}new/", typed)
    assert again.status_code == 422 and "already" in again.text and "A severe one." in again.text
    run_on(later_cut(joined_cut))
    assert Signal.objects.count() == SignalStep.objects.count() == 1
    assert browser.post(f"{HERE}new/", {**typed, "term": ""}).status_code == 422
    single = {"term": "Liver failure", "level": "PT", "selection": "serious", "arm": "", "reason": "AESI."}
    assert browser.post(f"{HERE}new/", single).status_code == 302
    assert "no arm alone" in browser.get(HERE).text


# --- re-opening -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("days", "found", "state"),
    [
        (31, rows(n_arm=6), "flagged"),
        (31, rows(n_arm=5), "not_a_signal"),
        (31, rows(n_arm=9, flagged=False), "not_a_signal"),
        (-31, rows(n_arm=9), "not_a_signal"),
    ],
)
def test_it_reopens_when_the_evidence_returns_and_only_then(
    raised: Signal, joined_cut: Cut, follower: Account, days: int, found: Any, state: str
) -> None:
    take(raised, Step.DISMISS, by=follower)
    run = run_on(later_cut(joined_cut, days=days), found)
    raise_signals(run=run, by=PROCESS)  # done twice, nothing more
    raised.refresh_from_db()
    assert raised.state == state
    reopened = SignalStep.objects.filter(what="reopen")
    assert reopened.count() == (state == "flagged")
    for step in reopened:
        assert (
            step.actor == PROCESS.id and "6/20" in step.reason and "5 of the arm had the event" in step.reason
        )
    assert SignalStep.objects.filter(what="dismiss", reason="Because of dismiss.").exists(), "kept for ever"


@pytest.mark.parametrize(("n_arm", "state"), [(5, "not_a_signal"), (6, "flagged")])
def test_a_run_that_did_not_screen_it_is_no_basis_of_nought(
    raised: Signal, joined_cut: Cut, follower: Account, browser: Client, n_arm: int, state: str
) -> None:
    """Decided on such a run, it re-opens when more had it than when it was last counted: five."""
    run_on(later_cut(joined_cut), [], terms={"SOC all": 0})
    take(raised, Step.DISMISS, by=follower)
    page = browser.get(f"{HERE}{raised.id}/").text
    assert "The newest run did not screen this finding" in page and "it did not screen this finding." in page
    assert "no participant with the event" not in page
    run_on(later_cut(joined_cut, days=62), rows(n_arm=n_arm))
    raised.refresh_from_db()
    assert raised.state == state
    for step in SignalStep.objects.filter(what="reopen"):
        assert "did not screen it; on the cut of 2026-06-30 5 of the arm had the event." in step.reason


def test_the_same_cut_does_not_reopen_it_whatever_the_run(
    raised: Signal, joined_cut: Cut, follower: Account
) -> None:
    take(raised, Step.DISMISS, by=follower)
    run_on(joined_cut, rows(n_arm=9))
    raised.refresh_from_db()
    assert raised.state == "not_a_signal"


def test_a_person_reopens_it_with_a_reason_and_owner_and_action_are_open_again(
    raised: Signal, follower: Account
) -> None:
    by = follower.actor("statistician")
    due = timezone.localdate()
    life.plan(signal=raised, version=1, owner=follower, due_on=due, reason="x", by=by)
    take(raised, Step.DISMISS, Step.REOPEN, by=follower)
    assert (raised.state, raised.owner, raised.due_on, raised.version) == ("flagged", None, None, 4)


# --- what the database keeps ------------------------------------------------------------------------------------------
def test_steps_and_assessments_are_never_changed_or_removed(raised: Signal, follower: Account) -> None:
    take(raised, Step.VALIDATE, Step.CONFIRM, Step.ASSESS, by=follower)
    for table, column in (("signals_signalstep", "reason"), ("signals_signalassessment", "literature")):
        for statement in (f"update {table} set {column} = 'other'", f"delete from {table}"):
            with pytest.raises(ProgrammingError, match="permission denied"), as_test():
                connection.cursor().execute(statement)


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "forgotten"},
        {"state": "closed"},  # without an action
        {"due_on": "2026-01-01"},  # without an owner
        {"measure": "pray"},
        {"term": ""},
    ],
)
def test_what_must_never_be_is_refused_by_the_database(raised: Signal, wrong: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), as_test(), transaction.atomic():
        Signal.objects.filter(id=raised.id).update(**wrong)


def test_a_step_without_a_reason_is_refused_by_the_database(raised: Signal) -> None:
    step = SignalStep.objects.get()
    step.pk, step.version, step.reason = None, 2, ""
    with pytest.raises(IntegrityError, match="signal_step_has_a_reason"), as_test():
        step.save(force_insert=True)


def test_the_list_says_where_each_stands_and_what_changed_since(
    study: Study, raised: Signal, joined_cut: Cut, follower: Account
) -> None:
    [undecided] = queries.signals_of(study, which="open", on=timezone.now().date())
    assert undecided.now and not undecided.then, "a run raised it, nobody has decided anything"
    take(raised, Step.VALIDATE, by=follower)
    run_on(later_cut(joined_cut), rows(n_arm=8, adjusted=True))
    browser = client_of(study, "dsmb_member")
    page = " ".join(browser.get(HERE).text.split())
    for told in (
        "Validated",
        "nobody yet",
        "8/20 (40.0%)",
        "5/20 (25.0%)",
        "2 of 2 methods, also adjusted",
    ):
        assert told in page, told
    assert "Headache" not in browser.get(HERE, {"show": "ended"}).text
    assert "Headache" in browser.get(HERE, {"show": "all"}).text
    assert "Headache" in browser.get(HERE, {"show": "nonsense"}).text


def test_the_list_looks_for_signatures_of_its_page_only(
    study: Study, joined_cut: Cut, follower: Account
) -> None:
    run_on(joined_cut, rows(), rows(term="Nausea"), rows(term="Fatigue"))
    today = timezone.localdate()

    def asked() -> int:
        with CaptureQueriesContext(connection) as told:
            listed = queries.signals_of(study, which="all", on=today)
        assert len(listed) == 3
        return len(told)

    before = asked()
    for signal in Signal.objects.all():
        take(signal, Step.VALIDATE, Step.CONFIRM, Step.ASSESS, by=follower)
    assert asked() == before
    assert all(one.to_sign for one in queries.signals_of(study, which="all", on=today))


def test_an_empty_list_says_why(study: Study, joined_cut: Cut) -> None:
    browser = client_of(study, "dsmb_member")
    assert "No signal yet" in browser.get(HERE).text
    run_on(joined_cut, rows(flagged=False))
    assert "No open signal" in browser.get(HERE).text
    assert not SignalAlert.objects.exists()
