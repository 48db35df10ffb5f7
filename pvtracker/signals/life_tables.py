"""Signals as the tables, facts and rows that the pages show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pvtracker.accounts.signing.record import Subject
from pvtracker.lib.rounding import share
from pvtracker.signals.crossings import Crossing
from pvtracker.signals.enums import PROCESS_ROLE, AlertKind, Measure, State, Step
from pvtracker.signals.evidence import Key, flagged_by, key_of, one_term
from pvtracker.signals.labels import events_label, level_label
from pvtracker.signals.methods import may_flag
from pvtracker.signals.models import Result, Signal, SignalAlert, SignalStep
from pvtracker.signals.orders import why_failed
from pvtracker.signals.queries import Listed
from pvtracker.signals.special_cases import EACH_ITS_OWN, Beside
from pvtracker.signals.tables import Table
from pvtracker.signals.term_tables import methods_table
from pvtracker.signals.triggers import CASE, LABELS

NO_ARM = "no arm alone"
EVIDENCE = (
    ("participants", "Participants looked at"),
    ("narratives", "What the narratives say"),
    ("time_course", "Time course"),
    ("literature", "Literature"),
    ("alternatives", "Other causes"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list."""

    listed: Listed
    state: str
    about: str
    now: str
    then: str
    flags: str
    crossed: str = ""  # when it crossed a boundary of the plan


def listed(
    one: Listed, *, inference: bool, cases: Beside, crossed: Mapping[Key, Crossing] | None = None
) -> Row:
    """The line of a signal; `cases`: what single cases have in place of a finding's numbers; `crossed`: what crossed a
    boundary, with inference only."""
    state = state_of(one.signal, inference=inference)
    if one.signal.level == CASE:
        now, flags = cases.now(one.signal), cases.flags(one.signal)
        return Row(listed=one, state=state, about=about(one.signal), now=now, then="–", flags=flags)
    able = sum(map(may_flag, one.now.get("methods", ())))
    flags = f"{one.flags} of {able} methods" if one.now else "not in the newest run"
    return Row(
        listed=one,
        state=state,
        about=f"{about(one.signal)}, {one.signal.arm or NO_ARM}",
        now=n_of(one.now),
        then=n_of(one.then),
        flags=f"{flags}{', also adjusted for many terms' if one.adjusted else ''}",
        crossed=beyond.said if (beyond := (crossed or {}).get(one_term(key_of(one.signal)))) else "",
    )


def state_of(signal: Signal, *, inference: bool) -> str:
    """Where it stands. The first state is called after a flag, which is not told without inference."""
    state = State(signal.state)
    return Step.RAISE.label if state is State.FLAGGED and not inference else state.label


def about(signal: Signal) -> str:
    """Level and selection in words."""
    return about_of(signal.level, signal.selection)


def about_of(level: str, selection: str) -> str:
    """The same of what is signed."""
    if level == CASE:
        return LABELS.get(selection, selection).lower()
    return f"{level_label(level).lower()}, {events_label(selection)}"


def n_of(numbers: dict[str, Any]) -> str:
    """Participants with the event of all, arm against reference."""
    if not numbers:
        return "–"
    return f"{share(numbers['n_arm'], numbers['N_arm'])} v {share(numbers['n_ref'], numbers['N_ref'])}"


def facts(signal: Signal, *, inference: bool, crossed: Crossing | None = None) -> list[dict[str, object]]:
    """What it is about and where it stands; with inference, that it crossed its boundary."""
    pairs = [
        ("State", state_of(signal, inference=inference)),
        ("Events", about(signal)),
        ("Arm", EACH_ITS_OWN if signal.level == CASE else signal.arm or NO_ARM),
        ("Against", signal.reference or "–"),
        ("Owner", signal.owner.full_name if signal.owner else "nobody yet"),
        ("Due on", str(signal.due_on or "–")),
        *([("Action", Measure(signal.measure).label)] if signal.measure else []),
        *([("Boundary of the plan", crossed.said)] if crossed and inference else []),
        ("First raised", f"{signal.get_origin_display()}, {signal.raised_at:%Y-%m-%d %H:%M} UTC"),
        ("Version", signal.version),
    ]
    return [{"label": label, "value": value} for label, value in pairs]


