"""Every address of the closed room × everybody who might ask for it. A new address fails until it has a rule here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pvtracker.accounts.models import Account
from pvtracker.studies.looking import SESSION_KEY
from tests.architecture.matrix import ANYBODY, NO, OF_BOTH_ROOMS, Place, Rule, everybody
from tests.closed.cuts.folder import allocate
from tests.closed.joined import kept_storage
from tests.closed.known import make_known
from tests.matrix_checks import *  # noqa: F403 - the tests of both rooms

BY_ARM = "read_signals"
RULES = OF_BOTH_ROOMS | {
    "look_purpose": Rule(BY_ARM, BY_ARM),
    "code_breaks": Rule("break_code approve_code_break read_code_breaks", NO),
    "code_break_ask": Rule("break_code", "break_code"),
    "code_break": Rule("break_code approve_code_break read_code_breaks", NO),
    "code_break_opinion": Rule(NO, "approve_code_break"),
    "code_break_withdraw": Rule(NO, "break_code"),
    "code_break_show": Rule(NO, "break_code"),
    "code_break_told": Rule(NO, "break_code"),
    "code_break_impact": Rule(NO, "break_code approve_code_break"),
    "code_break_alarm": Rule(NO, "break_code approve_code_break"),
    "recommendations": Rule("read_recommendations", NO),
    "recommendation": Rule("read_recommendations", NO),
    "recommendation_new": Rule("recommend", "recommend"),
    "recommendation_edit": Rule("recommend", "recommend"),
    "recommendation_sign": Rule("recommend", "recommend"),
    "report_sign": Rule("sign_closed_reports", "sign_closed_reports"),
    "report_signatures": Rule("read_closed_reports", NO),
    "calculator": Rule(ANYBODY, ANYBODY),
    "calculator_methods": Rule(ANYBODY, NO),
    "cuts": Rule("run_signals", NO),
    "signals": Rule(BY_ARM, NO),
    "signals_start": Rule(NO, "run_signals"),
    "signal_run": Rule(BY_ARM, NO),
    "signal_sets": Rule(BY_ARM, NO),
    "signal_sites": Rule(BY_ARM, NO),
    "signal_run_parquet": Rule(BY_ARM, NO),
    "signal_order": Rule(BY_ARM, NO),
    "signal_order_cancel": Rule(NO, "run_signals"),
    "signal_order_resume": Rule(NO, "run_signals"),
    "screening_plan": Rule(BY_ARM, NO),
    "screening_plan_edit": Rule("run_signals", "run_signals"),
    "screening_plan_sign": Rule("sign_signals", "sign_signals"),
    "signal_participants": Rule(BY_ARM, NO),
    "signal_term": Rule(BY_ARM, NO),
    "signal_boundary": Rule(BY_ARM, NO),
    "signals_inference": Rule(NO, BY_ARM),
    "laboratory": Rule(BY_ARM, NO),
    "laboratory_analyte": Rule(BY_ARM, NO),
    "laboratory_counted": Rule(BY_ARM, NO),
    "laboratory_edish": Rule(BY_ARM, NO),
    "laboratory_participant": Rule(BY_ARM, NO),
    "signal_list": Rule(BY_ARM, NO),
    "signal": Rule(BY_ARM, NO),
    "signal_step": Rule(NO, "follow_signals"),
    "signal_new": Rule("follow_signals", "follow_signals"),
    "signal_sign": Rule("sign_signals", "sign_signals"),
    "signal_alerts": Rule(BY_ARM, NO),
    "signal_alert_read": Rule(NO, BY_ARM),
    "signal_alerts_read": Rule(NO, BY_ARM),
    "reports": Rule("read_closed_reports", "make_closed_reports"),
    "report": Rule("read_closed_reports", NO),
    "report_pdf": Rule("read_closed_reports", NO),
}


@pytest.fixture(scope="module")
def place(kept: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Two studies with full data each; everybody has said why they look."""
    with kept_storage(tmp_path_factory.mktemp("storage")) as open_storage:
        own, other = make_known(open_storage, "OWN"), make_known(open_storage, "OTHER")
        allocate(other.study, {"FAR-9": "LOW"})
        for known, subject in ((own, "S-1"), (other, "FAR-9")):
            known.said.update(
                subject=subject, username=Account.objects.get(id=known.ids["account_id"]).username
            )
        purposes = {SESSION_KEY: {str(one.study.id): "test" for one in (own, other)}}
        yield Place(own, other, RULES, everybody(own.study, other.study, "closed"), purposes)