def counts(rows: Sequence[Result]) -> list[dict[str, object]]:
    """What was counted in the run."""
    if not rows:
        return []
    one = rows[0]
    pairs = [
        ("Arm, n/N", share(one.n_arm, one.N_arm)),
        ("Reference, n/N", share(one.n_ref, one.N_ref)),
        ("Events", f"{one.events_arm} : {one.events_ref}"),
    ]
    return [{"label": label, "value": value} for label, value in pairs]


def evidence(rows: Sequence[Result], *, inference: bool, screened: bool = True) -> Table:
    """What each method says in the newest run, estimates first. Not `screened`: that run did not look for it."""
    nobody = "The newest run counted no participant with this event, or no run was made."
    unknown = "The newest run did not screen this finding, so what is so now is not known."
    told = methods_table(rows, inference=inference)
    return {
        **told,
        "caption": "Evidence by method",
        "empty": told["empty"] if rows else nobody if screened else unknown,
    }


def reason(step: SignalStep, *, inference: bool) -> str:
    """Why a step was taken. What a run wrote by itself names methods that flag; without inference it tells the
    counts. What a person wrote stays."""
    if inference or step.role != PROCESS_ROLE or step.run is None or not step.numbers:
        return step.reason
    if step.what == Step.ADD:
        return f"The run on the cut of {step.run.cut.date} counted {n_of(step.numbers)} participants."
    again = "Re-opened" if step.what == Step.REOPEN else "Raised"
    return f"{again} by the run on the cut of {step.run.cut.date}: {n_of(step.numbers)} participants."


def step_label(step: SignalStep, *, inference: bool) -> str:
    """What the step is called. What a run added to a finding, which has numbers, is that it crossed its boundary; what
    it added to single cases are further cases."""
    return _added(step, inference=inference) or step.get_what_display()


def alert_label(alert: SignalAlert, *, inference: bool) -> str:
    """What the alert is called, likewise."""
    return (alert.step and _added(alert.step, inference=inference)) or alert.get_kind_display()


def _added(step: SignalStep, *, inference: bool) -> str:
    if step.what != Step.ADD or not step.numbers:
        return ""
    return "Boundary crossed" if inference else "Counted by a run"


def told(alert: SignalAlert, *, inference: bool) -> str:
    """What an alert says, besides its kind."""
    if alert.order is not None:
        return why_failed(alert.order)
    if alert.step is None:
        return ""
    if alert.kind == AlertKind.OVERDUE:
        return f"It was due on {alert.step.due_on}."
    return reason(alert.step, inference=inference)


def _compared(record: Mapping[str, Any]) -> str:
    if record["level"] == CASE:
        return EACH_ITS_OWN
    return f"{record['arm'] or NO_ARM} – {record['reference'] or '–'}"


def signed(subject: Subject) -> dict[str, Any]:
    """What is signed, in words."""
    record = subject.record
    facts = [
        ("Signal", f"{record['term']} ({about_of(record['level'], record['selection'])})"),
        ("Arm against reference", _compared(record)),
        ("State", State(record["state"]).label),
        *([("Action", Measure(record["action"]).label)] if record["action"] else []),
        *((label, record["evidence"][key]) for key, label in EVIDENCE if record["evidence"]),
        ("Conclusion" if record["evidence"] else "Reason", record["conclusion"]),
        ("Participants, arm v reference", n_of(record["numbers"])),
        ("Flagged by", "; ".join(flagged_by(record["numbers"])) or "no method"),
        ("Run", f"{record['run']}, sha256 {record['run_sha256']}" if record["run"] else "no run"),
    ]
    closing = subject.kind == "signal_closing"
    return {"title": "Sign the closing" if closing else "Sign the assessment", "facts": facts}
